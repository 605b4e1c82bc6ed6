"""What stands beside the group tables of a counted audit: as `inference.closer`, where counts can tell it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from audit.engine.bounds import counted_bounds
from audit.engine.crossing import counted_intersections
from audit.engine.crowd import Crowd
from audit.engine.gaps import counted_groups
from audit.engine.jackknife import ends
from audit.engine.moments import Moments
from audit.inference.closer import Closer, shown_bounds
from audit.inference.direction import COMPARED, compared_views, direction_table
from audit.inference.equivalence import equivalence_table
from audit.inference.groups import GroupTables, against_rest
from audit.inference.impact import COLUMNS as IMPACT
from audit.inference.impact import impact_blocks
from audit.inference.intersections import planned_pairs
from audit.inference.unknowns import bounds_table
from audit.inference.withheld import Withheld, held_keys
from audit.plan import Plan


def look_closer(crowd: Crowd, plan: Plan) -> tuple[GroupTables, Closer]:
    """Group tables, and what stands beside them with what is held back in all of them."""
    labels = crowd.labels
    pairs, left_out = planned_pairs(labels, plan) if labels else ([], [])
    held = _withheld(crowd, pairs, plan)
    tables = counted_groups(crowd, plan)
    rows = tables.rows
    by_group = {
        "directions": direction_table(labels, rows, partial(_views, crowd, plan), plan),
        "unknowns": shown_bounds(bounds_table(rows, labels, partial(counted_bounds, crowd)), held),
        "equivalence": equivalence_table(labels, rows, partial(_ends, crowd, plan), plan),
    }
    crossed = counted_intersections(crowd, pairs, plan)
    found = {
        **{name: held.apply(table, "attribute", "group") for name, table in by_group.items()},
        "intersections": held.apply(crossed, "first", "second", "first_group", "second_group"),
        "impact_ratios": _impact(crowd, pairs, held, plan),
    }
    return held.groups(tables), Closer(found, tuple(left_out), held)


def _withheld(crowd: Crowd, pairs: list[tuple[str, str]], plan: Plan) -> Withheld:
    """Everybody with held-out items has a value in every measure that is counted, so one decision is that of all."""
    if not crowd.labels:
        return Withheld(plan.minimum_cell)
    every, values = held_keys(crowd.labels, pairs, crowd.people, plan.minimum_cell)
    metrics = [*crowd.judged.sums]
    return Withheld(plan.minimum_cell, dict.fromkeys(metrics, every), dict.fromkeys(metrics, values))


def _views(crowd: Crowd, plan: Plan, attribute: str, metrics: list[str]) -> pd.DataFrame:
    """What `direction_table` asks of one attribute: held-out choices count the same, or people, or people within strata."""
    moments = Moments.of(crowd, attribute, metrics)
    within, weighed = moments.left_out(), moments.left_out(weighed=True).sum(axis=3)
    found = compared_views(weighed, within.sum(axis=3), within, moments.few(plan))
    grid = pd.MultiIndex.from_product([metrics, moments.names], names=["metric", "group"]).to_frame(index=False)
    small = moments.small(plan).ravel()
    for name, each in zip(COMPARED, np.hsplit(found, len(COMPARED)), strict=True):
        low, high = (np.where(small, np.nan, end) for end in ends(each, plan.level))
        grid = grid.assign(**{f"{name}_gap": each[0], f"{name}_low": low, f"{name}_high": high})
    return grid.assign(attribute=attribute)


def _ends(crowd: Crowd, plan: Plan, attribute: str, metrics: list[str], level: float) -> tuple[np.ndarray, np.ndarray]:
    """The intervals of gaps at a level; NaN where a side has too few people."""
    moments = Moments.of(crowd, attribute, metrics)
    small = moments.small(plan).ravel()
    gaps = against_rest(moments.left_out().sum(axis=3), moments.few(plan))["gap"]
    low, high = (np.where(small, np.nan, end) for end in ends(gaps, level))
    return low, high


def _impact(crowd: Crowd, pairs: list[tuple[str, str]], held: Withheld, plan: Plan) -> pd.DataFrame:
    """Selected is who has a hit: every accuracy measure is above 0 exactly there."""
    if plan.impact is None or not crowd.labels:
        return pd.DataFrame(columns=list(IMPACT))
    hits = crowd.in_sets(crowd.judged.sums["hit_rate"])
    return impact_blocks(pd.DataFrame({"n": crowd.people, "selected": np.rint(hits)}), crowd.labels, pairs, held, plan)
