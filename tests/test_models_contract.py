"""What every recommender promises; a new one is tested by adding one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import BadInput, SightglassError
from models import saving
from models.base import Recommender
from models.counted.counts import statistics_hash
from models.explanation import Exactness
from models.histories import Profiles, Training
from models.registry import NAMES, create
from tests.worlds import small_training

MODELS: list[tuple[str, dict[str, Any]]] = [
    ("linear", {"regularization": 20}),
    ("linear", {"regularization": 20, "dropout": 0.3}),
    ("popularity", {}),
    ("random", {"seed": 3}),
    ("item-neighbours", {"similarity": "jaccard", "neighbours": 8}),
    ("item-neighbours", {"similarity": "cosine", "neighbours": 5, "shrink": 2}),
    ("item-neighbours", {"similarity": "pearson_baseline", "neighbours": 6}),
    ("user-neighbours", {"similarity": "dice", "neighbours": 12}),
    ("user-neighbours", {"similarity": "msd", "neighbours": 12}),
    ("svd", {"n_factors": 6, "n_epochs": 8}),
    ("content", {}),
    ("hybrid", {}),
]
IDS = [f"{name}-{'-'.join(map(str, settings.values()))}" for name, settings in MODELS]


@pytest.fixture(scope="module")
def training() -> Training:
    return small_training()


@pytest.fixture(scope="module", params=MODELS, ids=IDS)
def model(request: pytest.FixtureRequest, training: Training) -> Recommender:
    name, settings = request.param
    return create(name, **settings).fit(training)


def people(model: Recommender, *codes: int) -> Profiles:
    return model.profiles(np.array(codes))


def test_every_name_is_tested() -> None:
    assert {name for name, _ in MODELS} == set(NAMES)


def test_scores_are_finite_and_repeatable(model: Recommender) -> None:
    table = model.scores(model.profiles())
    assert table.shape == (60, 40)
    assert np.isfinite(table).all()
    np.testing.assert_array_equal(table, model.scores(model.profiles()))


def test_one_person_alone_scores_as_in_the_crowd(model: Recommender) -> None:
    table = model.scores(model.profiles())
    for code in (0, 17, 59):
        np.testing.assert_allclose(model.scores(people(model, code))[0], table[code], rtol=0, atol=1e-12)


def test_lists_hold_the_best_unseen_items_in_order(model: Recommender) -> None:
    lists = model.recommend(model.profiles(), 7)
    table = model.scores(model.profiles())
    seen = model.training.matrix.toarray() > 0
    for row in range(60):
        expected = sorted(np.flatnonzero(~seen[row]), key=lambda i: (-table[row, i], i))[:7]
        assert lists.items[row].tolist() == expected
        np.testing.assert_array_equal(lists.scores[row], table[row, expected])


def test_ties_go_to_the_smaller_item_id() -> None:
    model = create("popularity").fit(small_training())
    model.counts = np.ones(40, dtype=np.int64)
    listed = model.recommend(people(model, 0), 40).items[0]
    assert (np.diff(listed[listed >= 0]) > 0).all()


def test_short_lists_end_with_minus_one(model: Recommender) -> None:
    lists = model.recommend(people(model, 0), 40)
    seen = int(np.diff(model.training.matrix.indptr)[0])
    assert (lists.items[0] >= 0).sum() == 40 - seen
    assert np.isnan(lists.scores[0][lists.items[0] < 0]).all()


def test_hidden_items_never_appear(model: Recommender) -> None:
    free = model.recommend(people(model, 5), 10).items[0]
    left = model.recommend(people(model, 5), 10, hidden=free[:4]).items[0]
    assert not set(free[:4].tolist()) & set(left.tolist())
    assert left[:6].tolist() == free[4:].tolist()


@pytest.mark.parametrize("k", [0, -3])
def test_an_impossible_length_is_refused(model: Recommender, k: int) -> None:
    with pytest.raises(BadInput, match="at least 1"):
        model.recommend(people(model, 0), k)


def test_explanations_add_up(model: Recommender) -> None:
    tolerance = {Exactness.SHAP: 1e-6}.get(model.kind, 1e-9)
    for user in (0, 9, 33):
        for item in model.recommend(people(model, user), 5).items[0]:
            told = model.explain(people(model, user), int(item))
            assert told.background
            assert told.score == pytest.approx(model.scores(people(model, user))[0, item], abs=1e-12)
            assert abs(told.residual) <= tolerance
            values = [abs(part.value) for part in told.parts]
            assert values == sorted(values, reverse=True)


def test_only_own_items_are_evidence(model: Recommender) -> None:
    own = {model.training.items[code] for code in people(model, 4).matrix.indices}
    told = model.explain(people(model, 4), int(model.recommend(people(model, 4), 1).items[0, 0]))
    assert {part.id for part in told.parts if part.kind == "item"} <= own


def test_an_item_that_is_taken_out_leaves_no_trace(model: Recommender) -> None:
    owned = people(model, 4).matrix.indices
    edited = people(model, 4).without(owned[:2])
    target = int(model.recommend(edited, 1).items[0, 0])
    gone = {model.training.items[code] for code in owned[:2]}
    told = model.explain(edited, target)
    assert not {part.id for part in told.parts if part.kind == "item"} & gone


def test_a_stranger_with_no_history_is_served(model: Recommender) -> None:
    from scipy import sparse

    stranger = Profiles(np.array([-1]), sparse.csr_array((1, 40)))
    assert np.isfinite(model.scores(stranger)).all()
    assert (model.recommend(stranger, 5).items[0] >= 0).all()
    told = model.explain(stranger, 3)
    assert not [part for part in told.parts if part.kind == "item" and part.value]


def test_saved_and_loaded_it_is_the_same(model: Recommender, tmp_path: Path) -> None:
    saving.save(model, tmp_path / "m", {"model_id": "m"})
    loaded = saving.load(tmp_path / "m")
    assert type(loaded) is type(model)
    assert loaded.settings == model.settings
    np.testing.assert_array_equal(loaded.scores(loaded.profiles()), model.scores(model.profiles()))
    assert statistics_hash(loaded.statistics()) == statistics_hash(model.statistics())
    ours, theirs = (m.explain(people(m, 9), 3) for m in (model, loaded))
    assert ours == theirs


def test_no_file_of_a_model_needs_pickle(model: Recommender, tmp_path: Path) -> None:
    saving.save(model, tmp_path / "m", {})
    arrays = [*(tmp_path / "m").rglob("*.np[yz]")]
    assert arrays
    for path in arrays:
        content = np.load(path, allow_pickle=False)
        assert all(a.dtype.kind in "iufbU" for a in (content.values() if path.suffix == ".npz" else [content]))


def test_one_changed_byte_is_refused(model: Recommender, tmp_path: Path) -> None:
    saving.save(model, tmp_path / "m", {})
    largest = max(
        (p for p in (tmp_path / "m").rglob("*") if p.suffix in (".npz", ".npy")), key=lambda p: p.stat().st_size
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.chmod(0o600)
    largest.write_bytes(content)
    with pytest.raises(SightglassError, match=largest.name):
        saving.load(tmp_path / "m")


def test_erasing_equals_a_retrain_without_the_person(model: Recommender) -> None:
    code = model.training.users.code("u7")
    erased = model.erase(code)
    fresh = create(model.name, **model.settings.model_dump()).fit(model.training.without_user(code))
    assert "u7" not in erased.training.users
    assert len(erased.training.users) == 59
    assert statistics_hash(erased.statistics()) == statistics_hash(fresh.statistics())
    np.testing.assert_array_equal(erased.scores(erased.profiles()), fresh.scores(fresh.profiles()))
    np.testing.assert_array_equal(
        erased.recommend(erased.profiles(), 5).items, fresh.recommend(fresh.profiles(), 5).items
    )


def test_erasing_changes_the_statistics_of_a_model_that_learns_from_people(model: Recommender) -> None:
    if not model.statistics().keys() & {"co_counts", "counts", "indptr"}:
        pytest.skip("this model keeps no statistics of people")
    assert statistics_hash(model.erase(7).statistics()) != statistics_hash(model.statistics())


def test_statistics_do_not_depend_on_the_order_of_people(model: Recommender, training: Training) -> None:
    assert statistics_hash(model.statistics()) == statistics_hash(
        create(model.name, **model.settings.model_dump()).fit(small_training()).statistics()
    )


def test_an_unknown_setting_is_refused() -> None:
    for name in NAMES:
        with pytest.raises(BadInput, match="unknown setting 'nonsense'"):
            create(name, nonsense=1)


def test_an_unknown_model_is_refused_with_the_known_names() -> None:
    with pytest.raises(SightglassError, match=r"no model .deep..*linear"):
        create("deep")


def test_settings_out_of_range_are_refused() -> None:
    for name, bad in (
        ("linear", {"regularization": -1}),
        ("linear", {"dropout": 1.0}),
        ("item-neighbours", {"neighbours": 0}),
    ):
        with pytest.raises(BadInput, match=f"setting '{next(iter(bad))}' of model '{name}'"):
            create(name, **bad)


def test_training_without_interactions_is_refused(model: Recommender, training: Training) -> None:
    from dataclasses import replace

    from scipy import sparse

    nothing = replace(training, matrix=sparse.csr_array(training.matrix.shape))
    with pytest.raises(BadInput, match="no interaction"):
        create(model.name, **model.settings.model_dump()).fit(nothing)
