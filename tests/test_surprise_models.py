"""Models trained by scikit-surprise: equal to Surprise where it can predict, to slow definitions where it cannot."""

from __future__ import annotations

import io
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from data.errors import BadInput
from data.ids import Ids
from models.base import Recommender
from models.histories import Profiles, Training
from models.rated.neighbours import RatingItemNeighbours, RatingNeighbours, RatingUserNeighbours
from models.rated.ratings import unchanged
from models.rated.svd import SVD

SIMILARITIES = ["msd", "pearson", "pearson_baseline", "cosine-ratings"]
FLAVOURS = [RatingItemNeighbours, RatingUserNeighbours]
K = 5


def ratings(n_users: int = 40, n_items: int = 25, seed: int = 0) -> Training:
    """Taste in two groups; the last person and the last title have no rating."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(n_users, 2)) @ rng.normal(size=(2, n_items))
    table = np.clip(np.rint(3 + taste + rng.normal(size=taste.shape)), 1, 5)
    table[rng.random(taste.shape) > 0.45] = 0
    table[-1], table[:, -1] = 0, 0
    table[0, : K + 3], table[: K + 3, 0] = 4, 4  # more neighbours than K, with ties
    return of_table(table)


def of_table(table: np.ndarray, explicit: bool = True) -> Training:
    users = Ids([f"person {i:03}" for i in range(len(table))])
    items = Ids([f"title {i:03}" for i in range(table.shape[1])])
    return Training(users, items, sparse.csr_array(table), pd.DataFrame(index=items.values), {}, explicit)


def fitted_by_surprise(algorithm, training: Training):
    """Surprise's own path from a table of ratings, with none of our bridge."""
    from surprise import Dataset, Reader

    table = training.matrix.tocoo()
    order = np.lexsort((table.col, table.row))
    frame = pd.DataFrame({"user": table.row[order], "item": table.col[order], "value": table.data[order]})
    return algorithm.fit(Dataset.load_from_df(frame, Reader(rating_scale=(1, 5))).build_full_trainset())


def all_estimates(algorithm, training: Training) -> np.ndarray:
    n_users, n_items = training.matrix.shape
    return np.array([[algorithm.predict(u, i, clip=False).est for i in range(n_items)] for u in range(n_users)])


def strangers(model: Recommender) -> Profiles:
    """Everybody's history, an empty one too, as people never met."""
    stored = model.profiles()
    return Profiles(np.full(len(stored), -1), stored.matrix)


def kept_and_restored(model: Recommender) -> Recommender:
    file = io.BytesIO()
    np.savez(file, **model._state())
    file.seek(0)
    other = type(model)(**model.settings.model_dump())
    other.training = model.training
    with np.load(file, allow_pickle=False) as state:
        other._restore(dict(state))
    return other


# -- neighbours ------------------------------------------------------------------------------------


def knn(kind: type[RatingNeighbours], similarity: str, k: int = K):
    from surprise import KNNBaseline

    name = "cosine" if similarity == "cosine-ratings" else similarity
    return KNNBaseline(k=k, sim_options={"name": name, "user_based": kind.user_based}, verbose=False)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("kind", FLAVOURS)
