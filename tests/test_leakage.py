"""Attribute inference and the proxy scan: against scikit-learn, planted truths and planted nulls."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from audit.guessing import Guess, auc, chance_p, counts, guess, largest_pair, one_against_rest
from audit.leakage import Leakage, leakage
from audit.measures.coded import Coded
from audit.plan import Plan
from audit.run import AuditTables, run_audit
from data.demo import NOTHING, demo_source, null_source, truth
from data.tables import Source

PLAN = Plan.of({"draws": 200})
ONCE = np.ones((1, 1))


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_auc_is_that_of_scikit_learn_with_whole_numbers_as_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 40))
    score, positive = rng.integers(0, 6, n) / 5, rng.random(n) < 0.5  # many ties
    positive[:2] = [True, False]
    weight = rng.integers(0, 4, (3, n)).astype(float)
    weight[:, :2] = 1
    found = auc(score, positive, np.zeros(n, int), weight)
    wanted = [roc_auc_score(positive, score, sample_weight=row) for row in weight]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_auc_compares_inside_a_fold_only() -> None:
    score, fold = np.array([0.9, 0.1, 0.4, 0.3]), np.array([0, 1, 0, 1])
    positive = np.array([True, True, False, False])  # 0.9 above 0.4 in fold 0; 0.1 below 0.3 in fold 1
    assert auc(score, positive, fold, np.ones((1, 4)))[0] == 0.5
    assert math.isnan(auc(score, np.ones(4, bool), fold, np.ones((1, 4)))[0])


def test_classes_together_are_weighed_by_their_people_and_the_two_largest_are_a_pair() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [40, 30, 10])
    scores = rng.random((80, 3)) + np.eye(3)[codes]
    told = Guess(scores / scores.sum(axis=1, keepdims=True), np.zeros(80, int), codes)
    together, each = one_against_rest(told, np.ones((1, 80)))
    wanted = [roc_auc_score(codes == code, told.scores[:, code]) for code in range(3)]
    np.testing.assert_allclose(each[0], wanted)
    assert together[0] == pytest.approx(roc_auc_score(codes, told.scores, multi_class="ovr", average="weighted"))
    pair, between = largest_pair(told, np.ones((1, 80)))
    inside = codes < 2
    ratio = told.scores[inside, 0] / told.scores[inside, :2].sum(axis=1)
    assert pair == (0, 1)
    assert between[0] == pytest.approx(roc_auc_score(codes[inside] == 0, ratio))


def test_guesses_are_out_of_fold() -> None:
    """A feature that names each person is perfect where it is learned by heart, and tells nothing out of fold."""
    codes = np.arange(100) % 2
    told = guess(np.eye(100), codes)
    assert sorted(np.bincount(told.fold)) == [10] * 10
    assert one_against_rest(told, np.ones((1, 100)))[0][0] == pytest.approx(0.5, abs=0.05)


def test_resamples_begin_with_everybody_once() -> None:
    drawn = counts(50, 20, 1)
    assert (drawn[0] == 1).all()
    assert (drawn.sum(axis=1) == 50).all()
    assert drawn[1:].std() > 0.5


def test_labels_without_effect_are_found_out_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(5)
    tested = []
    for seed in range(16):
        features, codes = rng.normal(size=(120, 5)), rng.integers(0, 2, 120)
        seen = float(one_against_rest(guess(features, codes, seed=seed), np.ones((1, 120)))[0][0])
        tested.append(chance_p(features, codes, seen, seed=seed))
    assert np.mean(np.array(tested) < 0.05) <= 0.25  # 5 % of 16, and four standard errors
    assert 0.3 < np.mean(tested) < 0.7


# -- planted ---------------------------------------------------------------------------------------------------------


def lists_of(n: int, shown: np.ndarray) -> pd.DataFrame:
    users = np.repeat([f"u{each:03d}" for each in range(n)], shown.shape[1])
    ranks = np.tile(np.arange(1, shown.shape[1] + 1), n)
    return pd.DataFrame({"user_id": users, "item_id": shown.ravel().astype(str), "rank": ranks})


def telling(seed: int = 0) -> AuditTables:
    """300 people whose lists follow their group and whose histories do not."""
    rng = np.random.default_rng(seed)
    group = np.arange(300) % 2
    shown = np.stack([rng.permutation(25)[:8] + 25 * side for side in group])
    train = lists_of(300, np.stack([rng.permutation(50)[:8] for _ in group]))[["user_id", "item_id"]]
    items = pd.DataFrame({"provider": "x"}, index=[str(each) for each in range(50)])
    labels = pd.Series(np.where(group, "a", "b"), index=[f"u{each:03d}" for each in range(300)])
    rows = lists_of(300, shown)
    return AuditTables(rows, rows[["user_id", "item_id"]], train, items, {}, {"group": labels})


def scan(tables: AuditTables, **more: object) -> Leakage:
    coded = Coded.of(tables.recommendations, tables.outcomes, tables.train, tables.items, k=10)
    return leakage(coded, tables.items, tables.kinds, tables.groups, PLAN, **more)


def test_lists_that_follow_a_group_give_it_away_and_histories_that_do_not_do_not() -> None:
    told = scan(telling()).inference.set_index("source")
    assert told.loc["lists", "auc"] > 0.99
    assert told.loc["lists", "tells"]
    assert told.loc["lists", "lift"] == pytest.approx(told.loc["lists", "auc"] - told.loc["random lists", "auc"])
    assert told.loc["lists", "lift_low"] > 0.3
    assert not told.loc["history", "tells"]
    assert not told.loc["random lists", "tells"]
    assert told["lift"].isna().tolist() == [True, False, True]


def test_embeddings_are_judged_where_they_are_given() -> None:
    tables = telling()
    group = (tables.groups["group"] == "a").to_numpy()
    noise = np.random.default_rng(1).normal(size=(300, 3))
    numbers = pd.DataFrame(np.column_stack([group + noise[:, 0] / 4, noise[:, 1:]]), index=tables.groups["group"].index)
    told = scan(tables, embeddings=numbers).inference.set_index("source")
    assert told.loc["embeddings", "auc"] > 0.95
    assert told.loc["embeddings", "tells"]


def test_small_groups_are_left_out_and_an_attribute_of_one_group_is_said() -> None:
    tables = telling()
    labels = tables.groups["group"].copy()
    labels.iloc[:9] = "rare"
    alone = pd.Series("same", index=labels.index)
    told = scan(replace(tables, groups={"three": labels, "one": alone})).inference
    three = told[told["attribute"] == "three"]
    assert three["n"].isna().all(), "291 of 300 people would tell that the small group has nine"
    assert (three["groups"] == 2).all()
    whole = scan(replace(tables, groups={"two": tables.groups["group"]})).inference
    assert (whole["n"] == 300).all()
    assert told.loc[told["attribute"] == "one", "reason"].tolist() == ["Fewer than two groups of 10 people or more."]


def test_the_plan_switches_it_on_and_the_same_seed_gives_the_same_numbers() -> None:
    tables = telling()
    quick = {"draws": 100, "exploratory": [], "k": 8}
    assert run_audit(tables, Plan.of(quick)).document()["privacy"] is None
    one, two = (run_audit(tables, Plan.of({**quick, "privacy": True})).document()["privacy"] for _ in range(2))
    assert one == two
    assert {row["source"] for row in one["inference"]} == {"history", "lists", "random lists"}


def demo(source: Source) -> tuple[Coded, dict[str, pd.Series], pd.DataFrame]:
    """Everybody's choices, each with ten of them as its list: what is shown follows the history."""
    rows = source.interactions.frame[["user_id", "item_id"]]
    lists = rows.assign(rank=rows.groupby("user_id").cumcount() + 1)
    items = source.items.frame.set_index("item_id")
    people = source.users.frame.set_index("user_id")
    return Coded.of(lists, rows, rows, items, k=10), {name: people[name] for name in people}, items


