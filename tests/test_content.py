"""The content model: the definition with loops, SHAP, hand-made columns, and what it may not learn."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from data.columns import Kind
from data.errors import BadInput, NotFound
from data.ids import Ids
from models.content.features import item_features, numbers
from models.content.model import Content
from models.histories import Profiles, Training

KINDS = {"genres": Kind.MULTI, "maker": Kind.CATEGORY, "plot": Kind.TEXT, "year": Kind.NUMBER, "released": Kind.DATE}


def world(n_users: int = 15, n_items: int = 12, seed: int = 0, explicit: bool = True) -> Training:
    rng = np.random.default_rng(seed)
    words = np.array(["space", "love", "war", "robot", "island", "winter"])
    content = pd.DataFrame(
        {
            "genres": [
                "|".join(rng.choice(["Comedy", "Drama", "War"], rng.integers(1, 3), False)) for _ in range(n_items)
            ],
            "maker": rng.choice(["north", "south"], n_items),
            "plot": [" ".join(rng.choice(words, 3)) for _ in range(n_items)],
            "year": rng.integers(1950, 2000, n_items).astype(float),
            "released": pd.to_datetime(rng.integers(0, 10**9, n_items), unit="s"),
        },
        index=[f"t{i:02}" for i in range(n_items)],
    )
    content.loc["t01", ["genres", "plot"]] = None
    content.loc["t02", ["year", "released"]] = None
    table = np.where(rng.random((n_users, n_items)) < 0.4, rng.integers(1, 6, (n_users, n_items)), 0).astype(float)
    table[:, -1] = 0  # the last title is new
    table[-1] = 0
    return training_of(content, KINDS, table if explicit else (table > 0).astype(float), explicit)


def training_of(content: pd.DataFrame, kinds: dict[str, Kind], table: np.ndarray, explicit: bool = True) -> Training:
    users, items = Ids([f"u{i:02}" for i in range(len(table))]), Ids(list(content.index))
    return Training(users, items, sparse.csr_array(table), content, kinds, explicit)


def column(kind: Kind, values: list) -> tuple[list[str], np.ndarray]:
    content = pd.DataFrame({"c": values}, index=[f"t{i}" for i in range(len(values))])
    names, table = item_features(content, {"c": kind}, {})
    return names, (table @ table.T).toarray()


def strangers(model: Content) -> Profiles:
    return Profiles(np.full(len(model.training.users), -1), model.training.matrix)


# -- columns ---------------------------------------------------------------------------------------


def test_categories_by_hand():
    names, cosine = column(Kind.MULTI, ["a|b", "b", "c", None, " b || a | "])
    assert names == ["c: a", "c: b", "c: c"]
    assert cosine[0, 1] == pytest.approx(1 / np.sqrt(2))
    assert cosine[0, 4] == pytest.approx(1)
    assert cosine[0, 2] == cosine[3, 3] == 0
    assert column(Kind.CATEGORY, ["a|b", "b"])[1][0, 1] == 0


def test_text_is_tf_idf():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["red robot", "red sea red", "blue sea", None]
    expected = TfidfVectorizer(sublinear_tf=True).fit_transform([text or "" for text in texts]).toarray()
    names, cosine = column(Kind.TEXT, texts)
    assert names == ["c: blue", "c: red", "c: robot", "c: sea"]
    np.testing.assert_allclose(cosine, expected @ expected.T, atol=1e-12)
    assert column(Kind.TEXT, [None, "", "-"])[0] == []


def test_near_numbers_have_more_in_common_and_missing_ones_nothing():
    _, cosine = column(Kind.NUMBER, [1950.0, 1960, 1970, 1980, 1990, np.nan, 1965])
    assert 1 > cosine[1, 6] > cosine[1, 2] >= cosine[1, 4] == 0
    assert cosine[5, 5] == 0
    assert column(Kind.NUMBER, [7.0, 7.0, np.nan])[1][0, 1] == 1
    assert column(Kind.NUMBER, [np.nan, np.nan])[0] == []
    assert (column(Kind.NUMBER, [0.0, 1, 1, 1, 2, 1e9, np.inf])[1] <= 1 + 1e-12).all()


def test_dates_are_read_as_text_or_time():
    told = pd.Series(["01-Jan-1995", "1996-07-01", None, "soon"])
    expected = [1995.0, 1996 + 182 / 366, np.nan, np.nan]
    np.testing.assert_allclose(numbers(told, Kind.DATE), expected)
    np.testing.assert_allclose(numbers(pd.to_datetime(pd.Series(["1995-01-01", None])), Kind.DATE), [1995.0, np.nan])


def test_each_block_weighs_as_told():
    training = world()
    names, plain = item_features(training.content, KINDS, {})
    norms = np.sqrt((plain.toarray() ** 2).sum(axis=1))
    np.testing.assert_allclose(norms, 1)
    _, heavy = item_features(training.content, KINDS, {"genres": 3.0})
    block = np.array([name.startswith("genres: ") for name in names])
    share = (heavy.toarray()[5, block] ** 2).sum()
    assert share == pytest.approx(9 / (9 + 4))
    assert not any(name.startswith("plot") for name in item_features(training.content, KINDS, {"plot": 0})[0])


# -- scores ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("explicit", [True, False])
def test_scores_follow_the_definition(explicit):
    model = Content().fit(world(explicit=explicit))
    table, features = model.training.matrix.toarray(), model.features.toarray()
    scores = model.scores(model.profiles())
    for user in range(len(table)):
        for item in range(table.shape[1]):
            likeness = [w * (features[j] @ features[item]) for j, w in enumerate(table[user]) if w]
            expected = sum(likeness) / table[user].sum() if likeness else 0.0
            assert scores[user, item] == pytest.approx(expected, abs=1e-12)
    assert (scores[:-1, -1] > 0).any()  # a new title is scored
    assert not scores[-1].any()  # an empty history says nothing


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_item_parts_and_feature_parts_both_add_up(seed, explicit):
    model = Content().fit(world(6, 8, seed, explicit))
    rng = np.random.default_rng(seed)
    one = model.profiles(np.array([rng.integers(6)])).without(rng.integers(0, 8, 1))
    for item in range(8):
        why = model.explain(one, item)
        assert why.base == 0
        assert abs(why.residual) < 1e-12
        assert {part.id for part in why.parts} <= {model.training.items[code] for code in one.matrix.indices}
        assert sum(part.value for part in model.feature_parts(one, item)) == pytest.approx(why.score, abs=1e-12)


def test_shap_agrees_with_the_item_parts():
    """For one item the score is linear in the shares of the profile; the background is the empty history."""
    import shap

    model = Content().fit(world())
    table = model.training.matrix.toarray()
    item, user = 11, 3
    weights = (model.features @ model.features[[item]].T).toarray()[:, 0]
    masker = shap.maskers.Independent(np.zeros((1, len(weights))), max_samples=1)
    values = shap.LinearExplainer((weights, 0.0), masker).shap_values(table[[user]] / table[user].sum())[0]
    why = model.explain(model.profiles(np.array([user])), item)
    mine = {part.id: part.value for part in why.parts}
    for code, name in enumerate(model.training.items.values):
        assert values[code] == pytest.approx(mine.get(name, 0.0), abs=1e-9)


def test_one_person_gets_the_bytes_that_a_batch_gets():
    model = Content().fit(world())
    for people in (model.profiles(), strangers(model), model.profiles().without(np.array([4]))):
        singles = [model.scores(people.rows(row, row + 1)) for row in range(len(people))]
        assert model.scores(people).tobytes() == np.concatenate(singles).tobytes()
    assert model.scores(model.profiles()).tobytes() == model.scores(strangers(model)).tobytes()


# -- what it may not learn, and keeping ------------------------------------------------------------


def test_nothing_is_learned_from_people():
    model, other = Content().fit(world()), Content().fit(world())
    strange = world()
    strange.matrix.data[:] = 1.0
    other.fit(strange)
    for name, array in model.statistics().items():
        assert array.dtype == np.int64
        np.testing.assert_array_equal(other.statistics()[name], array)
        np.testing.assert_array_equal(model.erase(2).statistics()[name], array)


def test_erasure_equals_a_training_without_the_person():
    training = world()
    erased = Content(weights={"plot": 2.0}).fit(training).erase(2)
    again = Content(weights={"plot": 2.0}).fit(training.without_user(2))
    assert len(erased.training.users) == 14
    assert erased.scores(erased.profiles()).tobytes() == again.scores(again.profiles()).tobytes()


def test_kept_and_restored_scores_the_same():
    model, other, file = Content().fit(world()), Content(), io.BytesIO()
    np.savez(file, **model._state())
    file.seek(0)
    other.training = model.training
    with np.load(file, allow_pickle=False) as state:
        other._restore(dict(state))
    assert other.scores(model.profiles()).tobytes() == model.scores(model.profiles()).tobytes()
    assert other.feature_parts(model.profiles(), 3) == model.feature_parts(model.profiles(), 3)


def test_refusals():
    bare = training_of(pd.DataFrame(index=["a", "b"]), {}, np.eye(2))
    with pytest.raises(BadInput, match=r"needs content columns.*linear"):
        Content().fit(bare)
    blank = training_of(pd.DataFrame({"plot": [None, None]}, index=["a", "b"]), {"plot": Kind.TEXT}, np.eye(2))
    with pytest.raises(BadInput, match="say nothing about any item"):
        Content().fit(blank)
    with pytest.raises(NotFound, match=r"no content column 'gender'.*genres"):
        Content(weights={"gender": 1}).fit(world())
    with pytest.raises(BadInput, match="weight of 'plot' must be 0 or more"):
        Content(weights={"plot": -1}).fit(world())
