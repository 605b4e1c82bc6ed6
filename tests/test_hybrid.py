"""The hybrid model: no leakage while it learns, Shapley values by brute force, scikit-learn's own predictions."""

from __future__ import annotations

import io
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from data.columns import Kind
from data.errors import BadInput
from data.ids import Ids
from models.counted.linear import Linear
from models.histories import Profiles, Training
from models.hybrid.learners import Trees
from models.hybrid.learning import make_lesson, signal_rows
from models.hybrid.model import Hybrid, content_of
from models.hybrid.signals import Signals

LEARNERS = ["logistic", "trees"]
KINDS = {"genres": Kind.MULTI, "maker": Kind.CATEGORY, "year": Kind.NUMBER}


def world(n_users: int = 60, n_items: int = 30, seed: int = 0, explicit: bool = False) -> Training:
    """Half the people choose mostly even titles, which are comedies; the others mostly odd ones."""
    rng = np.random.default_rng(seed)
    same = np.arange(n_users)[:, None] % 2 == np.arange(n_items) % 2
    table = (rng.random(same.shape) < np.where(same, 0.5, 0.05)).astype(float)
    if explicit:
        table *= rng.integers(1, 6, table.shape)
    content = pd.DataFrame(
        {
            "genres": np.where(np.arange(n_items) % 2, "Drama|War", "Comedy"),
            "maker": rng.choice(["north", "south"], n_items),
            "year": rng.integers(1950, 2000, n_items).astype(float),
        },
        index=[f"t{i:02}" for i in range(n_items)],
    )
    content.loc["t03", "year"] = np.nan
    return training_of(table, content, KINDS, explicit)


def training_of(table: np.ndarray, content: pd.DataFrame, kinds: dict[str, Kind], explicit: bool = False) -> Training:
    users, items = Ids([f"u{i:03}" for i in range(len(table))]), Ids(list(content.index))
    return Training(users, items, sparse.csr_array(table), content, kinds, explicit)


def auc(score: np.ndarray, chosen: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(chosen, score))


def signals_of(training: Training) -> Signals:
    return Signals.of(training, Linear(regularization=10).fit(training), content_of(training))


# -- learning --------------------------------------------------------------------------------------


def test_a_lesson_holds_out_choices_and_draws_only_unseen_titles():
    training = world()
    lesson = make_lesson(training, 0.2, 4, 0)
    full, rest = training.matrix.toarray() > 0, lesson.rest.matrix.toarray() > 0
    held = full & ~rest
    assert not (rest & ~full).any()
    lengths = full.sum(axis=1)
    expected = np.where(lengths >= 2, np.maximum(1, (0.2 * lengths).astype(int)), 0)
    np.testing.assert_array_equal(held.sum(axis=1), expected)
    yes = lesson.chosen == 1
    assert {*zip(lesson.person[yes], lesson.item[yes], strict=True)} == {*zip(*np.nonzero(held), strict=True)}
    assert not full[lesson.person[~yes], lesson.item[~yes]].any()
    assert 0 < (~yes).sum() <= 4 * yes.sum()


def test_no_signal_of_a_held_out_choice_knows_that_it_was_chosen():
    """Choices at random teach nothing, unless the signals have seen the answer: then they look like knowledge."""
    rng = np.random.default_rng(1)
    content = pd.DataFrame({"genres": rng.choice(["a", "b", "c"], 80)}, index=[f"t{i:02}" for i in range(80)])
    training = training_of((rng.random((150, 80)) < 0.15).astype(float), content, {"genres": Kind.CATEGORY})
    lesson = make_lesson(training, 0.2, 4, 0)
    clean = signal_rows(signals_of(lesson.rest), lesson)
    leaking = signal_rows(signals_of(training), lesson)
    own = list(signals_of(training).titles).index("collaborative")
    assert abs(auc(clean[:, own], lesson.chosen) - 0.5) < 0.05
    assert auc(leaking[:, own], lesson.chosen) > 0.6


def test_signals_follow_their_definitions():
    training = world(explicit=True)
    signals = signals_of(training)
    assert list(signals.titles) == ["collaborative", "content", "popularity", "newness", "match genres", "match maker"]
    people = Profiles(np.arange(60), training.matrix).without(np.array([0, 1]))
    rows = dict(zip(signals.titles, signals.at(people, np.array([7]), np.array([4]))[0], strict=True))
    history = np.flatnonzero(people.matrix.toarray()[7])
    assert rows["popularity"] == pytest.approx(np.log(1 + (training.matrix.toarray()[:, 4] > 0).sum()))
    years = training.content["year"]
    assert rows["newness"] == pytest.approx((years.iloc[4] - years.min()) / (years.max() - years.min()))
    middle = (years.median() - years.min()) / (years.max() - years.min())
    assert signals.newness is not None
    assert signals.newness[3] == pytest.approx(middle)
    assert rows["match genres"] == pytest.approx(
        np.mean([training.content["genres"].iloc[j] == "Comedy" for j in history])
    )
    same = training.content["maker"].iloc[4]
    assert rows["match maker"] == pytest.approx(np.mean([training.content["maker"].iloc[j] == same for j in history]))
    assert rows["collaborative"] == pytest.approx(signals.linear.weights[history, 4].sum())
    assert rows["content"] == content_of(training).scores(people)[7, 4]


@pytest.mark.parametrize(("learner", "least"), [("logistic", 0.9), ("trees", 0.75)])
def test_it_finds_the_taste_that_was_planted(learner, least):
    """Of what is left to an even person about a third is even, so a list at random would be at 0.35."""
    model = Hybrid(learner=learner, regularization=10).fit(world())
    even = model.recommend(model.profiles(np.arange(0, 60, 2)), 5).items
    assert (even[even >= 0] % 2 == 0).mean() > least


