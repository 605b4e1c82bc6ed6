"""How unequally exposure falls: Lorenz curves, and the Gini inside each group of items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.measures.coded import Coded, divide
from audit.measures.grouping import Grouping

POINTS = 101


def gini_within(exposure: np.ndarray, coded: Coded, grouping: Grouping) -> np.ndarray:
    """Gini of exposure among the catalogue items of each group, never-shown ones included: 0 equal, 1 one has it all.

    sum_j (2j-n-1) x_(j) / ((n-1) sum x) over the n items of the group; an item of several groups counts whole in each.
    NaN for a group of one item, and where none of its items is shown.
    """
    belongs = grouping.whole.tocoo()
    inside = coded.catalogue[belongs.coords[0]]
    item, group = (each[inside] for each in belongs.coords)
    x = np.asarray(exposure, dtype=np.float64)[item]
    order = np.lexsort((x, group))
    x, group = x[order], group[order]
    n = np.bincount(group, minlength=len(grouping.names)).astype(np.float64)
    place = np.arange(len(group)) - (np.cumsum(n) - n)[group] + 1
    top = np.bincount(group, weights=(2 * place - n[group] - 1) * x, minlength=len(n))
    total = np.bincount(group, weights=x, minlength=len(n))
    return np.where(n > 1, divide(top, (n - 1) * total), np.nan)


def lorenz(x: np.ndarray, points: int = POINTS) -> pd.DataFrame:
    """The Lorenz curve of x >= 0: `part` of the members, the least shown first, and the `share` of all exposure they get.

    From (0, 0) to (1, 1); the diagonal is equality. At most `points` rows, read off the exact broken line; empty where x
    has no member or sums to 0.
    """
    ordered = np.sort(np.asarray(x, dtype=np.float64))
    if not len(ordered) or not ordered.sum():
        return pd.DataFrame({"part": [], "share": []}, dtype=np.float64)
    share = np.concatenate([[0.0], np.cumsum(ordered) / ordered.sum()])
    part = np.linspace(0, 1, len(share))
    at = part if len(part) <= points else np.linspace(0, 1, points)
    return pd.DataFrame({"part": at, "share": np.interp(at, part, share)})


def least_for(x: np.ndarray, share: float = 0.5) -> float:
    """The smallest part of all members that together get at least `share` of the exposure; NaN where there is none."""
    ordered = np.sort(np.asarray(x, dtype=np.float64))[::-1]
    total = ordered.sum() if len(ordered) else 0.0
    if not total:
        return np.nan
    return float((np.searchsorted(np.cumsum(ordered), share * total * (1 - 1e-12)) + 1) / len(ordered))
