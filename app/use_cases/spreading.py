"""Would another draw have shown that? A model judged again where other choices are held out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.use_cases.evaluating import SPLIT_SEED, SPLIT_SHARE, everybody, own_draws, seeds_of
from app.use_cases.judging import known_choices, twin, with_times
from app.use_cases.stepping import Steps
from app.workspace import Workspace
from audit.measured import AuditTables, measured
from audit.plan import Plan
from audit.run import Audit
from audit.spread import Seen, spread_over_seeds
from data.errors import BadInput
from data.tables import Dataset


def asked_seeds(seeds: int | None, plan: Plan, model_id: str | None) -> int | None:
    """How many seeds an audit goes over, by its plan or by whoever runs it; None: its own alone."""
    given = Plan.of({"seeds": seeds}).seeds
    if given is not None and plan.seeds not in (None, given):
        raise BadInput(
            f"the plan asks for {plan.seeds} seeds", value=given, fix="leave --seeds out, or give the same number"
        )
    asked = given or plan.seeds
    if asked is not None and model_id is None:
        raise BadInput(
            "imported lists come with one truth, so there is no other seed to judge them by",
            value=asked,
            fix="leave --seeds out, and `seeds` out of the plan",
        )
    return asked


def spread_of_model(
    workspace: Workspace, dataset: Dataset, model_id: str, audit: Audit, tables: AuditTables, seeds: int, steps: Steps
) -> dict[str, Any]:
    """The numbers of an audit of a model at further seeds, as of `audit.spread`, with how they were made.

    `tables` are those of the audit: groups, catalogue and what else does not change with the seed. Nothing is stored.
    """
    first, *others = seeds_of(seeds)
    seen = {first: Seen(audit.per_user, audit.overall)}
    for place, seed in enumerate(others):
        steps.at(place / len(others))
        seen[seed] = _seen(workspace, dataset, model_id, tables, audit.plan, seed)
    steps.at(1.0)
    about = workspace.shelf.about(model_id)
    return {
        **spread_over_seeds(seen, audit.given, audit.groups.rows, audit.plan).document(),
        "share": SPLIT_SHARE,
        "protocol": f"Seed {SPLIT_SEED} is this audit; at every other seed another random {SPLIT_SHARE:.0%} of all choices "
        f"is held out, and the same model with the same settings is fitted without them"
        f"{own_draws(about['model'], about['settings'], seeds)}.",
    }


def _seen(workspace: Workspace, dataset: Dataset, model_id: str, tables: AuditTables, plan: Plan, seed: int) -> Seen:
    judged = twin(workspace, model_id, seed)
    lists = everybody(judged.model, plan.k, judged.boosts)
    known = with_times(known_choices(judged.model), dataset)
    found = measured(
        replace(tables, recommendations=lists, outcomes=judged.outcomes, train=known, embeddings=None), plan
    )
    return Seen(found.per_user, found.overall)