# -- scores and reasons ----------------------------------------------------------------------------


def test_logistic_scores_are_scikit_learns():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    training = world()
    model = Hybrid(regularization=10).fit(training)
    lesson = make_lesson(training, 0.2, 4, 0)
    learned = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-8))
    learned.fit(signal_rows(signals_of(lesson.rest), lesson), lesson.chosen)
    everybody = model.profiles()
    expected = learned.decision_function(signals_of(training).rows(everybody)).reshape(60, 30)
    np.testing.assert_allclose(model.scores(everybody), expected, atol=1e-9)


def test_tree_scores_are_scikit_learns():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    rows = Trees.read(rng.normal(size=(800, 4)))
    rows[:, 3] = np.rint(rows[:, 3])
    chosen = (rows[:, 0] + rows[:, 1] * rows[:, 3] + rng.normal(size=800) > 0).astype(float)
    theirs = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=15, early_stopping=False, random_state=5)
    with threadpool_limits(limits=1, user_api="openmp"):
        expected = theirs.fit(rows, chosen).decision_function(rows)
    mine = Trees(Trees.learn(rows, chosen, 5), rows[:50])
    np.testing.assert_allclose(mine.predict(rows), expected, atol=1e-5)  # leaves are kept in single precision


def shapley(predict, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The definition: every coalition of signals, the others taken from each row of the background."""
    size = len(row)

    def worth(coalition: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, list(coalition)] = row[list(coalition)]
        return float(predict(mixed).mean())

    values = np.zeros(size)
    for signal in range(size):
        others = [other for other in range(size) if other != signal]
        for count in range(size):
            share = factorial(count) * factorial(size - count - 1) / factorial(size)
            for coalition in combinations(others, count):
                values[signal] += share * (worth((*coalition, signal)) - worth(coalition))
    return values


@pytest.mark.parametrize(("learner", "tolerance"), [("logistic", 1e-9), ("trees", 1e-6)])
def test_parts_are_the_shapley_values_against_the_whole_background(learner, tolerance):
    model = Hybrid(learner=learner, regularization=10, background=150).fit(world())
    combination = model.combination
    assert len(combination.background) == 150
    if learner == "trees":
        predict = combination.predict
    else:
        weights, intercept = combination.arrays["weights"], combination.arrays["intercept"][0]
        predict = lambda rows: rows @ weights + intercept  # noqa: E731
    for person, item in ((0, 1), (7, 4), (20, 29)):
        one = model.profiles(np.array([person])).without(np.array([2]))
        why = model.explain(one, item)
        row = combination.read(model.signals.at(one, np.zeros(1, dtype=int), np.array([item])))[0]
        expected = dict(zip(model.signals.titles, shapley(predict, row, combination.background), strict=True))
        assert why.base == pytest.approx(predict(combination.read(combination.background)).mean(), abs=tolerance)
        assert {part.id: part.value for part in why.parts} == pytest.approx(expected, abs=tolerance)
        assert abs(why.residual) < tolerance
        assert {part.kind for part in why.parts} == {"signal"}


# -- what every model promises ---------------------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS)
def test_one_person_gets_the_bytes_that_a_batch_gets(learner):
    model = Hybrid(learner=learner).fit(world())
    strangers = Profiles(np.full(60, -1), model.training.matrix)
    for people in (model.profiles(), strangers, model.profiles().without(np.arange(5))):
        singles = [model.scores(people.rows(row, row + 1)) for row in range(len(people))]
        assert model.scores(people).tobytes() == np.concatenate(singles).tobytes()
    assert model.scores(strangers).tobytes() == model.scores(model.profiles()).tobytes()


@pytest.mark.parametrize("learner", LEARNERS)
def test_kept_and_restored_scores_and_explains_the_same(learner):
    model, file = Hybrid(learner=learner).fit(world(explicit=True)), io.BytesIO()
    np.savez(file, **model._state())
    file.seek(0)
    other = Hybrid(learner=learner)
    other.training = model.training
    with np.load(file, allow_pickle=False) as state:
        other._restore(dict(state))
    people = model.profiles().without(np.array([3]))
    assert other.scores(people).tobytes() == model.scores(people).tobytes()
    assert other.explain(people, 9) == model.explain(people, 9)


@pytest.mark.parametrize("learner", LEARNERS)
def test_erasure_equals_a_training_without_the_person(learner):
    training = world()
    erased = Hybrid(learner=learner).fit(training).erase(5)
    again = Hybrid(learner=learner).fit(
        training_of(np.delete(training.matrix.toarray(), 5, axis=0), training.content, KINDS)
    )
    for name, array in again.statistics().items():
        assert array.dtype == np.int64
        np.testing.assert_array_equal(erased.statistics()[name], array)
    assert erased.scores(erased.profiles()).tobytes() == again.scores(again.profiles()).tobytes()


def test_without_content_it_weighs_what_there_is():
    training = world()
    bare = training_of(training.matrix.toarray(), pd.DataFrame(index=training.content.index), {})
    assert list(Hybrid().fit(bare).signals.titles) == ["collaborative", "popularity"]


def test_too_little_to_learn_from_is_refused():
    content = pd.DataFrame(index=["a", "b", "c"])
    with pytest.raises(BadInput, match="chose two titles or more"):
        Hybrid().fit(training_of(np.eye(3), content, {}))
    with pytest.raises(BadInput, match="left others"):
        Hybrid().fit(training_of(np.ones((3, 3)), content, {}))
