"""The bias-corrected and accelerated interval (Efron 1987): a percentile interval whose ends are moved for skew."""

from __future__ import annotations

import numpy as np

from audit.measures.coded import divide


def bca_bounds(
    replicates: np.ndarray, seen: np.ndarray, left_out: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of every column of `replicates` (draws x columns).

    `seen` is the value of the sample, `left_out` (units x columns) the value without each unit. End a becomes the quantile
    Phi(z0 + (z0 + z_a) / (1 - acc (z0 + z_a))): z0 the normal quantile of the share of draws under `seen` (ties count
    half), acc = sum d^3 / (6 (sum d^2)^1.5) with d = mean(left_out) - left_out. Where z0 or acc is undefined, because all
    draws lie on one side or no unit matters, the plain percentiles are given. Undefined draws are left out.
    """
    from scipy.stats import norm

    tail = (1 - level) / 2
    finite = np.isfinite(replicates)
    under = (np.where(finite, replicates < seen, False).sum(axis=0) + (finite & (replicates <= seen)).sum(axis=0)) / 2
    start = norm.ppf(divide(under, finite.sum(axis=0)))
    speed = _acceleration(left_out)
    ends = []
    for share in (tail, 1 - tail):
        shift = start + norm.ppf(share)
        moved = norm.cdf(start + divide(shift, 1 - speed * shift))
        ends.append(np.where(np.isfinite(start) & np.isfinite(speed), moved, share))
    low, high = (_quantiles(np.where(finite, replicates, np.nan), end) for end in ends)
    return low, high


def _acceleration(left_out: np.ndarray) -> np.ndarray:
    known = np.isfinite(left_out)
    n = known.sum(axis=0)
    mean = divide(np.where(known, left_out, 0.0).sum(axis=0), n)
    d = np.where(known, mean - left_out, 0.0)
    return divide((d**3).sum(axis=0), 6 * (d**2).sum(axis=0) ** 1.5)


def _quantiles(replicates: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """One quantile of every column, each at its own share, linear between neighbours; NaN where a column has none."""
    ordered = np.sort(replicates, axis=0)  # NaN last
    count = np.isfinite(ordered).sum(axis=0)
    place = np.clip(shares, 0, 1) * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    columns = np.arange(ordered.shape[1])
    low, high = ordered[below, columns], ordered[above, columns]
    return np.where(count > 0, low + (high - low) * (place - below), np.nan)
