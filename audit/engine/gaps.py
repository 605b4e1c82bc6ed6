"""Group tables from counts: gaps, their intervals and tests, for people too many to hold one row each.

Intervals leave out one bucket of users at a time (delete-a-group jackknife, Student's t for buckets - 1). Tests are the
normal limit of exchanging group labels, which the audit in memory takes, too, above 10,000 people.
"""

from __future__ import annotations

from typing import Any, cast
from zlib import crc32

import numpy as np
import pandas as pd

from audit.engine.crowd import Crowd
from audit.engine.jackknife import jackknife, limit_p
from audit.engine.moments import Moments
from audit.inference.adjusted import adjusted_p, standardised
from audit.inference.answers import decide
from audit.inference.extremes import Extremes, limit
from audit.inference.extremes import Moments as Counted
from audit.inference.groups import COLUMNS, POWER, SUMMARY, GroupTables, against_rest, corrected
from audit.inference.intervals import Bootstrap
from audit.inference.stratified import SMALL_SIDE
from audit.inference.withheld import spread
from audit.measures.coded import divide
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan

_ADJUSTED = ("adjusted_gap", "adjusted_low", "adjusted_high", "adjusted_share", "adjusted_p", "adjusted_p_adjusted")


def counted_groups(crowd: Crowd, plan: Plan) -> GroupTables:
    """The group table of `inference.groups.group_tables` with its adjusted gaps, from the parts of a scan.

    Only accuracy measures can be counted. A side of fewer than 200 people has no test and no interval of the gap here,
    so its answer is 'too few to say'; `stratum_gaps` is left out.
    """
    metrics = [name for name in (*plan.metrics, *plan.exploratory) if name in crowd.judged.sums]
    labels = crowd.labels
    if not labels or not metrics:
        return GroupTables(pd.DataFrame(columns=[*COLUMNS, *_ADJUSTED]), pd.DataFrame(columns=list(SUMMARY)), 0, 0)
    rows = pd.concat([_attribute(crowd, name, metrics, plan) for name in labels], ignore_index=True)
    rows = rows.merge(_values(crowd, plan), how="left", on=["attribute", "group", "metric"])
    rows = corrected(rows.astype({"n": np.int64}), plan)
    rows["adjusted_p_adjusted"] = adjusted_p(rows.assign(p=rows["adjusted_p"]), labels, plan)
    safe = plan.model_copy(update={"minimum_cell": max(plan.minimum_cell, SMALL_SIDE)})
    answers = [decide(cast("dict[str, Any]", row), safe) for row in rows.to_dict("records")]
    rows["state"], rows["reason"] = [state for state, _ in answers], [reason for _, reason in answers]
    family = int((rows["p_adjusted"].notna() & (rows["family"] == "confirmatory") & ~rows["mirror"]).sum())
    known = rows[(rows["group"] != UNKNOWN) & (rows["n"] >= plan.minimum_cell)]
    each = known.groupby(["attribute", "metric"], sort=False)
    extremes = {name: _extremes(Moments.of(crowd, name, metrics), name, metrics, plan) for name in labels}
    summary = [
        [name, metric, *spread(table), *extremes[str(name)].ends({str(metric): sorted(table["group"])}).to_numpy()[0]]
        for (name, metric), table in each
    ]
    return GroupTables(rows[[*COLUMNS, *_ADJUSTED]], pd.DataFrame(summary, columns=list(SUMMARY)), family, 0, extremes)


def _extremes(moments: Moments, attribute: str, metrics: list[str], plan: Plan) -> Extremes:
    """The same from buckets: they are resampled as people are, and chance is the normal limit."""
    sums, size, squares = moments.sums.sum(axis=2), moments.sums[1].sum(axis=(1, 3)), moments.squares.sum(axis=1)
    used = sums[1].sum(axis=(0, 1)) > 0
    table = np.moveaxis(sums[..., used], -1, 0)  # buckets x (sum, count) x metrics x groups
    total, seed = sums[0].sum(axis=-1), [plan.seed, crc32(attribute.encode())]
    value = Bootstrap(plan.draws, plan.seed, plan.level).resampled(
        table.reshape(len(table), -1), lambda drawn: divide(*np.hsplit(drawn, 2))
    )

    def chance(rows: list[int], places: list[int]) -> np.ndarray:
        return limit(Counted(*(each[np.ix_(rows, places)] for each in (size, total, squares))), seed)

    return Extremes(metrics, moments.names, value, None, chance, plan.level)


