"""Assess explanations: are the reasons of a model true and short, and are they thinner for some people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.use_cases.judging import groups_of, twin
from app.workspace import Workspace
from audit.explanations import ExplanationPlan, by_group, by_outcome, deletion_test, overall, thirds
from audit.inference.answers import State
from audit.measures.explaining import EXPLANATIONS
from data.keep.events import Kind
from models.histories import Training
from models.why.quality import explanation_quality

ACTIVITY = "activity third"
TASTE = "taste third"


def assess_explanations(
    workspace: Workspace, model_id: str, *, people: int = 500, k: int = 10, seed: int = 0
) -> dict[str, Any]:
    """The quality of a model's explanations as a document; numbers and groups, nobody by name.

    The model's twin on the standing split explains the first title of `people` people, so that hit and miss are known.
    Means have intervals over people; `deletion_test` is paired by person; groups get the audit's three answers, those
    of the data set and two that nobody has to supply: thirds of history length and of how popular the taste is.
    """
    plan = ExplanationPlan.of({"k": k, "seed": seed})
    about = workspace.shelf.about(model_id)
    dataset = workspace.catalog.open(about["data"])
    judged = twin(workspace, model_id)
    found = explanation_quality(judged.model, people=people, k=k, seed=seed, outcomes=judged.outcomes)
    per_user = found.per_user[[name for name in EXPLANATIONS if name in found.per_user]]
    groups = {**measured_groups(judged.model.training), **groups_of(workspace, dataset)}
    tables = by_group(per_user, groups, plan)
    told = {"model_id": model_id, "data": about["data"], "people": len(per_user), "k": k, "seed": seed}
    asked = f"the first title of {len(per_user)} people drawn by seed {seed}; the top {k} is asked for"
    workspace.log.append(
        Kind.AUDIT, "reviewer", {**told, "stage": "result", "what": "explanations", "plan_hash": plan.hash}
    )
    return {
        **told,
        "protocol": f"{judged.protocol}; {asked}",
        "plan": plan.model_dump(mode="json"),
        "overall": [*_rows(overall(per_user, plan)), *_lipschitz(found.lipschitz, judged.model.training)],
        "deletion_test": _plain(deletion_test(per_user, plan)),
        "by_outcome": _rows(by_outcome(found.per_user, plan)),
        "groups": [_plain(row) for row in tables.rows.to_dict("records")],
        "family_size": tables.family_size,
        "notes": [*found.notes, *_notes(tables.family_size, tables.draws, plan)],
    }


def in_short(told: dict[str, Any]) -> dict[str, Any]:
    """What a person reads of the document at a terminal: no settings, no meanings, and only the groups with a flag."""
    flagged = [row for row in told["groups"] if row["state"] == State.FLAG]
    few = sum(row["state"] == State.TOO_FEW for row in told["groups"])
    return {
        **{name: told[name] for name in ("model_id", "people", "k", "seed", "protocol")},
        "overall": [_only(row, "title", "value", "low", "high", "n") for row in told["overall"]],
        "deletion_test": told["deletion_test"],
        "by_outcome": [
            _only(row, "metric", "hit", "miss", "gap", "gap_low", "gap_high", "n_hit", "n_miss")
            for row in told["by_outcome"]
        ],
        "groups": [
            _only(
                row, "attribute", "group", "metric", "family", "n", "value", "gap", "gap_low", "gap_high", "p_adjusted"
            )
            for row in flagged
        ],
        "groups_compared": len(told["groups"]),
        "groups_flagged": len(flagged),
        "groups_too_few_to_say": few,
        "family_size": told["family_size"],
        "notes": " ".join(told["notes"]),
    }


def _only(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def measured_groups(training: Training) -> dict[str, pd.Series]:
    """Thirds of all people by how much they chose, and by how widely chosen their choices are; by user id."""
    matrix = training.matrix
    length = np.diff(matrix.indptr)
    chosen = np.bincount(matrix.indices, minlength=matrix.shape[1])  # whole numbers, so that equal tastes stay equal
    fame = np.bincount(np.repeat(np.arange(len(length)), length), weights=chosen[matrix.indices], minlength=len(length))
    taste = fame / np.where(length > 0, length, np.nan)
    users = pd.Index(training.users.values)
    return {
        ACTIVITY: thirds(pd.Series(length, index=users), ("newcomers", "middle", "most active")),
        TASTE: thirds(pd.Series(taste, index=users), ("niche", "diverse", "blockbuster")),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A row a measure, with its title first and its meaning last."""
    return [
        {"metric": name, "title": EXPLANATIONS[name].title, **_plain(row), "meaning": EXPLANATIONS[name].meaning}
        for name, row in zip(map(str, table.index), table.to_dict("records"), strict=True)
    ]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Plain JSON values; what is undefined is None."""
    states = {name: str(value) for name, value in row.items() if isinstance(value, State)}
    undefined = {name: None for name, value in row.items() if isinstance(value, float) and np.isnan(value)}
    return {str(name): value for name, value in {**row, **states, **undefined}.items()}


def _lipschitz(value: float, training: Training) -> list[dict[str, Any]]:
    """A number of the model, not of people: exact, so without an interval."""
    if not np.isfinite(value):
        return []
    row = {"value": value, "low": np.nan, "high": np.nan, "n": len(training.items)}
    return _rows(pd.DataFrame([row], index=["lipschitz"]))


def _notes(family: int, draws: int, plan: ExplanationPlan) -> list[str]:
    return [
        "Users are the unit: intervals resample users, and tests exchange their group labels.",
        f"{family} comparisons of {', '.join(plan.metrics)} form the confirmatory family, corrected by "
        f"{plan.correction}; every p rests on {draws:,} permutations of labels. The other measures are exploratory.",
        f"Groups of fewer than {plan.minimum_cell} people are not shown.",
        f"'{ACTIVITY}' and '{TASTE}' are thirds of all people by their own history, in the training part.",
        "No flag is not evidence of equality beyond the stated threshold.",
    ]
