"""Group sums under random relabelling: the inner loop of every permutation test, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from data.parallel import one_at_a_time


def permuted_sums(values: np.ndarray, size: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Draws x groups x metrics: sums of `values` (users x metrics) in groups of `size` filled by a random order of users.

    Draw d is a function of (seed, d) alone: SplitMix64 (Steele, Lea, Flood 2014) drives a Fisher-Yates shuffle with
    Lemire's bounded integers (2019), so the result does not depend on the number of threads. The largest group gets
    whoever is left: it is neither shuffled nor added up, but taken from the total.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    largest = int(np.argmax(size))
    others = np.flatnonzero(np.arange(len(size)) != largest)
    result = np.empty((draws, len(size), values.shape[1]))
    result[:, others] = _sums(values, np.cumsum(size[others]).astype(np.int64), draws, np.uint64(seed))
    result[:, largest] = values.sum(axis=0) - result[:, others].sum(axis=1)
    return result


def permuted_sums_within(
    values: np.ndarray, codes: np.ndarray, strata: np.ndarray, n_groups: int, draws: int, seed: int
) -> np.ndarray:
    """Draws x strata x groups x metrics: labels change hands only between people of one stratum.

    So every draw keeps how many people of each group a stratum has, and what activity alone does to the groups' means.
    """
    n_strata = int(strata.max(initial=-1)) + 1
    result = np.zeros((draws, n_strata, n_groups, values.shape[1]))
    for stratum in range(n_strata):
        inside = np.flatnonzero(strata == stratum)
        if len(inside):
            size = np.bincount(codes[inside], minlength=n_groups)
            result[:, stratum] = permuted_sums(values[inside], size, draws, (seed + stratum) % 2**63)
    return result


@njit(cache=True)
def _mixed(state):
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@one_at_a_time
@njit(parallel=True, cache=True)
def _sums(values, ends, draws, seed):
    n, width = values.shape
    result = np.zeros((draws, len(ends), width))
    for draw in prange(draws):
        order = np.arange(n)
        state = _mixed(seed + np.uint64(0x9E3779B97F4A7C15) * np.uint64(draw + 1))
        first = 0
        for group in range(len(ends)):
            for place in range(first, ends[group]):
                state += np.uint64(0x9E3779B97F4A7C15)
                step = ((_mixed(state) >> np.uint64(32)) * np.uint64(n - place)) >> np.uint64(32)
                other = place + np.int64(step)
                user = order[other]
                order[other] = order[place]
                for metric in range(width):
                    result[draw, group, metric] += values[user, metric]
            first = ends[group]
    return result
