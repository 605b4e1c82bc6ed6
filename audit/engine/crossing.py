"""Intersections from counts: user groups are every combination of attributes, so cells of two are sums of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from audit.engine.crowd import Crowd
from audit.engine.jackknife import ends, left_out, limit_p
from audit.inference.intersections import COLUMNS, Crossed, cell_gaps, shown_cells
from audit.inference.stratified import SMALL_SIDE
from audit.measures.coded import divide
from audit.plan import Plan


def counted_intersections(crowd: Crowd, pairs: list[tuple[str, str]], plan: Plan) -> pd.DataFrame:
    """The table of `inference.intersections`, from the parts of a scan.

    Intervals leave out one bucket of users at a time. A gap has an interval and a p, by the normal limit, where the cell
    and everybody else are 200 people or more.
    """
    if not pairs or not crowd.labels:
        return pd.DataFrame(columns=list(COLUMNS))
    every = [Crossed.of(crowd.labels[first], crowd.labels[second]) for first, second in pairs]
    named = [each.among(crowd.people, plan.minimum_cell) for each in every]
    parts = [_table(crowd, metric, each, plan).assign(metric=metric) for metric in plan.metrics for each in named]
    return shown_cells(pd.concat(parts, ignore_index=True), plan)


def _table(crowd: Crowd, metric: str, crossed: Crossed, plan: Plan) -> pd.DataFrame:
    judged, cells = crowd.judged, len(crossed.grid)
    total, people = (crowd.in_cells(each, crossed.cell, cells) for each in (judged.sums[metric], judged.lists))
    squares = crowd.in_cells(judged.squares[metric], crossed.cell, cells).sum(axis=1)
    n = people.sum(axis=1).astype(np.int64)
    draws = left_out(np.concatenate([total, people]), people.sum(axis=0) > 0)
    gaps = np.hsplit(cell_gaps(draws, crossed.apart), 2)[1]
    low, high = _of_means(total, people, plan.level)
    p = np.full(cells, np.nan)
    tested = ~crossed.apart
    size, summed, squared = (each[tested][None] for each in (n.astype(np.float64), total.sum(axis=1), squares))
    p[tested] = limit_p(size, summed[None], squared[None], gaps[:1, tested])[0]
    few = np.minimum(n, crossed.rest(n)) < SMALL_SIDE
    gap_low, gap_high, p = (np.where(few, np.nan, each) for each in (*ends(gaps, plan.level), p))
    value = divide(total.sum(axis=1), people.sum(axis=1))
    return crossed.table(n, value=value, low=low, high=high, gap=gaps[0], gap_low=gap_low, gap_high=gap_high, p=p)


def _of_means(total: np.ndarray, people: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of every cell's mean over the buckets it has people in, as `parts.Group.error` has it; from 0 to 1."""
    size = people.sum(axis=1)
    mean = divide(total.sum(axis=1), size)
    drawn = divide(total - mean[:, None] * people, np.broadcast_to(size[:, None], people.shape))
    n = (people > 0).sum(axis=1)
    error = np.where(n > 1, np.sqrt(divide(n * (drawn**2).sum(axis=1), np.maximum(n - 1, 1))), np.nan)
    reach = stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * error
    return np.clip(mean - reach, 0, 1), np.clip(mean + reach, 0, 1)