@pytest.fixture(scope="module")
def planted() -> Leakage:
    coded, people, items = demo(demo_source())
    source = demo_source()
    inputs = {name: people[name] for name in ("device", "region", "plan")}
    groups = {name: people[name] for name in ("gender", "star_sign")}
    return leakage(coded, items, source.kinds, groups, PLAN, inputs=inputs)


def test_the_planted_proxy_comes_first_and_its_interval_covers_the_truth(planted: Leakage) -> None:
    told, first = truth().proxy, planted.proxies.iloc[0]
    assert (first["input"], first["attribute"]) == (told.column, told.attribute) == ("device", "gender")
    assert set(first["pair"].split(" and ")) == set(told.groups)
    assert 0.5 < first["pair_low"] <= told.auc <= first["pair_high"]
    assert first["low"] > 0.5
    assert first["tells"]


def test_what_is_planted_null_is_not_said_to_tell(planted: Leakage) -> None:
    proxies, inference = planted.proxies, planted.inference
    assert not proxies.loc[proxies["attribute"] == "star_sign", "tells"].any()
    assert not inference.loc[inference["attribute"] == "star_sign", "tells"].any()
    assert not inference.loc[inference["source"] == "random lists", "tells"].any()
    assert not proxies.loc[proxies["input"].isin(["region", "plan"]), "tells"].any()


def test_the_planted_noise_lets_histories_tell_gender(planted: Leakage) -> None:
    row = planted.inference.set_index(["attribute", "source"]).loc[("gender", "history")]
    assert row["auc"] > 0.53
    assert row["tells"]


def test_where_nothing_is_planted_no_column_tells() -> None:
    coded, people, items = demo(null_source(n_users=1000, n_items=300))
    assert truth(n_users=300, n_items=200, planted=NOTHING).proxy.auc == pytest.approx(0.5)
    told = leakage(coded, items, {}, {"gender": people["gender"]}, PLAN, inputs={"device": people["device"]})
    assert not told.proxies["tells"].any()
    assert not told.inference["tells"].any()
