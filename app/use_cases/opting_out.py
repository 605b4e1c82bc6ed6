"""What opting out costs, for the audit of a model: from the lists that people have, never from a profile they refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.use_cases.evaluating import held_out
from app.use_cases.holding import plain_rows
from app.use_cases.judging import the_same_for_all
from app.workspace import Workspace
from audit.measures.coded import Coded
from audit.measures.quality import quality
from audit.opt_outs import METRIC, opt_outs
from audit.plan import Plan
from data.columns import ITEM, USER
from data.tables import Dataset
from models.base import Recommender


def cost_of_opting_out(
    workspace: Workspace,
    dataset: Dataset,
    model: Recommender,
    groups: dict[str, pd.Series],
    own: pd.Series,
    plan: Plan,
    told: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The tables of `audit.opt_outs` as rows; `model` is the twin, `own` the nDCG of its personal lists by user.

    `told` are the rows of the main table of groups: what they hold back is held back here.
    """
    held = frozenset((row["attribute"], row["group"]) for row in told if row["value"] is None)
    out = workspace.choices.opted_out(dataset.name) & set(map(str, dataset.users.index))
    same = _same_for_all(dataset, model, plan.k)
    found = opt_outs(frozenset(out), dataset.users.index, groups, own, same, plan, held)
    tables = {"rates": found.rates, "cost": found.cost, "served": found.served}
    rows = {name: plain_rows(table) for name, table in tables.items()}
    return {"metric": METRIC, **rows, "notes": list(found.notes)}


def _same_for_all(dataset: Dataset, model: Recommender, k: int) -> pd.Series:
    """NDCG of the one list that is the same for everybody, for each person with truth; nobody's history is masked."""
    part, outcomes, _ = held_out(dataset)
    lists = the_same_for_all(model, outcomes[USER].unique(), k)
    coded = Coded.of(lists, outcomes, part.frame()[[USER, ITEM]], dataset.items, k=k)
    return quality(coded).per_user[METRIC]
