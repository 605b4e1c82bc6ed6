"""Audit: assess a model of ours, or the lists of any system, over user groups and providers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd

from app.outputs import check_folder
from app.use_cases.boosting import boosts_for, boosts_line, boosts_mark
from app.use_cases.counting import audit_counted, known_pairs, too_large
from app.use_cases.evaluating import everybody, held_out
from app.workspace import Workspace
from audit.plan import Plan
from audit.run import Audit, AuditTables, run_audit
from data.columns import ITEM, USER, Role, Table
from data.errors import BadInput
from data.foreign import outcomes as check_outcomes
from data.foreign import recommendations as check_recommendations
from data.keep.events import Kind
from data.keep.home import private_folder, write_whole
from data.load.folder import read_known
from data.tables import Dataset
from models.base import Recommender
from models.histories import Training
from models.popularity import Popularity
from models.registry import create
from models.serving import Boost

PURPOSE = "audit of group outcomes"


@dataclass(frozen=True, eq=False)
class Twin:
    """A model's twin for judging: the same kind and settings, fitted without the held-out choices.

    `boosts` are those that the operator set for the lists of the model; the protocol says so where there are any.
    """

    model: Recommender
    outcomes: pd.DataFrame
    protocol: str
    boosts: tuple[Boost, ...] = ()


def audit(
    workspace: Workspace,
    data: str,
    out: Path | None = None,
    *,
    model_id: str | None = None,
    recommendations: Path | None = None,
    outcomes: Path | None = None,
    plan_file: Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: Event | None = None,
) -> dict[str, Any]:
    """Run an audit and keep it; the plan's hash enters the log before anything is computed.

    For a model of ours the lists that use no profile are audited beside its own. Returns the document with run_id,
    and the folder of its tables when `out` is given. Lists too large for memory are counted by the engine instead;
    `progress` and `cancel` are for them.
    """
    if out:
        check_folder(out)
    if model_id is None and recommendations is not None and too_large(recommendations):
        files = (recommendations, outcomes)
        return audit_counted(workspace, data, *files, groups_of, out, plan_file, progress=progress, cancel=cancel)
    plan = Plan.load(plan_file) if plan_file else Plan.of()
    dataset = workspace.catalog.open(data)
    jobs = _jobs(workspace, dataset, model_id, recommendations, outcomes, plan.k)
    about = {
        "data": data,
        "data_hash": dataset.interactions.hash,
        "model_id": model_id,
        "plan_hash": plan.hash,
        "planned": plan_file is not None,
    }
    workspace.log.append(Kind.AUDIT, "reviewer", {**about, "stage": "plan"})
    results = {label: run_audit(tables, plan, label=label) for label, tables in jobs.tables.items()}
    document = _document(results, about, jobs.protocol)
    run_id = workspace.runs.save(
        document, kind="audit", label=run_label(workspace, model_id) if model_id else f"lists on {data}"
    )
    workspace.log.append(
        Kind.AUDIT,
        "reviewer",
        {**about, "stage": "result", "run_id": run_id, "sha256": workspace.runs.about(run_id)["sha256"]},
    )
    path = _write(out, document, results) if out else None
    return {**document, "run_id": run_id, "path": path}


def twin(workspace: Workspace, model_id: str) -> Twin:
    """The twin of a stored model on the standing split of its data set."""
    about = workspace.shelf.about(model_id)
    dataset = workspace.catalog.open(about["data"])
    part, outcomes, split = held_out(dataset)
    fitted = create(about["model"], **about["settings"]).fit(Training.of(dataset, part))
    boosts = boosts_for(workspace, model_id, fitted)
    told = f"the same model and settings, fitted without the truth; {split}{boosts_line(boosts)}"
    return Twin(fitted, outcomes, told, boosts)


def groups_of(workspace: Workspace, dataset: Dataset) -> dict[str, pd.Series]:
    """Every attribute that groups people; the sensitive ones through their logged door, with the purpose."""
    open_ones = {
        name: dataset.users[name] for name in dataset.attributes(Role.SEGMENT, Role.FEATURE) if name in dataset.users
    }
    door = workspace.catalog.sensitive(
        dataset.name,
        lambda read: _record(workspace, dataset.name, read),
    )
    return {**{name: door.read(name, PURPOSE) for name in door.names()}, **open_ones}


def run_label(workspace: Workspace, model_id: str) -> str:
    """What the runs of a model in its present state, boosts included, are called; one that changed has none yet."""
    return f"{model_id} {workspace.shelf.about(model_id)['statistics_hash'][:12]}{boosts_mark(workspace, model_id)}"


def known_choices(model: Recommender) -> pd.DataFrame:
    """The choices that a model was fitted on: user_id, item_id."""
    training = model.training
    rows, columns = training.matrix.nonzero()
    return pd.DataFrame({USER: training.users.values[rows], ITEM: training.items.values[columns]})


def _record(workspace: Workspace, data: str, read: dict[str, Any]) -> None:
    workspace.log.append(Kind.SENSITIVE_READ, "reviewer", {"data": data, **read})


@dataclass(frozen=True, eq=False)
class _Jobs:
    tables: dict[str, AuditTables]
    protocol: str


def _jobs(
    workspace: Workspace, dataset: Dataset, model_id: str | None, lists: Path | None, truth: Path | None, k: int
) -> _Jobs:
    if model_id is not None and lists is None and truth is None:
        return _our_lists(workspace, dataset, model_id, k)
    if model_id is None and lists is not None and truth is not None:
        return _foreign_lists(workspace, dataset, lists, truth)
    raise BadInput(
        "an audit needs either a model, or lists with their held-out choices",
        fix="give --model ID, or --recommendations FILE and --outcomes FILE",
    )


def _our_lists(workspace: Workspace, dataset: Dataset, model_id: str, k: int) -> _Jobs:
    trained_on = workspace.shelf.about(model_id)["data"]
    if trained_on != dataset.name:
        raise BadInput(f"the model was trained on '{trained_on}'", value=dataset.name, fix=f"give --data {trained_on}")
    judged = twin(workspace, model_id)
    known = known_choices(judged.model)
    popular = Popularity().fit(judged.model.training)
    tables = {
        "profiled": _tables(workspace, dataset, everybody(judged.model, k, judged.boosts), judged.outcomes, known),
        "non-profiled": _tables(workspace, dataset, everybody(popular, k), judged.outcomes, known),
    }
    return _Jobs(tables, judged.protocol)


def _foreign_lists(workspace: Workspace, dataset: Dataset, lists: Path, truth: Path) -> _Jobs:
    recommended = check_recommendations(read_known(lists, Table.RECOMMENDATIONS))
    outcomes = check_outcomes(read_known(truth, Table.OUTCOMES))
    known = known_pairs(dataset, outcomes)
    told = f"lists of {lists.name}, truth of {truth.name}; all other choices of '{dataset.name}' count as known"
    return _Jobs({"imported": _tables(workspace, dataset, recommended, outcomes, known)}, told)


def _tables(
    workspace: Workspace, dataset: Dataset, lists: pd.DataFrame, outcomes: pd.DataFrame, known: pd.DataFrame
) -> AuditTables:
    groups = groups_of(workspace, dataset)
    inputs = {name: column for name, column in groups.items() if dataset.roles.get(name) != Role.SENSITIVE}
    content = (dataset.items, dataset.kinds, groups, len(dataset.users))
    return AuditTables(lists, outcomes, known, *content, inputs=inputs)


def _document(results: dict[str, Audit], about: dict[str, Any], protocol: str) -> dict[str, Any]:
    first, *others = results.values()
    others_told = {audit.label: _short(audit) for audit in others}
    return {**first.document(), **about, "protocol": protocol, "compared_with": others_told}


def _short(audit: Audit) -> dict[str, Any]:
    document = audit.document()
    return {key: document[key] for key in ("label", "overall", "groups", "providers", "lists", "notes")}


def _write(out: Path, document: dict[str, Any], results: dict[str, Audit]) -> str:
    folder = private_folder(out)
    write_whole(folder / "audit.json", json.dumps(document, indent=1, ensure_ascii=False).encode(), mode=0o644)
    for label, audit in results.items():
        for name, table in (
            ("groups", audit.groups.rows),
            ("providers", audit.providers),
            ("overall", audit.overall),
            *((name, table) for name, table in audit.closer.tables.items() if len(table)),
        ):
            text = table.to_csv(index=name == "overall")
            write_whole(folder / f"{name}-{label}.csv", text.encode(), mode=0o644)
    return str(folder)
