"""What is told of other people, recounted literally: who chose it, how they rated it, never fewer than ten, nobody named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.base import Recommender
from models.evidence import MINIMUM_PEOPLE, evidence, histogram
from models.explanation import Part
from models.histories import Training
from models.registry import create
from tests.test_models_contract import IDS, MODELS
from tests.worlds import small_training

PEOPLE = range(0, 60, 3)


@pytest.fixture(scope="module")
def training() -> Training:
    """Dense enough that ten people stand behind many titles, and fewer behind many others."""
    return small_training(seed=4, density=0.35)


@pytest.fixture(scope="module", params=MODELS, ids=IDS)
def model(request: pytest.FixtureRequest, training: Training) -> Recommender:
    name, settings = request.param
    return create(name, **settings).fit(training)


def ratings_table(training: Training) -> dict[tuple[int, int], float]:
    """(person, title): rating, read off the matrix entry by entry."""
    coo = training.matrix.tocoo()
    return {(int(u), int(i)): float(v) for u, i, v in zip(coo.row, coo.col, coo.data, strict=True)}


def pairs(model: Recommender) -> Iterator[tuple[int, int]]:
    """People and titles that they have not chosen."""
    for user in PEOPLE:
        own = set(model.profiles(np.array([user])).matrix.indices.tolist())
        yield from ((user, item) for item in range(40) if item not in own)


def expect(told: Any, ratings: list[float], of: int | None) -> None:
    """The evidence is that of these ratings, by the literal rule; withheld under ten."""
    seen, notes = told
    if len(ratings) < 10:
        assert seen is None
        assert any("Fewer than 10" in note and "nothing is said" in note for note in notes)
        return
    assert (seen["count"], seen["of"]) == (len(ratings), of)
    counts = {"good": 0, "between": 0, "bad": 0}
    for rating in ratings:
        counts["good" if rating in (4, 5) else "bad" if rating in (1, 2) else "between"] += 1
    assert seen["histogram"] == counts
    assert seen["mean"] == pytest.approx(sum(ratings) / len(ratings), abs=1e-12)
    assert sum(counts.values()) == len(ratings)


def of_model(training: Training, name: str, **settings: Any) -> Recommender:
    return create(name, **settings).fit(training)


COUNTED_ITEMS = [
    ("linear", {"regularization": 20}),
    ("item-neighbours", {"similarity": "jaccard", "neighbours": 8}),
    ("hybrid", {}),
]


@pytest.mark.parametrize(("name", "settings"), COUNTED_ITEMS)
def test_of_those_who_chose_what_speaks_loudest(training: Training, name: str, settings: dict[str, Any]) -> None:
    model, table = of_model(training, name, **settings), ratings_table(training)
    weights = (model.signals.linear if name == "hybrid" else model).weights  # type: ignore[attr-defined]
    told = withheld = 0
    for user, item in pairs(model):
        own = [i for (u, i) in table if u == user]
        loudest = sorted((i for i in own if weights[i, item] > 0), key=lambda i: (-weights[i, item], i))
        # the three of largest size, and of those the ones that speak for it
        three = sorted(own, key=lambda i: (-abs(weights[i, item]), i))[:3]
        three = [i for i in three if i in loudest]
        near = {u for (u, i) in table if i in three and u != user}
        expect(
            model.evidence(model.profiles(np.array([user])), item),
            [table[u, item] for u in near if (u, item) in table],
            len(near),
        )
        seen = model.evidence(model.profiles(np.array([user])), item)[0]
        told, withheld = told + (seen is not None), withheld + (seen is None)
        if seen is not None:
            assert [row["item_id"] for row in seen["own"]] == [training.items[i] for i in three]
            assert [row["value"] for row in seen["own"]] == pytest.approx([weights[i, item] for i in three])
    assert told
    assert withheld or name == "hybrid"


def test_of_those_who_count_the_person_among_their_nearest(training: Training) -> None:
    model, table = of_model(training, "user-neighbours", similarity="dice", neighbours=12), ratings_table(training)
    chosen = {u: {i for (v, i) in table if v == u} for u in range(60)}

    def dice(u: int, v: int) -> float:
        return 2 * len(chosen[u] & chosen[v]) / (len(chosen[u]) + len(chosen[v]))

    nearest = {
        v: sorted((u for u in range(60) if u != v and dice(u, v) > 0), key=lambda u: (-dice(u, v), u))[:12]
        for v in range(60)
    }
    told = 0
    for user, item in pairs(model):
        speak = [v for v in range(60) if user in nearest[v]]
        given = model.evidence(model.profiles(np.array([user])), item)
        expect(given, [table[v, item] for v in speak if (v, item) in table], len(speak))
        told += given[0] is not None
    assert told


def test_of_those_who_rate_alike(training: Training) -> None:
    model, table = of_model(training, "user-neighbours", similarity="msd", neighbours=12), ratings_table(training)
    told = 0
    for user, item in pairs(model):
        raters = [v for (v, i) in table if i == item and v != user and model.similarity[user, v] > 0]  # type: ignore[attr-defined]
        near = sorted(raters, key=lambda v: (-model.similarity[user, v], v))[:12]  # type: ignore[attr-defined]
        given = model.evidence(model.profiles(np.array([user])), item)
        expect(given, [table[v, item] for v in near], None)
        told += given[0] is not None
    assert told


@pytest.mark.parametrize(
    ("name", "settings", "of"),
    [("popularity", {}, 60), ("item-neighbours", {"similarity": "pearson_baseline", "neighbours": 6}, None)],
)
def test_of_everybody(training: Training, name: str, settings: dict[str, Any], of: int | None) -> None:
    model, table = of_model(training, name, **settings), ratings_table(training)
    for user, item in pairs(model):
        given = model.evidence(model.profiles(np.array([user])), item)
        expect(given, [rating for (_, i), rating in table.items() if i == item], of)


@pytest.mark.parametrize(
    ("name", "settings"), [("svd", {"n_factors": 4, "n_epochs": 3}), ("content", {}), ("random", {})]
)
def test_models_without_neighbours_say_so(training: Training, name: str, settings: dict[str, Any]) -> None:
    model = of_model(training, name, **settings)
    seen, notes = model.evidence(model.profiles(np.array([2])), 5)
    assert seen is None
    assert notes == ("No other person's choice stands behind this score as a neighbour.",)


def test_nobody_is_named_and_no_single_rating_is_told(model: Recommender) -> None:
    names = {str(name) for name in model.training.users.values}
    for user, item in list(pairs(model))[::5]:
        seen, notes = model.evidence(model.profiles(np.array([user])), item)
        written = json.dumps([seen, notes])
        assert not any(f'"{name}"' in written for name in names)
        if seen is not None:
            assert set(seen) <= {"rule", "count", "of", "own", "mean", "histogram"}
            assert seen["count"] >= MINIMUM_PEOPLE
            own = {model.training.items[code] for code in model.profiles(np.array([user])).matrix.indices.tolist()}
            assert {row["item_id"] for row in seen["own"]} <= own


def test_ten_are_told_of_and_nine_are_not() -> None:
    assert MINIMUM_PEOPLE == 10
    seen, notes = evidence("people", np.full(10, 5.0), 30, (1, 5))
    assert seen is not None
    assert (seen["count"], seen["of"], seen["histogram"], notes) == (10, 30, {"good": 10, "between": 0, "bad": 0}, ())
    seen, notes = evidence("people who chose it", np.full(9, 5.0), 30, (1, 5))
    assert seen is None
    assert notes == ("Fewer than 10 people who chose it chose this title, so nothing is said about them.",)


def test_choices_without_ratings_have_no_histogram() -> None:
    base = small_training(seed=4, density=0.35)
    matrix = base.matrix.copy()
    matrix.data[:] = 1.0
    plain = Training(base.users, base.items, matrix, base.content, base.kinds, False)
    for name, settings in (*COUNTED_ITEMS, ("popularity", {}), ("user-neighbours", {"similarity": "dice"})):
        model = of_model(plain, name, **settings)
        told = [model.evidence(model.profiles(np.array([u])), i)[0] for u, i in list(pairs(model))[::7]]
        seen = [one for one in told if one is not None]
        assert seen, name
        assert all("histogram" not in one and "mean" not in one for one in seen), name


@pytest.mark.parametrize(
    ("low", "high", "good", "bad"),
    [(1, 5, {4, 5}, {1, 2}), (1, 10, {8, 9, 10}, {1, 2, 3}), (0, 1, {1}, {0}), (0.5, 5, {4, 4.5, 5}, {0.5, 1, 1.5})],
)
def test_good_and_bad_are_the_outer_quarters_of_the_scale(low: float, high: float, good: set, bad: set) -> None:
    steps = np.arange(low, high + 0.01, 0.5 if high == 5 and low == 0.5 else 1)
    for rating in steps:
        kind = "good" if rating in good else "bad" if rating in bad else "between"
        assert histogram(np.array([rating]), low, high)[kind] == 1, rating


def test_own_titles_beside_the_people_are_five_at_most() -> None:
    own = [Part("item", str(n), f"Title {n}", 1.0 / (n + 1)) for n in range(8)]
    seen, _ = evidence("people", np.ones(12), None, None, own)
    assert seen is not None
    assert [row["item_id"] for row in seen["own"]] == ["0", "1", "2", "3", "4"]
