"""How far a mean could lie beyond a sample in which nearly everybody has the same value: what resampling cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.measures.coded import divide
from audit.measures.metrics import METRICS

FEWEST = 5  # people who deviate from everybody else of their side, from which on resampling sees the spread
_LARGE = 5_000  # people on a side from which on the bound is too narrow to matter


@dataclass(frozen=True, eq=False)
class Reach:
    """Metrics x groups: how far below and above the means of a group, and of everybody else, may lie; 0: see resamples."""

    own_down: np.ndarray
    own_up: np.ndarray
    rest_down: np.ndarray
    rest_up: np.ndarray

    @property
    def known(self) -> Reach:
        """Without the last group, which is the unknown one."""
        return Reach(self.own_down[:, :-1], self.own_up[:, :-1], self.rest_down[:, :-1], self.rest_up[:, :-1])

    def value(self, seen: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """An interval of the groups' means that holds the bounds too."""
        down, up = (each.reshape(seen.shape) for each in (self.own_down, self.own_up))
        return np.where(down > 0, np.minimum(low, seen - down), low), np.where(
            up > 0, np.maximum(high, seen + up), high
        )

    def gap(self, seen: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """An interval of the gaps, each arm as long as its own and the sides' bounds at right angles (Zou, Donner 2008)."""
        down, up = np.hypot(self.own_down, self.rest_up), np.hypot(self.own_up, self.rest_down)
        down, up = down.reshape(seen.shape), up.reshape(seen.shape)
        return (
            np.where(down > 0, seen - np.hypot(seen - low, down), low),
            np.where(up > 0, seen + np.hypot(high - seen, up), high),
        )


def reaches(
    array: np.ndarray, codes: np.ndarray, n_groups: int, metrics: Sequence[str], level: float, apart: np.ndarray
) -> Reach:
    """The bounds of every side on which fewer than 5 people, and under half, deviate from the most common value c.

    With d of n people below c, at most a share U of all such people is, U the Clopper-Pearson bound at (1 + level) / 2:
    U = 1 - ((1 - level) / 2)^(1/n) for d = 0. Each might deviate by the whole range of the measure, so the mean is at least
    c - U (c - lowest), and likewise above. A measure without ends has those of the people here. `array` users x metrics
    with NaN for no value; `apart` metrics x groups: groups that are in nobody's everybody else.
    """
    result = np.zeros((4, len(metrics), n_groups))
    for place, (name, column) in enumerate(zip(metrics, array.T, strict=True)):
        valid = np.isfinite(column)
        values, group = column[valid], codes[valid]
        if len(values):
            ends = _ends(name, values)
            result[:2, place] = _own(values, group, n_groups, ends, level)
            result[2:, place] = _rest(values, group, n_groups, ends, level, apart[place])
    return Reach(*result)


def _ends(name: str, values: np.ndarray) -> tuple[float, float]:
    metric = METRICS.get(name)
    low, high = (metric.low, metric.high) if metric else (-np.inf, np.inf)
    return low if np.isfinite(low) else float(values.min()), high if np.isfinite(high) else float(values.max())


def _own(values: np.ndarray, group: np.ndarray, n_groups: int, ends: tuple[float, float], level: float) -> np.ndarray:
    """(down, up) x groups: more than half of a side that hardly deviates has its median."""
    size = np.bincount(group, minlength=n_groups)
    kept = size[group] <= _LARGE
    values, group = values[kept], group[kept]
    size = np.bincount(group, minlength=n_groups)
    if not len(values):
        return np.zeros((2, n_groups))
    order = np.lexsort((values, group))
    middle = np.cumsum(size) - size + size // 2
    common = np.where(size > 0, values[order][np.minimum(middle, len(values) - 1)], np.nan)
    below = np.bincount(group[values < common[group]], minlength=n_groups)
    above = np.bincount(group[values > common[group]], minlength=n_groups)
    mean = divide(np.bincount(group, weights=values, minlength=n_groups), size)
    return _bounds(common, mean, below, above, size, ends, level)


def _rest(
    values: np.ndarray, group: np.ndarray, n_groups: int, ends: tuple[float, float], level: float, apart: np.ndarray
) -> np.ndarray:
    """(down, up) x groups; everybody else of one group at a time, where they are few enough for the bound to matter."""
    result = np.zeros((2, n_groups))
    inside = ~apart[group]
    values, group = values[inside], group[inside]
    size = np.bincount(group, minlength=n_groups)
    small = np.flatnonzero((len(values) - size <= _LARGE) & (len(values) > size))
    if not len(small):
        return result
    for code in small:
        others = values[group != code]
        common = np.median(others)
        counts = ((others < common).sum(), (others > common).sum(), len(others))
        below, above, n = (np.array([each]) for each in counts)
        result[:, code] = _bounds(np.array([common]), np.array([others.mean()]), below, above, n, ends, level)[:, 0]
    return result


def _bounds(
    common: np.ndarray, mean: np.ndarray, below: np.ndarray, above: np.ndarray, n: np.ndarray,
    ends: tuple[float, float], level: float,
) -> np.ndarray:  # fmt: skip
    from scipy.special import betaincinv

    odd = below + above
    few = (odd < FEWEST) & (2 * odd < n)
    down, up = (betaincinv(each + 1.0, np.maximum(n - each, 1.0), (1 + level) / 2) for each in (below, above))
    lowest, highest = common - down * (common - ends[0]), common + up * (ends[1] - common)
    return np.where(few, np.maximum([mean - lowest, highest - mean], 0), 0.0)
