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
from data.parallel import in_blocks

BUCKETS = 32
_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"  # as a number is written, and no larger than 64 bits hold
_BLOCK = 2**16  # rows looked at together, so that they stay in the cache
UNKNOWN = "unknown"  # the group of who is not in the table of people, or has no group there


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


@dataclass(frozen=True, eq=False)
class People:
    """Which part every known user belongs to; `groups` names the attributes of each group, the last one is unknown."""

    key: pa.Array
    part: np.ndarray  # int32: group x buckets + bucket
    groups: pd.DataFrame
    buckets: int

    @classmethod
    def of(cls, source: pd.DataFrame | pa.Table | None, type_: pa.DataType, buckets: int = BUCKETS) -> People:
        """Attributes by user (index user_id, or a column of that name): every combination that occurs is a group.

        The bucket is a hash of the id (the same on any engine), so it knows nothing of groups and lists.
        """
        if source is None:
            groups = pd.DataFrame(index=pd.RangeIndex(1))
            return cls(pa.array([], type_), np.zeros(0, np.int32), groups, buckets)
        frame = pa.Table.from_pandas(source.rename_axis(USER).reset_index()) if _is_frame(source) else source
        attributes = [name for name in frame.column_names if name != USER]
        key, kept = as_keys(frame[USER], type_)
        _refuse_repeats(key)
        columns = [frame[name].combine_chunks() for name in attributes]
        if not kept.all():
            columns = [each.filter(kept) for each in columns]
        group, groups = _groups(columns, attributes, len(key))
        return cls(key, _parts(key, group, buckets), groups, buckets)

    @property
    def n_parts(self) -> int:
        """Groups times buckets, the unknown group included."""
        return len(self.groups) * self.buckets

    @property
    def unknown(self) -> int:
        """The first part of the unknown group."""
        return (len(self.groups) - 1) * self.buckets

    def table(self) -> pa.Table:
        """The table as an engine joins it."""
        return pa.table({"user_key": self.key, "part": self.part})


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


def _groups(columns: list[pa.Array], names: list[str], n: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Every row's combination of values by its place, and the combinations with the unknown one at the end."""
    if not columns:
        return np.zeros(n, np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    coded = [column if pa.types.is_dictionary(column.type) else column.dictionary_encode() for column in columns]
    labels = [[*as_text(each.dictionary.to_pandas()).fillna(UNKNOWN), UNKNOWN] for each in coded]
    values = [Ids(each) for each in labels]
    known = [ids.codes(each).astype(np.int64) for ids, each in zip(values, labels, strict=True)]
    place = [each.indices.fill_null(len(codes) - 1).to_numpy() for each, codes in zip(coded, known, strict=True)]
    code = np.zeros(n, np.int64)

    def combine(rows: slice) -> None:
        for ids, codes, at in zip(values, known, place, strict=True):
            code[rows] *= len(ids)
            code[rows] += codes[at[rows]]

    in_blocks(combine, n, _BLOCK)
    used, code = _compact(code)
    places = np.unravel_index(used, [len(each) for each in values])
    groups = pd.DataFrame({name: ids.values[at] for name, ids, at in zip(names, values, places, strict=True)})
    return code, pd.concat([groups, pd.DataFrame([dict.fromkeys(names, UNKNOWN)])], ignore_index=True)


def _compact(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes that occur, in order, and each row's place among them."""
    if not len(code) or code.max() > 16 * len(code) + 1_000_000:
        used, place = np.unique(code, return_inverse=True)
        return used, place
    there = np.bincount(code) > 0
    if not there.all():
        code = (np.cumsum(there) - 1)[code]
    return np.flatnonzero(there), code


def _parts(key: pa.Array, group: np.ndarray, buckets: int) -> np.ndarray:
    ids = key.to_numpy(zero_copy_only=False)
    part = np.empty(len(ids), np.int32)

    def locate(rows: slice) -> None:
        part[rows] = group[rows] * buckets + _bucket(ids[rows], buckets)

    in_blocks(locate, len(ids), _BLOCK)
    return part


def _bucket(ids: np.ndarray, buckets: int) -> np.ndarray:
    hashed = pd.util.hash_array(ids.astype(np.int64) if ids.dtype.kind in "iu" else ids, categorize=False)
    return (hashed % np.uint64(buckets)).astype(np.int64)


def _refuse_repeats(key: pa.Array) -> None:
    values = key.to_numpy(zero_copy_only=False)
    if values.dtype.kind in "iu" and (values[1:] > values[:-1]).all():
        return
    if (distinct := len(key.unique())) < len(key):
        problem = f"{len(key) - distinct:,} users have more than one row"
        raise BadInput(problem, file="users", column=USER, fix="give one row per user")


def _is_frame(source: object) -> bool:
    return isinstance(source, pd.DataFrame)


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_)


def plain(type_: pa.DataType) -> pa.DataType:
    """The type as an engine reads it: any text is text."""
    return pa.string() if _is_text(type_) else type_
