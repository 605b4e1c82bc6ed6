"""The linear core: against its definition, against SHAP, and its fused ranking against plain scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from data.errors import BadInput
from models.counted.counts import co_counts, subtract_person
from models.counted.fused import fused_top_k
from models.counted.linear import Linear, weights_from_counts
from models.histories import Profiles
from models.ranking import best
from models.registry import create
from tests.worlds import small_training

patterns = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_matrix(rng: np.random.Generator, people: int = 12, titles: int = 9) -> sparse.csr_array:
    return sparse.csr_array((rng.random((people, titles)) < rng.uniform(0.05, 0.7)).astype(float))


@given(patterns)
@settings(max_examples=40, deadline=None)
def test_counts_are_the_definition(rng: np.random.Generator) -> None:
    matrix = random_matrix(rng)
    dense = matrix.toarray().astype(int)
    np.testing.assert_array_equal(co_counts(matrix), dense.T @ dense)


@given(patterns)
@settings(max_examples=20, deadline=None)
def test_subtracting_a_person_is_never_having_counted_them(rng: np.random.Generator) -> None:
    matrix = random_matrix(rng)
    left = subtract_person(co_counts(matrix), matrix[[3]].indices)
    np.testing.assert_array_equal(left, co_counts(sparse.csr_array(matrix[[i for i in range(12) if i != 3]])))


@given(patterns, st.floats(0.5, 500), st.sampled_from([0.0, 0.25, 0.6]))
@settings(max_examples=30, deadline=None)
def test_weights_are_the_closed_form(rng: np.random.Generator, strength: float, dropout: float) -> None:
    counts = co_counts(random_matrix(rng))
    added = strength * np.eye(9) + dropout / (1 - dropout) * np.diag(np.diag(counts))
    inverse = np.linalg.inv(counts + added)
    expected = np.eye(9) - inverse / np.diag(inverse)
    np.testing.assert_allclose(weights_from_counts(counts, strength, dropout), expected, atol=1e-9)


def test_weights_minimise_the_ridge_objective_column_by_column() -> None:
    # an oracle that is not the closed form: each column is a ridge regression on the other items
    from sklearn.linear_model import Ridge

    dense = small_training().matrix.toarray() > 0
    weights = weights_from_counts(co_counts(sparse.csr_array(dense.astype(float))), 20.0)
    for target in (0, 13, 39):
        others = np.flatnonzero(np.arange(40) != target)
        fitted = Ridge(alpha=20.0, fit_intercept=False, tol=1e-12).fit(dense[:, others], dense[:, target].astype(float))
        np.testing.assert_allclose(weights[others, target], fitted.coef_, atol=1e-8)
        assert weights[target, target] == 0


def test_too_little_regularization_is_said() -> None:
    with pytest.raises(BadInput, match="larger regularization"):
        weights_from_counts(np.zeros((3, 3), dtype=np.int32), 0.0)


def test_shap_agrees_to_nine_digits() -> None:
    import shap

    model = Linear(regularization=20).fit(small_training())
    target, user = 5, 11
    background = np.zeros((1, 40))
    history = (model.training.matrix[[user]].toarray() > 0).astype(float)
    explainer = shap.LinearExplainer(
        (model.weights[:, target], 0.0), shap.maskers.Independent(background, max_samples=len(background))
    )
    told = {part.id: part.value for part in model.explain(model.profiles(np.array([user])), target).parts}
    ours = np.array([told.get(model.training.items[code], 0.0) for code in range(40)])
    np.testing.assert_allclose(explainer.shap_values(history)[0], ours, atol=1e-9)


def test_regularization_is_chosen_by_validation() -> None:
    from models.selection import GRID

    chosen = Linear().fit(small_training(people=120)).settings.regularization
    assert chosen in GRID
    assert Linear().fit(small_training(people=120)).settings.regularization == chosen


def test_one_person_with_one_choice_still_trains() -> None:
    from dataclasses import replace

    from data.ids import Ids

    lonely = replace(small_training(), users=Ids(["u"]), matrix=sparse.csr_array(([1.0], ([0], [4])), shape=(1, 40)))
    assert np.isfinite(Linear().fit(lonely).weights).all()


@given(patterns, st.integers(1, 12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_fused_pass_equals_plain_float64_ranking(rng: np.random.Generator, k: int, tied: bool) -> None:
    people, titles = 20, 24
    matrix = random_matrix(rng, people, titles)
    matrix.data[:] = 1.0 if tied else rng.uniform(0.5, 2, matrix.nnz)
    weights = rng.integers(-2, 3, (titles, titles)) / 8 if tied else rng.normal(0, 1, (titles, titles))
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    hidden = rng.random(titles) < 0.2
    codes, scores = fused_top_k(
        matrix.indptr,
        matrix.indices,
        matrix.data,
        weights,
        weights.astype(np.float32),
        hidden,
        k,
        np.abs(weights).max(1),
    )
    table = matrix @ weights
    table[matrix.toarray() > 0] = -np.inf
    table[:, hidden] = -np.inf
    expected_codes, expected_scores = best(table, k)
    np.testing.assert_array_equal(codes, expected_codes)
    np.testing.assert_array_equal(scores, expected_scores)


def test_near_ties_below_float32_are_settled_in_float64() -> None:
    titles = 400
    weights = np.zeros((titles, titles))
    weights[0, 1:] = 1.0 + np.arange(1, titles) * 1e-12  # float32 sees 399 equal scores; the last is the largest
    history = sparse.csr_array(([1.0], ([0], [0])), shape=(1, titles))
    codes, _ = fused_top_k(
        history.indptr, history.indices, history.data, weights, weights.astype(np.float32),
        np.zeros(titles, bool), 5, np.abs(weights).max(1),
    )  # fmt: skip
    assert codes[0].tolist() == [399, 398, 397, 396, 395]


def test_one_person_and_everybody_get_the_same_bytes() -> None:
    model = Linear(regularization=20).fit(small_training(people=400))
    crowd = model.recommend(model.profiles(), 10)  # enough people for the fused pass
    for code in (0, 123, 399):
        alone = model.recommend(model.profiles(np.array([code])), 10)
        assert alone.items[0].tobytes() == crowd.items[code].tobytes()
        assert alone.scores[0].tobytes() == crowd.scores[code].tobytes()


@given(patterns)
@settings(max_examples=25, deadline=None)
def test_best_is_a_sort_with_ties_by_code(rng: np.random.Generator) -> None:
    table = rng.integers(0, 4, (6, 11)).astype(float)
    table[rng.random((6, 11)) < 0.2] = -np.inf
    for k in (1, 4, 11):
        codes, values = best(table, k)
        for row in range(6):
            there = [i for i in np.argsort(-table[row], kind="stable") if np.isfinite(table[row, i])][:k]
            assert codes[row][codes[row] >= 0].tolist() == there
            assert np.isnan(values[row][len(there) :]).all()


def test_counterfactuals_are_confirmed_by_scoring_anew() -> None:
    from models.serving import Request
    from models.why.counterfactual import off_the_list

    model = create("linear", regularization=20).fit(small_training())
    for user in range(0, 60, 7):
        one = model.profiles(np.array([user]))
        for item in model.recommend(one, 5).items[0]:
            found = off_the_list(model, Request(one, 5), int(item))
            if found is None:
                continue
            removed = model.training.items.codes(found.remove)
            edited = Profiles(one.users, one.without(removed).matrix)
            ranking = model.scores(edited)[0]
            ranking[one.matrix.indices] = -np.inf
            rank = 1 + int((ranking > ranking[item]).sum()) + int((ranking[:item] == ranking[item]).sum())
            assert rank == found.rank_after > 5
            assert found.rank_before <= 5
