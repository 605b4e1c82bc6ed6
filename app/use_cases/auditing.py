"""Audit: assess a model of ours, or the lists of any system, over user groups and providers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from app.outputs import check_folder
from app.spreadsheet import csv_bytes
from app.use_cases.boosting import boosts_mark
from app.use_cases.comparing import against_last, beside, check_versus
from app.use_cases.counting import ENGINES, IMPORTED, counted, engine_named, too_large
from app.use_cases.judging import PROFILED, Jobs, audited, foreign_lists, groups_of, not_audited, our_lists
from app.use_cases.opting_out import cost_of_opting_out
from app.use_cases.sampling import check_sample, write_sample
from app.use_cases.spreading import asked_seeds, spread_of_model
from app.use_cases.stepping import Steps
from app.workspace import Workspace
from audit.plan import Plan
from audit.report.flat import flat_tables
from audit.run import Audit, run_audit
from audit.sampling import Sampled, statement
from data.errors import BadInput
from data.keep.events import Kind
from data.keep.home import private_folder, write_whole
from data.tables import Dataset

if TYPE_CHECKING:
    from audit.engine.engines import Engine
    from audit.engine.run import CountedAudit

    Result = Audit | CountedAudit


def audit(
    workspace: Workspace,
    data: str,
    out: Path | None = None,
    *,
    model_id: str | None = None,
    recommendations: Path | None = None,
    outcomes: Path | None = None,
    plan_file: Path | None = None,
    require_plan: bool = False,
    versus: Sequence[str] = (),
    seeds: int | None = None,
    engine: str | None = None,
    sample: Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: Event | None = None,
) -> dict[str, Any]:
    """Run an audit and keep it; the plan's hash enters the log before anything is computed.

    For a model of ours the lists that use no profile are audited beside its own. `versus` names lists that are compared
    on the same people: ids of other models for a model, files of lists for imported ones. `seeds`: how many draws of the
    held-out choices a model is judged by, see `audit.spread`; the plan can ask for them, too. Returns the document with
    run_id, `against_last` (null for a first audit), and the folder of its tables when `out` is given. Lists too large
    for memory are counted instead, by DuckDB, or by the `engine` that is named: naming one counts any Parquet. `sample`
    is a file for the values behind the group table, person by person (`write_sample`). `progress` gets the share done;
    setting `cancel` ends the audit with `Cancelled` and keeps nothing but the plan in the log.
    """
    if out:
        check_folder(out)
    if require_plan and plan_file is None:
        raise BadInput("a plan is required, and none was given", fix="give --plan FILE, or leave --require-plan out")
    check_versus(workspace, data, model_id, versus)
    _check_lists(model_id, recommendations, outcomes)
    plan = Plan.load(plan_file) if plan_file else Plan.of()
    asked = asked_seeds(seeds, plan, model_id)
    dataset = audited(workspace, data)
    about = {
        "data": data,
        "data_hash": dataset.interactions.hash,
        "model_id": model_id,
        "plan_hash": plan.hash,
        "planned": plan_file is not None,
        **({"versus": list(versus)} if versus else {}),
        **({} if asked is None else {"seeds": asked}),
    }
    steps = Steps(progress, cancel)
    machine = engine_named(engine or ENGINES[0])
    large = recommendations is not None and outcomes is not None and (engine or too_large(recommendations))
    if sample is not None:
        check_sample(sample, counted=bool(large))
    if recommendations is not None and outcomes is not None and large:
        files = (recommendations, outcomes)
        results, document = _counted(workspace, dataset, *files, plan, about, versus, machine, steps)
    else:
        results, document = _held(workspace, dataset, (model_id, recommendations, outcomes), plan, about, versus, steps)
    steps.at(0.97)
    run_id = workspace.runs.save(
        document, kind="audit", label=run_label(workspace, model_id) if model_id else f"lists on {data}"
    )
    workspace.log.append(
        Kind.AUDIT,
        "reviewer",
        {**about, "stage": "result", "run_id": run_id, "sha256": workspace.runs.about(run_id)["sha256"]},
    )
    told = {**document, "against_last": against_last(workspace, run_id)}
    path = _write(out, document, told, results) if out else None
    first = next(iter(results.values()))
    if sample is not None and isinstance(first, Audit):
        told["sample"] = write_sample(workspace, first, sample, {**about, "run_id": run_id})
    if progress is not None:
        progress(1.0)
    return {**told, "run_id": run_id, "path": path}


def _counted(
    workspace: Workspace, dataset: Dataset, lists: Path, truth: Path, plan: Plan, about: dict[str, Any],
    versus: Sequence[str], engine: type[Engine], steps: Steps,
) -> tuple[dict[str, Result], dict[str, Any]]:  # fmt: skip
    """The audit of lists too large for memory."""
    if versus:
        raise BadInput("lists that are counted cannot stand beside others", fix="leave --versus out")
    groups = groups_of(workspace, dataset)
    workspace.log.append(Kind.AUDIT, "reviewer", {**about, "stage": "plan"})
    gone = not_audited(workspace, dataset.name)
    found = counted(
        dataset,
        lists,
        truth,
        groups,
        plan,
        without=gone,
        engine=engine,
        progress=lambda done: steps.at(0.95 * done),
        cancel=steps.cancel,
    )
    told = f"lists of {lists.name}, truth of {truth.name}; all other choices of '{dataset.name}' count as known"
    stated = _sampling(dataset, found, len(gone), None)
    return {IMPORTED: found}, {**found.document(), **about, "protocol": told, "sampling": stated, "compared_with": {}}


def _held(
    workspace: Workspace,
    dataset: Dataset,
    what: tuple[str | None, Path | None, Path | None],
    plan: Plan,
    about: dict[str, Any],
    versus: Sequence[str],
    steps: Steps,
) -> tuple[dict[str, Result], dict[str, Any]]:
    """The audit of lists in memory."""
    model_id, lists, truth = what
    seeds = about.get("seeds")
    first = steps.part(0.0, 1 / (seeds or 1))
    jobs = _jobs(workspace, dataset, model_id, lists, truth, plan.k)
    workspace.log.append(Kind.AUDIT, "reviewer", {**about, "stage": "plan"})
    results: dict[str, Audit] = {}
    for number, (label, tables) in enumerate(jobs.tables.items(), 1):
        first.at(0.8 * number / (len(jobs.tables) + 1))
        results[label] = run_audit(tables, plan, label=label)
    first.at(0.8)
    gone = not_audited(workspace, dataset.name)
    stated = _sampling(dataset, next(iter(results.values())), len(gone), jobs.split)
    document = _document(results, about, {"protocol": jobs.protocol, "sampling": stated})
    if jobs.twin is not None:
        own = results[PROFILED].per_user["ndcg"]
        groups = jobs.tables[PROFILED].groups
        document["opt_outs"] = cost_of_opting_out(workspace, dataset, jobs.twin, groups, own, plan, document["groups"])
    first.at(0.9)
    if versus:
        document["side_by_side"] = beside(workspace, jobs, plan, model_id, versus, results)
    if seeds is not None and model_id is not None:
        rest = steps.part(1 / seeds, 0.97)
        tables = jobs.tables[PROFILED]
        document["spread"] = spread_of_model(workspace, dataset, model_id, results[PROFILED], tables, seeds, rest)
    return dict(results), document


def run_label(workspace: Workspace, model_id: str) -> str:
    """What the runs of a model in its present state, boosts included, are called; one that changed has none yet."""
    return f"{model_id} {workspace.shelf.about(model_id)['statistics_hash'][:12]}{boosts_mark(workspace, model_id)}"


def _check_lists(model_id: str | None, lists: Path | None, truth: Path | None) -> None:
    if (model_id is not None, lists is not None, truth is not None) not in ((True, False, False), (False, True, True)):
        raise BadInput(
            "an audit needs either a model, or lists with their held-out choices",
            fix="give --model ID, or --recommendations FILE and --outcomes FILE",
        )


def _jobs(
    workspace: Workspace, dataset: Dataset, model_id: str | None, lists: Path | None, truth: Path | None, k: int
) -> Jobs:
    if lists is not None and truth is not None:
        return foreign_lists(workspace, dataset, lists, truth)
    return our_lists(workspace, dataset, str(model_id), k)


def _sampling(dataset: Dataset, found: Result, left_out: int, split: str | None) -> list[dict[str, str]]:
    """The sampling statement of an audit."""
    people, times = len(dataset.users), dataset.interactions.timestamp
    return statement(found.plan, Sampled.of(dataset.name, found.overlap, people, left_out, times, split))


def _document(results: dict[str, Audit], about: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    first, *others = results.values()
    others_told = {audit.label: _short(audit) for audit in others}
    return {**first.document(), **about, **how, "compared_with": others_told}


def _short(audit: Audit) -> dict[str, Any]:
    document = audit.document()
    return {key: document[key] for key in ("label", "overall", "groups", "providers", "lists", "notes")}


def _write(out: Path, document: dict[str, Any], told: dict[str, Any], results: Mapping[str, Result]) -> str:
    """The document as it is kept, and every table of each kind of list; `told` has the comparison with the last audit."""
    folder = private_folder(out)
    write_whole(folder / "audit.json", json.dumps(document, indent=1, ensure_ascii=False).encode(), mode=0o644)
    first, *others = results
    for label, each in {first: told, **{label: results[label].document() for label in others}}.items():
        for name, rows in flat_tables(each).items():
            write_whole(folder / f"{name}-{label}.csv", csv_bytes(rows), mode=0o644)
    return str(folder)
