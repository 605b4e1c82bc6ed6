"""Equivalence: whether a gap is shown to be smaller than what matters, which no flag alone never shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audit.inference.groups import coded, reach_of, resampled_gaps
from audit.plan import Plan

WITHIN, NOT_SHOWN = "shown to be within the threshold", "not shown"
COLUMNS = ("attribute", "group", "metric", "n", "gap", "low", "high", "level", "threshold", "answer", "reason")


def equivalences(per_user: pd.DataFrame, labels: dict[str, pd.Series], rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Two one-sided tests (Schuirmann 1987) of every gap of a group table against the plan's threshold.

    Each side is tested at `alpha`; both reject exactly where the 1 - 2 alpha interval (90 % at .05) lies strictly inside
    plus or minus the threshold: 'shown to be within the threshold'. The interval is as wide as `constant.reaches` makes
    it where a side hardly varies. Anything else, also too few people, is 'not shown'.
    Each answer stands for itself: alpha is not divided among the groups. Empty unless the plan asks.
    """

    def ends(name: str, metrics: list[str], level: float) -> tuple[np.ndarray, np.ndarray]:
        codes, names = coded(labels[name])
        array = per_user[metrics].to_numpy(dtype=np.float64)
        gap = resampled_gaps(array, codes, len(names), plan)["gap"]
        return reach_of(array, codes, len(names), metrics, plan, level).gap(gap.seen, *gap.bounds(level))

    return equivalence_table(labels, rows, ends, plan)


def equivalence_table(
    labels: dict[str, pd.Series],
    rows: pd.DataFrame,
    ends: Callable[[str, list[str], float], tuple[np.ndarray, np.ndarray]],
    plan: Plan,
) -> pd.DataFrame:
    """The same from the `ends` of the gaps of metrics x groups of an attribute at a level."""
    judged = rows[rows["group"] != "unknown"] if plan.equivalence else rows.iloc[:0]
    parts = []
    for name, each in judged.groupby("attribute", sort=False):
        names, metrics = coded(labels[str(name)])[1], list(dict.fromkeys(each["metric"]))
        low, high = ends(str(name), metrics, 1 - 2 * plan.alpha)
        place = [
            metrics.index(m) * len(names) + names.index(g) for m, g in zip(each["metric"], each["group"], strict=True)
        ]
        own = each[["attribute", "group", "metric", "n", "gap"]]
        parts.append(own.assign(low=low[place], high=high[place]))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    table.loc[table["gap"].isna(), ["low", "high"]] = np.nan
    table["level"], table["threshold"] = 1 - 2 * plan.alpha, table["metric"].map(plan.threshold)
    inside = (table["low"] > -table["threshold"]) & (table["high"] < table["threshold"])
    table["answer"] = np.where(inside, WITHIN, NOT_SHOWN)
    told = (inside, table["gap"].isna(), table["low"].isna(), table["threshold"])
    table["reason"] = [_reason(*row) for row in zip(*told, strict=True)]
    return table[list(COLUMNS)]


def _reason(inside: bool, few: bool, open_: bool, threshold: float) -> str:
    if few:
        return "Too few people on one side."
    if open_:
        return "Too few people on one side for an interval."
    if inside:
        return f"The whole interval is inside plus or minus {threshold:g}."
    return f"The interval reaches {threshold:g} or beyond; that is no evidence of a gap either."
