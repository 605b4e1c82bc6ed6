"""What a scan reads: the lists, large, and the small tables of people and items that tell what to count them by."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.columns import ITEM, RANK, USER, Table
from data.errors import BadInput
from data.ids import Ids, as_text
from data.load.names import recognised

_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"  # as a number is written, and no larger than 64 bits hold


Source: TypeAlias = str | Path | pd.DataFrame | pa.Table


@dataclass(frozen=True, eq=False)
class Lists:
    """Recommendations (or held-out pairs) in Parquet files or in memory: columns, their own names, how many rows."""

    files: tuple[str, ...]
    table: pa.Table | None
    names: Mapping[str, str]  # ours: theirs
    types: Mapping[str, pa.DataType]  # by our name
    rows: int

    @classmethod
    def of(cls, source: Source, kind: Table = Table.RECOMMENDATIONS) -> Lists:
        """A Parquet file, a folder of them, a pattern such as 'day-*.parquet', a pandas or a pyarrow table."""
        if isinstance(source, pd.DataFrame):
            wanted = [name for name in _wanted(kind) if name in source]
            source = pa.Table.from_pandas(source[wanted], preserve_index=False)
        if isinstance(source, pa.Table):
            return cls((), source, *_columns(source.schema, str(kind), kind), source.num_rows)
        files = _files(Path(source))
        heads = [pq.read_metadata(file) for file in files]
        names, types = _columns(heads[0].schema.to_arrow_schema(), files[0], kind)
        for file, head in zip(files, heads, strict=True):
            if _columns(head.schema.to_arrow_schema(), file, kind) != (names, types):
                fix = "write all files of the lists with one schema"
                raise BadInput(f"its columns are not those of {Path(files[0]).name}", file=file, fix=fix)
        return cls(tuple(files), None, names, types, sum(head.num_rows for head in heads))

    @property
    def schema(self) -> pa.Schema:
        """The columns under their own names, as an engine reads them."""
        return pa.schema([pa.field(self.names[name], plain(type_)) for name, type_ in self.types.items()])


def item_table(ids: Ids, type_: pa.DataType) -> pa.Table:
    """The table of items as an engine joins it: the key in the lists' own type, and the code."""
    key, kept = as_keys(pa.chunked_array([pa.array(ids.values, pa.string())]), type_)
    return pa.table({"item_key": key, "code": np.flatnonzero(kept).astype(np.int32)})


def as_keys(ids: pa.ChunkedArray, type_: pa.DataType) -> tuple[pa.Array, np.ndarray]:
    """The ids in the type of the lists' column, and which of the rows could be: 'a7' is no key of whole numbers."""
    if pa.types.is_integer(ids.type) and pa.types.is_integer(type_):
        kept = np.asarray(ids.is_valid()) if ids.null_count else np.ones(len(ids), bool)
        keys = ids.cast(type_, safe=True).combine_chunks()
        return keys if not ids.null_count else keys.drop_null(), kept
    texts = pa.array(as_text(ids.to_pandas()).to_numpy(dtype=object), pa.string())
    if not pa.types.is_integer(type_):
        return texts.drop_null(), np.asarray(texts.is_valid())
    whole = pc.match_substring_regex(texts, _WHOLE).fill_null(False)
    values = pc.if_else(whole, texts, None).cast(pa.int64())
    bounds = np.iinfo(type_.to_pandas_dtype())
    numbers, kept = values.fill_null(0).to_numpy(), np.array(whole)
    kept &= numbers >= bounds.min
    kept &= numbers <= bounds.max
    return pa.array(numbers[kept], type_), kept


def _wanted(kind: Table) -> tuple[str, ...]:
    return (USER, ITEM, RANK) if kind == Table.RECOMMENDATIONS else (USER, ITEM)


def _columns(schema: pa.Schema, file: object, kind: Table) -> tuple[dict[str, str], dict[str, pa.DataType]]:
    names, wanted, short = recognised(schema.names, kind, ()), _wanted(kind), Path(str(file)).name
    for name in wanted:
        if name not in names:
            raise BadInput("a needed column is missing", file=short, column=name, fix=f"give {', '.join(wanted)}")
    types = {name: schema.field(names[name]).type for name in wanted}
    for name in (USER, ITEM):
        if not (pa.types.is_integer(types[name]) or _is_text(types[name])):
            fix = "store ids as whole numbers or as text"
            raise BadInput(f"ids are stored as {types[name]}", file=short, column=name, fix=fix)
    rank = types.get(RANK, pa.int64())
    if not (pa.types.is_integer(rank) or pa.types.is_floating(rank)):
        raise BadInput(f"ranks are stored as {rank}", file=short, column=RANK, fix="count the places from 1")
    return {name: names[name] for name in wanted}, types


def _files(path: Path) -> list[str]:
    found = sorted(map(str, path.glob("*.parquet"))) if path.is_dir() else sorted(glob.glob(str(path)))
    if not found:
        raise BadInput("there is no such file", file=path, fix="give a Parquet file, a folder of them, or a pattern")
    return found


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_)


def plain(type_: pa.DataType) -> pa.DataType:
    """The type as an engine reads it: any text is text."""
    return pa.string() if _is_text(type_) else type_
