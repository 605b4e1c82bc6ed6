"""p-values by exchanging group labels inside strata only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.measures.coded import divide

_PERMUTED = 10_000  # more users than this use the normal limit where it is safe, and subsets elsewhere
SMALL_SIDE = 200  # people on the smaller side from which on the normal limit is safe


def stratified_p(
    values: np.ndarray,
    codes: np.ndarray,
    strata: np.ndarray,
    n_groups: int,
    *,
    draws: int = 2000,
    seed: int | Sequence[int] = 0,
) -> np.ndarray:
    """Two-sided p of every group's standardised gap to everybody else, groups x metrics.

    `values` users x metrics without NaN. The gap is sum_s N_s (mean of the group - mean of everybody else) / sum_s N_s
    over the strata that hold both; labels are exchangeable within a stratum, never between two. p = (1 + draws whose
    |gap| is at least the seen one) / (1 + draws). Above 10,000 users a group with at least 200 people on both sides takes
    the normal limit: mean 0, variance sum_s N_s^2 S_s^2 (1/n_s + 1/rest_s) / (sum_s N_s)^2. NaN without such a stratum.
    """
    n_strata = int(strata.max()) + 1
    cell = strata * n_groups + codes
    size = np.bincount(cell, minlength=n_strata * n_groups).reshape(n_strata, n_groups).astype(np.float64)
    sums = np.stack([np.bincount(cell, weights=column, minlength=size.size) for column in values.T], axis=1)
    seen = np.abs(_gaps(sums.reshape(1, n_strata, n_groups, -1), size)[0])
    rng = np.random.default_rng(seed)
    if len(values) <= _PERMUTED:
        return _drawn(values, codes, strata, size, seen, draws, rng)
    result = _limit(values, strata, size, seen)
    members = size.sum(axis=0)
    for group in np.flatnonzero((np.minimum(members, len(values) - members) < SMALL_SIDE) & (members > 0)):
        result[group] = _subsets(values, strata, size[:, group], seen[group], draws, rng)
    return result


def _gaps(sums: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Draws x groups x metrics, from draws x strata x groups x metrics."""
    whole = size.sum(axis=1, keepdims=True)
    n, rest = size[..., None], (whole - size)[..., None]
    weight = ((n > 0) & (rest > 0)) * whole[..., None]
    total = sums.sum(axis=2, keepdims=True)
    gaps = divide(sums, n) - divide(total - sums, rest)
    return divide((np.nan_to_num(gaps) * weight).sum(axis=1), weight.sum(axis=0))


def _drawn(
    values: np.ndarray, codes: np.ndarray, strata: np.ndarray, size: np.ndarray, seen: np.ndarray, draws: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    from audit.inference.permuting import permuted_sums_within

    sums = permuted_sums_within(values, codes, strata, size.shape[1], draws, int(rng.integers(2**63)))
    extreme = (np.abs(_gaps(sums, size)) >= seen - 1e-12).sum(axis=0)
    return np.where(np.isfinite(seen), (1 + extreme) / (1 + draws), np.nan)


def normal_limit(size: np.ndarray, spread: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The same p by the normal limit, groups x metrics, from counts alone.

    `size` strata x groups; `spread` strata x metrics: variance (n - 1) of the stratum's people; `seen` |gap|.
    """
    from scipy.stats import norm

    whole = size.sum(axis=1)
    rest = whole[:, None] - size
    weight = ((size > 0) & (rest > 0)) * whole[:, None]
    part = weight**2 * (
        np.nan_to_num(divide(np.ones_like(size), size)) + np.nan_to_num(divide(np.ones_like(size), rest))
    )
    variance = divide(part.T @ np.nan_to_num(spread), (weight.sum(axis=0) ** 2)[:, None])
    steps = divide(seen, np.sqrt(variance))
    return np.where(np.isfinite(seen), np.where(variance > 0, 2 * norm.sf(steps), 1.0), np.nan)


def _limit(values: np.ndarray, strata: np.ndarray, size: np.ndarray, seen: np.ndarray) -> np.ndarray:
    whole = size.sum(axis=1)
    sums = np.stack([np.bincount(strata, weights=column, minlength=len(size)) for column in values.T], axis=1)
    mean = divide(sums, whole[:, None])
    squares = [np.bincount(strata, weights=column, minlength=len(size)) for column in ((values - mean[strata]) ** 2).T]
    spread = divide(np.stack(squares, axis=1), np.maximum(whole - 1, 1)[:, None])
    return normal_limit(size, spread, seen)


def _subsets(
    values: np.ndarray, strata: np.ndarray, size: np.ndarray, seen: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """One group's p, its smaller side drawn from every stratum by itself."""
    gap, weight = np.zeros((draws, values.shape[1])), 0.0
    for stratum, n in enumerate(size):
        inside = values[strata == stratum]
        whole = len(inside)
        if not 0 < n < whole:
            continue
        small = int(min(n, whole - n))
        picked = np.stack([rng.choice(whole, small, replace=False, shuffle=False) for _ in range(draws)])
        sums = inside[picked].sum(axis=1)
        gap += whole * (sums / small - (inside.sum(axis=0) - sums) / (whole - small)) * (1 if small == n else -1)
        weight += whole
    if not weight:
        return np.full(values.shape[1], np.nan)
    return (1 + (np.abs(gap / weight) >= seen - 1e-12).sum(axis=0)) / (1 + draws)
