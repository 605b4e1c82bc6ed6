"""The three promises of the slider, for any model, person and budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadInput
from models.ranking import Lists
from models.registry import create
from models.serving import Request, serve
from models.slider import rerank, self_information
from models.why.reasons import explain_served
from tests.worlds import small_training

seeds = st.integers(0, 2**32 - 1)


def random_candidates(seed: int) -> tuple[Lists, np.ndarray]:
    rng = np.random.default_rng(seed)
    people, titles, width = 4, 30, int(rng.integers(3, 30))
    scores = rng.choice([rng.normal(0, 1, (people, titles)), rng.integers(-2, 3, (people, titles)) * 0.5])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :width].astype(np.int32)
    values = np.take_along_axis(scores, order, axis=1)
    short = int(rng.integers(0, width))
    order[0, width - short :], values[0, width - short :] = -1, np.nan
    return Lists(np.arange(people), order, values), rng.integers(0, 5, titles) * rng.uniform(0.2, 2)


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_the_three_promises(seed: int) -> None:
    candidates, surprise = random_candidates(seed)
    k = 5
    bits_before = np.full(4, -np.inf)
    relevance_before = np.full(4, np.inf)
    for budget in (0.0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0):
        done = rerank(candidates, surprise, budget, k)
        if budget == 0:
            width = done.lists.items.shape[1]
            assert done.lists.items.tobytes() == np.ascontiguousarray(candidates.items[:, :width]).tobytes()
            assert done.lists.scores.tobytes() == np.ascontiguousarray(candidates.scores[:, :width]).tobytes()
        bits = np.where(done.lists.items >= 0, done.surprise, 0).sum(axis=1)
        relevance = np.nansum(done.relevance, axis=1)
        assert (bits >= bits_before - 1e-9).all()
        assert (relevance <= relevance_before + 1e-9).all()
        assert (done.kept >= 1 - budget - 1e-12).all()
        bits_before, relevance_before = bits, relevance


@given(seeds, st.floats(0.01, 1))
@settings(max_examples=60, deadline=None)
def test_no_other_price_inside_the_budget_buys_more_surprise(seed: int, budget: float) -> None:
    candidates, surprise = random_candidates(seed)
    done = rerank(candidates, surprise, budget, 5)
    bought = np.where(done.lists.items >= 0, done.surprise, 0).sum(axis=1)
    for row in range(4):
        scores = np.where(candidates.items[row] >= 0, candidates.scores[row], -np.inf)
        relevance = scores - min(0.0, np.min(scores[np.isfinite(scores)], initial=0.0))
        bits = np.where(candidates.items[row] >= 0, surprise[candidates.items[row]], 0.0)
        floor = (1 - budget) * np.sum(relevance[:5][np.isfinite(relevance[:5])])
        for price in np.linspace(0, float(done.price[row]), 40):
            chosen = np.argsort(-(scores + price * bits), kind="stable")[:5]
            kept = relevance[chosen][np.isfinite(relevance[chosen])].sum()
            if kept >= floor:
                assert bits[chosen][np.isfinite(scores[chosen])].sum() <= bought[row] + 1e-9


def test_surprise_is_self_information_in_bits() -> None:
    np.testing.assert_allclose(self_information(np.array([100, 50, 1, 0]), 100), [0, 1, np.log2(100), np.log2(100)])


@pytest.mark.parametrize("name", ["linear", "item-neighbours", "popularity", "random"])
def test_the_slider_is_a_part_of_the_explanation(name: str) -> None:
    model = create(name).fit(small_training())
    for user in (0, 8, 21):
        request = Request(model.profiles(np.array([user])), 5, 0.6)
        shown = serve(model, request)
        for place, item in enumerate(shown.items.tolist()):
            told = explain_served(model, request, item)
            assert told.score == pytest.approx(shown.scores[place], abs=1e-9)
            assert abs(told.residual) <= 1e-9
            assert [part.value for part in told.parts if part.kind == "slider"] == pytest.approx(
                [shown.slider_term(place)]
            )


def test_at_zero_the_served_list_is_the_models_own() -> None:
    model = create("linear", regularization=20).fit(small_training())
    one = model.profiles(np.array([3]))
    shown, base = serve(model, Request(one, 8)), model.recommend(one, 8)
    assert shown.items.tobytes() == base.items[0].tobytes()
    assert shown.scores.tobytes() == base.scores[0].tobytes()


@pytest.mark.parametrize("position", [-0.1, 1.01, float("nan")])
def test_a_position_off_the_slider_is_refused(position: float) -> None:
    model = create("popularity").fit(small_training())
    with pytest.raises(BadInput, match="between 0 and 1"):
        Request(model.profiles(np.array([0])), 5, position)


def test_a_title_that_is_in_the_history_is_not_explained() -> None:
    model = create("linear", regularization=20).fit(small_training())
    one = model.profiles(np.array([3]))
    with pytest.raises(BadInput, match="already in this person's history"):
        explain_served(model, Request(one), int(one.matrix.indices[0]))
