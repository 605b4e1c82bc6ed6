"""Many comparisons at once: p-values by permutation of group labels, and their correction over a declared family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.measures.coded import divide

_PERMUTED = 10_000  # more users than this use the normal limit of the permutation distribution where it is safe
_SMALL_SIDE = 200


def permutation_p(
    values: np.ndarray, codes: np.ndarray, n_groups: int, *, draws: int = 2000, seed: int | Sequence[int] = 0
) -> np.ndarray:
    """Two-sided p of every group's mean against everybody else's, under exchangeable labels: groups x metrics.

    `values` users x metrics without NaN; `codes` the group of each user. p = (1 + draws whose |gap| is at least the
    seen one) / (1 + draws), so never 0 and never below what the draws can tell. Above 10,000 users a group with at
    least 200 people on both sides takes the normal limit (Hajek 1960): the gap has mean 0 and variance
    S^2 (1/n_g + 1/n_rest) over all permutations; smaller ones are drawn. NaN where a side is empty.
    """
    size = np.bincount(codes, minlength=n_groups).astype(np.float64)
    total = values.sum(axis=0)
    seen = np.abs(_gaps(_group_sums(values, codes, n_groups), size[:, None], total))
    if len(values) <= _PERMUTED:
        return _drawn(values, codes, seen, draws, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    result = _limit(values, size, seen)
    for group in np.flatnonzero((np.minimum(size, len(values) - size) < _SMALL_SIDE) & (size > 0)):
        result[group] = _subsets(values, size[group], seen[group], draws, rng)
    return result


def adjust(p: np.ndarray, method: str = "holm") -> np.ndarray:
    """p-values corrected over their family; NaN stays and is not counted.

    `holm` (Holm 1979) bounds the chance of any false flag, `bonferroni` too and more coarsely; `benjamini-hochberg`
    (1995) bounds the expected share of false flags.
    """
    p = np.asarray(p, dtype=np.float64)
    result = np.full(len(p), np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    m, steps = len(order), np.arange(1, len(order) + 1)
    if method == "holm":
        adjusted = np.maximum.accumulate(p[order] * (m - steps + 1))
    elif method == "benjamini-hochberg":
        adjusted = np.minimum.accumulate((p[order] * m / steps)[::-1])[::-1]
    else:
        adjusted = p[order] * m
    result[order] = np.minimum(adjusted, 1)
    return result


def _group_sums(values: np.ndarray, codes: np.ndarray, n_groups: int) -> np.ndarray:
    return np.stack([np.bincount(codes, weights=column, minlength=n_groups) for column in values.T], axis=1)


def _gaps(sums: np.ndarray, size: np.ndarray, total: np.ndarray) -> np.ndarray:
    rest = size.sum() - size
    return divide(sums, size) - divide(total - sums, rest)


def _drawn(values: np.ndarray, codes: np.ndarray, seen: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    from audit.inference.permuting import permuted_sums

    size = np.bincount(codes, minlength=len(seen))
    sums = permuted_sums(values, size, draws, int(rng.integers(2**63)))
    gaps = np.abs(_gaps(sums, size[:, None].astype(np.float64), values.sum(axis=0)))
    extreme = (gaps >= seen - 1e-12).sum(axis=0)
    return np.where(np.isfinite(seen), (1 + extreme) / (1 + draws), np.nan)


def _subsets(values: np.ndarray, size: float, seen: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    n, total = len(values), values.sum(axis=0)
    small = int(min(size, n - size))
    picked = np.stack([rng.choice(n, small, replace=False, shuffle=False) for _ in range(draws)])
    sums = values[picked].sum(axis=1)
    return np.where(np.isfinite(seen), (1 + _at_least(sums, small, n, total, seen)) / (1 + draws), np.nan)


def _at_least(
    sums: np.ndarray, size: np.ndarray | int, n: int, total: np.ndarray | float, seen: np.ndarray
) -> np.ndarray:
    """How many draws (rows) reach the seen gap; equal up to rounding counts as reached."""
    size = np.asarray(size, dtype=np.float64)
    gaps = np.abs(divide(sums, size) - divide(total - sums, n - size))
    return (gaps >= seen - 1e-12).sum(axis=0)


def _limit(values: np.ndarray, size: np.ndarray, seen: np.ndarray) -> np.ndarray:
    from scipy.stats import norm

    spread = values.var(axis=0, ddof=1) * divide(np.ones(len(size)), size)[:, None]
    spread = spread + values.var(axis=0, ddof=1) * divide(np.ones(len(size)), len(values) - size)[:, None]
    steps = divide(seen, np.sqrt(spread))
    return np.where(np.isfinite(seen), np.where(spread > 0, 2 * norm.sf(steps), 1.0), np.nan)
