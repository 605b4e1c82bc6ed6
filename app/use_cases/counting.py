"""Audit lists that are too large for memory: a folder or pattern of Parquet files, or one large file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.workspace import Workspace
from audit.plan import Plan
from data.columns import ITEM, USER, Table
from data.errors import BadInput
from data.foreign import outcomes as check_outcomes
from data.keep.events import Kind
from data.keep.home import private_folder, write_whole
from data.keep.runs import document_bytes
from data.load.folder import read_known
from data.tables import Dataset

if TYPE_CHECKING:
    from audit.engine.run import CountedAudit

LARGE = 5_000_000  # rows of one Parquet file from which on it is counted, not held
Groups = Callable[[Workspace, Dataset], dict[str, pd.Series]]


def too_large(lists: Path) -> bool:
    """Whether lists are counted by the engine: a folder, a pattern, or a Parquet file of five million rows or more."""
    if not lists.is_file():
        return lists.is_dir() or any(sign in lists.name for sign in "*?[")
    with lists.open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    import pyarrow.parquet as pq

    return bool(pq.read_metadata(lists).num_rows >= LARGE)


def known_pairs(dataset: Dataset, outcomes: pd.DataFrame) -> pd.DataFrame:
    """What foreign lists could know: every choice of the data set but the held-out ones."""
    pairs = dataset.interactions.frame()[[USER, ITEM]]
    merged = pairs.merge(outcomes[[USER, ITEM]], on=[USER, ITEM], how="left", indicator=True)
    return merged.loc[merged["_merge"] == "left_only", [USER, ITEM]]


def audit_counted(
    workspace: Workspace,
    data: str,
    lists: Path,
    truth: Path | None,
    groups_of: Groups,
    out: Path | None = None,
    plan_file: Path | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancel: Event | None = None,
) -> dict[str, Any]:
    """Count the lists and keep the numbers; the plan's hash enters the log before anything is computed.

    The held-out choices and the data set are read whole, the lists never. Setting `cancel` ends it with nothing kept but
    the plan in the log.
    """
    from audit.engine.run import counted_audit

    if truth is None:
        raise BadInput("held-out choices are missing", fix="give --outcomes FILE")
    plan = Plan.load(plan_file) if plan_file else Plan.of()
    dataset = workspace.catalog.open(data)
    outcomes = check_outcomes(read_known(truth, Table.OUTCOMES))
    about = {
        "data": data,
        "data_hash": dataset.interactions.hash,
        "model_id": None,
        "plan_hash": plan.hash,
        "planned": plan_file is not None,
    }
    workspace.log.append(Kind.AUDIT, "reviewer", {**about, "stage": "plan"})
    training, merit = (pairs[ITEM].value_counts() for pairs in (known_pairs(dataset, outcomes), outcomes))
    groups = groups_of(workspace, dataset)
    if plan.attributes is not None:
        groups = {name: column for name, column in groups.items() if name in plan.attributes}
    found = counted_audit(
        str(lists),
        outcomes,
        dataset.items,
        dataset.kinds,
        groups,
        training,
        merit,
        plan,
        label="imported",
        progress=progress,
        cancel=cancel,
    )
    told = f"lists of {lists.name}, truth of {truth.name}; all other choices of '{data}' count as known"
    document = {**found.document(), **about, "protocol": told}
    run_id = workspace.runs.save(document, kind="counted audit", label=f"lists on {data}, counted")
    sha256 = workspace.runs.about(run_id)["sha256"]
    workspace.log.append(Kind.AUDIT, "reviewer", {**about, "stage": "result", "run_id": run_id, "sha256": sha256})
    path = _write(out, document, found) if out else None
    return {**json.loads(document_bytes(document)), "run_id": run_id, "path": path}


def _write(out: Path, document: dict[str, Any], found: CountedAudit) -> str:
    folder = private_folder(out)
    write_whole(folder / "audit.json", document_bytes(document), mode=0o644)
    for name, table in found.tables.items():
        write_whole(folder / f"{name}-{found.label}.csv", table.to_csv(index=False).encode(), mode=0o644)
    return str(folder)
