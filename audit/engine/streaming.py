"""Count lists as DuckDB streams them, list by list: one pass, whatever the number of cells."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audit.engine import expressions as ex
from audit.engine.counted import Counted, by_part, refuse_missing
from audit.engine.engines import Cancelled, DuckDB, Progress
from audit.engine.lookup import Lookup
from audit.engine.showings import Showings
from audit.engine.tables import People
from audit.measures.counts import Counts, Table

CELLS = 300_000_000  # counts of 4 bytes held at once; above it, and for scattered lists, DuckDB groups instead
_BATCH = 500_000


class Scattered(Exception):
    """The rows of some list do not lie together, or there are too many cells to hold."""


class Strange(Exception):
    """A list shows an item that the table of items does not have."""


def streamed(
    machine: DuckDB,
    showings: Showings,
    progress: Progress | None,
    cancel: Event | None,
) -> Counted:
    """Tally every list of the stream.

    Rows come in the order they are stored in. Lists cut by the edge of a batch are put together at the end, and a user
    met twice after that raises `Scattered`. Beside the cells it keeps 8 bytes a list. People and items are looked up
    here: a join would not keep the order.
    """
    people = showings.people
    if people.n_parts * showings.n_items * showings.k > CELLS:
        raise Scattered
    tally = _Tally(people.n_parts, showings.n_items, showings.k)
    parts, codes = _lookups(machine, showings, cancel)
    done = 0
    for columns in machine.stream(showings.numbered, _BATCH, lambda batch: _columns(batch, people, parts, codes)):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        tally.add(columns)
        done += len(columns[0])
        if progress:
            progress(min(done / showings.lists.rows, 1.0))
    return tally.finish(people.buckets)


@dataclass(frozen=True, eq=False)
class Dense(Counts):
    """Counts as one array of all cells, empty ones too."""

    cells: np.ndarray  # uint32: (part x n_items + item) x k + rank - 1

    def _attention(self, weight: np.ndarray) -> Table:
        from audit.engine.tally import weigh

        return np.asarray(weigh(self.cells, weight)).reshape(self.n_parts, self.n_items)


class _Tally:
    def __init__(self, n_parts: int, n_items: int, k: int) -> None:
        self.n_parts, self.n_items, self.k = n_parts, n_items, k
        self.cells = np.zeros(n_parts * n_items * k, np.uint32)
        self.lists = np.zeros(n_parts, np.int64)
        self.repeated = np.zeros(n_parts * n_items, np.uint32)
        self.short = np.zeros(n_parts * n_items)
        self.seen, self.placed = np.full(n_items, -1, np.int64), np.full(k + 1, -1, np.int64)
        self.odd = np.zeros(3, np.int64)
        self.keys: list[np.ndarray] = []
        self.edges: list[tuple[np.ndarray, ...]] = []
        self.last, self.rows = -1, 0

    def add(self, columns: tuple[np.ndarray, ...]) -> None:
        from audit.engine.tally import inner

        if not len(columns[0]):
            return
        self.rows += len(columns[0])
        start, stop = inner(columns[0])
        self._count(tuple(column[start:stop] for column in columns))
        self.edges.append(tuple(np.concatenate([column[:start], column[stop:]]) for column in columns))

    def finish(self, buckets: int) -> Counted:
        from audit.engine.tally import SHORT, SKIPPED, TIES

        if self.edges:
            cut = tuple(np.concatenate(column) for column in zip(*self.edges, strict=True))
            order = np.argsort(cut[0], kind="stable")
            self._count(tuple(column[order] for column in cut))
        self._refuse_scattered()
        content = (self.lists, self._sparse(self.repeated), self._sparse(self.short))
        counts = Dense(self.k, self.n_items, buckets, *content, cells=self.cells)
        return Counted(counts, self.rows, int(self.odd[SHORT]), int(self.odd[SKIPPED]), int(self.odd[TIES]))

    def _count(self, columns: tuple[np.ndarray, ...]) -> None:
        from audit.engine.tally import add, tally

        keys = np.empty(len(columns[0]), np.int64)
        user, part, item, rank = columns
        add(part, item, rank, self.n_items, self.k, self.cells)
        runs, self.last = tally(
            user, part, item, rank, self.n_items, self.k, self.lists, self.repeated, self.short, self.seen, self.placed,
            self.odd, keys, self.last,
        )  # fmt: skip
        self.keys.append(keys[:runs].copy())

    def _refuse_scattered(self) -> None:
        keys = np.concatenate([*self.keys, np.empty(0, np.int64)])
        self.keys.clear()
        keys.sort(kind="stable")  # they come nearly in order
        if (keys[1:] == keys[:-1]).any():
            raise Scattered

    def _sparse(self, values: np.ndarray) -> Any:
        place = np.flatnonzero(values != 0)
        return by_part(place, values[place], self.n_parts, self.n_items)


def _lookups(machine: DuckDB, showings: Showings, cancel: Event | None) -> list[Lookup]:
    """Part by user and code by item; text ids are hashed by the engine that hashes the lists."""
    tables = ((ex.PEOPLE, showings.people.table(), "user_key"), (ex.ITEMS, showings.items, "item_key"))
    found = []
    for name, table, key in tables:
        text = pa.types.is_string(table[key].type)
        read = machine.result(ex.numbered(ex.table(name, table.schema), key), cancel) if text else table
        found.append(Lookup.of(*(column.to_numpy() for column in read.columns)))
    return found


Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # user, part, item, rank


def _columns(batch: pa.RecordBatch, people: People, parts: Lookup, codes: Lookup) -> Columns:
    """User, part, item and rank as numbers; rows that cannot be counted are refused."""
    absent = [column.null_count for column in batch.columns]
    user, given, rank = (
        (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)
        for column in batch.columns
    )
    refuse_missing(absent[0], absent[1], int(rank.min(initial=1) < 1))
    item = codes.find(given)
    if item.min(initial=0) < 0:
        raise Strange
    user = user.view(np.int64) if user.dtype == np.uint64 else user.astype(np.int64, copy=False)
    return user, _known_or_not(parts.find(user), user, people), item, rank.astype(np.int32, copy=False)


def _known_or_not(part: np.ndarray, user: np.ndarray, people: People) -> np.ndarray:
    """The parts, with who is not in the table of people in an unknown one by a hash of the id."""
    outside = np.flatnonzero(part < 0)
    if len(outside):
        hashed = pd.util.hash_array(user[outside]) % np.uint64(people.buckets)
        part[outside] = people.unknown + hashed.astype(np.int32)
    return part
