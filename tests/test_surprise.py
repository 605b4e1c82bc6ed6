"""Surprise: its literal definition, its range, and the three promises of the slider on real models."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import Recommender
from models.histories import Profiles, history
from models.registry import create
from models.serving import Request, serve
from models.surprise import Surprise, surprise_of
from models.why.reasons import explain_served
from tests.worlds import small_training
from tests.worlds import surprise_literally as literally

MODELS = ("linear", "item-neighbours", "user-neighbours", "popularity", "content")


@cache
def fitted(name: str) -> Recommender:
    return create(name).fit(small_training())


@given(st.integers(0, 39), st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_the_literal_definition(user: int, seed: int) -> None:
    training = small_training()
    model = fitted("linear")
    one = model.profiles(np.array([user % len(training.users)]))
    dropped = np.random.default_rng(seed).choice(history(one)[0], 2, replace=False)
    one = one.without(dropped)
    own = history(one)[0].tolist()
    table = Surprise.of(training).table(one)[0]
    for item in np.random.default_rng(seed).choice(len(training.items), 6, replace=False).tolist():
        assert table[item] == pytest.approx(literally(training, own, item), abs=1e-12)


def test_it_stays_between_0_and_1_and_one_person_is_told_the_same_as_everybody() -> None:
    model = fitted("linear")
    surprise, everybody = surprise_of(model), model.profiles()
    table = surprise.table(everybody)
    assert 0 <= table.min() < table.max() <= 1
    for user in (0, 7, 21):
        assert surprise.table(everybody.rows(user, user + 1))[0].tobytes() == table[user].tobytes()
    items = np.tile(np.arange(10), (len(everybody), 1))
    np.testing.assert_array_equal(surprise.at(everybody, items), table[:, :10])


def test_who_chose_nothing_is_equally_far_from_everything() -> None:
    model = fitted("linear")
    empty = model.profiles(np.array([0])).without(np.arange(len(model.training.items)))
    assert (surprise_of(model).distance(empty) == 1).all()


def test_a_new_fit_is_not_judged_by_the_old_catalogue() -> None:
    model = create("linear").fit(small_training())
    before = surprise_of(model)
    assert surprise_of(model) is before
    model.fit(small_training().without_user(0))
    assert surprise_of(model) is not before


@given(
    st.sampled_from(MODELS),
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(0, 1), min_size=2, max_size=5),
    st.integers(1, 12),
)
@settings(max_examples=80, deadline=None)
def test_the_three_promises_for_models_people_positions_and_hidden_titles(
    name: str, seed: int, positions: list[float], k: int
) -> None:
    model, rng = fitted(name), np.random.default_rng(seed)
    one = model.profiles(rng.integers(0, len(model.training.users), 1))
    hidden = rng.choice(len(model.training.items), int(rng.integers(0, 10)), replace=False)
    base = model.recommend(one, k, hidden=hidden)
    listed = base.items[0] >= 0
    at_zero = serve(model, Request(one, k, 0.0, hidden))
    assert at_zero.items.tobytes() == np.ascontiguousarray(base.items[0][listed]).tobytes()
    assert at_zero.scores.tobytes() == np.ascontiguousarray(base.scores[0][listed]).tobytes()
    served = [serve(model, Request(one, k, position, hidden)) for position in [0.0, *sorted(positions)]]
    for before, after, position in zip(served, served[1:], sorted(positions), strict=False):
        assert not set(after.items.tolist()) & set(hidden.tolist())
        assert after.surprise.sum() >= before.surprise.sum() - 1e-9
        assert after.relevance.sum() <= before.relevance.sum() + 1e-9
        assert after.kept >= 1 - position / 2 - 1e-9


@pytest.mark.parametrize("name", MODELS)
def test_its_term_is_price_times_surprise(name: str) -> None:
    model = fitted(name)
    one: Profiles = model.profiles(np.array([8]))
    request = Request(one, 5, 0.7)
    shown = serve(model, request)
    own = history(one)[0].tolist()
    for place, item in enumerate(shown.items.tolist()):
        told = explain_served(model, request, item, counterfactual=False)
        term = sum(part.value for part in told.parts if part.kind == "slider")
        assert term == pytest.approx(shown.price * literally(model.training, own, item), abs=1e-9)
        assert told.score == pytest.approx(shown.scores[place], abs=1e-9)
