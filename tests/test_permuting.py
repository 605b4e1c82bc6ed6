"""Random relabelling: every order equally likely, sums that are those of the order, the same for any number of threads."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from audit.inference.permuting import permuted_sums


def test_every_assignment_is_equally_likely() -> None:
    # powers of two: the sums of the first group name exactly who is in it
    values = 2.0 ** np.arange(4)[:, None]
    drawn = permuted_sums(values, np.array([1, 1, 2]), 60_000, 5)[:, :2, 0]
    pairs, counts = np.unique(drawn, axis=0, return_counts=True)
    assert {tuple(pair) for pair in pairs} == set(permutations(2.0 ** np.arange(4), 2))
    expected = 60_000 / 12
    assert ((counts - expected) ** 2 / expected).sum() < 31.3  # chi-square with 11 degrees of freedom, p = .001


def test_groups_of_a_draw_share_out_everybody() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 3))
    sums = permuted_sums(values, np.array([5, 30, 0, 15]), 200, 9)
    np.testing.assert_allclose(sums.sum(axis=1), np.broadcast_to(values.sum(axis=0), (200, 3)), atol=1e-12)
    assert (sums[:, 2] == 0).all()


def test_means_and_spread_are_those_of_all_permutations() -> None:
    rng = np.random.default_rng(2)
    values, size = rng.exponential(size=(40, 1)), np.array([12, 28])
    means = permuted_sums(values, size, 40_000, 3)[:, 0, 0] / 12
    spread = values.var(ddof=1) / 12 * (1 - 12 / 40)  # sampling without replacement
    assert means.mean() == pytest.approx(values.mean(), abs=4 * np.sqrt(spread / 40_000))
    assert means.var() == pytest.approx(spread, rel=0.04)


def test_the_result_does_not_depend_on_threads() -> None:
    import numba

    values, size = np.random.default_rng(3).normal(size=(64, 2)), np.array([20, 44])
    both = permuted_sums(values, size, 300, 11)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_array_equal(permuted_sums(values, size, 300, 11), both)
    finally:
        numba.set_num_threads(before)
    assert not np.array_equal(permuted_sums(values, size, 300, 12), both)
