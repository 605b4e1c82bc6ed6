"""Resampling of users: naive resampling, known standard errors, and coverage in simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import bootstrap

from audit.inference.intervals import Bootstrap, Interval


def coverage(runs: int, n: int, draws: int) -> float:
    """Share of intervals that hold the true mean; 0/1-like, skewed values with users as units."""
    rng = np.random.default_rng(7)
    hits = 0
    for run in range(runs):
        values = rng.beta(0.5, 1.5, n)  # mean 1/4
        interval = Bootstrap(draws, seed=run).mean(values)
        hits += interval.low <= 0.25 <= interval.high
    return hits / runs


def test_the_interval_of_a_mean_holds_the_truth_about_95_times_in_100():
    assert 0.92 <= coverage(400, 200, 400) <= 0.98


@pytest.mark.slow
def test_coverage_over_1500_runs():
    assert 0.93 <= coverage(1500, 300, 2000) <= 0.97


def test_equals_scipys_percentile_interval_up_to_resampling():
    values = np.random.default_rng(0).exponential(size=300)
    ours = Bootstrap(8000).mean(values)
    theirs = bootstrap((values,), np.mean, n_resamples=8000, method="percentile", rng=1).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=0.01)


@pytest.mark.parametrize("n", [4_000, 30_000])
def test_many_users_dealt_into_parts_keep_the_spread_of_users(n: int):
    values = np.random.default_rng(0).exponential(size=n)
    drawn = Bootstrap(2000).sums(values[:, None])[:, 0] / n
    assert drawn.std() == pytest.approx(values.std() / math.sqrt(n), rel=0.06)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.001)


def test_users_without_a_value_count_in_no_mean():
    values = np.array([1.0, math.nan, 3.0, math.nan, 5.0] * 20)
    interval = Bootstrap(500).mean(values)
    assert (interval.value, interval.n) == (3.0, 60)
    assert 2 < interval.low < 3 < interval.high < 4


@pytest.mark.parametrize("values", [[], [2.0], [2.0, math.nan]])
def test_below_two_users_there_is_no_interval(values: list[float]):
    interval = Bootstrap(100).mean(np.array(values))
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_a_model_against_itself_differs_by_exactly_0():
    values = np.random.default_rng(0).random(50)
    assert Bootstrap(200).paired_difference(values, values.copy()) == Interval(0.0, 0.0, 0.0, 50)


def test_pairing_sees_what_two_separate_intervals_would_miss():
    rng = np.random.default_rng(0)
    easy = rng.random(200)
    a, b = easy + 0.02 + rng.normal(0, 0.01, 200), easy
    paired = Bootstrap(1000).paired_difference(a, b)
    apart = Bootstrap(1000).difference(np.concatenate([a, b]), np.arange(400) < 200)
    assert paired.low > 0 > apart.low
    assert apart.value == pytest.approx(a.mean() - b.mean())


def test_shares_equal_a_naive_loop_over_resampled_users():
    rng = np.random.default_rng(0)
    given_by = rng.random((80, 3)) * (rng.random((80, 3)) < 0.5)
    low, high = Bootstrap(4000).shares(sparse.csr_array(given_by))
    naive = []
    for _ in range(4000):
        total = given_by[rng.integers(0, 80, 80)].sum(axis=0)
        naive.append(total / total.sum())
    expected = np.quantile(naive, [0.025, 0.975], axis=0)
    np.testing.assert_allclose([low, high], expected, atol=0.01)


@given(st.integers(2, 60), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_bounds_are_ordered_inside_the_range_and_repeatable(n: int, seed: int):
    values = np.random.default_rng(seed).random(n)
    interval = Bootstrap(200, seed=seed).mean(values)
    assert values.min() - 1e-12 <= interval.low <= interval.high <= values.max() + 1e-12
    assert interval == Bootstrap(200, seed=seed).mean(values)


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch):
    values = np.random.default_rng(0).random((40, 3))
    whole = Bootstrap(100).sums(values)
    monkeypatch.setattr("audit.inference.intervals._CELLS", 200)
    monkeypatch.setattr("audit.inference.intervals._COLUMNS", 2)
    np.testing.assert_allclose(Bootstrap(100).sums(sparse.csr_array(values)), whole)


def test_more_users_narrow_the_interval_and_a_wider_level_widens_it():
    values = np.random.default_rng(0).random(2000)
    few, many = Bootstrap(500).mean(values[:100]), Bootstrap(500).mean(values)
    wide = Bootstrap(500, level=0.99).mean(values)
    assert many.high - many.low < (few.high - few.low) / 3
    assert wide.high - wide.low > many.high - many.low


def test_ratio_of_means_by_hand():
    top, bottom = np.array([1.0, 3.0, math.nan, 9.0]), np.array([2.0, 2.0, 5.0, math.nan])
    ratio = Bootstrap(200).ratio(top, bottom)
    assert (ratio.value, ratio.n) == (1.0, 2)
    table = Bootstrap(200).means(pd.DataFrame({"a": top, "b": bottom}))
    assert table["n"].tolist() == [3, 3]
