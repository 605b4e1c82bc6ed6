"""Direction check: one comparison in three views, which can point to opposite sides (Simpson 1951)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.inference.groups import coded
from audit.measures.coded import divide
from audit.plan import Plan

COLUMNS = (
    *("attribute", "group", "metric", "n", "pooled_gap", "person_gap", "stratified_gap", "stratified_low"),
    *("stratified_high", "changes", "reason"),
)


def directions(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], weights: pd.Series, rows: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    """A row per confirmatory row of a group table that has a gap.

    `person_gap` is the gap of the table: every person counts the same. `pooled_gap`: every held-out choice counts the
    same, so a person counts `weights` times. `stratified_gap`: people with equally long histories are compared. All in
    the metric's units, group minus everybody else whose group is known. `changes`: two of the three have opposite signs
    and both are at least the plan's threshold; smaller gaps are no direction.
    """
    judged = rows[(rows["family"] == "confirmatory") & rows["gap"].notna()]
    chosen = judged[judged["group"].isin({name for each in labels.values() for name in coded(each)[1][:-1]})]
    table = chosen[["attribute", "group", "metric", "n"]].reset_index(drop=True)
    pooled = {
        (name, metric): _pooled(per_user[metric], weights, labels[name])
        for name, metric in dict.fromkeys(zip(table["attribute"], table["metric"], strict=True))
    }
    keys = zip(table["attribute"], table["metric"], table["group"], strict=True)
    table["pooled_gap"] = [pooled[name, metric].get(group, np.nan) for name, metric, group in keys]
    for name, source in (
        ("person_gap", "gap"),
        ("stratified_gap", "adjusted_gap"),
        ("stratified_low", "adjusted_low"),
        ("stratified_high", "adjusted_high"),
    ):
        table[name] = chosen[source].to_numpy(dtype=np.float64)
    least = table["metric"].map(plan.threshold).to_numpy(dtype=np.float64)
    views = table[["pooled_gap", "person_gap", "stratified_gap"]].to_numpy(dtype=np.float64)
    up, down = (views >= least[:, None]).any(axis=1), (views <= -least[:, None]).any(axis=1)
    table["changes"] = np.asarray(up & down)
    table["reason"] = [_reason(*row) for row in zip(views, table["changes"], least, strict=True)]
    return table[list(COLUMNS)]


def _pooled(values: pd.Series, weights: pd.Series, labels: pd.Series) -> dict[str, float]:
    """Gap of every known group when each user counts by weight."""
    codes, names = coded(labels)
    number = values.to_numpy(dtype=np.float64)
    weight = np.where(np.isfinite(number), weights.reindex(values.index).fillna(0).to_numpy(dtype=np.float64), 0.0)
    total = np.bincount(codes, weights=np.nan_to_num(number) * weight, minlength=len(names))[:-1]
    size = np.bincount(codes, weights=weight, minlength=len(names))[:-1]
    gaps = divide(total, size) - divide(total.sum() - total, size.sum() - size)
    return dict(zip(names[:-1], gaps.tolist(), strict=True))


def _reason(views: np.ndarray, changes: bool, least: float) -> str:
    if not changes:
        return f"No two views of at least {least:g} point to opposite sides."
    titles = ("every held-out choice the same", "every person the same", "like with like by activity")
    told = ", ".join(f"{gap:+.3f} counting {title}" for gap, title in zip(views, titles, strict=True))
    return f"The direction changes with the view: {told}. Activity is tied to both the group and the measure."
