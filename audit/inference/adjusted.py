"""Gaps within strata of activity: what is left of a gap when people with equally long histories are compared."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from audit.inference.families import adjust
from audit.inference.groups import coded, indicators, pooled, reach_of
from audit.inference.intervals import Bootstrap
from audit.inference.stratified import stratified_p
from audit.measures.coded import divide
from audit.plan import Plan

COLUMNS = (
    *("adjusted_gap", "adjusted_low", "adjusted_high", "adjusted_share", "adjusted_p", "adjusted_p_adjusted"),
    "stratum_gaps",
)
_WIDTH = 4_000  # columns of sums that are resampled at once


def adjusted_gaps(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], strata: pd.Series, rows: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    """Columns for `rows` (a group table: attribute, group, metric, family, n, p), in its order.

    `adjusted_gap` = sum_s N_s (mean_s of the group - mean_s of everybody else) / sum_s N_s over the strata s that hold
    both, N_s the people of known group with a value in s (and of few unknown ones, see `few_unknown`): direct
    standardisation to the audited people. Same units and sign as the gap. `adjusted_share`: the part of these people in
    such strata. Intervals hold the bounds of `constant.reaches`. `adjusted_p`: labels are exchanged inside
    strata. `adjusted_p_adjusted`: corrected like the raw p, over its own family. `stratum_gaps`: the gap of every
    stratum, shortest histories first; None unless every stratum has `minimum_cell` people on both sides. NaN where the
    raw gap is, for 'unknown', and without a stratum that holds both.
    """
    parts = [_attribute(labels[name], per_user, strata, rows[rows["attribute"] == name], plan) for name in labels]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS), index=rows.index)
    table = pd.concat(parts).reindex(rows.index)
    table.loc[rows["gap"].isna(), [*COLUMNS[:-1]]] = np.nan
    table["stratum_gaps"] = table["stratum_gaps"].where(rows["gap"].notna(), None)
    table["adjusted_p_adjusted"] = adjusted_p(rows.assign(p=table["adjusted_p"]), labels, plan)
    return table[list(COLUMNS)]


def standardised(sums: np.ndarray, few: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Draws x metrics x groups, from draws x (sum | count) x metrics x strata x groups with the unknown group last.

    `few`: the metrics in which the unknown group counts among everybody else.

    `adjusted` the standardised gap; `share` of the people in strata that hold both sides; with an axis of strata before
    that of groups: `by_stratum` the gaps, `fewest` the people on the smaller side.
    """
    known = sums[..., :-1]
    total, count = known[:, 0], known[:, 1]
    beside = sums[..., -1:] * np.zeros(1) if few is None else sums[..., -1:] * few[:, None, None]
    size = count.sum(axis=-1, keepdims=True) + beside[:, 1]
    gaps = divide(total, count) - divide(total.sum(axis=-1, keepdims=True) + beside[:, 0] - total, size - count)
    used = np.isfinite(gaps) * size
    weight = used.sum(axis=-2)
    share = divide(weight, np.broadcast_to(size, gaps.shape).sum(axis=-2))
    adjusted = divide((np.nan_to_num(gaps) * used).sum(axis=-2), weight)
    return {"adjusted": adjusted, "share": share, "by_stratum": gaps, "fewest": np.minimum(count, size - count)}


