"""The sign test of two models on the same people: each person's difference could as well be the other way round."""

from __future__ import annotations

import numpy as np

from audit.plan import Plan

_DRAWN = 10_000  # more people than this use the normal limit of the sign test
_CELLS = 4_000_000


def signs_p(differences: np.ndarray, *, draws: int = 2000, seed: int = 0) -> np.ndarray:
    """Two-sided p of every column's mean difference (people x columns) when each person's sign is a coin's toss.

    p = (1 + draws whose |sum| is at least the seen one) / (1 + draws); above 10,000 people the normal limit, mean 0 and
    variance sum d^2. 1 where all differences are 0; NaN where nobody has one. A missing difference counts for nothing.
    """
    from scipy.stats import norm

    known = np.isfinite(differences)
    if not known.any():
        return np.full(differences.shape[1], np.nan)
    d = np.where(known, differences, 0.0)
    seen = np.abs(d.sum(axis=0))
    if len(d) > _DRAWN:
        spread = np.sqrt((d**2).sum(axis=0))
        p = np.where(spread > 0, 2 * norm.sf(seen / np.where(spread > 0, spread, 1.0)), 1.0)
        return np.where(known.any(axis=0), p, np.nan)
    rng = np.random.default_rng(seed)
    extreme, step = np.zeros(d.shape[1]), max(1, _CELLS // max(len(d), 1))
    total = d.sum(axis=0)
    for start in range(0, draws, step):
        bits = rng.integers(0, 256, (min(step, draws - start), -(-len(d) // 8)), dtype=np.uint8)
        heads = np.unpackbits(bits, axis=1, count=len(d)).astype(np.float64) @ d
        extreme += (np.abs(2 * heads - total) >= seen - 1e-12).sum(axis=0)
    return np.where(known.any(axis=0), (1 + extreme) / (1 + draws), np.nan)


def enough_signs_p(differences: np.ndarray, draws: int, plan: Plan) -> np.ndarray:
    """The p of every column: the planned draws, and all of them only where no correction has made it too large yet."""
    p = signs_p(differences, draws=plan.draws, seed=plan.seed)
    again = p <= plan.alpha
    if draws > plan.draws and again.any():
        p[again] = signs_p(differences[:, again], draws=draws, seed=plan.seed)
    return p
