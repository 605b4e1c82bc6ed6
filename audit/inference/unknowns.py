"""Bounds for a gap when some group labels are missing: the worst and the best that the unlabelled could make of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audit.inference.groups import coded
from audit.measures.coded import divide
from audit.plan import Plan

COLUMNS = ("attribute", "group", "metric", "n_known", "n_unknown", "unknown_share", "gap", "lower", "upper", "reason")


def unknown_bounds(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], rows: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    """A row per confirmatory row of a group table that has a gap: the gap over the labelled, and its bounds.

    `lower` and `upper` are sharp: the least and greatest gap between the group and everybody else over every way to give
    each unlabelled person with a value to one side or the other (their values stay as measured). With nobody unlabelled
    both equal the gap. They are limits of what is known, not an interval of chance.
    """

    def bounds(name: str, metric: str) -> dict[str, np.ndarray]:
        codes, names = coded(labels[name])
        return _bounds(per_user[metric].to_numpy(dtype=np.float64), codes, len(names) - 1)

    return bounds_table(rows, labels, bounds)


def bounds_table(
    rows: pd.DataFrame, labels: dict[str, pd.Series], find: Callable[[str, str], dict[str, np.ndarray]]
) -> pd.DataFrame:
    """The same from what `find` tells of an attribute and a metric: people `known` and `unknown`, ends by group."""
    judged = rows[(rows["family"] == "confirmatory") & rows["gap"].notna()]
    found = []
    for (name, metric), each in judged.groupby(["attribute", "metric"], sort=False):
        names = coded(labels[str(name)])[1]
        told = each[each["group"] != names[-1]]
        bounds = find(str(name), str(metric))
        code = [names.index(group) for group in told["group"]]
        table = told[["attribute", "group", "metric", "gap"]].assign(
            n_known=bounds["known"],
            n_unknown=bounds["unknown"],
            lower=bounds["lower"][code],
            upper=bounds["upper"][code],
        )
        found.append(table)
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(found, ignore_index=True)
    table["unknown_share"] = table["n_unknown"] / (table["n_known"] + table["n_unknown"])
    table["reason"] = [_reason(*row) for row in zip(table["n_unknown"], table["lower"], table["upper"], strict=True)]
    return table[list(COLUMNS)]


def _bounds(values: np.ndarray, codes: np.ndarray, n_groups: int) -> dict[str, np.ndarray]:
    """The greatest gap gives the group its unlabelled people from the top down; the best number of them is searched."""
    valid = np.isfinite(values)
    known, hidden = valid & (codes < n_groups), np.sort(values[valid & (codes == n_groups)])
    size = np.bincount(codes[known], minlength=n_groups).astype(np.float64)
    total = np.bincount(codes[known], weights=values[known], minlength=n_groups)
    rest_size, rest_total = size.sum() - size, total.sum() - total
    taken = np.arange(len(hidden) + 1)
    lowest = np.concatenate([[0.0], np.cumsum(hidden)])  # sum of the lowest 0, 1, … values
    ends = []
    for sums in (lowest[-1] - lowest[::-1], lowest):  # the highest, then the lowest, join the group
        mine = divide(total[:, None] + sums, size[:, None] + taken)
        other = divide(rest_total[:, None] + lowest[-1] - sums, rest_size[:, None] + len(hidden) - taken)
        ends.append(mine - other)
    return {
        "known": np.asarray(int(known.sum())),
        "unknown": np.asarray(len(hidden)),
        "upper": _most(ends[0], 1),
        "lower": _most(ends[1], -1),
    }


def _most(gaps: np.ndarray, sign: int) -> np.ndarray:
    best = np.where(np.isfinite(gaps), sign * gaps, -np.inf).max(axis=1)
    return np.where(np.isfinite(best), sign * best, np.nan)


def _reason(unknown: int, lower: float, upper: float) -> str:
    if not unknown:
        return "Everybody's group is known."
    if lower < 0 < upper:
        return "Not informative about the direction: the unlabelled alone could turn the sign."
    return "The unlabelled alone could not turn the sign."
