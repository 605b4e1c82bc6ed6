"""Explanations of lists as they are shown: every term adds up, whatever was chosen, and every claim is scored again."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.build import build
from data.demo import demo_source
from data.errors import BadInput
from models.base import Recommender
from models.explanation import Exactness, Explanation, Part
from models.histories import Profiles, Training, history
from models.registry import create
from models.serving import Boost, Request, serve
from models.why.contrast import contrast
from models.why.document import as_document, from_document
from models.why.reasons import explain_served
from tests.test_models_contract import IDS, MODELS
from tests.worlds import published_split, small_training, surprise_literally

EXACT = [("linear", {"regularization": 458}), ("item-neighbours", {}), ("popularity", {}), ("random", {})]
PAIRS = 10_000


@pytest.fixture(scope="module")
def training() -> Training:
    return small_training()


@pytest.fixture(scope="module", params=MODELS, ids=IDS)
def model(request: pytest.FixtureRequest, training: Training) -> Recommender:
    name, given_settings = request.param
    return create(name, **given_settings).fit(training)


def asked(model: Recommender, user: int, seed: int, k: int = 5) -> Request:
    """A request with everything that may move a score: slider, a boost, less of one title, one taken out, one hidden."""
    rng = np.random.default_rng(seed)
    whole = model.profiles(np.array([user]))
    own, width = whole.matrix.indices, whole.matrix.shape[1]
    taken, less = rng.permutation(own)[:1], rng.permutation(own)[-1:]
    boosted = np.where(rng.random(width) < 0.3, rng.normal(0, 0.1), 0.0)
    hidden = np.setdiff1d(rng.integers(0, width, 2), own)
    return Request(
        whole.without(taken), k, float(rng.choice([0, 0.25, 0.5, 1])), hidden,
        tuple(map(int, np.setdiff1d(less, taken))), (Boost("provider:x", "promoted", boosted),), whole,
    )  # fmt: skip


def shown_score(model: Recommender, request: Request, item: int) -> float:
    """The score as the promise defines it: model + boosts − half of what leaving out each 'less' title takes + slider."""
    one = request.one
    score = model.scores(one)[0, item]
    total = score + sum(boost.values[item] for boost in request.boosts)
    for code in request.less:
        total -= 0.5 * (score - model.scores(one.without(np.array([code])))[0, item])
    own = history(one)[0].tolist()
    return float(total + serve(model, request).price * surprise_literally(model.training, own, item))


@pytest.mark.parametrize("seed", range(4))
def test_every_term_of_the_shown_score_is_a_part(model: Recommender, seed: int) -> None:
    tolerance = 1e-6 if model.kind is Exactness.SHAP else 1e-9
    for user in (0, 17, 42):
        request = asked(model, user, seed + user)
        shown = serve(model, request)
        for place, item in enumerate(shown.items.tolist()):
            told = explain_served(model, request, item, counterfactual=False)
            assert told.score == pytest.approx(shown.scores[place], abs=1e-9)
            assert told.score == pytest.approx(shown_score(model, request, item), abs=1e-9)
            assert abs(told.residual) <= tolerance
            boost = request.boosts[0].values[item]
            assert [part.value for part in told.parts if part.kind == "boost"] == ([boost] if boost else [])


@pytest.mark.parametrize(("name", "given_settings"), EXACT)
@pytest.mark.parametrize("world", ["ml-100k", "demo"])
def test_ten_thousand_pairs_add_up(
    name: str, given_settings: dict[str, Any], world: str, request: pytest.FixtureRequest
) -> None:
    model = create(name, **given_settings).fit(world_of(world, request))
    assert residuals(model).max() <= 1e-9


def test_ten_thousand_pairs_of_content_add_up() -> None:
    assert residuals(create("content").fit(world_of("demo", None))).max() <= 1e-9


def world_of(world: str, request: pytest.FixtureRequest | None) -> Training:
    if world == "demo":
        return Training.of(build(demo_source(), "demo")[0])
    assert request is not None
    return published_split(request.getfixturevalue("ml100k_folder"))[0]


def residuals(model: Recommender) -> np.ndarray:
    """|score − base − parts| of 10,000 seeded pairs: 500 people, 20 titles each, with boosts, less and the slider."""
    rng = np.random.default_rng(7)
    found = []
    for user in rng.choice(len(model.training.users), 500, replace=False):
        request = asked(model, int(user), int(user), 10)
        closed = np.concatenate([request.withdrawn.matrix.indices, request.hidden])  # type: ignore[union-attr]
        open_items = np.setdiff1d(np.arange(len(model.training.items)), closed)
        price, scores = serve(model, request).price, model.scores(request.one)[0]
        for item in rng.choice(open_items, PAIRS // 500, replace=False).tolist():
            told = explain_served(model, request, item, counterfactual=False)
            found.append(abs(told.residual))
            plain = sum(part.value for part in told.parts if part.kind not in ("slider", "boost", "choice"))
            found.append(abs(told.base + plain - scores[item]))
            assert (price > 0) == any(part.kind == "slider" and part.value for part in told.parts) or price == 0
    assert len(found) == 2 * PAIRS
    return np.array(found)


def test_less_of_a_title_is_half_of_its_part(training: Training) -> None:
    model = create("linear", regularization=20).fit(training)
    one = model.profiles(np.array([3]))
    code = int(one.matrix.indices[0])
    item = int(model.recommend(one, 1).items[0, 0])
    told = explain_served(model, Request(one, less=(code,)), item)
    part = {(p.kind, p.id): p.value for p in told.parts}
    own = model.training.items[code]
    assert part["choice", own] == pytest.approx(-0.5 * part["item", own], abs=1e-12)


def test_a_title_taken_out_leaves_nothing_behind_and_does_not_come_back(model: Recommender) -> None:
    whole = model.profiles(np.array([8]))
    taken = whole.matrix.indices[:1]
    request = Request(whole.without(taken), 20, withdrawn=whole)
    shown = serve(model, request).items
    assert not set(shown.tolist()) & set(whole.matrix.indices.tolist())
    told = explain_served(model, request, int(shown[0]))
    name = model.training.items[int(taken[0])]
    assert name not in {part.id for part in (*told.parts, *(p for inner in told.within for p in inner.parts))}


@pytest.mark.parametrize("seed", range(3))
def test_an_explanation_comes_back_from_json(model: Recommender, seed: int) -> None:
    request = asked(model, 11, seed)
    told = explain_served(model, request, int(serve(model, request).items[0]))
    document = json.loads(json.dumps(as_document(told), allow_nan=False))
    again = from_document(document)
    assert as_document(again) == document
    assert tuple(again.parts) == tuple(told.parts)
    assert (again.score, again.base, again.kind, again.counterfactual) == (
        told.score, told.base, told.kind, told.counterfactual,
    )  # fmt: skip


texts = st.text(max_size=20)
numbers = st.floats(-1e100, 1e100)
parts = st.lists(st.builds(Part, texts, texts, texts, numbers), max_size=4).map(tuple)


@given(st.builds(Explanation, texts, texts, texts, numbers, numbers, parts, st.sampled_from(Exactness), texts))
def test_any_explanation_comes_back_from_json(told: Explanation) -> None:
    assert from_document(json.loads(json.dumps(as_document(told)))) == told


def test_the_difference_of_two_explanations_is_the_difference_of_their_scores(model: Recommender) -> None:
    tolerance = 2e-6 if model.kind is Exactness.SHAP else 1e-9
    for seed in range(3):
        request = asked(model, 20 + seed, seed)
        first, last = serve(model, request).items[[0, -1]].tolist()
        one, other = (explain_served(model, request, item, counterfactual=False) for item in (first, last))
        found = contrast(one, other)
        assert found.difference == pytest.approx(one.score - other.score)
        assert abs(found.residual) <= tolerance
        back = contrast(other, one)
        assert {(p.kind, p.id): -p.value for p in back.parts} == {(p.kind, p.id): p.value for p in found.parts}


def test_a_contrast_of_the_linear_model_is_w_ji_minus_w_jr(training: Training) -> None:
    model = create("linear", regularization=20).fit(training)
    one = model.profiles(np.array([5]))
    i, r = model.recommend(one, 2).items[0].tolist()
    found = {part.id: part.value for part in contrast(model.explain(one, i), model.explain(one, r)).parts}
    for code in one.matrix.indices.tolist():
        expected = model.weights[code, i] - model.weights[code, r]  # type: ignore[attr-defined]
        assert found.get(model.training.items[code], 0.0) == pytest.approx(expected, abs=1e-15)


# -- what stands within a part ---------------------------------------------------------------------


def test_the_signals_of_the_hybrid_go_on_to_the_persons_own_titles(training: Training) -> None:
    model = create("hybrid").fit(training)
    one, item = model.profiles(np.array([4])), 7
    linear = model.signals.linear  # type: ignore[attr-defined]
    inner = {part.of: part for part in model.explain(one, item).within}
    assert set(inner) == {"collaborative", "content"}
    assert inner["collaborative"].value == pytest.approx(linear.scores(one)[0, item], abs=1e-12)
    assert {p.id: p.value for p in inner["collaborative"].parts} == pytest.approx(
        {model.training.items[code]: linear.weights[code, item] for code in one.matrix.indices.tolist()}
    )
    assert all(abs(part.gap) <= 1e-12 for part in inner.values())


@pytest.mark.parametrize("biased", [True, False])
def test_the_fold_in_of_svd_adds_up_to_its_ridge_regression_and_the_gap_is_said(
    training: Training, biased: bool
) -> None:
    from sklearn.linear_model import Ridge

    model = create("svd", n_factors=6, n_epochs=8, biased=biased).fit(training)
    one = model.profiles(np.array([12]))
    codes, ratings = one.matrix.indices, one.matrix.data
    item = int(model.recommend(one, 1).items[0, 0])
    told = model.explain(one, item)
    (inner,) = told.within
    level = model.item_level if biased else np.zeros(len(model.item_level))  # type: ignore[attr-defined]
    z = model.item_factors  # type: ignore[attr-defined]
    if biased:
        z = np.column_stack([np.ones(len(z)), z])
    penalty = 1 / (8 * 0.005) + 0.02 * len(codes)
    ridge = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(
        z[codes], ratings - model.mean - level[codes]
    )
    assert sum(part.value for part in inner.parts) == pytest.approx(ridge.predict(z[[item]])[0], abs=1e-9)
    assert told.base + inner.value + level[item] == pytest.approx(told.score, abs=1e-9)
    assert f"{abs(inner.gap):.3f}" in told.notes[0]
    edited = model.explain(one.without(codes[:1]), item).within[0]
    assert abs(edited.gap) <= 1e-9  # a history that is folded in anyway leaves no gap


def test_effects_in_the_hybrid_are_those_of_leaving_each_title_out(training: Training) -> None:
    model = create("hybrid").fit(training)
    one, targets = model.profiles(np.array([9])), np.array([1, 5, 30])
    table = model.contributions(one, targets)
    for row, code in enumerate(one.matrix.indices):
        without = model.scores(one.without(np.array([code])))[0, targets]
        np.testing.assert_allclose(table[row], model.scores(one)[0, targets] - without, atol=1e-12)


# -- shap ------------------------------------------------------------------------------------------


def test_shap_agrees_on_ml100k_with_the_whole_background(ml100k_folder: Path) -> None:
    import shap

    training, _ = published_split(ml100k_folder)
    model = create("linear", regularization=458).fit(training)
    table = (training.matrix > 0).astype(np.float64).toarray()
    rng = np.random.default_rng(0)
    for user, item in zip(rng.integers(0, 943, 12), rng.integers(0, 1682, 12), strict=True):
        weights = model.weights[:, item]  # type: ignore[attr-defined]
        empty = shap.LinearExplainer((weights, 0.0), np.zeros((1, len(weights))))
        ours = {part.id: part.value for part in model.explain(model.profiles(np.array([user])), int(item)).parts}
        theirs = empty.shap_values(table[[user]])[0]
        for code in np.flatnonzero(table[user]):
            assert theirs[code] == pytest.approx(ours[training.items[code]], abs=1e-9)
        assert np.abs(theirs[table[user] == 0]).max() == 0
        masker = shap.maskers.Independent(table, max_samples=len(table))
        whole = shap.LinearExplainer((weights, 0.0), masker)
        closed = weights * (table[user] - table.mean(axis=0))
        np.testing.assert_allclose(whole.shap_values(table[[user]])[0], closed, atol=1e-9)


# -- bad questions ---------------------------------------------------------------------------------


def test_a_title_that_is_closed_is_refused_with_the_reason(training: Training) -> None:
    model = create("linear", regularization=20).fit(training)
    whole = model.profiles(np.array([3]))
    own, hidden = whole.matrix.indices[:1], model.recommend(whole, 1).items[0]
    with pytest.raises(BadInput, match="already in this person's history"):
        explain_served(model, Request(whole), int(own[0]))
    with pytest.raises(BadInput, match="already in this person's history"):
        explain_served(model, Request(whole.without(own), withdrawn=whole), int(own[0]))
    with pytest.raises(BadInput, match="chose never to be shown"):
        explain_served(model, Request(whole, hidden=hidden), int(hidden[0]))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 59), st.integers(0, 10**6))
def test_nobody_else_is_in_an_explanation(user: int, seed: int) -> None:
    model = people_like_you()
    request = asked(model, user, seed)
    told = explain_served(model, request, int(serve(model, request).items[0]))
    written = json.dumps(as_document(told))
    others = {str(name) for name in model.training.users.values} - {told.user}
    assert not any(f'"{name}"' in written for name in others)
    if told.neighbours is not None:
        assert told.neighbours["count"] >= 10


@cache
def people_like_you() -> Recommender:
    return create("user-neighbours").fit(small_training())


def test_profiles_with_one_more_choice() -> None:
    model = create("linear", regularization=20).fit(small_training())
    one = model.profiles(np.array([2]))
    free = np.setdiff1d(np.arange(40), one.matrix.indices)[:3]
    more: Profiles = one.each_with(free, 5.0)
    for row, code in enumerate(free):
        expected = one.matrix.toarray()[0]
        expected[code] = 5.0
        np.testing.assert_array_equal(more.matrix.toarray()[row], expected)
    assert more.matrix.has_sorted_indices
