"""Direction check: one comparison in three views, which can point to opposite sides (Simpson 1951)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.adjusted import standardised
from audit.inference.groups import against_rest, coded, indicators, pooled, reach_of
from audit.inference.intervals import Bootstrap
from audit.plan import Plan

VIEWS = ("pooled", "person", "stratified")
PAIRS = (("pooled", "person"), ("pooled", "stratified"), ("person", "stratified"))
COMPARED = ("pooled", *("_".join(pair) for pair in PAIRS))
COLUMNS = (
    *("attribute", "group", "metric", "n", "pooled_gap", "pooled_low", "pooled_high", "person_gap", "person_low"),
    *("person_high", "stratified_gap", "stratified_low", "stratified_high", "changes", "reason"),
)


def directions(
    per_user: pd.DataFrame,
    labels: dict[str, pd.Series],
    weights: pd.Series,
    strata: pd.Series,
    rows: pd.DataFrame,
    plan: Plan,
) -> pd.DataFrame:
    """A row per confirmatory row of a group table that has a gap.

    `person_gap` is the gap of the table: every person counts the same. `pooled_gap`: every held-out choice counts the
    same, so a person counts `weights` times. `stratified_gap`: people with equally long histories are compared. All in
    the metric's units, group minus everybody else as in the table, each with its interval from resampled people.
    `changes`: two of the three have opposite signs and both are at least the plan's threshold; the interval of one of
    them at least, and that of their difference, are without 0. A smaller gap is no direction, and anything else may be
    chance.
    """

    def views(name: str, metrics: list[str]) -> pd.DataFrame:
        return _views(per_user[metrics], weights, strata, labels[name], plan)

    return direction_table(labels, rows, views, plan)


def direction_table(
    labels: dict[str, pd.Series], rows: pd.DataFrame, views: Callable[[str, list[str]], pd.DataFrame], plan: Plan
) -> pd.DataFrame:
    """The same from what `views` tells of an attribute and its metrics.

    Columns attribute, group, metric; value and ends of everything `COMPARED`.
    """
    judged = rows[(rows["family"] == "confirmatory") & rows["gap"].notna()]
    chosen = judged[judged["group"].isin({name for each in labels.values() for name in coded(each)[1][:-1]})]
    table = chosen[["attribute", "group", "metric", "n"]].reset_index(drop=True)
    for view, source in (("person", "gap"), ("stratified", "adjusted")):
        table[f"{view}_gap"] = chosen["gap" if source == "gap" else "adjusted_gap"].to_numpy(dtype=np.float64)
        for end in ("low", "high"):
            table[f"{view}_{end}"] = chosen[f"{source}_{end}"].to_numpy(dtype=np.float64)
    parts = [
        views(str(name), list(dict.fromkeys(each["metric"]))) for name, each in table.groupby("attribute", sort=False)
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = table.merge(pd.concat(parts), how="left", on=["attribute", "metric", "group"])
    least = table["metric"].map(plan.threshold).to_numpy(dtype=np.float64)
    apart, changes = _turned(table, least)
    gaps = table[[f"{view}_gap" for view in VIEWS]].to_numpy(dtype=np.float64)
    table["changes"] = changes
    table["reason"] = [_reason(*row) for row in zip(gaps, apart, changes, least, strict=True)]
    return table[list(COLUMNS)]


def _turned(table: pd.DataFrame, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether two views of at least the threshold have opposite signs, and whether that is hard to put down to chance."""

    def clear(name: str) -> np.ndarray:
        return np.asarray((table[f"{name}_low"] > 0) | (table[f"{name}_high"] < 0))

    apart, changes = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    for first, second in PAIRS:
        a, b = (table[f"{name}_gap"].to_numpy(dtype=np.float64) for name in (first, second))
        opposite = (np.minimum(np.abs(a), np.abs(b)) >= least) & (a * b < 0)
        apart |= opposite
        changes |= opposite & (clear(first) | clear(second)) & clear(f"{first}_{second}")
    return apart, changes


def _views(values: pd.DataFrame, weights: pd.Series, strata: pd.Series, labels: pd.Series, plan: Plan) -> pd.DataFrame:
    """Of every group: the pooled gap with its interval, and the intervals of the differences between views."""
    codes, names = coded(labels)
    array, m, n = values.to_numpy(dtype=np.float64), values.shape[1], len(names)
    weight = weights.reindex(values.index).fillna(0).to_numpy(dtype=np.float64)
    few = pooled(array, codes, n, plan)
    place = strata.to_numpy(dtype=np.int64) * n + codes
    tables = [
        indicators(array, codes, n, weight),
        indicators(array, codes, n),
        indicators(array, place, n * plan.strata),
    ]
    ends = np.cumsum([each.shape[1] for each in tables])[:-1]

    def statistic(sums: np.ndarray) -> np.ndarray:
        weighed, plain, within = np.split(sums, ends, axis=1)
        by_group, by_stratum = (-1, 2, m, n), (-1, 2, m, plan.strata, n)
        return compared_views(weighed.reshape(by_group), plain.reshape(by_group), within.reshape(by_stratum), few)

    found = Bootstrap.of(plan).resampled(sparse.csr_array(sparse.hstack(tables)), statistic)
    reach = reach_of(array, codes, n, [*map(str, values)], plan, plan.level)
    grid = pd.MultiIndex.from_product([values.columns, names], names=["metric", "group"]).to_frame(index=False)
    grid["attribute"] = str(labels.name)
    for name, each in zip(COMPARED, found.split(len(COMPARED)), strict=True):
        low, high = reach.gap(each.seen, *each.bounds(plan.level))
        grid = grid.assign(**{f"{name}_gap": each.seen, f"{name}_low": low, f"{name}_high": high})
    return grid


def compared_views(weighed: np.ndarray, plain: np.ndarray, within: np.ndarray, few: np.ndarray) -> np.ndarray:
    """Draws x (`COMPARED` x metrics x groups): the pooled gap and the differences between views.

    From draws x (sum | count) x metrics (x strata) x groups; `few` as of `against_rest`.
    """
    views = [against_rest(each, few)["gap"] for each in (weighed, plain)]
    inside = standardised(within, few)["adjusted"]
    views.append(np.pad(inside, ((0, 0), (0, 0), (0, 1)), constant_values=np.nan).reshape(len(plain), -1))
    named = dict(zip(VIEWS, views, strict=True))
    return np.hstack([named["pooled"], *(named[first] - named[second] for first, second in PAIRS)])


def _reason(views: np.ndarray, apart: bool, changes: bool, least: float) -> str:
    if not apart:
        return f"No two views of at least {least:g} point to opposite sides."
    titles = ("every held-out choice the same", "every person the same", "like with like by activity")
    told = ", ".join(f"{gap:+.3f} counting {title}" for gap, title in zip(views, titles, strict=True))
    if not changes:
        return (
            f"May be chance: views point to opposite sides ({told}), but their intervals, or that between them, hold 0."
        )
    return f"The direction changes with the view: {told}. Activity is tied to both the group and the measure."
