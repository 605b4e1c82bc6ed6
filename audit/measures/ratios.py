"""Exposure of item groups against their number, their merit and their clicks: the three ratios of Singh and Joachims."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from audit.measures.coded import divide


class Sums(NamedTuple):
    """What each group has in all lists together; arrays (..., groups), an item of several groups split.

    `exposure`: weights of the places. `clicks`: the same over places that hold a held-out choice of that person.
    `size`: catalogue items. `merit`: held-out choices.
    """

    exposure: np.ndarray
    clicks: np.ndarray
    size: np.ndarray
    merit: np.ndarray


class Ratios(NamedTuple):
    """One group against all other known groups together; 1 is equal, 2 is twice as much; NaN without a divisor."""

    dp: np.ndarray
    dtr: np.ndarray
    dir: np.ndarray


def ratios(sums: Sums, known: np.ndarray) -> Ratios:
    """DP, DTR and DIR of each group against the rest, `known` marking the groups that make up the rest.

    Singh & Joachims 2018, all means over the items of a group: DP = (E_g/|g|)/(E_r/|r|), DTR (also EUR) =
    (E_g/U_g)/(E_r/U_r), DIR (also RUR) = (C_g/U_g)/(C_r/U_r), with E exposure, U merit, C clicks. For DTR and DIR the
    numbers of items cancel, so sums give what means give. Nothing is added to a divisor and nothing is logged; Raj &
    Ekstrand's code adds 1e-6 and takes logs, and divides one side by the number of users: not comparable.
    """
    mine, rest = sums, Sums(*(_rest(each, known) for each in sums))
    return Ratios(
        divide(divide(mine.exposure, mine.size), divide(rest.exposure, rest.size)),
        divide(divide(mine.exposure, mine.merit), divide(rest.exposure, rest.merit)),
        divide(divide(mine.clicks, mine.merit), divide(rest.clicks, rest.merit)),
    )


def _rest(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    total = np.where(known, values, 0.0).sum(axis=-1, keepdims=True)
    rest = total - np.where(known, values, 0.0)
    return np.where(np.abs(rest) <= 1e-12 * np.abs(total), 0.0, rest)  # a rest of nothing but rounding is nothing


def log_ratio(exposure: np.ndarray, size: np.ndarray) -> float:
    """Logarithm of the exposure of an item of the second group over one of the first; below 0 the second gets less."""
    mean = divide(np.asarray(exposure, dtype=np.float64), size)
    both = float(mean[1] / mean[0]) if mean[0] > 0 else np.nan
    return float(np.log(both)) if both > 0 else np.nan


def spread(rates: np.ndarray) -> np.ndarray:
    """Standard deviation over mean of the groups' rates (last axis): 0 all equal; NaN below two groups or where all are 0.

    Over P(shown | group) it is RSP, over P(shown | group, chosen later) REO (Zhu et al. 2020); with popular and tail
    items as groups, Elliot's PopRSP and PopREO. The deviation is the population's (divided by the number of groups).
    Groups without a rate are left out.
    """
    rates = np.asarray(rates, dtype=np.float64)
    there = np.isfinite(rates)
    n = there.sum(axis=-1)
    mean = divide(np.where(there, rates, 0.0).sum(axis=-1), n)
    squared = np.where(there, (rates - mean[..., None]) ** 2, 0.0).sum(axis=-1)
    return np.where(n > 1, divide(np.sqrt(divide(squared, n)), mean), np.nan)