def test_neighbour_scores_equal_surprise_for_every_pair(kind, similarity):
    training = ratings()
    model = kind(similarity=similarity, neighbours=K).fit(training)
    expected = all_estimates(fitted_by_surprise(knn(kind, similarity), training), training)
    np.testing.assert_allclose(model.scores(model.profiles()), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_similarities_of_a_history_equal_surprise_for_the_stored_people(similarity):
    model = RatingUserNeighbours(similarity=similarity).fit(ratings())
    theirs = np.where(np.eye(len(model.similarity)), 0, model.similarity)
    np.testing.assert_allclose(model.computed_similarities(model.profiles()), theirs, atol=1e-12)


def slow_score(model: RatingNeighbours, profile: Profiles, item: int, near: np.ndarray) -> float:
    """The definition, with loops; `near` has the similarity to the item (items) or to the person (users)."""
    row, mean = profile.matrix.toarray()[0], model.mean
    own = [j for j in range(len(row)) if row[j] > 0]
    level = sum(row[j] - mean - model.item_level[j] for j in own) / (15 + len(own))
    base = mean + level + model.item_level[item]
    if model.user_based:
        table = model.training.matrix.toarray()
        offers = [
            (near[v], table[v, item] - mean - model.item_level[item] - model.user_level[v])
            for v in range(len(table))
            if table[v, item] > 0
        ]
    else:
        offers = [(near[j], row[j] - mean - model.item_level[j] - level) for j in own]
    best = sorted([o for o in offers if o[0] > 0], key=lambda o: -o[0])[: model.settings.neighbours]
    return base + (sum(s * d for s, d in best) / sum(s for s, _ in best) if best else 0.0)


@pytest.mark.parametrize("kind", FLAVOURS)
def test_edited_histories_follow_the_definition(kind):
    model = kind(similarity="msd", neighbours=K).fit(ratings())
    edited = model.profiles().without(np.array([0, 3, 4]))
    scores = model.scores(edited)
    for person in (0, 5, 17):
        one = edited.rows(person, person + 1)
        for item in range(scores.shape[1]):
            near = model.computed_similarities(one)[0] if model.user_based else model.similarity[item]
            assert scores[person, item] == pytest.approx(slow_score(model, one, item, near), abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from(FLAVOURS), st.sampled_from(["msd", "pearson"]))
@settings(max_examples=25, deadline=None)
def test_neighbour_parts_add_up(seed, kind, similarity):
    model = kind(similarity=similarity, neighbours=K).fit(ratings(12, 9, seed))
    rng = np.random.default_rng(seed)
    person = int(rng.integers(12))
    stored = model.profiles(np.array([person]))
    for one in (stored, stored.without(rng.integers(0, 9, 2)), Profiles(np.array([-1]), stored.matrix)):
        for item in range(9):
            assert abs(model.explain(one, item).residual) < 1e-9


def test_item_parts_name_only_history_items():
    model = RatingItemNeighbours(neighbours=K).fit(ratings())
    one = model.profiles(np.array([0]))
    why = model.explain(one, 12)
    history = {model.training.items[code] for code in one.matrix.indices}
    assert 0 < len(why.parts) <= K
    assert {part.id for part in why.parts} <= history
    assert {part.kind for part in why.parts} == {"item"}


def test_neighbours_are_told_of_only_in_sum_and_only_from_ten_on():
    training = ratings(80)
    model = RatingUserNeighbours(similarity="msd", neighbours=30).fit(training)
    few = RatingUserNeighbours(similarity="msd", neighbours=9).fit(training)
    told, _ = model.evidence(model.profiles(np.array([3])), 2)
    column = training.matrix[:, [2]].toarray()[:, 0]
    near = np.where(column > 0, model.similarity[3], 0)
    chosen = np.argsort(-near, kind="stable")[:30]
    chosen = chosen[near[chosen] > 0]
    assert told is not None
    assert told["count"] == len(chosen) >= 10
    assert told["mean"] == pytest.approx(column[chosen].mean())
    expected = {"good": (column[chosen] >= 4).sum(), "bad": (column[chosen] <= 2).sum()}
    expected["between"] = len(chosen) - sum(expected.values())
    assert told["histogram"] == expected
    withheld, notes = few.evidence(few.profiles(np.array([3])), 2)
    assert withheld is None
    assert "Fewer than 10" in notes[0]
    assert "person " not in repr(told)


def test_an_edited_person_is_no_neighbour_of_their_own():
    model = RatingUserNeighbours(similarity="msd").fit(ratings())
    stored = model.profiles(np.array([4]))
    assert model.similar_people(stored)[0, 4] == 1
    assert model.similar_people(stored.without(stored.matrix.indices[:1]))[0, 4] == 0


def test_ratings_that_all_agree_are_refused_where_undefined():
    with pytest.raises(BadInput, match=r"'pearson_baseline' is undefined where all ratings agree.*jaccard"):
        RatingItemNeighbours(similarity="pearson_baseline").fit(of_table(np.full((4, 4), 3.0)))


@pytest.mark.parametrize("kind", FLAVOURS)
def test_data_without_ratings_is_refused_naming_a_count_similarity(kind):
    with pytest.raises(BadInput, match=r"similarity 'msd' compares ratings.*jaccard"):
        kind(similarity="msd").fit(of_table(np.eye(4), explicit=False))


# -- factors ---------------------------------------------------------------------------------------


def test_svd_scores_equal_surprise_for_every_pair():
    from surprise import SVD as Theirs  # noqa: N811

    training = ratings()
    model = SVD(n_factors=7, n_epochs=9, lr_all=0.01, reg_all=0.05, random_state=3).fit(training)
    theirs = Theirs(n_factors=7, n_epochs=9, lr_all=0.01, reg_all=0.05, random_state=3)
    compact = rated_only(training)
    expected = all_estimates(fitted_by_code(theirs, compact), compact)
    users, items = compact.matrix.shape
    got = model.scores(model.profiles())
    np.testing.assert_allclose(got[:users, :items], expected, atol=1e-9, rtol=0)
    np.testing.assert_allclose(got[:users, -1], model.mean + model.user_level[:users], atol=1e-12)
    np.testing.assert_allclose(got[-1, :items], model.mean + model.item_level[:items], atol=1e-12)


def rated_only(training: Training) -> Training:
    return of_table(training.matrix.toarray()[:-1, :-1])


def fitted_by_code(algorithm, training: Training):
    """Surprise numbers people and items as it meets them, which decides who gets which random start; here by code."""
    from surprise import Dataset, Reader

    table = training.matrix.tocoo()
    order = np.lexsort((table.col, table.row))
    frame = pd.DataFrame({"user": table.row[order], "item": table.col[order], "value": table.data[order]})
    data = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5)))
    theirs = data.build_full_trainset()
    by_code = [theirs.to_inner_iid(item) for item in range(training.matrix.shape[1])]
    inner = {old: new for new, old in enumerate(by_code)}
    theirs.ur = {u: [(inner[i], r) for i, r in pairs] for u, pairs in theirs.ur.items()}
    theirs.ir = {inner[i]: pairs for i, pairs in theirs.ir.items()}
    theirs._raw2inner_id_items = {item: item for item in range(len(by_code))}
    return algorithm.fit(theirs)


