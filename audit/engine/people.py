"""Who lists are of: the group and the bucket of every user, which a scan counts by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from audit.engine.tables import as_keys
from data.columns import USER
from data.errors import BadInput
from data.ids import Ids, as_text
from data.parallel import in_blocks

BUCKETS = 32
UNKNOWN = "unknown"  # the group of who is not in the table of people, or has no group there
_BLOCK = 2**16  # rows looked at together, so that they stay in the cache


@dataclass(frozen=True, eq=False)
class People:
    """Which part every known user belongs to; `groups` names the attributes of each group, the last one is unknown.

    Who must not be audited stands in the part `gone`, after all others, and is counted in nothing.
    """

    key: pa.Array
    part: np.ndarray  # int32: group x buckets + bucket, or `gone`
    groups: pd.DataFrame
    buckets: int

    @classmethod
    def of(
        cls,
        source: pd.DataFrame | pa.Table | None,
        type_: pa.DataType,
        buckets: int = BUCKETS,
        without: Iterable[str] = (),
    ) -> People:
        """Attributes by user (index user_id, or a column of that name): every combination that occurs is a group.

        The bucket is a hash of the id (the same on any engine), so it knows nothing of groups and lists.
        """
        if source is None:
            groups = pd.DataFrame(index=pd.RangeIndex(1))
            nobody = cls(pa.array([], type_), np.zeros(0, np.int32), groups, buckets)
            return nobody._without(without, type_)
        frame = (
            pa.Table.from_pandas(source.rename_axis(USER).reset_index()) if isinstance(source, pd.DataFrame) else source
        )
        attributes = [name for name in frame.column_names if name != USER]
        key, kept = as_keys(frame[USER], type_)
        _refuse_repeats(key)
        columns = [frame[name].combine_chunks() for name in attributes]
        if not kept.all():
            columns = [each.filter(kept) for each in columns]
        group, groups = _groups(columns, attributes, len(key))
        return cls(key, _parts(key, group, buckets), groups, buckets)._without(without, type_)

    @property
    def n_parts(self) -> int:
        """Groups times buckets, the unknown group included."""
        return len(self.groups) * self.buckets

    @property
    def unknown(self) -> int:
        """The first part of the unknown group."""
        return (len(self.groups) - 1) * self.buckets

    @property
    def gone(self) -> int:
        """The part of who must not be audited."""
        return self.n_parts

    def _without(self, people: Iterable[str], type_: pa.DataType) -> People:
        gone = as_keys(pa.chunked_array([pa.array(sorted(people), pa.string())]), type_)[0]
        if not len(gone):
            return self
        others = pc.invert(pc.is_in(self.key, gone))
        key = pa.concat_arrays([self.key.filter(others), gone])
        part = np.concatenate([self.part[np.asarray(others)], np.full(len(gone), self.gone, np.int32)])
        return replace(self, key=key, part=part)

    def table(self) -> pa.Table:
        """The table as an engine joins it."""
        return pa.table({"user_key": self.key, "part": self.part})


def _groups(columns: list[pa.Array], names: list[str], n: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Every row's combination of values by its place, and the combinations with the unknown one at the end."""
    if not columns:
        return np.zeros(n, np.int32), pd.DataFrame(index=pd.RangeIndex(1))
    coded = [column if pa.types.is_dictionary(column.type) else column.dictionary_encode() for column in columns]
    labels = [[*as_text(each.dictionary.to_pandas()).fillna(UNKNOWN), UNKNOWN] for each in coded]
    values = [Ids(each) for each in labels]
    known = [ids.codes(each) for ids, each in zip(values, labels, strict=True)]
    sizes = [len(each) for each in values]
    whole = np.int32 if np.prod(sizes, dtype=np.float64) < 2**31 else np.int64
    code: np.ndarray = np.empty(n, whole)

    def combine(rows: slice) -> None:
        code[rows] = 0
        for column, codes, size in zip(coded, known, sizes, strict=True):
            code[rows] *= size
            code[rows] += codes[column.indices[rows].fill_null(len(codes) - 1).to_numpy()]

    in_blocks(combine, n, _BLOCK)
    used, code = _compact(code)
    places = np.unravel_index(used, sizes)
    groups = pd.DataFrame({name: ids.values[at] for name, ids, at in zip(names, values, places, strict=True)})
    return code, pd.concat([groups, pd.DataFrame([dict.fromkeys(names, UNKNOWN)])], ignore_index=True)


def _compact(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes that occur, in order, and each row's place among them."""
    if not len(code) or code.max() > 16 * len(code) + 1_000_000:
        used, place = np.unique(code, return_inverse=True)
        return used, place
    there = np.zeros(int(code.max()) + 1, bool)
    there[code] = True
    if not there.all():
        place = (np.cumsum(there) - 1).astype(code.dtype)

        def close(rows: slice) -> None:
            code[rows] = place[code[rows]]

        in_blocks(close, len(code), _BLOCK)
    return np.flatnonzero(there), code


def _parts(key: pa.Array, group: np.ndarray, buckets: int) -> np.ndarray:
    """The part of every row, in the place of its group where that fits."""
    ids = key.to_numpy(zero_copy_only=False)
    part = group if group.dtype == np.int32 else np.empty(len(ids), np.int32)

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
