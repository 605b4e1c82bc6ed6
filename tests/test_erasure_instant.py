"""The instant answer: a linear model without a person by a rank-one update, and how far many updates drift."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.counted.counts import co_counts, statistics_hash, subtract_person
from models.counted.instant import Inverse, without_person
from models.counted.linear import Linear, weights_from_counts
from models.histories import Training
from tests.worlds import published_split, small_training


def inverse_of(training: Training, strength: float, dropout: float) -> np.ndarray:
    """P by its definition, solved by NumPy from the dense matrix of choices."""
    chosen = (training.matrix.toarray() != 0).astype(float)
    gram = chosen.T @ chosen
    odds = dropout / (1 - dropout)
    return np.linalg.inv(gram + np.diag(strength + odds * np.diag(gram)))


def weights_by_definition(inverse: np.ndarray) -> np.ndarray:
    return np.eye(len(inverse)) - inverse / np.diag(inverse)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 500.0), st.sampled_from([0.0, 0.3, 0.7]), st.integers(0, 29))
def test_the_update_is_the_model_without_the_person(seed: int, strength: float, dropout: float, user: int) -> None:
    training = small_training(seed, people=30, titles=20)
    model = Linear(regularization=strength, dropout=dropout).fit(training)
    left = training.without_user(user)
    quick = without_person(model, user)
    expected = weights_by_definition(inverse_of(left, strength, dropout))
    np.testing.assert_allclose(quick.weights, expected, rtol=0, atol=1e-9)
    assert quick.training.users == left.users
    assert np.array_equal(quick.integer_counts(), co_counts(left.matrix))
    assert statistics_hash(quick.statistics()) == statistics_hash(model.erase(user).statistics())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3]), st.integers(0, 29))
def test_taken_out_and_put_in_again_is_as_before(seed: int, dropout: float, user: int) -> None:
    training = small_training(seed, people=30, titles=20)
    before = Inverse.of(Linear(regularization=20.0, dropout=dropout).fit(training))
    np.testing.assert_allclose(before.table, inverse_of(training, 20.0, dropout), rtol=0, atol=1e-12)
    own = training.matrix.indices[slice(*training.matrix.indptr[user : user + 2])]
    again = before.without(own).with_again(own)
    np.testing.assert_allclose(again.table, before.table, rtol=0, atol=1e-12)


def test_a_person_who_chose_nothing_changes_nothing() -> None:
    model = Linear(regularization=20.0).fit(small_training(3, people=10, titles=12))
    nothing = np.zeros(0, dtype=np.int32)
    assert np.array_equal(Inverse.of(model).without(nothing).table, Inverse.of(model).table)


# -- MovieLens 100K: 943 people, 1,682 titles --------------------------------------------------------------------


@pytest.fixture(scope="module")
def movielens(ml100k_folder: Path) -> Linear:
    training, _ = published_split(ml100k_folder)
    return Linear(regularization=458.0).fit(training)


def own_items(training: Training, user: int) -> np.ndarray:
    return training.matrix.indices[slice(*training.matrix.indptr[user : user + 2])]


def test_the_corrected_lists_are_those_of_the_model_solved_anew(movielens: Linear) -> None:
    busiest = int(np.diff(movielens.training.matrix.indptr).argmax())
    for user in (busiest, 0, 942):
        quick, solved = without_person(movielens, user), movielens.erase(user)
        assert np.abs(quick.weights - solved.weights).max() < 1e-13
        ours, theirs = (model.recommend(model.profiles(), 10).items for model in (quick, solved))
        assert np.array_equal(ours, theirs)
        assert not np.array_equal(solved.weights, movielens.weights)


def test_300_erasures_and_returns_drift_nothing_in_the_counts_and_nothing_once_solved(movielens: Linear) -> None:
    """Integers are exact, so the counts hash the same and the weights solved from them are equal bit for bit."""
    training, first = movielens.training, movielens.integer_counts()
    counts = first
    people = np.random.default_rng(0).choice(943, 300, replace=False)
    for user in people:
        counts = subtract_person(counts, own_items(training, user))
    alone = np.setdiff1d(np.arange(943), people)
    assert np.array_equal(counts, co_counts(training.matrix[alone]))
    for user in people[::-1]:
        own = own_items(training, user)
        counts = counts.copy()
        counts[np.ix_(own, own)] += 1
    assert statistics_hash({"co_counts": counts}) == statistics_hash({"co_counts": first})
    assert weights_from_counts(counts, 458.0).tobytes() == weights_from_counts(first, 458.0).tobytes()


def test_the_drift_of_300_updates_and_back_is_rounding(movielens: Linear) -> None:
    """The pure update path, never solved anew between: 600 roundings of 1e-16 stay below 1e-13, relative to the largest."""
    training, inverse = movielens.training, Inverse.of(movielens)
    first = inverse.table
    people = np.random.default_rng(0).choice(943, 300, replace=False)
    for user in people:
        inverse = inverse.without(own_items(training, user))
    left = np.setdiff1d(np.arange(943), people)
    solved = weights_from_counts(co_counts(training.matrix[left]), 458.0)
    assert np.abs(inverse.weights() - solved).max() < 1e-13
    for user in people[::-1]:
        inverse = inverse.with_again(own_items(training, user))
    drift = np.abs(inverse.table - first).max() / np.abs(first).max()
    print(f"relative drift {drift:.2g}")
    assert 0 < drift < 1e-13