@pytest.mark.parametrize("biased", [True, False])
def test_fold_in_is_the_ridge_regression_that_is_documented(biased):
    from sklearn.linear_model import Ridge

    model = SVD(n_factors=4, n_epochs=10, lr_all=0.02, reg_all=0.1, biased=biased).fit(ratings())
    edited = model.profiles().without(np.array([1, 2]))
    levels, factors = model.fold_in(edited)
    for person in (0, 7, 20):
        row = edited.matrix.toarray()[person]
        own = np.flatnonzero(row)
        features = model.item_factors[own]
        if biased:
            features = np.column_stack([np.ones(len(own)), features])
        target = row[own] - model.mean - model.item_level[own]
        ridge = Ridge(alpha=1 / (10 * 0.02) + 0.1 * len(own), fit_intercept=False).fit(features, target)
        mine = np.append(levels[person], factors[person]) if biased else factors[person]
        np.testing.assert_allclose(mine, ridge.coef_, atol=1e-9)
    assert not levels[-1]
    assert not factors[-1].any()


def test_only_a_history_that_differs_is_folded_in():
    model = SVD(n_factors=4).fit(ratings())
    stored = model.profiles()
    edited = stored.without(np.array([0]))
    touched = np.asarray(stored.matrix[:, [0]].toarray()[:, 0] > 0)
    np.testing.assert_array_equal(unchanged(model.training, edited), ~touched)
    louder = sparse.csr_array(stored.matrix * np.where(np.arange(stored.matrix.shape[1]) == 0, 2.0, 1.0))
    np.testing.assert_array_equal(unchanged(model.training, Profiles(stored.users, louder)), ~touched)
    before, after = model.scores(stored), model.scores(edited)
    np.testing.assert_array_equal(before[~touched], after[~touched])
    assert (np.abs(before[touched] - after[touched]).max(axis=1) > 1e-6).all()
    assert not unchanged(model.training, strangers(model)).any()


