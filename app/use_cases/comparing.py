"""Comparing audits: several models or files on the same people, and an audit against the last one of the same lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from app.use_cases.evaluating import everybody
from app.use_cases.judging import (
    Jobs,
    audited,
    check_model,
    our_lists,
    twin,
    without_people_of,
)
from app.workspace import Workspace
from audit.inference.comparing import against_last as against
from audit.measured import measured
from audit.overlap import Overlap
from audit.plan import Plan
from audit.run import plain
from audit.side_by_side import Judged, side_by_side
from data.columns import Table
from data.errors import BadInput
from data.foreign import recommendations as check_recommendations
from data.keep.events import Kind
from data.load.folder import read_known


def compare_models(
    workspace: Workspace, model_id: str, others: Sequence[str], plan: Plan | None = None
) -> dict[str, Any]:
    """The lists of a model beside those of others on the same people, and beside those that use no profile.

    Returns base, labels, rows, overall and notes, as in `audit.side_by_side`. Every model is fitted without the truth.
    """
    plan = plan or Plan.of()
    dataset = audited(workspace, workspace.shelf.about(model_id)["data"])
    told = {"data": dataset.name, "model_id": model_id, "plan_hash": plan.hash, "versus": list(others)}
    workspace.log.append(Kind.AUDIT, "reviewer", {**told, "stage": "side by side"})
    return beside(workspace, our_lists(workspace, dataset, model_id, plan.k), plan, model_id, others)


def beside(
    workspace: Workspace,
    jobs: Jobs,
    plan: Plan,
    model_id: str | None,
    others: Sequence[str],
    ready: Mapping[str, Judged] | None = None,
) -> dict[str, Any]:
    """The lists of an audit beside others: model ids for a model, files of lists for imported ones.

    `ready` holds what is measured already, by the labels of `jobs`.
    """
    name, *modes = jobs.tables
    own = model_id or name
    base = jobs.tables[name]
    tables = {own: base}
    for other in others:
        lists = without_people_of(_lists_of(workspace, model_id, other, plan.k), jobs.gone)
        if model_id is None:
            Overlap.of(lists, base.outcomes, base.items.index).refuse_nothing(Path(other).name)
        tables[other] = replace(base, recommendations=lists, embeddings=None)
    tables |= {mode: jobs.tables[mode] for mode in modes}
    known = {own if label == name else label: each for label, each in (ready or {}).items()}
    judged = {label: known[label] if label in known else measured(each, plan) for label, each in tables.items()}
    return side_by_side(judged, plan).document()


def check_versus(workspace: Workspace, data: str, model_id: str | None, others: Sequence[str]) -> None:
    """Refuse what cannot stand beside the lists, before anything is computed."""
    for other in others:
        if model_id is not None:
            check_model(workspace, data, other)
        elif not Path(other).is_file():
            raise BadInput(
                "there is no such file of lists", value=other, fix="give --versus FILE beside --recommendations"
            )
        if other == model_id or list(others).count(other) > 1:
            raise BadInput("the same lists stand there twice", value=other, fix="name each of them once")


def against_last(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """A stored audit against the last one of the same model, or of lists of the same data set; None: it is the first.

    Keys run_id, at, sha256 of the last one; rows as in `audit.inference.comparing`; notes.
    """
    about = workspace.runs.about(run_id)
    earlier = [
        run
        for run in workspace.runs.list()
        if run["kind"] == about["kind"] == "audit"
        and _same(run["label"], about["label"])
        and (run["at"], run["run_id"]) < (about["at"], about["run_id"])
    ]
    if not earlier:
        return None
    last = earlier[0]
    rows = against(workspace.runs.load(run_id), workspace.runs.load(last["run_id"]))
    notes = [] if last["label"] == about["label"] else ["The model or its boosts have changed since."]
    told = {name: last[name] for name in ("run_id", "at", "sha256")}
    return dict(plain({**told, "rows": rows.to_dict("records"), "notes": notes}))


def _same(one: str, other: str) -> bool:
    """Whether two labels of runs are about the same model in any state, or about lists of the same data set."""
    return one == other or (
        not one.startswith("lists on ") and one.split(" ", maxsplit=1)[0] == other.split(" ", maxsplit=1)[0]
    )


def _lists_of(workspace: Workspace, model_id: str | None, other: str, k: int) -> pd.DataFrame:
    if model_id is None:
        return check_recommendations(read_known(other, Table.RECOMMENDATIONS))
    judged = twin(workspace, other)
    return everybody(judged.model, k, judged.boosts)