def _values(crowd: Crowd, plan: Plan) -> pd.DataFrame:
    """Mean and interval of every group and measure."""
    return crowd.judged.table(plan.level)[["attribute", "group", "metric", "value", "low", "high"]]


def _attribute(crowd: Crowd, attribute: str, metrics: list[str], plan: Plan) -> pd.DataFrame:
    moments = Moments.of(crowd, attribute, metrics)
    names, draws = moments.names, moments.left_out()
    grid = pd.MultiIndex.from_product([metrics, names], names=["metric", "group"]).to_frame(index=False)
    columns = {**_raw(moments, draws, plan), **_adjusted(moments, draws, plan)}
    table = grid.assign(attribute=attribute, **{name: column.ravel() for name, column in columns.items()})
    table["family"] = np.where(table["metric"].isin(plan.metrics), "confirmatory", "exploratory")
    known = len(names) - 1
    table["mirror"] = (known == 2) & (table["group"] == (names[1] if known == 2 else ""))
    table.loc[table["group"] == UNKNOWN, list(_ADJUSTED[:-1])] = np.nan
    spared = ("gap_low", "gap_high", "p", "adjusted_low", "adjusted_high", "adjusted_p")
    table.loc[moments.small(plan).ravel(), list(spared)] = np.nan
    alone = np.minimum(table["n"], table["n_rest"]) < plan.minimum_cell
    table.loc[alone, ["gap", "effect_size", "detectable_gap", "adjusted_gap", "adjusted_share"]] = np.nan
    return table[table["group"].isin(set(crowd.labels[attribute]))]


def _raw(moments: Moments, draws: np.ndarray, plan: Plan) -> dict[str, np.ndarray]:
    """Metrics x groups: the gap to everybody else of known group, and what stands beside it."""
    few = moments.few(plan)
    each = against_rest(draws.sum(axis=3), few)
    form = (draws.shape[2], draws.shape[-1])
    error, t = jackknife(each["gap"], plan.level)
    gap = each["gap"][0]
    columns = {"gap": gap, "gap_low": gap - t * error, "gap_high": gap + t * error, "detectable_gap": POWER * error}
    size, squares = moments.people[None], moments.squares.sum(axis=1, keepdims=True)
    total = moments.sums[0].sum(axis=(1, 3))[:, None]
    last = None if few.any() else -1  # few unknown people are a group that changes labels, too
    inside = limit_p(size[:, :last], total[..., :last], squares[..., :last], gap.reshape(form)[:, :last])[
        :, : form[1] - 1
    ]
    two = np.stack([size[:, :-1].sum(axis=1), size[:, -1]], axis=1)  # everybody known, and the unknown
    beside = gap.reshape(form)[:, [-1, -1]]
    outside = limit_p(two, _two(total), _two(squares), beside)
    columns |= {"p": np.concatenate([inside, outside[:, 1:]], axis=1), "n_rest": each["n_rest"][0]}
    people, sums = size.sum(), total.sum(axis=(1, 2))
    left = np.maximum(squares.sum(axis=(1, 2)) - sums**2 / max(people, 1), 0)
    columns["effect_size"] = divide(gap.reshape(form), np.sqrt(left / max(people - 1, 1))[:, None])
    return {**columns, "n": np.tile(moments.people, (form[0], 1))}


def _two(values: np.ndarray) -> np.ndarray:
    return np.stack([values[..., :-1].sum(axis=-1), values[..., -1]], axis=-1)


def _adjusted(moments: Moments, draws: np.ndarray, plan: Plan) -> dict[str, np.ndarray]:
    """Metrics x groups: the gap within strata of history length; NaN in the column of the unknown group."""
    few = moments.few(plan)
    each = standardised(draws, few)
    gap, share = each["adjusted"], each["share"][0]
    error, t = jackknife(gap.reshape(len(gap), -1), plan.level)
    error = error.reshape(share.shape)
    last = None if few.any() else -1
    size, total = moments.sums[1, 0].sum(axis=-1)[:, :last], moments.sums[0].sum(axis=-1)[..., :last]
    wide = gap[0] if last else np.pad(gap[0], ((0, 0), (0, 1)), constant_values=np.nan)
    p = limit_p(size, total, moments.squares[..., :last], wide)[:, : gap.shape[-1]]
    columns = {
        "adjusted_gap": gap[0],
        "adjusted_low": gap[0] - t * error,
        "adjusted_high": gap[0] + t * error,
        "adjusted_share": share,
        "adjusted_p": p,
    }
    return {name: np.pad(column, ((0, 0), (0, 1)), constant_values=np.nan) for name, column in columns.items()}
