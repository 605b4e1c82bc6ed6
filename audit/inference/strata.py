"""Activity strata: people who have chosen about as much, so that groups can be compared like with like."""

from __future__ import annotations

import numpy as np
import pandas as pd

STRATA = 5


def activity_strata(sizes: pd.Series, users: pd.Index, count: int = STRATA) -> pd.Series:
    """The stratum of every user, 0 (shortest histories) to count - 1, by quantiles of history length over `users`.

    A stratum runs from one quantile up to, and without, the next (`numpy.digitize`), so people with equally long
    histories are never apart; strata are unequal, or fewer, where lengths are tied. A user without a size has 0 choices.
    """
    length = sizes.reindex(users).fillna(0).to_numpy(dtype=np.float64)
    return pd.Series(placed(length, length, count), index=users, name="stratum")


def placed(lengths: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """The stratum of each length, by the quantiles of `among`."""
    if not len(among):
        return np.zeros(len(lengths), np.int64)
    return np.searchsorted(np.quantile(among, np.arange(1, count) / count), lengths, side="right")
