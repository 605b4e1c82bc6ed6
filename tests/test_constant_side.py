"""Sides on which nearly everybody has the same value: Clopper-Pearson by scipy, coverage, and no answer from no spread."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from audit.inference.closer import look_closer
from audit.inference.constant import FEWEST, Reach, reaches
from audit.inference.groups import group_tables, reach_of, resampled_gaps
from audit.plan import Plan


def plan(**given_settings: object) -> Plan:
    return Plan.of({"exploratory": [], "metrics": ["hit_rate"], "draws": 400, **given_settings})


def people(metric: str = "hit_rate", **sides: object) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    values = np.concatenate([np.asarray(side, dtype=float) for side in sides.values()])
    index = pd.Index([f"u{n}" for n in range(len(values))], dtype=object)
    labels = np.concatenate([[name] * len(np.asarray(side)) for name, side in sides.items()])
    return pd.DataFrame({metric: values}, index=index), {"team": pd.Series(labels, index=index, dtype=object)}


@given(st.integers(14, 80), st.data())
@settings(deadline=None)
def test_bounds_of_shares_are_clopper_and_pearsons(n: int, data: st.DataObject) -> None:
    odd = data.draw(st.integers(0, 6))
    values = np.r_[np.zeros(odd), np.ones(n - odd), 0.5 * np.ones(100)]
    codes = np.repeat([0, 1], [n, 100])
    found = reaches(values[:, None], codes, 2, ["hit_rate"], 0.95, np.zeros((1, 2), dtype=bool))
    low, _ = found.value(np.array([1 - odd / n, 0.5]), np.array([0.99, 0.5]), np.ones(2))
    exact = binomtest(n - odd, n).proportion_ci(0.95, method="exact")
    if odd < FEWEST and 2 * odd < n:
        assert low[0] == pytest.approx(min(exact.low, 0.99))
        assert found.own_down[0, 0] == found.rest_down[0, 1]
    else:
        assert found.own_down[0, 0] == 0


def test_the_rule_of_three_by_hand() -> None:
    """11 of 11 alike: up to 1 - .025^(1/11) = .285 of such people may be otherwise; both sides at right angles."""
    values = np.r_[np.ones(11), np.zeros(20)]
    found = reaches(values[:, None], np.repeat([0, 1], [11, 20]), 2, ["ndcg"], 0.95, np.zeros((1, 2), dtype=bool))
    assert found.own_down[0] == pytest.approx([1 - 0.025 ** (1 / 11), 0])
    assert found.own_up[0] == pytest.approx([0, 1 - 0.025 ** (1 / 20)])
    low, high = found.gap(np.ones(2), np.ones(2), np.ones(2))
    assert low[0] == pytest.approx(1 - math.hypot(0.2849, 0.1684), abs=1e-4)
    assert high[0] == 1


def test_measures_without_ends_take_those_of_the_people_here() -> None:
    values = np.r_[np.full(30, 4.0), np.linspace(2, 9, 50)]
    found = reaches(values[:, None], np.repeat([0, 1], [30, 50]), 2, ["novelty"], 0.95, np.zeros((1, 2), dtype=bool))
    share = 1 - 0.025 ** (1 / 30)
    assert found.own_down[0, 0] == pytest.approx(share * (4 - 0))  # novelty is at least 0
    assert found.own_up[0, 0] == pytest.approx(share * (9 - 4))


def test_eleven_people_who_are_all_hit_rule_out_nothing() -> None:
    per_user, groups = people(small=[1] * 11, large=[1] * 188 + [0])
    tables, closer = look_closer(per_user, groups, pd.Series(1, index=per_user.index), plan(equivalence=True))
    row = tables.rows.set_index("group").loc["small"]
    assert row["state"] == "too few to say"
    assert row["low"] == pytest.approx(0.025 ** (1 / 11))
    assert row["gap_low"] < -0.27
    assert set(closer.tables["equivalence"]["answer"]) == {"not shown"}


def test_a_side_of_a_thousand_alike_may_rule_out_a_gap() -> None:
    per_user, groups = people(a=[1] * 1000, b=[1] * 1000)
    assert set(group_tables(per_user, groups, plan()).rows["state"]) == {"no flag"}


def test_an_interval_without_0_does_not_stand_beside_a_p_of_1() -> None:
    """A dozen people without a single niche title, where one in twelve others has one: no evidence at all."""
    per_user, groups = people("tail_share", lawyer=[0.0] * 12, other=[0.0] * 600 + [0.1] * 60)
    row = group_tables(per_user, groups, plan(metrics=["tail_share"])).rows.set_index("group").loc["lawyer"]
    assert row["p"] > 0.3
    assert row["gap_low"] < 0 < row["gap_high"]
    assert row["state"] == "too few to say"


@pytest.mark.parametrize("n", [11, 20, 40, 60])
@pytest.mark.parametrize("chance", [0.9, 0.95, 0.98])
def test_intervals_of_gaps_between_nearly_constant_sides_hold_the_truth(chance: float, n: int) -> None:
    """Without the bounds 33 to 90 in 100 do."""
    held, runs, other = 0, 150, 0.5
    for run in range(runs):
        rng = np.random.default_rng([run, n])
        values = np.r_[rng.random(n) < chance, rng.random(300) < other].astype(float)[:, None]
        codes, chosen = np.repeat([0, 1], [n, 300]), plan(draws=200, seed=run)
        gap = resampled_gaps(values, codes, 3, chosen)["gap"]
        reach: Reach = reach_of(values, codes, 3, ["hit_rate"], chosen, 0.95)
        low, high = reach.gap(gap.seen, *gap.bounds(0.95))
        held += low[0] <= chance - other <= high[0]
    assert held / runs >= 0.95 - 2 * math.sqrt(0.95 * 0.05 / runs)


def test_many_kinds_of_values_are_left_to_the_resamples() -> None:
    rng = np.random.default_rng(0)
    per_user, _ = people("ndcg", a=rng.random(30), b=rng.random(200))
    codes = np.repeat([0, 1], [30, 200])
    found = reach_of(per_user.to_numpy(), codes, 3, ["ndcg"], plan(metrics=["ndcg"]), 0.95)
    assert not any(each.any() for each in (found.own_down, found.own_up, found.rest_down[:, :2], found.rest_up[:, :2]))
