"""Rows of a stream as whole lists of numbers: who they are of, what they are counted by."""

from __future__ import annotations

from threading import Event
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from audit.engine import expressions as ex
from audit.engine.counted import refuse_missing
from audit.engine.engines import DuckDB
from audit.engine.lookup import Lookup
from audit.engine.people import People
from audit.engine.showings import Showings


class Strange(Exception):
    """A list shows an item that the table of items does not have."""


class Batch(NamedTuple):
    """Lists that lie one after the other: bounds, user and part of each list, item and rank of each row."""

    starts: np.ndarray  # lists + 1
    user: np.ndarray
    part: np.ndarray  # int32
    item: np.ndarray  # int32
    rank: np.ndarray

    @classmethod
    def of(cls, batch: pa.RecordBatch, people: People, parts: Lookup, codes: Lookup, k: int) -> Batch:
        """Every run of rows of one user, down to rank k; rows that cannot be counted are refused."""
        above = _above(batch, k)
        absent = [column.null_count for column in above.columns]
        user, given, rank = (
            (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)
            for column in above.columns
        )
        refuse_missing(absent[0], absent[1], int(rank.min(initial=1) < 1))
        item = codes.find(given)
        if item.min(initial=0) < 0:
            raise Strange
        starts = _starts(user)
        owner = user[starts[:-1]]
        small = np.int8 if k < 2**7 else np.int32  # one of two types, so that the loops are compiled at most twice
        return cls(starts, owner, _parts(owner, people, parts), item, rank.astype(small, copy=False))

    @classmethod
    def together(cls, lists: list[Batch]) -> Batch:
        """Pieces of lists put together where they are of one user, in the order they came."""
        _, user, part, item, rank = (np.concatenate(column) for column in zip(*lists, strict=True))
        length = np.concatenate([np.diff(each.starts) for each in lists])
        user, part = np.repeat(user, length), np.repeat(part, length)
        order = np.argsort(user, kind="stable")
        starts = _starts(user[order])
        first = order[starts[:-1]]
        return cls(starts, user[first], part[first], item[order], rank[order])

    def without(self, gone: int) -> Batch:
        """The same without the lists of one part."""
        kept = self.part != gone
        if kept.all():
            return self
        length = np.diff(self.starts)
        rows = np.repeat(kept, length)
        starts = np.concatenate([[0], np.cumsum(length[kept])])
        return Batch(starts, self.user[kept], self.part[kept], self.item[rows], self.rank[rows])

    def of_lists(self, first: int, last: int) -> Batch:
        """Lists from `first` up to before `last`."""
        starts = self.starts[first : last + 1]
        rows = slice(starts[0], starts[-1])
        return Batch(starts - starts[0], self.user[first:last], self.part[first:last], self.item[rows], self.rank[rows])

    def copied(self) -> Batch:
        """The same, holding on to nothing else."""
        return Batch(*(column.copy() for column in self))


def lookups(machine: DuckDB, showings: Showings, cancel: Event | None) -> list[Lookup]:
    """Part by user and code by item; text ids are hashed by the engine that hashes the lists."""
    tables = ((ex.PEOPLE, showings.people.table(), "user_key"), (ex.ITEMS, showings.items, "item_key"))
    found = []
    for name, table, key in tables:
        read = table
        if pa.types.is_string(table[key].type):
            machine.hold(name, table)
            read = machine.result(ex.numbered(ex.table(name, table.schema), key), cancel)
        found.append(Lookup.of(*(column.to_numpy() for column in read.columns)))
    return found


def _above(batch: pa.RecordBatch, k: int) -> pa.RecordBatch:
    """The rows down to rank k, or with none; cheaper here than in the engine, since most lists end there."""
    ranks = batch.column("rank").fill_null(0).to_numpy(zero_copy_only=False)
    return batch.filter(pa.array(ranks <= k)) if ranks.max(initial=0) > k else batch


def _starts(user: np.ndarray) -> np.ndarray:
    """Where each run of one value starts, and the end."""
    inner = np.flatnonzero(user[1:] != user[:-1]) + 1
    return np.concatenate([[0] if len(user) else [], inner, [len(user)]]).astype(np.int64)


def _parts(user: np.ndarray, people: People, parts: Lookup) -> np.ndarray:
    """The parts, with who is not in the table of people in an unknown one by a hash of the id."""
    part = parts.find(user)
    outside = np.flatnonzero(part < 0)
    if len(outside):
        hashed = pd.util.hash_array(_signed(user[outside])) % np.uint64(people.buckets)
        part[outside] = people.unknown + hashed.astype(np.int32)
    return part


def _signed(ids: np.ndarray) -> np.ndarray:
    return ids.view(np.int64) if ids.dtype == np.uint64 else ids.astype(np.int64, copy=False)
