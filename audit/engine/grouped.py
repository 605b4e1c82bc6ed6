"""Count by grouping in the engine: any order of rows, any number of cells, on one machine or many."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import pandas as pd

from audit.engine import expressions as ex
from audit.engine.counted import Counted, by_part, refuse_missing
from audit.engine.engines import Engine, Progress
from audit.engine.reach import OWNERS, by_owner, owner_table
from audit.engine.showings import Showings
from audit.measures.counts import Cells

_STEPS = 5


def grouped(
    machine: Engine,
    showings: Showings,
    progress: Progress | None,
    cancel: Event | None,
) -> Counted:
    """Grouped results: cells, lists, repeats, short lists where there are any, and the reach that is asked for."""

    def step(number: int, expression: Any) -> pd.DataFrame:
        frame = machine.result(expression, cancel).to_pandas()
        if progress:
            progress(number / _STEPS)
        return frame

    showings.hand_to(machine)
    people, n_items, k = showings.people, showings.n_items, showings.k
    n_parts, rows = people.n_parts, showings.joined
    every = step(1, ex.cells(rows))
    cells = _audited(every, n_parts)
    rank = cells["rank"].to_numpy()
    key = _place(cells, n_items) * k + rank - 1
    order = np.argsort(key)
    lists = _audited(step(2, ex.lists(rows, k)), n_parts)
    refuse_missing(int(lists["nobody"].sum()), int((cells["item"] == ex.NO_ITEM).sum()), int((rank < 1).sum()))
    repeats = _audited(step(3, ex.repeats(rows)), n_parts)
    few = pd.DataFrame(columns=["part", "item", "length", "n"])
    if lists["short"].sum():
        few = _audited(step(4, ex.short(rows, k)), n_parts)
    belongs = showings.owned
    reached = np.zeros(belongs.shape[1], np.int64)
    if belongs.nnz:
        machine.hold(OWNERS, owner_table(belongs))
        own = step(5, by_owner(rows, n_parts))
        reached[own["owner"].to_numpy(dtype=np.int64)] = own["n"]
    length = few["length"].to_numpy(dtype=np.float64)
    counts = Cells(
        k=k,
        n_items=n_items,
        buckets=people.buckets,
        lists=np.bincount(lists["part"], weights=lists["lists"], minlength=n_parts).astype(np.int64),
        repeated=by_part(_place(repeats, n_items), repeats["n"].to_numpy(dtype=np.float64), n_parts, n_items),
        short=by_part(
            _place(few, n_items), few["n"].to_numpy(dtype=np.float64) * (1 / length - 1 / k), n_parts, n_items
        ),
        key=key[order],
        n=cells["n"].to_numpy(dtype=np.int64)[order],
    )
    odd = (int(lists[name].sum()) for name in ("short", "skipped", "ties"))
    return Counted(counts, reached, int(counts.n.sum()), int(every["n"].sum()), *odd)


def _audited(frame: pd.DataFrame, n_parts: int) -> pd.DataFrame:
    """The rows of who may be audited."""
    return frame[frame["part"] < n_parts]


def _place(frame: pd.DataFrame, n_items: int) -> np.ndarray:
    return frame["part"].to_numpy(dtype=np.int64) * n_items + frame["item"].to_numpy(dtype=np.int64)