def test_svd_explains_four_terms_and_says_how_rough_the_fold_in_is():
    model = SVD(n_factors=4).fit(ratings())
    one = model.profiles(np.array([2]))
    why = model.explain(one, 5)
    assert why.base == pytest.approx(model.training.matrix.data.mean())
    assert {part.title for part in why.parts} == {
        "how high you usually rate",
        "how high it is usually rated",
        "how well it matches your taste",
    }
    assert abs(why.residual) < 1e-12
    folded = model.scores(Profiles(np.array([-1]), one.matrix))[0, 5]
    assert f"by {abs(why.score - folded):.3f}." in why.notes[0]
    assert "without a new training" in model.explain(one.without(one.matrix.indices[:1]), 5).notes[0]


def test_svd_refuses_data_without_ratings_and_unknown_settings():
    with pytest.raises(BadInput, match=r"svd compares ratings.*linear"):
        SVD().fit(of_table(np.eye(4), explicit=False))
    with pytest.raises(BadInput, match=r"unknown setting 'factors'.*n_factors"):
        SVD(factors=3)


# -- what all of them promise ----------------------------------------------------------------------

ALL = [
    RatingItemNeighbours(neighbours=K),
    RatingUserNeighbours(neighbours=K),
    RatingUserNeighbours(similarity="pearson", neighbours=K),
    SVD(n_factors=5),
]


def fresh(model: Recommender) -> Recommender:
    return type(model)(**model.settings.model_dump())


@pytest.mark.parametrize("model", ALL, ids=lambda m: f"{m.name}")
def test_one_person_gets_the_bytes_that_a_batch_gets(model):
    model = fresh(model).fit(ratings())
    for people in (model.profiles(), model.profiles().without(np.array([2, 6])), strangers(model)):
        batch = model.scores(people)
        singles = np.concatenate([model.scores(people.rows(row, row + 1)) for row in range(len(people))])
        assert batch.tobytes() == singles.tobytes()


@pytest.mark.parametrize("model", ALL, ids=lambda m: f"{m.name}")
def test_kept_and_restored_scores_the_same(model):
    model = fresh(model).fit(ratings())
    people = model.profiles().without(np.array([3]))
    assert kept_and_restored(model).scores(people).tobytes() == model.scores(people).tobytes()


@pytest.mark.parametrize("model", ALL, ids=lambda m: f"{m.name}")
def test_erasure_equals_a_training_without_the_person(model):
    training = ratings()
    model = fresh(model).fit(training)
    erased = model.erase(6)
    retrained = fresh(model).fit(of_table(np.delete(training.matrix.toarray(), 6, axis=0)))
    for name, array in retrained.statistics().items():
        assert array.dtype == np.int64
        np.testing.assert_array_equal(erased.statistics()[name], array)
    assert len(model.statistics()["items"]) > len(erased.statistics()["items"])
    assert erased.scores(strangers(erased)).tobytes() == retrained.scores(strangers(retrained)).tobytes()


# -- the published table ---------------------------------------------------------------------------

README = {  # Surprise's README, ML-100K, 5 folds: RMSE, MAE
    "SVD": (0.934, 0.737),
    "KNNBaseline": (0.931, 0.733),
    "KNNWithMeans": (0.951, 0.749),
    "BaselineOnly": (0.944, 0.748),
}


def test_surprise_readme_table_through_our_loader(ml100k_folder):
    import surprise
    from surprise.model_selection import KFold

    from data.load.movielens import read_movielens

    frame = read_movielens(ml100k_folder).interactions.frame[["user_id", "item_id", "value"]]
    data = surprise.Dataset.load_from_df(frame, surprise.Reader(rating_scale=(1, 5)))
    for name, published in README.items():
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        seeded = {"random_state": 0} if name == "SVD" else {"verbose": False}
        algorithm = getattr(surprise, name)(**seeded)
        errors = []
        for train, test in KFold(n_splits=5, random_state=0).split(data):
            told = algorithm.fit(train).test(test)
            errors.append([surprise.accuracy.rmse(told, verbose=False), surprise.accuracy.mae(told, verbose=False)])
        np.testing.assert_allclose(np.mean(errors, axis=0), published, atol=1e-3, err_msg=name)