def _attribute(
    labels: pd.Series, per_user: pd.DataFrame, strata: pd.Series, rows: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    codes, names = coded(labels)
    metrics = list(dict.fromkeys(rows["metric"]))
    array = per_user[metrics].to_numpy(dtype=np.float64)
    place = strata.to_numpy(dtype=np.int64)
    step = max(1, _WIDTH // (2 * len(names) * plan.strata))
    blocks = [
        _resampled(array[:, first : first + step], codes, place, len(names), plan)
        for first in range(0, len(metrics), step)
    ]
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    seed = [plan.seed, crc32(str(labels.name).encode()), 1]
    reach = reach_of(array, codes, len(names), metrics, plan, plan.level).known
    ends = reach.gap(*(columns[f"adjusted_{name}"] for name in ("gap", "low", "high")))
    columns["adjusted_low"], columns["adjusted_high"] = ends
    few = pooled(array, codes, len(names), plan)
    columns["adjusted_p"] = _p(array, codes, place, len(names) - 1, few, _draws(rows, plan), seed)
    keys = pd.MultiIndex.from_product([metrics, names[:-1]], names=["metric", "group"])
    flat = {name: column.reshape(len(keys), *column.shape[2:]) for name, column in columns.items()}
    gaps, shown = flat.pop("stratum_gaps"), flat.pop("fewest") >= plan.minimum_cell
    table = pd.DataFrame(flat, index=keys)
    table["stratum_gaps"] = [row.tolist() if show else None for row, show in zip(gaps, shown, strict=True)]
    return table.reindex(pd.MultiIndex.from_frame(rows[["metric", "group"]])).set_axis(rows.index)


def _resampled(
    array: np.ndarray, codes: np.ndarray, strata: np.ndarray, n_groups: int, plan: Plan
) -> dict[str, np.ndarray]:
    cells = indicators(array, strata * n_groups + codes, n_groups * plan.strata)
    shape = (-1, 2, array.shape[1], plan.strata, n_groups)
    few = pooled(array, codes, n_groups, plan)
    seen = standardised(np.asarray(cells.sum(axis=0), dtype=np.float64).reshape(shape), few)

    def adjusted(sums: np.ndarray) -> np.ndarray:
        return standardised(sums.reshape(shape), few)["adjusted"].reshape(len(sums), -1)

    _, low, high = Bootstrap.of(plan).interval(cells, adjusted)
    form = (array.shape[1], n_groups - 1)
    return {
        "adjusted_gap": seen["adjusted"][0],
        "adjusted_low": low.reshape(form),
        "adjusted_high": high.reshape(form),
        "adjusted_share": seen["share"][0],
        "stratum_gaps": np.moveaxis(seen["by_stratum"][0], 1, 2),
        "fewest": seen["fewest"][0].min(axis=1),
    }


def _p(
    array: np.ndarray,
    codes: np.ndarray,
    strata: np.ndarray,
    n_groups: int,
    few: np.ndarray,
    draws: int,
    seed: list[int],
) -> np.ndarray:
    """Metrics x groups; metrics that are defined for the same users share their permutations."""
    result = np.full((array.shape[1], n_groups), np.nan)
    valid = np.isfinite(array)
    for pattern in np.unique(valid, axis=1).T:
        same = np.flatnonzero((valid == pattern[:, None]).all(axis=0))
        groups = n_groups + int(few[same[0]])
        inside = pattern & (codes < groups)
        if inside.any():
            values = array[inside][:, same]
            tested = stratified_p(values, codes[inside], strata[inside], groups, draws=draws, seed=seed)
            result[same] = tested.T[:, :n_groups]
    return result


def _draws(rows: pd.DataFrame, plan: Plan) -> int:
    """As planned, or as many as it takes for the smallest p to survive the correction over the whole attribute."""
    return max(plan.draws, int(np.ceil(2 * len(rows) / plan.alpha)))


def adjusted_p(rows: pd.DataFrame, labels: dict[str, pd.Series], plan: Plan) -> pd.Series:
    """Adjusted p within each family; the second row of a two-group attribute is the same comparison."""
    names = {name: coded(column)[1][:-1] for name, column in labels.items()}
    second = {name: known[1] for name, known in names.items() if len(known) == 2}
    mirror = rows["group"] == rows["attribute"].map(second)
    result = pd.Series(np.nan, index=rows.index)
    for family, method in (("confirmatory", plan.correction), ("exploratory", "benjamini-hochberg")):
        once = (rows["family"] == family) & ~mirror
        result[once] = adjust(rows.loc[once, "p"].to_numpy(), method)
    first = rows.assign(adjusted=result)[~mirror & rows["attribute"].isin(list(second))]
    twin = first.drop_duplicates(["attribute", "metric"]).set_index(["attribute", "metric"])["adjusted"]
    keys = pd.MultiIndex.from_frame(rows[["attribute", "metric"]])
    return result.where(~mirror | rows["p"].isna(), twin.reindex(keys).to_numpy())
