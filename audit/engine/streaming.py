"""Count lists as DuckDB streams them, list by list: one pass, whatever the number of cells."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa

from audit.engine.batches import Batch, lookups
from audit.engine.counted import Counted, by_part
from audit.engine.engines import AUDIT, DuckDB, Progress
from audit.engine.showings import Showings
from audit.measures.counts import Counts, Table
from data.errors import Cancelled
from data.parallel import in_blocks

CELLS = 300_000_000  # counts of 4 bytes held at once; above it, and for scattered lists, DuckDB groups instead
_BATCH = 500_000
_BLOCK = 16_384  # cells looked at together, so that they stay in the cache as float64


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

    def prepare(rows: pa.RecordBatch) -> tuple[int, int, Batch]:
        every = Batch.of(rows, people, parts, codes, showings.k)
        return len(rows), len(every.item), every.without(people.gone)

    done = 0
    with ThreadPoolExecutor(1) as aside:  # lists are looked at while their rows are counted
        tally = _Tally(people.n_parts, showings.n_items, showings.k, aside)
        for read, above, batch in machine.stream(showings.numbered, _BATCH, prepare):
            if cancel is not None and cancel.is_set():
                raise Cancelled(AUDIT)
            tally.add(batch)
            done, tally.above = done + read, tally.above + above
            if progress:
                progress(min(done / showings.lists.rows, 1.0))
        return tally.finish(people.buckets)


@dataclass(frozen=True, eq=False)
class Dense(Counts):
    """Counts as one array of all cells, empty ones too."""

    cells: np.ndarray  # uint32: (part x n_items + item) x k + rank - 1

    def _attention(self, weights: list[np.ndarray]) -> list[Table]:
        cells, sums = self.cells.reshape(-1, self.k), np.empty((len(weights), self.n_parts * self.n_items))

        def weigh(block: slice) -> None:
            np.matmul(weights, cells[block].T.astype(np.float64), out=sums[:, block])

        in_blocks(weigh, len(cells), _BLOCK)
        return list(sums.reshape(-1, self.n_parts, self.n_items))


class _Tally:
    def __init__(self, n_parts: int, n_items: int, k: int, aside: Executor) -> None:
        self.n_parts, self.n_items, self.k, self.aside = n_parts, n_items, k, aside
        self.cells = np.zeros(n_parts * n_items * k, np.uint32)
        self.lists = np.zeros(n_parts, np.int64)
        self.repeated = np.zeros(n_parts * n_items, np.uint32)
        self.short = np.zeros(n_parts * n_items)
        self.seen, self.placed = np.full(n_items, -1, np.int64), np.full(k + 1, -1, np.int64)
        self.odd = np.zeros(3, np.int64)
        self.users: list[np.ndarray] = []
        self.edges: list[Batch] = []
        self.last, self.rows, self.above = -1, 0, 0

    def add(self, batch: Batch) -> None:
        self.rows += len(batch.item)
        n = len(batch.part)
        if not n:
            return
        if n > 2:
            self._count(batch.of_lists(1, n - 1))
        self.edges += [batch.of_lists(0, 1).copied(), batch.of_lists(max(n - 1, 1), n).copied()]

    def finish(self, buckets: int) -> Counted:
        from audit.engine.tally import SHORT, SKIPPED, TIES

        if self.edges:
            whole = np.concatenate([*self.users, self.edges[0].user[:0]])
            self._count(Batch.together(self.edges))
            _refuse_scattered(whole, self.users[-1])
        content = (self.lists, self._sparse(self.repeated), self._sparse(self.short))
        counts = Dense(self.k, self.n_items, buckets, *content, cells=self.cells)
        return Counted(counts, self.rows, self.above, int(self.odd[SHORT]), int(self.odd[SKIPPED]), int(self.odd[TIES]))

    def _count(self, batch: Batch) -> None:
        from audit.engine.tally import add, tally

        rows = (batch.starts, batch.part, batch.item, batch.rank, self.n_items, self.k)
        found = (self.lists, self.repeated, self.short, self.seen, self.placed, self.odd)
        looked = self.aside.submit(tally, *rows, *found, self.last)
        add(*rows, self.cells)
        self.last = looked.result()
        self.users.append(batch.user)

    def _sparse(self, values: np.ndarray) -> Any:
        place = np.flatnonzero(values != 0)
        return by_part(place, values[place], self.n_parts, self.n_items)


def _refuse_scattered(users: np.ndarray, others: np.ndarray) -> None:
    """Refuse a user met twice; of the others none is."""
    if (users[1:] > users[:-1]).all():  # as lists usually come
        place = np.minimum(np.searchsorted(users, others), max(len(users) - 1, 0))
        twice = len(users) and (users[place] == others).any()
    else:
        every = np.sort(np.concatenate([users, others]), kind="stable")
        twice = (every[1:] == every[:-1]).any()
    if twice:
        raise Scattered
