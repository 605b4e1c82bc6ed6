"""The lowest against the highest group: intervals of their difference and ratio, and what chance alone makes of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from audit.inference.constant import Reach
from audit.inference.intervals import Resampled
from audit.inference.permuting import permuted_sums
from audit.measures.coded import divide

ENDS = ("difference_low", "difference_high", "difference_expected", "ratio_low", "ratio_high", "ratio_expected")
DRAWS = 500  # exchanges of labels behind an expected value
PERMUTED = 10_000  # more people than this take the normal limit of the exchange
Chance = Callable[[list[int], list[int]], np.ndarray]  # metrics, groups to draws x metrics x groups under no difference


@dataclass(frozen=True, eq=False)
class Extremes:
    """One attribute, ready for any choice of its groups: what is held back takes part in nothing that is shown."""

    metrics: list[str]
    names: list[str]  # of the groups
    value: Resampled  # metrics x groups, one after the other
    reach: Reach | None  # None: as resamples see it
    chance: Chance
    level: float

    def ends(self, shown: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Index metric, columns `ENDS`, over the groups that are `shown` in it; NaN for fewer than two.

        Every resample of people picks its own lowest and highest group, as MetricFrame's bootstrap does, so `difference`
        max - min is biased upwards, `ratio` min / max downwards, and the interval hardly ever reaches 0 or 1. `expected`
        is the mean of both when the same people change labels at random: read the value beside it, not beside 0 or 1.
        """
        table = pd.DataFrame(np.nan, index=pd.Index(list(shown), name="metric"), columns=list(ENDS))
        for groups in {tuple(each) for each in shown.values() if len(each) > 1}:
            same = [metric for metric, each in shown.items() if tuple(each) == groups]
            rows = [self.metrics.index(metric) for metric in same]
            table.loc[same] = self._ends(rows, sorted(map(self.names.index, groups)))
        return table

    def _ends(self, rows: list[int], places: list[int]) -> np.ndarray:
        cells = np.add.outer(np.array(rows) * len(self.names), places)
        value = self.value

        def both(means: np.ndarray) -> np.ndarray:
            return np.hstack([differences(means[:, cells]), ratios(means[:, cells])])

        left = None if value.left_out is None else both(value.left_out)
        seen = Resampled(both(value.seen[None])[0], both(value.drawn), left)
        lows, highs = (np.split(each, 2) for each in seen.bounds(self.level))
        if self.reach is not None:
            down, up = (each.ravel()[cells] for each in (self.reach.own_down, self.reach.own_up))
            lows, highs = _wider(value.seen[cells], down, up, lows, highs)
        drawn = self.chance(rows, places)
        columns = (lows[0], highs[0], differences(drawn).mean(axis=0), lows[1], highs[1], _mean(ratios(drawn)))
        return np.column_stack(columns)


class Moments(NamedTuple):
    """People, sum and sum of squares of every group: metrics x groups."""

    size: np.ndarray
    total: np.ndarray
    squares: np.ndarray


def differences(means: np.ndarray) -> np.ndarray:
    """Largest less smallest of the last axis; 0 all equal; NaN where one is undefined."""
    return np.asarray(means.max(axis=-1) - means.min(axis=-1))


def ratios(means: np.ndarray) -> np.ndarray:
    """Smallest over largest of the last axis; 1 all equal; NaN where one is undefined or below 0, or all are 0."""
    least = means.min(axis=-1)
    return np.where(least >= 0, divide(least, means.max(axis=-1)), np.nan)


def exchanged(array: np.ndarray, codes: np.ndarray, seed: Sequence[int]) -> Chance:
    """Means of groups when the people of the chosen groups exchange labels; `array` users x metrics, NaN for no value.

    By permutation, above 10,000 people by its normal limit. The same seed gives the same draws.
    """

    def drawn(rows: list[int], places: list[int]) -> np.ndarray:
        inside = np.isin(codes, places)
        values, group = array[inside][:, rows], np.searchsorted(places, codes[inside])
        valid = np.isfinite(values)
        result = np.empty((DRAWS, len(rows), len(places)))
        for pattern in np.unique(valid, axis=1).T:
            same = np.flatnonzero((valid == pattern[:, None]).all(axis=0))
            result[:, same] = _means(values[pattern][:, same], group[pattern], len(places), seed)
        return result

    return drawn


def _means(values: np.ndarray, group: np.ndarray, n_groups: int, seed: Sequence[int]) -> np.ndarray:
    """Draws x metrics x groups."""
    size = np.bincount(group, minlength=n_groups)
    if len(values) <= PERMUTED:
        start = int(np.random.default_rng(seed).integers(2**63))
        return np.swapaxes(permuted_sums(values, size, DRAWS, start) / size[:, None], 1, 2)
    squares = np.stack([np.bincount(group, weights=each**2, minlength=n_groups) for each in values.T])
    total = np.stack([np.bincount(group, weights=each, minlength=n_groups) for each in values.T])
    return limit(Moments(np.broadcast_to(size, total.shape), total, squares), seed)


def limit(of: Moments, seed: Sequence[int]) -> np.ndarray:
    """The normal limit of the exchange (Hajek 1960), draws x metrics x groups.

    With N people, mean m and variance S^2 (N - 1), the means have the covariance S^2 (1/n_g where g = h, less 1/N).
    """
    people = of.size.sum(axis=1, keepdims=True)
    mean = of.total.sum(axis=1, keepdims=True) / people
    variance = np.maximum(of.squares.sum(axis=1, keepdims=True) - people * mean**2, 0) / np.maximum(people - 1, 1)
    step = np.random.default_rng(seed).standard_normal((DRAWS, *of.size.shape)) / np.sqrt(of.size)
    return mean + np.sqrt(variance) * (step - (of.size * step).sum(axis=-1, keepdims=True) / people)


def _mean(ratio: np.ndarray) -> np.ndarray:
    """Mean of the defined draws of every column."""
    known = np.isfinite(ratio)
    return divide(np.where(known, ratio, 0.0).sum(axis=0), known.sum(axis=0))


def _wider(
    means: np.ndarray, down: np.ndarray, up: np.ndarray, lows: list[np.ndarray], highs: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The intervals with the bounds of groups in which hardly anybody deviates; all arrays metrics x groups."""
    order = np.argsort(means, axis=1)
    ends = [np.take_along_axis(each, order, axis=1)[:, [0, -1]].T for each in (means, down, up)]
    (least, most), (least_down, most_down), (least_up, most_up) = ends
    apart = most - least
    more, less = np.hypot(most_up, least_down), np.hypot(most_down, least_up)
    smaller = divide(np.maximum(least - least_down, 0), most + most_up)
    larger = np.minimum(divide(least + least_up, np.maximum(most - most_down, 0)), 1)
    low = [
        np.where(less > 0, np.maximum(apart - np.hypot(apart - lows[0], less), 0), lows[0]),
        np.where(more > 0, np.fmin(lows[1], smaller), lows[1]),
    ]
    high = [
        np.where(more > 0, apart + np.hypot(highs[0] - apart, more), highs[0]),
        np.where(less > 0, np.fmax(highs[1], larger), highs[1]),
    ]
    return low, high
