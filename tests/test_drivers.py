"""What drives a model: every parameter taken away is a model really made without it, and declared is held to measured."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from app.cli import main
from app.use_cases.overseeing import declare, drivers
from app.workspace import opened
from data.columns import Kind
from data.errors import BadInput, NotFound
from models import saving
from models.base import Recommender
from models.content.model import Content
from models.counted.linear import Linear
from models.histories import Profiles, Training
from models.hybrid.model import Hybrid
from models.registry import create
from models.serving import Boost
from models.why.drivers import concentration, item_totals, named_drivers, signal_drivers
from models.why.importance import AS_DECLARED, DIFFERS, UNCLEAR, changed_share, judge, measured_importance, ranks
from models.why.operator import operator_effects
from models.why.parameters import rated_alike
from tests import doors
from tests.worlds import small_training

MODELS: dict[str, dict[str, object]] = {
    "linear": {"regularization": 20},
    "popularity": {},
    "random": {},
    "item-neighbours": {},
    "user-neighbours": {},
    "svd": {"n_factors": 5},
    "content": {},
    "hybrid": {"regularization": 20},
    "item-neighbours/ratings": {"similarity": "pearson_baseline"},
    "user-neighbours/ratings": {"similarity": "pearson_baseline"},
}


def world(seed: int = 0) -> Training:
    """A small world with two category columns, not in alphabetical order, beside a year and a text."""
    training = small_training(seed)
    maker = np.random.default_rng(seed).choice(["north", "south", "west"], len(training.items))
    content = training.content.assign(maker=maker)[["maker", "genre", "year", "about"]]
    kinds = {"maker": Kind.CATEGORY, **training.kinds}
    return replace(training, content=content, kinds=kinds)


def fitted(name: str, training: Training | None = None, **more: object) -> Recommender:
    return create(name.partition("/")[0], **{**MODELS[name], **more}).fit(training or world())


def ablated(model: Recommender, parameter: str, profiles: Profiles | None = None) -> np.ndarray:
    row = next(row for row in model.parameters() if row.id == parameter)
    return row.scores(profiles or model.profiles())


# -- each parameter taken away is the model made without it --------------------------------------------------------


@pytest.mark.parametrize("column", ["maker", "genre", "year", "about"])
def test_a_content_column_taken_away_is_the_model_of_data_without_the_column(column: str) -> None:
    training = world()
    kinds = {name: kind for name, kind in training.kinds.items() if name != column}
    without = Content().fit(replace(training, kinds=kinds, content=training.content[list(kinds)]))
    model = fitted("content")
    np.testing.assert_array_equal(ablated(model, f"column:{column}"), without.scores(without.profiles()))


def test_the_only_column_taken_away_leaves_nothing() -> None:
    training = world()
    model = Content().fit(replace(training, kinds={"genre": Kind.CATEGORY}, content=training.content[["genre"]]))
    assert not ablated(model, "column:genre").any()


def test_a_column_of_weight_0_is_declared_as_not_used() -> None:
    model = fitted("content", weights={"year": 0.0, "genre": 2.0})
    rows = {row.id: row.declared for row in model.parameters()}
    assert rows == {
        "choices": 1,
        "column:genre": 2,
        "column:maker": 3,
        "column:about": 3,
        "column:year": None,
        "ratings": 5,
        "others": None,
    }
    table = measured_importance(model, model.profiles(), 5).set_index("id")
    assert not table.loc["column:year", "moves"]
    assert table.loc["column:year", "answer"] == AS_DECLARED


def test_content_without_ratings_is_content_of_people_who_rate_everything_alike() -> None:
    training = world()
    ones = sparse.csr_array((training.matrix.data * 0 + 1, training.matrix.indices, training.matrix.indptr))
    alike = Content().fit(replace(training, matrix=ones))
    np.testing.assert_array_equal(ablated(fitted("content"), "ratings"), alike.scores(alike.profiles()))


@pytest.mark.parametrize("learner", ["logistic", "trees"])
@pytest.mark.parametrize("signal", range(6))
def test_a_signal_taken_away_is_the_combination_with_its_column_constant(learner: str, signal: int) -> None:
    model = fitted("hybrid", learner=learner)
    assert isinstance(model, Hybrid)
    rows = model.signals.rows(model.profiles())
    rows[:, signal] = np.mean(model.combination.background[:, signal])
    if learner == "trees":
        expected = model.combination.predict(rows)
    else:
        expected = rows @ model.combination.arrays["weights"] + model.combination.arrays["intercept"][0]
    name = list(model.signals.titles)[signal]
    np.testing.assert_allclose(ablated(model, name).ravel(), expected, rtol=0, atol=1e-12)


def test_a_term_of_the_factorisation_taken_away_is_the_sum_of_the_others() -> None:
    model = fitted("svd")
    mean, b_u, b_i = model.mean, model.user_level[:, None], model.item_level[None, :]
    match = model.user_factors @ model.item_factors.T
    expected = {"user-level": mean + b_i + match, "item-level": mean + b_u + match, "taste-match": mean + b_u + b_i}
    for name, table in expected.items():
        np.testing.assert_allclose(ablated(model, name), table + np.zeros_like(match), atol=1e-12)
    nobody = Profiles(np.array([-1]), sparse.csr_array((1, match.shape[1])))
    np.testing.assert_allclose(ablated(model, "choices"), np.repeat(model.scores(nobody), len(match), axis=0))


@pytest.mark.parametrize("name", ["item-neighbours/ratings", "user-neighbours/ratings"])
def test_neighbours_taken_away_is_the_model_in_which_nothing_is_similar(name: str) -> None:
    model = fitted(name)
    alone = copy(model)
    alone._set(model.mean, model.item_level, model.user_level, model.similarity * 0.0)
    np.testing.assert_allclose(ablated(model, "neighbours"), alone.scores(alone.profiles()), atol=1e-12)


def test_rating_everything_alike_keeps_the_mean_of_each_person() -> None:
    profiles = fitted("svd").profiles()
    alike = rated_alike(profiles)
    for row in range(len(profiles)):
        own = profiles.matrix[[row]].data
        np.testing.assert_allclose(alike.matrix[[row]].data, np.mean(own))
    empty = Profiles(np.array([-1]), sparse.csr_array((1, 40)))
    assert rated_alike(empty).matrix.nnz == 0


def test_nothing_of_the_catalogue_counts_or_the_draw_is_left_when_taken_away() -> None:
    for name, parameter in (("popularity", "popularity"), ("random", "chance"), ("linear", "others")):
        assert not ablated(fitted(name), parameter).any()


# -- A1: the register is the set of inputs -------------------------------------------------------------------------


def changes(name: str) -> Iterator[tuple[str, Recommender, Profiles]]:
    """Every input by its name, with the model and the six people as they are when that input is another."""
    training, rng = world(), np.random.default_rng(5)
    model = fitted(name, training)
    served = model.profiles(np.arange(6))
    yield "nothing", model, served
    yield "choices", model, served.without(served.matrix.indices[:1])
    own = served.matrix
    flipped = sparse.csr_array((6 - own.data, own.indices, own.indptr), own.shape)
    yield "ratings", model, Profiles(served.users, flipped)
    dense = training.matrix.toarray()
    dense[6:] = rng.permutation(dense[6:].ravel()).reshape(dense[6:].shape)
    yield "others", fitted(name, replace(training, matrix=sparse.csr_array(dense))), served
    for column in training.kinds:
        shuffled = training.content.assign(**{column: rng.permutation(training.content[column].to_numpy())})
        yield f"column:{column}", fitted(name, replace(training, content=shuffled)), served


def inputs_of(name: str) -> set[str]:
    """Every input whose change moves a score, found by changing it: no word of the register is used."""
    scores = {changed: model.scores(people) for changed, model, people in changes(name)}
    base = scores.pop("nothing")
    return {changed for changed, table in scores.items() if np.abs(table - base).max() > 1e-9}


@pytest.mark.parametrize("name", MODELS)
def test_the_inputs_that_move_a_score_are_the_rows_of_the_register(name: str) -> None:
    model = fitted(name)
    declared = {read for row in model.parameters() if row.declared is not None for read in row.reads}
    assert declared - {"chance"} == inputs_of(name)
    table = measured_importance(model, model.profiles(), 5)
    assert set(table.loc[table["moves"], "id"]) == set(table.loc[table["declared"].notna(), "id"])


def test_each_signal_reads_the_inputs_that_its_row_names() -> None:
    tables = {changed: list(model.signals.tables(people)) for changed, model, people in changes("hybrid")}
    base = tables.pop("nothing")
    model = fitted("hybrid")
    assert isinstance(model, Hybrid)
    rows = {row.id: set(row.reads) for row in model.parameters()}
    for place, name in enumerate(model.signals.titles):
        moved = {changed for changed, made in tables.items() if np.abs(made[place] - base[place]).max() > 1e-9}
        assert rows[name] == moved, name


def test_a_register_that_leaves_an_input_out_is_caught() -> None:
    model = fitted("content")
    register = [row.id for row in model.parameters()]
    table = measured_importance(
        model, model.profiles(), 5, declared=[name for name in register[:-1] if name != "ratings"]
    )
    row = table.set_index("id").loc["ratings"]
    assert (row["answer"], row["why"]) == (DIFFERS, "It is declared as not used, and scores move without it.")


def test_a_register_that_names_an_input_too_many_is_caught() -> None:
    model = fitted("linear")
    row = (
        measured_importance(model, model.profiles(), 5, declared=["choices", "others", "ratings"])
        .set_index("id")
        .loc["ratings"]
    )
    assert (row["answer"], row["why"]) == (DIFFERS, "It is declared as used, and no score moves without it.")


def test_a_term_that_moves_every_score_alike_is_used_though_it_changes_no_list() -> None:
    model = fitted("svd")
    row = measured_importance(model, model.profiles(), 5).set_index("id").loc["user-level"]
    assert (row["changed"], row["moves"], row["answer"]) == (0.0, True, AS_DECLARED)


@pytest.mark.parametrize("name", MODELS)
def test_every_row_says_its_data_and_effect_in_words(name: str) -> None:
    for row in fitted(name).parameters():
        assert row.title
        assert row.data
        assert row.effect.endswith(".")


# -- measured ------------------------------------------------------------------------------------------------------


def test_measured_is_the_share_of_each_list_that_changes() -> None:
    model, k = fitted("linear"), 7
    table = measured_importance(model, model.profiles(), k).set_index("id")
    dense, scores = model.training.matrix.toarray(), model.scores(model.profiles())
    shares = []
    for person in range(len(dense)):
        unseen = [item for item in range(dense.shape[1]) if not dense[person, item]]
        mine = sorted(unseen, key=lambda item: (-scores[person, item], item))[:k]
        shares.append(
            1 - len(set(mine) & set(unseen[:k])) / k
        )  # without choices all tie, and the smaller id comes first
    assert table.loc["choices", "changed"] == pytest.approx(np.mean(shares), abs=1e-12)
    assert table.loc["choices", "low"] < np.mean(shares) < table.loc["choices", "high"]
    half = 1.96 * np.std(shares) / np.sqrt(len(shares))
    assert table.loc["choices", "high"] - table.loc["choices", "low"] == pytest.approx(2 * half, rel=0.15)
    assert table["measured"].to_dict() == {"choices": 1, "others": 1, "ratings": 3}


def test_a_list_may_be_asked_for_that_is_longer_than_the_catalogue() -> None:
    model = fitted("linear")
    table = measured_importance(model, model.profiles(), 100)
    assert table["changed"].tolist() == [0.0, 0.0, 0.0]  # everything unseen is on every list
    assert table["moves"].tolist() == [True, True, False]
    assert operator_effects(model, model.profiles(), 100, slider=1.0)["changed"].tolist() == [0.0]


@given(st.integers(1, 6), st.integers(0, 5000))
@settings(max_examples=40, deadline=None)
def test_the_share_is_that_of_sets(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = (np.array([rng.permutation(9)[:k] for _ in range(5)]) for _ in range(2))
    before[0], before[1, k - 1 :] = -1, -1
    found = changed_share(before, after)
    for row in range(5):
        mine = {int(code) for code in before[row] if code >= 0}
        expected = 1 - len(mine & set(after[row].tolist())) / len(mine) if mine else np.nan
        np.testing.assert_allclose(found[row], expected, atol=1e-15)


# -- declared against measured -------------------------------------------------------------------------------------


def judged(rows: list[tuple[str, float, float, float, bool]], declared: dict[str, int | None]) -> dict[str, str]:
    table = pd.DataFrame(rows, columns=["id", "changed", "low", "high", "moves"]).assign(title=lambda t: t["id"])
    told = judge(table, declared)
    return dict(zip(told["id"], told["answer"], strict=True))


THREE = [("a", 0.6, 0.5, 0.7, True), ("b", 0.4, 0.3, 0.45, True), ("c", 0.35, 0.3, 0.4, True)]


@pytest.mark.parametrize(
    ("declared", "answers"),
    [
        ({"a": 1, "b": 2, "c": 3}, [AS_DECLARED] * 3),
        ({"a": 2, "b": 1, "c": 3}, [DIFFERS, DIFFERS, AS_DECLARED]),
        ({"a": 1, "b": 3, "c": 2}, [AS_DECLARED, UNCLEAR, UNCLEAR]),
        ({"a": 3, "b": 2, "c": 1}, [DIFFERS, DIFFERS, DIFFERS]),
        ({"a": 1, "b": 1, "c": 1}, [AS_DECLARED] * 3),
        ({"a": 2, "b": 1, "c": 1}, [DIFFERS] * 3),
        ({"a": 1, "b": 2, "c": None}, [AS_DECLARED, AS_DECLARED, DIFFERS]),
    ],
)
def test_an_order_is_flagged_where_it_is_swapped_beyond_chance(
    declared: dict[str, int | None], answers: list[str]
) -> None:
    assert list(judged(THREE, declared).values()) == answers


def test_intervals_that_touch_are_no_evidence() -> None:
    rows = [("a", 0.4, 0.3, 0.5, True), ("b", 0.6, 0.5, 0.7, True)]
    assert judged(rows, {"a": 1, "b": 2}) == {"a": UNCLEAR, "b": UNCLEAR}


def test_an_order_names_known_parameters_once() -> None:
    register = fitted("linear").parameters()
    assert ranks(register, ["others", "choices"]) == {"choices": 2, "others": 1, "ratings": None}
    with pytest.raises(NotFound, match="'genre'; known: choices, others, ratings"):
        ranks(register, ["choices", "genre"])
    with pytest.raises(BadInput, match="named twice"):
        ranks(register, ["choices", "choices"])


# -- titles and signals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["linear", "item-neighbours", "content", "svd"])
def test_totals_are_the_sum_of_what_explanations_say(name: str) -> None:
    model, k = fitted(name), 4
    people = model.profiles(np.arange(12))
    expected = np.zeros(len(model.training.items))
    for row, shown in enumerate(model.recommend(people, k).items):
        for item in shown[shown >= 0].tolist():
            told = model.explain(people.rows(row, row + 1), item)
            parts = told.within[0].parts if name == "svd" else told.parts
            for part in parts:
                expected[model.training.items.code(part.id, "item")] += abs(part.value)
    np.testing.assert_allclose(item_totals(model, people, k), expected, atol=1e-9)
    whole = expected.sum()
    largest = sorted(expected, reverse=True)
    assert concentration(expected, 10) == pytest.approx(sum(largest[:10]) / whole)
    assert concentration(expected, 100) == pytest.approx(1.0)


def test_short_lists_add_nothing_of_the_titles_that_are_not_there() -> None:
    model = fitted("linear")
    one = Profiles(np.array([-1]), sparse.csr_array(np.array([[1.0] * 38 + [0, 0]])))
    assert (model.recommend(one, 10).items[0] >= 0).sum() == 2
    np.testing.assert_allclose(item_totals(model, one, 10)[:38], np.abs(model.weights[:38, 38:]).sum(axis=1))


def test_a_title_of_few_people_is_not_named() -> None:
    model = fitted("linear")
    people = model.profiles(np.arange(30))
    totals = item_totals(model, people, 5)
    table = named_drivers(model, people, totals, 40)
    held = (people.matrix.toarray() > 0).sum(axis=0)
    assert (held < 10).any()
    assert set(table["item_id"]) == {model.training.items[code] for code in np.flatnonzero((held >= 10) & (totals > 0))}
    assert table["share"].sum() < 1  # of the whole, what is not named too
    assert list(table["total"]) == sorted(table["total"], reverse=True)


def test_a_model_without_reasons_among_titles_names_none() -> None:
    model = fitted("popularity")
    totals = item_totals(model, model.profiles(), 5)
    assert named_drivers(model, model.profiles(), totals).empty
    assert np.isnan(concentration(totals, 10))


def test_a_signal_drives_by_its_mean_absolute_shapley_value() -> None:
    model = fitted("hybrid")
    assert isinstance(model, Hybrid)
    people = model.profiles()
    first = model.recommend(people, 1).items[:, 0]
    rows = model.signals.rows(people).reshape(60, 40, -1)[np.arange(60), first]
    phi = model.combination.arrays["weights"] * (rows - model.combination.background.mean(axis=0))
    expected = dict(zip(model.signals.titles, np.abs(phi).mean(axis=0), strict=True))
    table = signal_drivers(model, people, 1)
    assert dict(zip(table["id"], table["value"], strict=True)) == pytest.approx(expected, abs=1e-9)
    assert list(table["id"]) == sorted(expected, key=lambda name: -expected[name])


@pytest.mark.parametrize("learner", ["logistic", "trees"])
def test_a_stored_hybrid_weighs_the_signals_that_it_learned(learner: str, tmp_path: Path) -> None:
    model = fitted("hybrid", learner=learner)
    saving.save(model, tmp_path / "kept", {})
    again = saving.load(tmp_path / "kept")
    assert [row.id for row in again.parameters()] == [row.id for row in model.parameters()]
    np.testing.assert_array_equal(again.scores(again.profiles()), model.scores(model.profiles()))


# -- what the operator adds ----------------------------------------------------------------------------------------


def test_a_boost_to_the_top_changes_one_place_of_every_list_that_lacked_the_title() -> None:
    model, k = fitted("linear"), 5
    people = model.profiles()
    values = np.zeros(40)
    values[7] = 1e6
    table = operator_effects(model, people, k, boosts=[Boost("item:7", "promoted", values)]).set_index("id")
    lists, seen = model.recommend(people, k).items, people.matrix.toarray()[:, 7] > 0
    lacked = ~(lists == 7).any(axis=1) & ~seen
    assert table.loc["boost:item:7", "changed"] == pytest.approx(lacked.mean() / k)
    assert table.loc["slider", "changed"] == 0
    assert table.loc["boost:item:7", "setting"] == "+1e+06 on 1 titles"


def test_the_slider_is_measured_against_position_0() -> None:
    from models.serving import serve_everybody

    model, k = fitted("linear"), 5
    moved, still = serve_everybody(model, k, 0.8).lists.items, model.recommend(model.profiles(), k).items
    expected = np.mean([1 - len(set(a) & set(b)) / k for a, b in zip(moved.tolist(), still.tolist(), strict=True)])
    table = operator_effects(model, model.profiles(), k, slider=0.8)
    assert expected > 0
    assert table["changed"].tolist() == pytest.approx([expected])


# -- the use cases and the commands --------------------------------------------------------------------------------


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


def test_an_order_is_declared_recorded_and_held_to_the_measurement(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    with opened(state) as workspace:
        before = drivers(workspace, model_id, people=60)
        assert before["declared_by"] == "the model"
        assert [row["answer"] for row in before["parameters"]] == [AS_DECLARED] * 3
        declare(workspace, "demo", "linear", ["ratings", "choices"], "to see it flagged", "somebody")
        after = drivers(workspace, model_id, people=60)
        assert after["declared_by"] == "the product manager"
        assert {row["id"]: row["declared"] for row in after["parameters"]} == {
            "choices": 2,
            "others": None,
            "ratings": 1,
        }
        assert [row["answer"] for row in after["parameters"]] == [DIFFERS, DIFFERS, DIFFERS]
        last = workspace.log.entries()[-1]
        assert (last.kind, last.actor) == ("policy", "somebody")
        assert last.detail == {
            "data": "demo",
            "policy": "declared-importance:linear",
            "before": None,
            "after": ["ratings", "choices"],
            "reason": "to see it flagged",
        }


@pytest.mark.parametrize(
    ("model", "order", "reason", "refusal", "words"),
    [
        ("linear", ["choices", "genre"], "because", NotFound, "'genre'; known: choices, others, ratings"),
        ("linear", ["choices", "choices"], "because", BadInput, "named twice"),
        ("linear", ["choices"], "  ", BadInput, "needs a reason"),
        ("linear", [], "because", BadInput, "no parameter is named"),
        ("svd", ["choices"], "because", NotFound, "'svd on demo'"),
    ],
)
def test_a_declaration_that_is_refused_changes_nothing(
    state: Path, model: str, order: list[str], reason: str, refusal: type[Exception], words: str
) -> None:
    before = doors.state_of(state)
    with opened(state) as workspace, pytest.raises(refusal, match=words):
        declare(workspace, "demo", model, order, reason)
    assert doors.state_of(state) == before


def test_people_who_switched_profiling_off_are_not_measured(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    with opened(state) as workspace:
        users = [str(name) for name in workspace.model(model_id).training.users.values]
        for name in users[2:]:
            workspace.choices.set_profiling("demo", name, False)
        told = drivers(workspace, model_id)
        assert told["people"] == 2
        assert any(f"{len(users) - 2} people who switched profiling off" in note for note in told["notes"])
        workspace.choices.set_profiling("demo", users[0], False)
        with pytest.raises(BadInput, match="fewer than two people"):
            drivers(workspace, model_id)


def test_the_commands_print_one_document(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    def run(*words: str) -> dict[str, object]:
        monkeypatch.setattr(sys, "argv", ["sightglass", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        told: dict[str, object] = json.loads(capsys.readouterr().out)
        return told

    model_id = doors.model_named("linear", state)
    told = run("drivers", "--model", model_id, "--people", "40", "--json")
    assert {"parameters", "operator", "items", "concentration", "signals", "notes"} <= set(told)
    declared = run(
        "declare", "--data", "demo", "--model", "linear", "--order", "others, choices", "--reason", "so it is", "--json"
    )
    assert declared == {"data": "demo", "model": "linear", "order": ["others", "choices"], "not_used": ["ratings"]}


def test_linear_reads_choices_alone() -> None:
    """The plain default of the contract: a model that says nothing else reads who chose what."""
    assert [(row.id, row.declared) for row in Linear(regularization=5).fit(world()).parameters()] == [
        ("choices", 1),
        ("others", 2),
        ("ratings", None),
    ]
