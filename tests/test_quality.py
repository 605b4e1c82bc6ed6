"""Accuracy per user: hand cases, literal definitions, scikit-learn, and what may never happen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.metrics import ndcg_score

from audit.measures.quality import evaluate
from audit.measures.weights import BROWSING, weights
from data.errors import BadInput, NotFound
from tests.audit_world import World, discount, worlds


def slow(world: World, user: str) -> dict[str, float]:
    shown, wanted, k = world.shown(user), world.truth[user], world.k
    ranks = [rank for rank, item in enumerate(shown, 1) if item in wanted]
    gain = sum(discount(rank) for rank in ranks)
    return {
        "precision": len(ranks) / k,
        "recall": len(ranks) / len(wanted),
        "hit_rate": float(bool(ranks)),
        "ndcg": gain / sum(discount(r) for r in range(1, min(len(wanted), k) + 1)),
        "ndcg_full_ideal": gain / sum(discount(r) for r in range(1, len(wanted) + 1)),
        "reciprocal_rank": 1 / ranks[0] if ranks else 0.0,
        "n_relevant": len(wanted),
        "list_length": len(shown),
    }


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_column_equals_its_literal_definition(world: World):
    result = evaluate(world.recommendations, world.outcomes, world.k)
    judged = [user for user, wanted in world.truth.items() if wanted]
    assert set(result.per_user.index) == set(judged)
    for user in judged:
        expected = slow(world, user)
        assert result.per_user.loc[user].to_dict() == pytest.approx(expected, abs=1e-12)
    assert result.truth_without_list == sum(not world.lists.get(user) for user in judged)
    assert result.list_without_truth == sum(not world.truth[user] for user in world.lists)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_shares_stay_between_0_and_1_and_order_of_rows_does_not_matter(world: World):
    result = evaluate(world.recommendations, world.outcomes, world.k).per_user
    bounded = result.drop(columns=["n_relevant", "list_length"]).to_numpy()
    assert ((bounded >= 0) & (bounded <= 1 + 1e-12)).all()
    mixed = evaluate(
        world.recommendations.sample(frac=1, random_state=3), world.outcomes.sample(frac=1, random_state=4), world.k
    )
    pd.testing.assert_frame_equal(result, mixed.per_user)


def test_ndcg_equals_scikit_learn_where_the_whole_catalogue_is_ranked():
    rng = np.random.default_rng(1)
    n = 12
    relevant = rng.random((30, n)) < 0.3
    relevant[:, 0] |= ~relevant.any(axis=1)
    order = np.argsort(rng.random((30, n)), axis=1)
    lists = {f"u{u}": [str(i) for i in order[u]] for u in range(30)}
    world = World(lists, {f"u{u}": {str(i) for i in np.flatnonzero(relevant[u])} for u in range(30)}, {}, {}, 5)
    ours = evaluate(world.recommendations, world.outcomes, 5).per_user["ndcg"]
    scores = np.empty((30, n))
    np.put_along_axis(scores, order, -np.arange(n, dtype=float)[None, :].repeat(30, 0), axis=1)
    theirs = [ndcg_score(relevant[u : u + 1].astype(int), scores[u : u + 1], k=5) for u in range(30)]
    np.testing.assert_allclose([ours[f"u{u}"] for u in range(30)], theirs, atol=1e-12)


def test_denominators_by_hand():
    lists = {"a": ["1", "2"], "c": ["1"]}
    world = World(lists, {"a": {"2", "7", "8"}, "b": {"1"}}, {}, {}, 10)
    result = evaluate(world.recommendations, world.outcomes, 10)
    a, b = result.per_user.loc["a"], result.per_user.loc["b"]
    assert (a["precision"], a["recall"], a["reciprocal_rank"]) == (1 / 10, 1 / 3, 1 / 2)  # a short list divides by k
    assert (b["hit_rate"], b["list_length"]) == (0, 0)
    assert (result.truth_without_list, result.list_without_truth, result.without_truth) == (1, 1, 1)


def test_a_repeated_item_is_one_hit():
    world = World({"a": ["5", "5", "5"]}, {"a": {"5", "6"}}, {}, {}, 3)
    row = evaluate(world.recommendations, world.outcomes, 3).per_user.loc["a"]
    assert (row["precision"], row["recall"]) == (1 / 3, 1 / 2)


def test_ids_may_be_numbers_on_one_side_and_text_on_the_other():
    lists = pd.DataFrame({"user_id": [1, 1], "item_id": [130, 131], "rank": [1, 2]})
    outcomes = pd.DataFrame({"user_id": ["1"], "item_id": ["130"]})
    assert evaluate(lists, outcomes, 2).per_user["ndcg"].tolist() == [1.0]


FRAME = pd.DataFrame({"user_id": ["a", "a"], "item_id": ["1", "2"], "rank": [1, 2]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rank": [1, 0]}, "row 2, column 'rank': a rank must be a whole number from 1 .given: '0'"),
        ({"rank": [1, 1.5]}, "row 2.*whole number"),
        ({"rank": ["first", "2"]}, "row 1.*given: 'first'"),
        ({"rank": [1, 1]}, "user 'a' has two items at rank 1; give one list per user"),
        ({"item_id": ["1", None]}, "row 2, column 'item_id': an id is missing"),
        ({"user_id": ["a", " "]}, "row 2, column 'user_id': an id is missing"),
    ],
)
def test_bad_lists_are_refused_with_a_sentence(change: dict[str, list], says: str):
    with pytest.raises(BadInput, match=says):
        evaluate(FRAME.assign(**change), FRAME[["user_id", "item_id"]], 2)


def test_missing_columns_and_empty_lists_are_refused():
    with pytest.raises(BadInput, match="column 'rank': a needed column is missing"):
        evaluate(FRAME.drop(columns="rank"), FRAME, 2)
    with pytest.raises(BadInput, match="no recommendation to audit"):
        evaluate(FRAME.iloc[:0], FRAME, 2)
    with pytest.raises(BadInput, match="at least 1"):
        evaluate(FRAME, FRAME, 0)


def test_browsing_models_by_hand():
    ranks = np.array([1, 2, 3])
    expected = {
        "log": [1, 0.6309297536, 0.5],
        "log-clipped": [1, 1, 0.6309297536],
        "rbp": [1, 0.85, 0.7225],
        "inverse": [1, 0.5, 1 / 3],
        "flat": [1, 1, 1],
    }
    assert set(expected) == set(BROWSING)
    for name, values in expected.items():
        np.testing.assert_allclose(weights(name, ranks), values, atol=1e-9)
    with pytest.raises(NotFound, match="no browsing model 'linear'; known: log, log-clipped"):
        weights("linear", ranks)
