"""The item side: every measure against its slow, literal definition, on small random worlds."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference.intervals import Bootstrap
from audit.item_rows import group_rows
from audit.item_side import item_side, over_groups
from audit.item_sums import Summed
from audit.measures.attention import awrf
from audit.measures.coded import Coded
from audit.measures.expected import expected_by_group, expected_per_user
from audit.measures.exposure import item_exposure
from audit.measures.fastar import adjusted, fail_probability, fastar, least, passes, unadjusted
from audit.measures.grouping import Grouping
from audit.measures.item_metrics import ITEM_METRICS
from audit.measures.lorenz import gini_within, least_for, lorenz
from audit.measures.newness import AGE, FAME, age_groups, arrivals
from audit.measures.prefixes import ndkl, shown_counts, skew
from audit.measures.ratios import spread
from audit.plan import Plan
from data.columns import Kind
from tests.audit_world import World, discount, worlds

QUICK = Plan.of({"draws": 100})
SOME = settings(max_examples=60, deadline=None)


def coded(world: World) -> Coded:
    return Coded.of(world.recommendations, world.outcomes, world.train, world.items, k=world.k)


def grouped(world: World) -> tuple[Coded, Grouping]:
    c = coded(world)
    return c, Grouping.of(c, world.items, world.kinds, "genres")


def belongs(world: World, item: str) -> dict[str, float]:
    names = world.genres[item] or ("unknown",)
    return {name: 1 / len(names) for name in names}


def size(world: World) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for item in world.genres:
        for name, part in belongs(world, item).items():
            total[name] += part
    return total


def goal(world: World) -> dict[str, float]:
    return {name: part / len(world.genres) for name, part in size(world).items()}


def lists(world: World) -> dict[str, list[str]]:
    return {user: world.shown(user) for user in sorted(world.lists)}


def kl(p: dict[str, float], q: dict[str, float]) -> float:
    return sum(part * math.log(part / q[name]) for name, part in p.items() if part)


def shares_of(world: World, weighted: list[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for item, weight in weighted:
        for name, part in belongs(world, item).items():
            found[name] += part * weight
    total = sum(weight for _, weight in weighted)
    return {name: value / total for name, value in found.items()}


# -- lists against a goal --------------------------------------------------------------------------------------------


@given(worlds())
@SOME
def test_awrf_is_the_distance_of_each_list_from_the_goal(world: World):
    c, grouping = grouped(world)
    table, target = awrf(c, grouping), goal(world)
    assert list(table.index) == list(lists(world))
    for user, items in lists(world).items():
        mine = shares_of(world, [(item, discount(rank)) for rank, item in enumerate(items, 1)])
        expected = sum(abs(mine.get(name, 0) - part) for name, part in target.items()) / 2
        assert table.loc[user, "awrf"] == pytest.approx(expected, abs=1e-12)
        assert table.loc[user, "awrf_kl"] == pytest.approx(kl(mine, target), abs=1e-12)
        assert 0 <= table.loc[user, "awrf"] <= 1


@given(worlds())
@SOME
def test_ndkl_is_the_weighted_mean_over_prefixes(world: World):
    c, grouping = grouped(world)
    values, target = ndkl(c, grouping), goal(world)
    for user, items in lists(world).items():
        top = sum(
            kl(shares_of(world, [(item, 1) for item in items[:i]]), target) / math.log2(i + 1)
            for i in range(1, len(items) + 1)
        )
        expected = top / sum(1 / math.log2(i + 1) for i in range(1, len(items) + 1))
        assert values[user] == pytest.approx(expected, abs=1e-12)


@given(worlds())
@SOME
def test_skew_is_the_logarithm_of_share_over_goal(world: World):
    c, grouping = grouped(world)
    found, target = (
        dict(zip(grouping.names, skew(shown_counts(c, grouping), grouping.target), strict=True)),
        goal(world),
    )
    shown = shares_of(world, [(item, 1) for items in lists(world).values() for item in items])
    for name, part in target.items():
        if shown.get(name):
            assert found[name] == pytest.approx(math.log(shown[name] / part), abs=1e-12)
        else:
            assert found[name] == -math.inf


def test_a_group_that_the_catalogue_does_not_hold_makes_kl_and_ndkl_undefined_and_not_the_distance():
    items = pd.DataFrame({"provider": ["x", "y"]}, index=["1", "2"])
    rows = pd.DataFrame({"user_id": "u", "item_id": ["1", "9"], "rank": [1, 2]})
    c = Coded.of(rows, rows, None, items, k=2)
    grouping = Grouping.of(c, items, {}, "provider")
    told = awrf(c, grouping).loc["u"]
    assert math.isnan(told["awrf_kl"])
    assert math.isnan(ndkl(c, grouping)["u"])
    assert 0 < told["awrf"] <= 1


# -- expected exposure -----------------------------------------------------------------------------------------------


def eps_of(world: World, user: str) -> dict[str, float]:
    return {item: 0.85 ** (rank - 1) for rank, item in enumerate(world.shown(user), 1)}


def target_of(world: World, user: str) -> dict[str, float]:
    """The mean weight of the places that the relevant (the other) items take in an ideal list of everything."""
    n, m = len(world.genres), len(world.truth[user])
    weights = [0.85**place for place in range(n)]
    wanted, other = (sum(each) / max(len(each), 1) for each in (weights[:m], weights[m:]))
    return {item: wanted if item in world.truth[user] else other for item in world.genres}


@given(worlds())
@SOME
def test_expected_exposure_is_the_squared_distance_to_the_target(world: World):
    c, grouping = grouped(world)
    judged = [user for user in sorted(world.lists) if world.truth[user]]
    table = expected_per_user(c)
    assert list(table.index) == judged
    groups: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for user in judged:
        eps, wanted = eps_of(world, user), target_of(world, user)
        loss = sum((eps.get(item, 0) - value) ** 2 for item, value in wanted.items())
        disparity = sum(value**2 for value in eps.values())
        relevance = 2 * sum(eps.get(item, 0) * value for item, value in wanted.items())
        assert table.loc[user].tolist() == pytest.approx([loss, disparity, relevance], abs=1e-12)
        for item, value in wanted.items():
            for name, part in belongs(world, item).items():
                groups[name][0] += part * eps.get(item, 0) / len(judged)
                groups[name][1] += part * value / len(judged)
    if judged:
        assert expected_by_group(c, grouping).loss == pytest.approx(
            sum((a - b) ** 2 for a, b in groups.values()), abs=1e-12
        )
    else:
        assert math.isnan(expected_by_group(c, grouping).loss)


# -- ratios and rates ------------------------------------------------------------------------------------------------


@given(worlds())
@SOME
def test_dp_dtr_dir_and_rates_equal_their_literal_definitions(world: World):
    c, grouping = grouped(world)
    summed = Summed.of(c, grouping, "log", Bootstrap(10), 200)
    table = group_rows(c, summed, QUICK).set_index("group")
    sums: dict[str, dict[str, float]] = {
        name: defaultdict(float) for name in ("e", "c", "u", "shown", "hits", "chances")
    }
    sums["n"] = size(world)
    for user, items in lists(world).items():
        for rank, item in enumerate(items, 1):
            for name, part in belongs(world, item).items():
                sums["e"][name] += part * discount(rank)
                sums["shown"][name] += part
                if item in world.truth[user]:
                    sums["c"][name] += part * discount(rank)
                    sums["hits"][name] += part
        for item in (set(world.genres) - world.history[user]) | set(items):
            for name, part in belongs(world, item).items():
                sums["chances"][name] += part
    for user in world.truth:
        for item in world.truth[user]:
            for name, part in belongs(world, item).items():
                sums["u"][name] += part

    def ratio(top: str, bottom: str, name: str) -> float:
        rest = [other for other in sums["n"] if other not in (name, "unknown")]
        parts = [sums[top][name], sums[bottom][name], *(sum(sums[key][each] for each in rest) for key in (top, bottom))]
        return math.nan if not all(parts[1:]) else (parts[0] / parts[1]) / (parts[2] / parts[3])

    def rate(top: str, bottom: str, name: str) -> float:
        return sums[top][name] / sums[bottom][name] if sums[bottom][name] > 1e-9 else math.nan

    for name in sums["n"]:
        row = table.loc[name]
        assert row["dp_ratio"] == pytest.approx(ratio("e", "n", name), abs=1e-9, rel=1e-12, nan_ok=True)
        assert row["dtr"] == pytest.approx(ratio("e", "u", name), abs=1e-9, rel=1e-12, nan_ok=True)
        assert row["dir"] == pytest.approx(ratio("c", "u", name), abs=1e-9, rel=1e-12, nan_ok=True)
        if sums["chances"][name] > 1e-9:
            assert row["selection_rate"] == pytest.approx(rate("shown", "chances", name), abs=1e-12)
        assert row["relevant_rate"] == pytest.approx(rate("hits", "u", name), abs=1e-12, nan_ok=True)


def test_two_equal_groups_have_ratios_of_1_and_no_spread():
    items = pd.DataFrame({"provider": ["x", "y"]}, index=["1", "2"])
    rows = pd.DataFrame({"user_id": ["a", "a", "b", "b"], "item_id": ["1", "2", "2", "1"], "rank": [1, 2, 1, 2]})
    c = Coded.of(rows, rows, None, items, k=2)
    told = item_side(c, items, {}, QUICK)
    row = told.groups.set_index("group").loc["x"]
    assert [row["dp_ratio"], row["dtr"], row["dir"], row["skew"]] == pytest.approx([1, 1, 1, 0])
    assert told.columns.loc[0, ["rsp", "reo"]].tolist() == pytest.approx([0, 0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@SOME
def test_spread_is_the_standard_deviation_over_the_mean(rates: list[float]):
    value = float(spread(np.array(rates)))
    if len(rates) < 2 or not sum(rates):
        assert math.isnan(value)
    elif np.mean(rates) > 1e-100:
        assert value == pytest.approx(np.std(rates) / np.mean(rates), rel=1e-9, abs=1e-12)


# -- FA*IR -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "p", "alpha"), [(6, 0.3, 0.1), (8, 0.5, 0.2), (7, 0.7, 0.05), (5, 0.5, 0.5)])
def test_the_fail_probability_is_the_chance_over_all_lists_and_the_table_the_quantile(k: int, p: float, alpha: float):
    table = unadjusted(k, p, alpha)
    fails = 0.0
    for drawn in product((0, 1), repeat=k):
        if not passes(np.array(drawn), np.array(table.least)):
            fails += p ** sum(drawn) * (1 - p) ** (k - sum(drawn))
    assert table.fails == pytest.approx(fails, abs=1e-12)
    for i, fewest in enumerate(least(k, p, alpha), 1):
        below = [Fraction(math.comb(i, m)) * Fraction(p) ** m * (1 - Fraction(p)) ** (i - m) for m in range(i + 1)]
        assert fewest == min(m for m in range(i + 1) if float(sum(below[: m + 1])) >= alpha)


@pytest.mark.parametrize(("k", "p"), [(10, 0.2), (20, 0.25), (10, 0.5), (40, 0.1), (15, 0.6)])
def test_no_other_table_fails_nearer_to_alpha_than_the_adjusted_one(k: int, p: float):
    found = adjusted(k, p)
    tried = {
        tuple(least(k, p, alpha)): fail_probability(least(k, p, alpha), p) for alpha in np.linspace(0.0005, 0.1, 400)
    }
    assert abs(found.fails - 0.1) <= min(abs(fails - 0.1) for fails in tried.values()) + 1e-12


@given(worlds(), st.floats(0.05, 0.95))
@SOME
def test_lists_are_tested_as_their_prefixes_are(world: World, p: float):
    c, grouping = grouped(world)
    told = fastar(c, grouping.whole, np.full(len(grouping.names), p), 0.5)
    table = adjusted(world.k, p, 0.5)
    for name, row in zip(grouping.names, told, strict=True):
        if not table.least[-1]:
            assert (row.table, row.lists) == (None, 0)
            assert row.reason
            continue
        judged = [items for items in lists(world).values() if table.least[len(items) - 1] > 0]
        kept = [
            items
            for items in judged
            if all(
                sum(name in belongs(world, item) for item in items[:i]) >= table.least[i - 1]
                for i in range(1, len(items) + 1)
            )
        ]
        assert (row.lists, row.kept) == (len(judged), len(kept))


@given(st.integers(0, 10_000))
@SOME
def test_lists_shorter_than_k_are_tested_on_the_places_they_have(seed: int):
    rng = np.random.default_rng(seed)
    items = pd.DataFrame({"provider": np.where(np.arange(40) % 2, "x", "y")}, index=[str(n) for n in range(40)])
    drawn = {f"u{n}": rng.permutation(40)[: rng.integers(1, 16)] for n in range(12)}
    rows = pd.DataFrame([(user, str(item), rank) for user, each in drawn.items() for rank, item in enumerate(each, 1)])
    rows.columns = ["user_id", "item_id", "rank"]
    c = Coded.of(rows, rows, None, items, k=15)
    grouping = Grouping.of(c, items, {}, "provider")
    told = dict(zip(grouping.names, fastar(c, grouping.whole, np.array([0.5, 0.5]), 0.4), strict=True))["x"]
    minima = np.array(adjusted(15, 0.5, 0.4).least)
    judged = [each for each in drawn.values() if minima[len(each) - 1] > 0]
    assert told.kept == sum(passes(each % 2 == 1, minima) for each in judged)
    assert told.lists == len(judged)


# -- inside a group, and as a whole ----------------------------------------------------------------------------------


@given(worlds())
@SOME
def test_gini_inside_a_group_is_its_mean_difference(world: World):
    c, grouping = grouped(world)
    exposure = item_exposure(c)["exposure"]
    found = dict(zip(grouping.names, gini_within(exposure.to_numpy(), c, grouping), strict=True))
    for name in size(world):
        x = [exposure[item] for item in world.genres if name in belongs(world, item)]
        if len(x) < 2 or not sum(x):
            assert math.isnan(found[name])
        else:
            expected = sum(abs(a - b) for a in x for b in x) / (2 * len(x) * (len(x) - 1) * sum(x) / len(x))
            assert found[name] == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(0, 50), max_size=300))
@SOME
def test_the_lorenz_curve_starts_at_0_ends_at_1_sags_and_lies_on_the_exact_line(x: list[int]):
    curve = lorenz(np.array(x))
    if not sum(x):
        assert curve.empty
        assert math.isnan(least_for(np.array(x)))
        return
    assert (curve["part"].iloc[0], curve["share"].iloc[0]) == (0, 0)
    assert curve["share"].iloc[-1] == pytest.approx(1)
    assert (curve["share"] <= curve["part"] + 1e-12).all()
    for part, share in zip(curve["part"], curve["share"], strict=True):
        whole = int(part * len(x) + 1e-9)
        rest = part * len(x) - whole
        exact = sum(sorted(x)[:whole]) + (rest * sorted(x)[whole] if whole < len(x) else 0)
        assert share == pytest.approx(exact / sum(x), abs=1e-9)
    n = next(n for n in range(1, len(x) + 1) if 2 * sum(sorted(x)[-n:]) >= sum(x))
    assert least_for(np.array(x)) == pytest.approx(n / len(x))


# -- groups that nobody names ----------------------------------------------------------------------------------------


def test_new_items_are_the_newest_fifth_by_date_by_year_or_by_first_choice():
    dated = pd.DataFrame(
        {"added": pd.date_range("2020-01-01", periods=10), "year": range(10)}, index=list("abcdefghij")
    )
    when, how = arrivals(dated, {"added": Kind.DATE}, None) or (None, "")
    assert how == "column 'added'"
    assert list(age_groups(when).loc[lambda s: s == "new"].index) == ["i", "j"]
    assert arrivals(dated, {}, None)[1] == "column 'year'"
    train = pd.DataFrame({"user_id": ["u", "v", "u"], "item_id": ["a", "a", "b"], "timestamp": [5, 3, 9]})
    first, how = arrivals(dated[[]], {}, train)
    assert how == "the first training choice"
    assert first[["a", "b"]].tolist() == [3, 9]
    assert first[list("cdefghij")].isna().all()
    assert arrivals(dated[[]], {}, train[["user_id", "item_id"]]) is None


def test_equal_dates_stay_together_and_a_single_date_makes_nothing_new():
    assert set(age_groups(pd.Series([1.0] * 10))) == {"older"}
    assert age_groups(pd.Series([1.0] * 5 + [2.0] * 5)).tolist() == ["older"] * 10


# -- the whole document ----------------------------------------------------------------------------------------------


def sided(world: World) -> pd.DataFrame:
    told = item_side(coded(world), world.items, world.kinds, QUICK, world.train)
    return told.groups.set_index(["column", "group"])


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_numbers_stay_in_their_ranges_and_what_is_undefined_is_said(world: World):
    table = sided(world)
    for name in set(ITEM_METRICS) & set(table):
        values = table[name].dropna()
        assert (values >= ITEM_METRICS[name].low - 1e-12).all()
        assert (values <= ITEM_METRICS[name].high + 1e-12).all()
    blank = table[["dp_ratio", "dtr", "dir", "gini_within"]].isna().any(axis=1) | ~np.isfinite(table["skew"])
    assert (table.loc[blank, "reason"] != "").all()
    for column in ("exposure_share", "catalogue_share"):
        sums = table[column].groupby(level=0).sum()
        np.testing.assert_allclose(sums, 1)


@given(worlds(), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_neither_names_nor_the_order_of_rows_change_a_number(world: World, seed: int):
    told = sided(world)
    new = {item: f"x{place:03d}" for place, item in enumerate(sorted(world.genres, key=int))}  # the order of ties stays
    c = Coded.of(
        *(
            frame.replace({"item_id": new}).sample(frac=1, random_state=seed)
            for frame in (world.recommendations, world.outcomes, world.train)
        ),
        world.items.rename(index=new).sample(frac=1, random_state=seed),
        k=world.k,
    )
    again = item_side(c, world.items.rename(index=new), world.kinds, QUICK).groups.set_index(["column", "group"])
    shared = [name for name in again if not name.endswith(("_low", "_high")) and name != "reason"]
    pd.testing.assert_frame_equal(again[shared], told[shared], atol=1e-12, check_dtype=False)


def test_every_number_of_the_item_side_is_in_the_registry_with_its_words():
    for name, metric in ITEM_METRICS.items():
        assert metric.name == name
        assert all((metric.title, metric.meaning, metric.formula, metric.denominator, metric.convention, metric.omits))
    world = World({"u": ["0", "1"]}, {"u": {"0"}}, {"u": {"2"}}, {"0": ("a",), "1": ("b",), "2": ("a",)}, 2)
    told = item_side(coded(world), world.items, world.kinds, QUICK, world.train)
    measured = {*told.groups, *told.columns, *told.overall.index}
    assert set(ITEM_METRICS) <= measured
    assert {FAME} <= set(told.groups["column"])
    assert AGE not in set(told.groups["column"])


def test_a_repeated_item_counts_in_both_places():
    items = pd.DataFrame({"provider": ["x", "y"]}, index=["1", "2"])
    rows = pd.DataFrame({"user_id": "u", "item_id": ["1", "1"], "rank": [1, 2]})
    c = Coded.of(rows, rows[["user_id", "item_id"]], None, items, k=2)
    assert expected_per_user(c).loc["u", "ee_disparity"] == pytest.approx(1.85**2)
    row = item_side(c, items, {}, QUICK).groups.set_index("group").loc["x"]
    assert row["exposure_share"] == 1
    assert math.isnan(row["dp_ratio"])
    assert "nothing to compare with" in row["reason"]


def test_more_groups_than_rows_still_count_in_every_total():
    items = pd.DataFrame({"provider": [f"p{n:03d}" for n in range(300)]}, index=[str(n) for n in range(300)])
    rows = pd.DataFrame(
        {"user_id": np.repeat(range(20), 5), "item_id": np.arange(100) * 3, "rank": np.tile(range(1, 6), 20)}
    )
    c = Coded.of(rows, rows, None, items, k=5)
    told = item_side(c, items, {}, QUICK)
    assert len(told.groups[told.groups["column"] == "provider"]) == 200
    assert "'provider' has 100 more groups without a row of their own." in told.notes
    row = told.groups.iloc[0]
    exposure = item_exposure(c)["exposure"].to_numpy()
    assert row["dp_ratio"] == pytest.approx(exposure[0] / (exposure[1:].sum() / 299))


def test_the_interval_over_groups_draws_groups_as_people_are_drawn_elsewhere() -> None:
    rates = np.random.default_rng(4).gamma(2.0, size=30)
    bootstrap = Bootstrap(2000, 0, 0.95)
    low, high = over_groups(np.append(rates, np.nan), bootstrap)
    rng = np.random.default_rng(11)
    drawn = [(each := rng.choice(rates, 30)).std() / each.mean() for _ in range(4000)]
    assert [low, high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist(), abs=0.03)
    assert over_groups(np.full(5, 0.3), bootstrap) == pytest.approx((0, 0), abs=1e-12)
    assert np.isnan(over_groups(np.array([0.2]), bootstrap)).all()
