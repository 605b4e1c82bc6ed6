"""Intervals of exposure against held-out choices and of skew: literal resampling of people, and what has no end."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from audit.inference.intervals import Bootstrap
from audit.inference.providers import merit_ratios, provider_tables
from audit.item_side import item_side
from audit.measures.coded import Coded
from audit.plan import Plan
from audit.report.providers import merit_ends
from audit.run import plain
from data.columns import Kind

ITEMS = {f"i{n}": "abc"[n % 3] if n < 12 else "d" for n in range(13)}  # provider d has one item
WEIGHT = 1 / np.log2(np.arange(2, 12))
K = 4
Lists = dict[str, list[str]]


def world(people: int, seed: int = 0) -> tuple[Lists, Lists]:
    """Lists of five, cut at four, and held-out choices; some people have only the one, some only the other."""
    rng = np.random.default_rng(seed)
    lists: Lists = {f"u{n}": [str(i) for i in rng.choice(list(ITEMS)[:12], 5, replace=False)] for n in range(people)}
    truth: Lists = {f"u{n}": [f"i{i}" for i in sorted(set(rng.integers(0, 6, 3)))] for n in range(people // 5, people)}
    return {user: shown for user, shown in lists.items() if user != f"u{people - 1}"}, truth


def coded(lists: Lists, truth: Lists) -> Coded:
    rows = [(user, item, rank) for user, items in lists.items() for rank, item in enumerate(items, 1)]
    pairs = [(user, item) for user, items in truth.items() for item in items]
    return Coded.of(
        pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]),
        pd.DataFrame(pairs, columns=["user_id", "item_id"]),
        None,
        catalogue(),
        k=K,
    )


def catalogue() -> pd.DataFrame:
    return pd.DataFrame({"provider": list(ITEMS.values())}, index=pd.Index(list(ITEMS), name="item_id"))


def providers(lists: Lists, truth: Lists, **settings: object) -> pd.DataFrame:
    plan = Plan.of({"k": K, **settings})
    return provider_tables(coded(lists, truth), catalogue(), {"provider": Kind.CATEGORY}, plan).set_index("provider")


def groups(lists: Lists, truth: Lists, **settings: object) -> pd.DataFrame:
    plan = Plan.of({"k": K, "item_groups": ["provider"], **settings})
    return item_side(coded(lists, truth), catalogue(), {"provider": Kind.CATEGORY}, plan).groups.set_index("group")


def literal(lists: Lists, truth: Lists, drawn: list[str]) -> dict[str, dict[str, float]]:
    """Every number of every provider, by loops over the people who are drawn."""
    exposure, places, merit = (dict.fromkeys("abcd", 0.0) for _ in range(3))
    for user in drawn:
        for place, item in enumerate(lists.get(user, [])[:K]):
            exposure[ITEMS[item]] += WEIGHT[place]
            places[ITEMS[item]] += 1
        for item in truth.get(user, []):
            merit[ITEMS[item]] += 1
    told = {}
    for name in "abcd":
        share, deserved = exposure[name] / sum(exposure.values()), merit[name] / sum(merit.values())
        part = places[name] / sum(places.values())
        goal = list(ITEMS.values()).count(name) / len(ITEMS)
        told[name] = {
            "merit_ratio": share / deserved if deserved else (math.inf if share else math.nan),
            "skew": math.log(part / goal) if part else -math.inf,
        }
    return told


@pytest.mark.parametrize("name", ["merit_ratio", "skew"])
def test_intervals_are_those_of_a_literal_bootstrap_of_people(name: str) -> None:
    """Whoever has a list or a held-out choice is drawn with both. Places come in whole numbers, so ends jump in steps."""
    lists, truth = world(60)
    everybody, rng = sorted(lists.keys() | truth.keys()), np.random.default_rng(7)
    drawn = [literal(lists, truth, [everybody[i] for i in rng.integers(0, 60, 60)]) for _ in range(3000)]
    table, seen = (providers if name == "merit_ratio" else groups)(lists, truth), literal(lists, truth, everybody)
    for provider in "abc":
        row, values = table.loc[provider], np.array([each[provider][name] for each in drawn])
        assert row[name] == pytest.approx(seen[provider][name], abs=1e-12)
        low, high = np.quantile(values, [0.025, 0.975])
        assert row[f"{name}_low"] == pytest.approx(low, abs=0.25 * values.std())
        assert row[f"{name}_high"] == pytest.approx(high, abs=0.25 * values.std())


def test_both_sides_of_the_ratio_move_together() -> None:
    """Everybody is shown, and goes on to choose, one provider: whoever is drawn, the ratio is 1."""
    lists: Lists = {f"u{n}": [f"i{n % 3}"] for n in range(30)}
    row = providers(lists, lists).loc[["a", "b", "c"]]
    for name in ("merit_ratio", "merit_ratio_low", "merit_ratio_high"):
        assert row[name].to_numpy() == pytest.approx(1, abs=1e-12)
    assert (row["exposure_high"] > row["exposure_low"]).all()


def test_the_resamples_are_those_of_the_people_one_by_one() -> None:
    """Two people: a resample has one of them twice, or both; at the level .4 the ends are draws of known chance."""
    lists, truth = {"u0": ["i0"], "u1": ["i0", "i1"]}, {"u0": ["i0", "i1"], "u1": ["i0"]}
    row = providers(lists, truth, level=0.6, draws=2000).loc["a"]
    both = [literal(lists, truth, drawn)["a"]["merit_ratio"] for drawn in (["u0", "u0"], ["u0", "u1"], ["u1", "u1"])]
    assert (row["merit_ratio_low"], row["merit_ratio_high"]) == (
        pytest.approx(min(both), abs=1e-12), pytest.approx(max(both), abs=1e-12)
    )  # fmt: skip


def test_an_interval_without_an_end_says_so() -> None:
    lists, truth = world(60)
    lists |= {f"u{n}": ["i12", *lists[f"u{n}"]] for n in range(10)}
    truth["u30"] = [*truth["u30"], "i12"]  # one person of 60 chose d: a third of all resamples have nobody
    row = providers(lists, truth).loc["d"]
    assert np.isposinf(row["merit_ratio_high"])
    assert 0 < row["merit_ratio_low"] <= row["merit_ratio"]
    assert row["merit_reason"] == "So few went on to choose it that the interval has no upper end."
    told = plain(row.to_dict())
    assert told["merit_ratio_high"] is None
    assert merit_ends(told) == f"from {told['merit_ratio_low']:.3f}. {row['merit_reason']}"
    rare = groups({**lists, **{f"u{n}": world(60)[0][f"u{n}"] for n in range(9)}}, truth).loc["d"]
    assert np.isfinite(rare["skew"])
    assert np.isneginf(rare["skew_low"])
    assert rare["skew_high"] >= rare["skew"]
    assert "So few lists show it that the interval of its skew has no lower end." in rare["reason"]


def test_what_is_undefined_has_no_interval_and_a_reason() -> None:
    lists, truth = world(60)
    row = providers(lists, truth).loc["d"]
    assert np.isnan([row["merit_ratio"], row["merit_ratio_low"], row["merit_ratio_high"]]).all()
    assert row["merit_reason"] == "Nobody went on to choose it, so nothing can be set against held-out choices."
    shown = groups(lists, truth).loc["d"]
    assert np.isneginf(shown["skew"])
    assert "It is never shown, so its skew is minus infinity." in shown["reason"]
    alone = providers({"u0": ["i0"]}, {"u0": ["i0"]}).loc["a"]
    assert alone["merit_ratio"] == 1
    assert np.isnan([alone["merit_ratio_low"], alone["merit_ratio_high"]]).all()
    assert alone["merit_reason"] == "There is one person, so there is no interval."


def test_every_rate_of_a_group_of_items_has_an_interval_around_it() -> None:
    table = groups(*world(60)).loc[["a", "b"]]
    for name in ("dp_ratio", "dtr", "dir", "skew", "selection_rate", "relevant_rate"):
        assert (table[f"{name}_low"] < table[name]).all(), name
        assert (table[name] < table[f"{name}_high"]).all(), name


def test_open_ends_are_draws_and_closed_columns_are_percentiles() -> None:
    drawn = np.column_stack(
        [np.arange(40.0), np.r_[np.full(2, -np.inf), np.arange(38.0)], np.r_[np.arange(39.0), np.inf]]
    )
    low, high = Bootstrap(level=0.9).open_bounds(drawn)
    assert (low[0], high[0]) == (pytest.approx(np.quantile(drawn[:, 0], 0.05)), pytest.approx(37.05))
    assert (low[1], high[1]) == (-np.inf, 36.0)
    assert (low[2], high[2]) == (1.0, 38.0)


def test_a_run_from_before_there_was_an_interval_shows_a_dash() -> None:
    assert merit_ends({"merit_ratio": 1.0}) == "–"


def test_shares_of_sums_make_the_ratio() -> None:
    ratios = merit_ratios(np.array([[1.0, 3.0, 0.0, 2.0, 0.0, 0.0], [1.0, 0.0, 0.0, 2.0, 2.0, 0.0]]))
    np.testing.assert_array_equal(ratios, [[0.25, np.inf, np.nan], [2.0, 0.0, np.nan]])


@pytest.mark.slow
def test_intervals_of_the_ratio_cover_the_truth() -> None:
    """500 samples of 150 people out of a population of 20,000: the interval holds the ratio of the population."""
    lists, truth = world(20_000, seed=1)
    everybody = sorted(lists.keys() | truth.keys())
    true, held = literal(lists, truth, everybody), 0
    for seed in range(500):
        drawn = np.random.default_rng(seed).choice(everybody, 150, replace=False)
        some = ({user: table[user] for user in drawn if user in table} for table in (lists, truth))
        row = providers(*some, draws=400, seed=seed).loc["a"]
        held += row["merit_ratio_low"] <= true["a"]["merit_ratio"] <= row["merit_ratio_high"]
    assert 0.92 <= held / 500 <= 0.97
