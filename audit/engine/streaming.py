"""Count lists as DuckDB streams them, list by list: one pass, whatever the number of cells."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa

from audit.engine.batches import Batch, lookups
from audit.engine.counted import Counted, by_part
from audit.engine.dense import Dense
from audit.engine.engines import AUDIT, DuckDB, Progress
from audit.engine.reach import Reach
from audit.engine.showings import Showings
from data.errors import Cancelled

CELLS = 800_000_000  # counts of one byte held at once; above it, and for scattered lists, DuckDB groups instead
_BATCH = 500_000


class Scattered(Exception):
    """The rows of some list do not lie together, or there are too many cells to hold."""


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
    parts, codes = lookups(machine, showings, cancel)
    tally, done = _Tally(people.n_parts, showings.n_items, showings.k, Reach(showings.owned)), 0

    def prepare(rows: pa.RecordBatch) -> tuple[int, np.ndarray]:
        every = Batch.of(rows, people, parts, codes, showings.k)
        tally.above += len(every.item)
        return len(rows), tally.locate(every.without(people.gone))

    for read, at in machine.stream(showings.numbered, _BATCH, prepare):
        if cancel is not None and cancel.is_set():
            raise Cancelled(AUDIT)
        tally.add(at)
        done += read
        if progress:
            progress(min(done / showings.lists.rows, 1.0))
    return tally.finish(people.buckets)


class _Tally:
    """Counts as they grow: one thread finds the cells of each batch, another may add the last one to them."""

    def __init__(self, n_parts: int, n_items: int, k: int, reach: Reach) -> None:
        self.reach = reach
        self.n_parts, self.n_items, self.k = n_parts, n_items, k
        self.cells = np.zeros(n_parts * n_items * k, np.uint8)
        self.over: list[np.ndarray] = []
        self.lists = np.zeros(n_parts, np.int64)
        self.repeated = np.zeros(n_parts * n_items, np.uint32)
        self.short = np.zeros(n_parts * n_items)
        self.seen, self.placed = np.zeros(n_items, np.uint32), np.zeros(k + 1, np.uint32)
        self.odd = np.zeros(4, np.int64)
        self.users: list[np.ndarray] = []
        self.edges: list[Batch] = []
        self.last, self.rows, self.above = np.uint32(0), 0, 0

    def locate(self, batch: Batch) -> np.ndarray:
        """The cells of the batch's rows; lists that its edges may cut wait for the end."""
        self.rows += len(batch.item)
        n = len(batch.part)
        if n:
            self.edges += [batch.of_lists(0, 1).copied(), batch.of_lists(max(n - 1, 1), n).copied()]
        return self._locate(batch.of_lists(1, max(n - 1, 1)) if n else batch)

    def add(self, at: np.ndarray) -> None:
        """Count rows by their cells."""
        from audit.engine.tally import add

        over = np.empty(len(at), np.uint32)
        self.over.append(over[: add(self.cells, at, over)].copy())

    def finish(self, buckets: int) -> Counted:
        """All counts, when every batch is added."""
        from audit.engine.tally import REPEATED, SHORT, SKIPPED, TIES

        if self.edges:
            self.add(self._locate(Batch.together(self.edges)))
            _refuse_scattered(self.users[:-1], self.users[-1])
        odd = {name: int(self.odd[name]) for name in (TIES, SHORT, SKIPPED, REPEATED)}
        again, short = self._sparse(self.repeated, odd[REPEATED]), self._sparse(self.short, odd[SHORT])
        over = np.concatenate([*self.over, np.empty(0, np.uint32)])
        counts = Dense(self.k, self.n_items, buckets, self.lists, again, short, cells=self.cells, over=over)
        return Counted(counts, self.reach.lists, self.rows, self.above, odd[SHORT], odd[SKIPPED], odd[TIES])

    def _locate(self, batch: Batch) -> np.ndarray:
        from audit.engine.tally import locate

        at = np.empty(len(batch.item), np.uint32)
        rows = (batch.starts, batch.part, batch.item, batch.rank, self.n_items, self.k)
        found = (self.lists, self.repeated, self.short, self.seen, self.placed, self.odd)
        self.last = np.uint32(locate(*rows, *found, self.last, at))
        self.users.append(batch.user)
        self.reach.add(batch)
        return at

    def _sparse(self, values: np.ndarray, any_: int) -> Any:
        place = np.flatnonzero(values != 0) if any_ else np.empty(0, np.int64)
        return by_part(place, values[place], self.n_parts, self.n_items)


def _refuse_scattered(users: list[np.ndarray], others: np.ndarray) -> None:
    """Refuse a user met twice; of the others none is."""
    some = [each for each in users if len(each)]
    bounds = np.array([(each[0], each[-1]) for each in some]).reshape(-1)
    if (bounds[1:] >= bounds[:-1]).all() and all(
        (each[1:] > each[:-1]).all() for each in some
    ):  # as lists usually come
        twice = (bounds[2::2] == bounds[1:-1:2]).any() or any(_among(each, others) for each in some)
    else:
        every = np.sort(np.concatenate([*some, others]), kind="stable")
        twice = (every[1:] == every[:-1]).any()
    if twice:
        raise Scattered


def _among(ordered: np.ndarray, values: np.ndarray) -> bool:
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return bool((ordered[place] == values).any())
