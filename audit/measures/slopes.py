"""How each concentration number answers to one showing more: its derivative by every x_i.

A slope turns a sum over users into the number's sampling error by linearisation (the infinitesimal jackknife, Efron
1982). Undefined where the number is.
"""

from __future__ import annotations

import numpy as np

from audit.measures.concentration import gini_of_ordered, shannon, top_share

_ROUNDING = 1e-12  # of the largest value


def gini_slope(x: np.ndarray) -> np.ndarray:
    """Slope of `gini`; equal values share their mean place, also where they differ by the rounding of their sums."""
    n, order = len(x), np.argsort(x)
    ordered = x[order]
    first = np.flatnonzero(np.append(True, np.diff(ordered) > _ROUNDING * ordered[-1]))
    size = np.diff(first, append=n)
    place = np.empty(n)
    place[order] = np.repeat(first + (size + 1) / 2, size)
    return ((2 * place - n - 1) / (n - 1) - gini_of_ordered(ordered)) / x.sum()


def shannon_slope(x: np.ndarray) -> np.ndarray:
    """Slope of `shannon`; 0 for what is never shown, which no part of the users shows either."""
    log = np.log2(x / x.sum(), where=x > 0, out=np.zeros(len(x)))
    return np.where(x > 0, -(log + shannon(x)) / x.sum(), 0.0)


def hhi_slope(x: np.ndarray) -> np.ndarray:
    """Slope of `hhi_diversity`."""
    total = x.sum()
    return -2 * (x / total**2 - (x**2).sum() / total**3)


def top_slope(x: np.ndarray, part: float = 0.01) -> np.ndarray:
    """Slope of `top_share` while the top items stay the same."""
    top = np.zeros(len(x))
    top[np.argsort(-x, kind="stable")[: int(np.ceil(part * len(x)))]] = 1
    return (top - top_share(x, part)) / x.sum()


def list_diversity_slopes(x: np.ndarray, lists: int, k: int) -> tuple[np.ndarray, float]:
    """Slopes of `list_diversity` by each x_i and by the number of lists."""
    pairs = k * lists * (lists - 1)
    return -(2 * x - 1) / pairs, float(((x**2).sum() - x.sum()) * k * (2 * lists - 1) / pairs**2)
