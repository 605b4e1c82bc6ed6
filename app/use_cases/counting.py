"""Lists that are too large for memory: a folder or pattern of Parquet files, or one large file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pandas as pd

from audit.inference.groups import planned
from audit.plan import Plan
from data.columns import ITEM, USER, Table
from data.errors import NotFound
from data.foreign import outcomes as check_outcomes
from data.load.folder import read_known
from data.tables import Dataset

if TYPE_CHECKING:
    from audit.engine.engines import Engine
    from audit.engine.run import CountedAudit

IMPORTED = "imported"  # label of foreign lists
ENGINES = ("duckdb", "spark")
LARGE = 5_000_000  # rows of one Parquet file from which on it is counted, not held


def too_large(lists: Path) -> bool:
    """Whether lists are counted by the engine: a folder, a pattern, or a Parquet file of five million rows or more."""
    if not lists.is_file():
        return lists.is_dir() or any(sign in lists.name for sign in "*?[")
    with lists.open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    import pyarrow.parquet as pq

    return bool(pq.read_metadata(lists).num_rows >= LARGE)


def engine_named(name: str) -> type[Engine]:
    """The machine that counts: DuckDB in this process, or Spark."""
    from audit.engine.engines import DuckDB, Spark

    if name not in ENGINES:
        raise NotFound("engine", name, ENGINES)
    return Spark if name == "spark" else DuckDB


def known_pairs(dataset: Dataset, outcomes: pd.DataFrame) -> pd.DataFrame:
    """What foreign lists could know: every choice of the data set but the held-out ones."""
    pairs = dataset.interactions.frame()[[USER, ITEM]]
    merged = pairs.merge(outcomes[[USER, ITEM]], on=[USER, ITEM], how="left", indicator=True)
    return merged.loc[merged["_merge"] == "left_only", [USER, ITEM]]


def counted(
    dataset: Dataset,
    lists: Path,
    truth: Path,
    groups: dict[str, pd.Series],
    plan: Plan,
    *,
    without: frozenset[str],
    engine: type[Engine],
    progress: Callable[[float], None] | None = None,
    cancel: Event | None = None,
) -> CountedAudit:
    """Count the lists; the held-out choices and the data set are read whole, the lists never.

    `without`: people who are in no audit; their rows count in nothing.
    """
    from audit.engine.run import counted_audit

    outcomes = check_outcomes(read_known(truth, Table.OUTCOMES))
    found = counted_audit(
        str(lists),
        outcomes,
        dataset.items,
        dataset.kinds,
        {name: groups[name] for name in planned(groups, plan)},
        known_pairs(dataset, outcomes),
        plan,
        everybody=len(dataset.users),
        without=without,
        engine=engine,
        label=IMPORTED,
        progress=progress,
        cancel=cancel,
    )
    found.overlap.refuse_nothing(lists.name, truth.name)
    return found
