"""Exposure and concentration: golden vectors, literal definitions, invariances."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.concentration import gini, shannon
from audit.measures.exposure import inter_list_diversity, item_exposure, list_statistics, provider_exposure
from data.columns import Kind
from tests.audit_world import World, discount, mean, worlds


def coded(world: World) -> Coded:
    return Coded.of(world.recommendations, world.outcomes, world.train, world.items, k=world.k)


@pytest.mark.parametrize(
    ("model", "plain", "protected", "share"),
    [
        ("log", 3.341242, 1.202318, 0.264620),
        ("log-clipped", 3.859555, 1.394940, 0.265476),
        ("rbp", 3.789087, 1.565083, 0.292311),
    ],
)
def test_golden_list_with_protected_items_at_ranks_3_5_and_8(model: str, plain: float, protected: float, share: float):
    items = pd.DataFrame(
        {"provider": ["p" if r in (3, 5, 8) else "np" for r in range(1, 11)]}, index=list("abcdefghij")
    )
    lists = pd.DataFrame({"user_id": "u", "item_id": list("abcdefghij"), "rank": range(1, 11)})
    c = Coded.of(lists, lists[["user_id", "item_id"]], None, items, k=10)
    exposed = item_exposure(c, model)["exposure"].groupby(items["provider"]).sum()
    assert exposed.tolist() == pytest.approx([plain, protected], abs=1e-6)
    table = provider_exposure(c, items, {}, "provider", model).table
    assert table.loc["p", "exposure_share"] == pytest.approx(share, abs=1e-6)
    assert table["catalogue_share"].tolist() == [0.7, 0.3]


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_provider_table_equals_its_literal_definition(world: World):
    exposed = provider_exposure(coded(world), world.items, world.kinds, "genres")
    sums: dict[str, dict[str, float]] = {name: defaultdict(float) for name in ("e", "c", "t", "m", "n")}
    lists = defaultdict(set)

    def add(table: str, item: str, amount: float = 1) -> None:
        for name in world.genres[item] or ("unknown",):
            sums[table][name] += amount / len(world.genres[item] or ("unknown",))

    for item, names in world.genres.items():
        add("c", item)
        for name in names or ("unknown",):
            sums["n"][name] += 1
    for user in world.lists:
        for rank, item in enumerate(world.shown(user), 1):
            add("e", item, discount(rank))
            for name in world.genres[item] or ("unknown",):
                lists[name].add(user)
    for table, people in (("t", world.history), ("m", world.truth)):
        for chosen in people.values():
            for item in chosen:
                add(table, item)
    for name, row in exposed.table.iterrows():
        for column, key in (("exposure", "e"), ("catalogue", "c"), ("training", "t"), ("merit", "m")):
            total = sum(sums[key].values())
            expected = sums[key][name] / total if total else math.nan
            assert row[f"{column}_share"] == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert row["n_items"] == sums["n"][name]
        assert row["n_lists"] == len(lists[name])
        assert row["exposure_ratio"] == pytest.approx(row["exposure_share"] / row["catalogue_share"])
    assert set(exposed.table.index) == set(sums["c"])
    assert exposed.by_user.shape == (len(world.lists), len(exposed.table))


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_shares_sum_to_1_and_do_not_change_when_every_list_is_given_to_a_twin(world: World):
    once = provider_exposure(coded(world), world.items, world.kinds, "genres").table
    shares = once[["exposure_share", "catalogue_share"]]
    np.testing.assert_allclose(shares.sum(), 1)
    world.lists |= {f"{user}twin": items for user, items in world.lists.items()}
    twice = provider_exposure(coded(world), world.items, world.kinds, "genres").table
    np.testing.assert_allclose(twice["exposure_share"], once["exposure_share"], atol=1e-12)
    assert (twice["n_lists"] == 2 * once["n_lists"]).all()


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_list_statistics_equal_their_literal_definitions(world: World):
    c = coded(world)
    per_user = beyond(c, world.items, world.kinds)
    result = list_statistics(c, per_user)
    shown = {item: sum(item in world.shown(user) for user in world.lists) for item in world.genres}
    x, n, total = sorted(shown.values()), len(shown), sum(shown.values())
    assert result.coverage == mean([float(count > 0) for count in x])
    assert result.gini == pytest.approx(
        sum(abs(a - b) for a in x for b in x) / (2 * n * (n - 1) * total / n)  # mean difference form
    )
    assert result.entropy == pytest.approx(-sum(s / total * math.log2(s / total) for s in x if s), abs=1e-12)
    assert result.hhi_diversity == pytest.approx(1 - sum((s / total) ** 2 for s in x))
    assert result.top_item_share == pytest.approx(x[-1] / total)  # one item is the top 1 % of at most a hundred
    overlap = [
        1 - len({*world.shown(a)} & {*world.shown(b)}) / world.k for a, b in combinations(sorted(world.lists), 2)
    ]
    assert result.inter_list_diversity == pytest.approx(mean(overlap), abs=1e-12, nan_ok=True)
    assert result.average_popularity == pytest.approx(per_user["average_popularity"].mean(), nan_ok=True)
    assert (result.n_lists, result.n_items) == (len(world.lists), n)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_gini_is_between_0_and_1_scale_free_and_grows_when_the_poor_give_to_the_rich(x: list[int]):
    value = gini(np.array(x))
    if not sum(x):
        assert math.isnan(value)
        return
    assert -1e-12 <= value <= 1 + 1e-12
    assert gini(np.array(x) * 7.5) == pytest.approx(value)
    low, high = int(np.argmin(x)), int(np.argmax(x))
    if x[low]:
        moved = np.array(x)
        moved[low] -= 1
        moved[high] += 1
        assert gini(moved) >= value - 1e-12


def test_ends_of_the_scales():
    assert gini(np.array([3, 3, 3, 3])) == 0
    assert gini(np.array([0, 0, 0, 9])) == 1
    assert math.isnan(gini(np.array([5])))
    assert shannon(np.array([1, 1, 1, 1])) == 2
    assert shannon(np.array([4, 0])) == 0
    assert math.isnan(shannon(np.zeros(3)))


def test_items_without_provider_and_items_outside_the_table_are_the_unknown_provider():
    items = pd.DataFrame({"provider": ["x", None]}, index=["1", "2"])
    lists = pd.DataFrame({"user_id": "u", "item_id": ["1", "2", "3"], "rank": [1, 2, 3]})
    c = Coded.of(lists, lists, None, items, k=3)
    table = provider_exposure(c, items, {}, "provider", "flat").table
    assert table.loc["unknown", "exposure_share"] == pytest.approx(2 / 3)
    assert table["n_items"].to_dict() == {"x": 1, "unknown": 1}
    assert table["training_share"].isna().all()


def test_a_category_that_is_named_unknown_is_merged():
    items = pd.DataFrame({"genres": ["unknown", None, "a|unknown"]}, index=["1", "2", "3"])
    lists = pd.DataFrame({"user_id": "u", "item_id": ["1", "2"], "rank": [1, 2]})
    c = Coded.of(lists, lists, None, items, k=3)
    table = provider_exposure(c, items, {"genres": Kind.MULTI}, "genres", "flat").table
    assert table["catalogue_share"].to_dict() == pytest.approx({"a": 1 / 6, "unknown": 5 / 6})


def test_item_exposure_is_per_list():
    lists = pd.DataFrame({"user_id": ["a", "b"], "item_id": ["1", "2"], "rank": [1, 1]})
    items = pd.DataFrame(index=["1", "2", "3"])
    table = item_exposure(Coded.of(lists, lists, None, items, k=1), "log")
    assert table["exposure"].to_dict() == {"1": 0.5, "2": 0.5, "3": 0.0}
    assert table["n_lists"].tolist() == [1, 1, 0]


def test_an_item_shown_twice_in_a_list_is_one_list_and_two_exposures():
    lists = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": ["1", "1", "1"], "rank": [1, 2, 1]})
    c = Coded.of(lists, lists, None, pd.DataFrame(index=["1", "2"]), k=2)
    row = item_exposure(c, "flat").loc["1"]
    assert (row["n_lists"], row["exposure"]) == (2, 1.5)
    assert inter_list_diversity(c) == 0.5  # one shared item of k = 2
