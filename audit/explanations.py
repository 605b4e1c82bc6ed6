"""Whether explanations are true, and for whom they are thinner: from a table of people to numbers and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from audit.inference.groups import GroupTables, group_tables
from audit.inference.intervals import Bootstrap
from audit.measures.explaining import EXPLANATIONS
from audit.measures.metrics import Metric
from audit.plan import Amount, Plan
from audit.segments import thirds

__all__ = ["ExplanationPlan", "by_group", "by_outcome", "deletion_test", "overall", "thirds"]

CONFIRMATORY = ("coverage", "deletion", "named_share")
EXPLORATORY = ("deletion_reversed", "insertion", "necessity", "reasons", "counterfactual_size", "stability")
_MATERIALITY = 0.05  # half a step of a deletion curve
_TIE = 1e-12
_OWN = {"reasons": 2.0, "counterfactual_size": 0.5}  # titles


class ExplanationPlan(Plan):
    """A plan over the measures of explanations. Confirmatory: is there a reason, is it true, how much of it is named."""

    known: ClassVar[Mapping[str, Metric]] = EXPLANATIONS

    metrics: tuple[str, ...] = CONFIRMATORY
    exploratory: tuple[str, ...] = EXPLORATORY
    materiality: Amount = _MATERIALITY
    own_materiality: dict[str, Amount] = _OWN


def overall(per_user: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Index metric: value, low, high, n. The mean over people with a value, the interval by resampling people."""
    columns = [name for name in EXPLANATIONS if name in per_user]
    return Bootstrap(plan.draws, plan.seed, plan.level).means(per_user[columns])


def deletion_test(per_user: pd.DataFrame, plan: Plan) -> dict[str, Any]:
    """Whether losing the strongest reasons costs a title its place sooner than losing as many own titles at random.

    `difference`: mean of deletion − deletion_random over people, with its interval; below 0 the reasons matter more than
    chance. `p`: two-sided exact sign test (McNemar's, paired by person) between `sooner` and `later`; people for whom
    both curves are equal say nothing. `passed`: p < alpha and more people sooner than later. NaN and None without them.
    """
    from scipy.stats import binomtest

    gap = (per_user["deletion"] - per_user["deletion_random"]).to_numpy(dtype=np.float64)
    seen = Bootstrap(plan.draws, plan.seed, plan.level).mean(gap)
    sooner, later, same = (int(np.sum(each)) for each in (gap < -_TIE, gap > _TIE, np.abs(gap) <= _TIE))
    decided = sooner + later
    p = float(binomtest(sooner, decided).pvalue) if decided else np.nan
    told = {"difference": seen.value, "low": seen.low, "high": seen.high, "n": seen.n}
    passed = p < plan.alpha and sooner > later if decided else None
    return {**told, "sooner": sooner, "later": later, "same": same, "p": p, "alpha": plan.alpha, "passed": passed}


def by_outcome(per_user: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """A row a measure: its mean for hits and for misses with intervals and n, and the gap hit − miss.

    A hit is a first title that the person went on to choose. Explanations can be worse where the list is better (Zhong
    and Negre 2022). A side of fewer than `minimum_cell` people is NaN, its n stays. Exploratory: no test, no answer.
    """
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    columns = [name for name in EXPLANATIONS if name in per_user]
    parts = []
    for side, flag in (("hit", 1), ("miss", 0)):
        table = bootstrap.means(per_user[columns].where(per_user["hit"] == flag))
        table.loc[table["n"] < plan.minimum_cell, ["value", "low", "high"]] = np.nan
        parts.append(
            table.rename(columns={"value": side, "low": f"{side}_low", "high": f"{side}_high", "n": f"n_{side}"})
        )
    rows = parts[0].join(parts[1])
    judged = per_user[per_user["hit"].notna()]
    gaps = [bootstrap.difference(judged[name].to_numpy(), judged["hit"].to_numpy() == 1) for name in columns]
    for name in ("value", "low", "high"):
        column = pd.Series([getattr(gap, name) for gap in gaps], index=rows.index)
        rows["gap" if name == "value" else f"gap_{name}"] = column.where(rows["hit"].notna() & rows["miss"].notna())
    return rows


def by_group(per_user: pd.DataFrame, groups: dict[str, pd.Series], plan: Plan) -> GroupTables:
    """The audit's group tables over the planned measures that anybody has a value of."""
    there = per_user.columns[per_user.notna().any()]
    metrics, exploratory = (
        tuple(name for name in names if name in there) for names in (plan.metrics, plan.exploratory)
    )
    measured = plan.model_copy(update={"metrics": metrics, "exploratory": exploratory})
    return group_tables(per_user, groups if metrics else {}, measured)
