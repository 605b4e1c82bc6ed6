"""One scan of the lists, from tables of any size to `Counts`."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pyarrow as pa

from audit.engine import expressions as ex
from audit.engine.batches import Strange
from audit.engine.engines import DuckDB, Engine, Progress
from audit.engine.grouped import grouped
from audit.engine.people import BUCKETS, People
from audit.engine.reach import Belonging
from audit.engine.showings import Showings
from audit.engine.streaming import Scattered, streamed
from audit.engine.tables import Lists, item_table
from audit.measures.counts import Counts
from data.columns import ITEM, RANK, USER
from data.errors import BadInput
from data.ids import Ids, as_text

_DEEPEST = 2**31 - 2


@dataclass(frozen=True, eq=False)
class Scan:
    """What one scan found; `groups` has a row per user group, in the order of the parts of `counts`."""

    counts: Counts
    groups: pd.DataFrame
    items: Ids
    catalogue: np.ndarray  # mask over `items`: those of the table of items
    n_rows: int
    beyond_k: int  # rows below rank k, left out
    short_lists: int
    skipped_ranks: int
    engine: str
    streamed: bool  # counted list by list in one stream, not by grouping
    reached: np.ndarray  # lists that show an item of each owner whose reach is asked for

    @property
    def unknown_items(self) -> int:
        """Rows that show an item outside the table of items."""
        return int(self.counts.total(self.counts.once)[~self.catalogue].sum())

    @property
    def repeated_items(self) -> int:
        """Rows that show an item to the same user again."""
        return int(self.counts.repeated.sum())


def scan(
    lists: str | Path | pd.DataFrame | pa.Table,
    items: Iterable[str] | None = None,
    people: pd.DataFrame | pa.Table | None = None,
    *,
    belongs: Belonging | None = None,
    without: Iterable[str] = (),
    k: int = 10,
    buckets: int = BUCKETS,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Scan:
    """Count every item at every rank by user group and bucket.

    `items`: ids of the catalogue; without it every item named is. `people`: attributes by user (index user_id or a
    column of that name), every combination of values a group; without it everybody is one. `without`: ids of people who
    must not be audited; their lists count in nothing. `belongs`: owners of items, whose reach is counted.
    DuckDB streams the lists in one pass where each lies together, as they usually do; where they are scattered, and on Spark,
    the same counts come from grouping. `progress` gets the share done; setting `cancel` ends the scan with `Cancelled`.
    """
    if k < 1:
        raise BadInput("the list length k must be at least 1", value=k, fix="use k = 10")
    read = Lists.of(lists)
    if not read.rows:
        raise BadInput("there is no recommendation to audit", file="recommendations", fix="give at least one list")
    with ThreadPoolExecutor(1) as aside:
        located = aside.submit(People.of, people, read.types[USER], buckets, without)
        known = None if items is None else Ids(_distinct(items))
        parts = located.result()
    with engine or DuckDB() as machine:
        machine.hold_lists(ex.LISTS, read)
        found = _count(machine, read, parts, known, k, belongs, progress, cancel)
    if progress:
        progress(1.0)
    return found


def _count(
    machine: Engine,
    read: Lists,
    parts: People,
    known: Ids | None,
    k: int,
    belongs: Belonging | None,
    progress: Progress | None,
    cancel: Event | None,
) -> Scan:
    stream = isinstance(machine, DuckDB)
    ids = known if known is not None and stream else _vocabulary(machine, read, parts, known, k, cancel)
    while True:
        owned = None if belongs is None else belongs(ids)
        showings = Showings(read, parts, item_table(ids, read.types[ITEM]), len(ids), k, owned)
        try:
            if stream and isinstance(machine, DuckDB):
                found = streamed(machine, showings, progress, cancel)
            else:
                found = grouped(machine, showings, progress, cancel)
            break
        except Strange:
            ids = _vocabulary(machine, read, parts, known, k, cancel)
        except Scattered:
            stream, ids = False, _vocabulary(machine, read, parts, known, k, cancel)
    if found.ties:
        problem = f"{found.ties:,} rows stand at a rank that their list has filled already"
        fix = "give one list per user; audit each model or list_id on its own"
        raise BadInput(problem, file="recommendations", column=RANK, fix=fix)
    catalogue = np.full(len(ids), known is None)
    catalogue[ids.codes([] if known is None else known.values)] = True
    odd = (read.rows - found.above, found.short, found.skipped)
    rows = read.rows - (found.above - found.rows)
    return Scan(found.counts, parts.groups, ids, catalogue, rows, *odd, machine.name, stream, found.reached)


def _vocabulary(machine: Engine, read: Lists, parts: People, known: Ids | None, k: int, cancel: Event | None) -> Ids:
    """The catalogue and whatever else the lists show; without a catalogue every item named, at any rank."""
    listed, depth = (Ids([]), _DEEPEST) if known is None else (known, k)
    showings = Showings(read, parts, item_table(listed, read.types[ITEM]), len(listed), depth)
    machine.hold(ex.ITEMS, showings.items)
    others = as_text(machine.result(showings.strangers, cancel).column(0).to_pandas()).to_numpy(dtype=object)
    return Ids(np.concatenate([listed.values, others]))


def _distinct(items: Iterable[str]) -> np.ndarray:
    return as_text(pd.Series(list(items), dtype=object)).dropna().unique()
