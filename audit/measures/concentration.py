"""How concentrated numbers are over their members: coverage, Gini, entropy, Herfindahl, and what lists have in common."""

from __future__ import annotations

import numpy as np


def coverage(x: np.ndarray) -> float:
    """Share of the members with any showing; NaN without members."""
    return float(np.mean(np.asarray(x) > 0)) if len(x) else np.nan


def gini(x: np.ndarray) -> float:
    """Gini concentration sum_j (2j-n-1) x_(j) / ((n-1) sum x), zeros included: 0 equal, 1 one has everything.

    NaN below two values or where all are 0.
    """
    return gini_of_ordered(np.sort(np.asarray(x, dtype=np.float64)))


def gini_of_ordered(ordered: np.ndarray) -> float:
    """`gini` of values that ascend already."""
    n = len(ordered)
    if n < 2 or not ordered.sum():
        return np.nan
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / ((n - 1) * ordered.sum()))


def shannon(x: np.ndarray) -> float:
    """Shannon entropy of the shares of x, in bits; NaN where all are 0."""
    x = np.asarray(x, dtype=np.float64)
    if not x.sum():
        return np.nan
    shares = x[x > 0] / x.sum()
    return float(-(shares * np.log2(shares)).sum() + 0.0)


def hhi_diversity(x: np.ndarray) -> float:
    """1 - sum (x_i / sum x)^2: 0 one has everything, near 1 spread out; NaN where all are 0."""
    x = np.asarray(x, dtype=np.float64)
    return float(1 - (x**2).sum() / x.sum() ** 2) if x.sum() else np.nan


def top_share(x: np.ndarray, part: float = 0.01) -> float:
    """Share of the sum that goes to the largest `part` of the members (rounded up); NaN where all are 0."""
    x = np.asarray(x, dtype=np.float64)
    if not x.sum():
        return np.nan
    others = len(x) - int(np.ceil(part * len(x)))
    return float(np.partition(x, others)[others:].sum() / x.sum())


def list_diversity(shown: np.ndarray, lists: int, k: int) -> float:
    """MIL: mean over pairs of lists of 1 - |L_u & L_v| / k, without visiting pairs; NaN below two lists.

    With x_i lists that show i and n_u different items in the list of u: 1 - (sum x_i^2 - sum n_u) / (k U (U-1)).
    """
    if lists < 2:
        return np.nan
    shown = np.asarray(shown, dtype=np.float64)
    return float(1 - ((shown**2).sum() - shown.sum()) / (k * lists * (lists - 1)))
