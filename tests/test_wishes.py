"""What people say about categories, providers and kinds of data does what it says, at once, and leaves no trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.use_cases import choosing
from app.use_cases.consenting import forget_learned, give, notice
from app.use_cases.explaining import explain
from app.use_cases.personal import PersonalList, Why, stored_history
from app.use_cases.receipting import receipt, replay
from app.use_cases.recommending import recommend, recommend_all, recommend_non_profiled
from app.use_cases.starting import start, suggestions
from app.use_cases.training import train
from app.use_cases.wishes import choosable, covered
from app.workspace import Workspace, opened
from data.errors import BadInput, NotFound
from data.keep.choices import Effect, Rule
from models.histories import Training, history
from models.people import without_people
from models.registry import create
from models.serving import Request, serve
from tests import doors

PERSON, OTHER = "u0007", "u0021"


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path / "state")


@pytest.fixture
def all_models(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), tmp_path / "state")


def ids(told: dict) -> list[str]:
    return [row["item_id"] for row in told["items"]]


def with_genre(workspace: Workspace, kind: str, value: str) -> set[str]:
    """Literally: the titles whose column names the value among its |-separated parts."""
    items = workspace.catalog.open("demo").items
    return {str(name) for name, text in items[kind].items() if isinstance(text, str) and value in text.split("|")}


def a_category(workspace: Workspace) -> tuple[str, str]:
    """A category of which the person has chosen some titles, and not all of their titles are of it."""
    dataset = workspace.catalog.open("demo")
    own = dataset.interactions.take(dataset.interactions.user == dataset.interactions.users.code(PERSON))
    chosen = {dataset.interactions.items[code] for code in own.item}
    for kind, values in choosable(workspace.catalogue("demo")).items():
        for value in values:
            if 2 <= len(chosen & with_genre(workspace, kind, value)) < len(chosen):
                return kind, value
    raise AssertionError("no such category")


def test_what_a_rule_covers_is_what_the_table_says(state: Path) -> None:
    with opened(state) as workspace:
        catalogue = workspace.catalogue("demo")
        known = choosable(catalogue)
        assert "provider" in known
        for kind, values in known.items():
            for value in values[:4]:
                found = covered(catalogue, Rule(Effect.HIDDEN, kind, value))
                assert len(found) == len(set(found)) > 0
                assert set(found) == with_genre(workspace, kind, value)


@pytest.mark.parametrize("name", ["linear", "item-neighbours", "user-neighbours", "content", "svd", "hybrid"])
def test_without_a_category_is_a_copy_of_the_person_without_it(all_models: Path, name: str) -> None:
    with opened(all_models) as workspace:
        model_id = doors.model_named(name, all_models)
        kind, value = a_category(workspace)
        choosing.add_rule(workspace, "demo", PERSON, f"unused:{kind}:{value}")
        gone = with_genre(workspace, kind, value)
        model = workspace.model(model_id)
        stored = model.profiles(np.array([model.training.users.code(PERSON)]))
        copy = stored.without(model.training.items.codes(sorted(gone)))
        own = history(stored)[0]
        expected = model.training.items.values[serve(model, Request(copy, 10, hidden=own)).items].tolist()
        told = recommend(workspace, model_id, PERSON)
        assert ids(told) == expected
        for item in expected[:3]:
            why = explain(workspace, model_id, PERSON, item)
            cited = {part["id"] for part in why["parts"] if part["kind"] == "item"}
            cited |= {part["id"] for inner in why["within"] for part in inner["parts"]}
            assert not cited & gone
            assert not gone & set((why["counterfactual"] or {}).get("remove", []))
        choosing.drop_rule(workspace, "demo", PERSON, f"unused:{kind}:{value}")
        assert recommend(workspace, model_id, PERSON) != told


def test_less_of_a_category_is_less_of_each_of_its_titles(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        kind, value = a_category(workspace)
        choosing.add_rule(workspace, "demo", PERSON, f"less:{kind}:{value}")
        by_rule = recommend(workspace, linear, PERSON)
        choosing.drop_rule(workspace, "demo", PERSON, f"less:{kind}:{value}")
        model = workspace.model(linear)
        own = {model.training.items[code] for code in history(stored_history(workspace, "demo", model, PERSON))[0]}
        for item in sorted(own & with_genre(workspace, kind, value)):
            choosing.use_less(workspace, "demo", PERSON, item)
        assert recommend(workspace, linear, PERSON) == by_rule


@pytest.mark.parametrize("kind", ["provider", "category"])
def test_a_hidden_provider_or_category_is_never_shown(state: Path, kind: str) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        first = ids(recommend(workspace, linear, PERSON))[0]
        items = workspace.catalog.open("demo").items
        column = "provider" if kind == "provider" else next(iter(choosable(workspace.catalogue("demo"))))
        value = str(items.loc[first, column]).split("|")[0]
        choosing.add_rule(workspace, "demo", PERSON, f"hidden:{column}:{value}")
        for position in (0.0, 0.5, 1.0):
            shown = ids(recommend(workspace, linear, PERSON, k=30, serendipity=position))
            assert shown
            assert not set(shown) & with_genre(workspace, column, value)
        with pytest.raises(BadInput, match="never to be shown"):
            explain(workspace, linear, PERSON, first)


@pytest.mark.parametrize("name", ["svd", "user-neighbours", "linear"])
def test_without_ratings_everything_chosen_counts_alike(all_models: Path, name: str) -> None:
    with opened(all_models) as workspace:
        model_id = doors.model_named(name, all_models)
        before = recommend(workspace, model_id, PERSON)
        choosing.add_rule(workspace, "demo", PERSON, "unused:data:ratings")
        shown = PersonalList.of(workspace, model_id, PERSON)
        assert shown.request is not None
        assert len(set(history(shown.request.one)[1].tolist())) == 1
        told = receipt(workspace, model_id, PERSON)
        assert replay(workspace, told)["replayed"]
        if name == "linear":  # it never read them
            assert ids(recommend(workspace, model_id, PERSON)) == ids(before)


def test_who_is_not_learned_from_is_in_no_next_model_and_keeps_a_personal_list(state: Path) -> None:
    with opened(state) as workspace:
        choosing.set_learning(workspace, "demo", PERSON, on=False)
        told = train(workspace, "demo", "linear", {"regularization": 100})
        model = workspace.model(told["model_id"])
        dataset = workspace.catalog.open("demo")
        assert PERSON not in model.training.users
        assert PERSON in dataset.interactions.users
        expected = create("linear", regularization=100).fit(without_people(Training.of(dataset), {PERSON}))
        assert (model.integer_counts() == expected.integer_counts()).all()
        shown = recommend(workspace, told["model_id"], PERSON)
        whole = Training.of(dataset)
        row = whole.matrix[[whole.users.code(PERSON)]]
        scores = (row != 0).astype(float) @ model.weights
        scores[0, row.indices] = -np.inf
        assert ids(shown) == model.training.items.values[np.argsort(-scores[0], kind="stable")[:10]].tolist()
        why = explain(workspace, told["model_id"], PERSON, ids(shown)[0])
        assert abs(why["residual"]) < 1e-9
        kept = receipt(workspace, told["model_id"], PERSON)
        assert replay(workspace, kept)["replayed"]


def test_restricted_records_are_used_for_nothing(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        workspace.choices.set_restricted("demo", PERSON, True)
        told = recommend(workspace, linear, PERSON)
        assert told["items"] == recommend_non_profiled(workspace, linear)["items"]
        assert told["reason"] == Why.RESTRICTED
        assert PERSON not in workspace.model(train(workspace, "demo", "linear")["model_id"]).training.users


def test_a_minor_and_a_browser_signal_are_not_profiled_until_they_agree(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)

        def young(dataset, sensitive):  # type: ignore[no-untyped-def]
            users = dataset.users.assign(minor=np.where(dataset.users.index == PERSON, "yes", "no"))
            from dataclasses import replace

            return replace(dataset, users=users), sensitive

        workspace.catalog.rewrite("demo", young)
        same = recommend_non_profiled(workspace, linear)["items"]
        assert recommend(workspace, linear, PERSON) | {"without": []} == {
            "model_id": linear, "profiled": False, "serendipity": 0.0, "items": same, "without": [], "reason": Why.MINOR,
        }  # fmt: skip
        assert recommend(workspace, linear, OTHER)["profiled"]
        assert recommend(workspace, linear, OTHER, signal=True)["reason"] == Why.SIGNAL
        assert recommend(workspace, linear, OTHER, signal=True)["items"] == same
        for user in (PERSON, OTHER):
            give(workspace, "demo", user, notice(workspace, "demo"), "lists")
        assert recommend(workspace, linear, PERSON)["profiled"]
        assert recommend(workspace, linear, OTHER, signal=True)["profiled"]


def test_the_file_of_everybody_holds_what_each_is_shown(state: Path, tmp_path: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        people = workspace.model(linear).training.users.values.tolist()
        choosing.set_slider(workspace, "demo", people[0], 0.6)
        choosing.hide(workspace, "demo", people[1], ids(recommend(workspace, linear, people[1]))[0])
        choosing.set_profiling(workspace, "demo", people[2], on=False)
        kind, value = next((kind, values[0]) for kind, values in choosable(workspace.catalogue("demo")).items())
        choosing.add_rule(workspace, "demo", people[3], f"hidden:{kind}:{value}")
        forget_learned(workspace, "demo", people[4])  # in no model any more, and still somebody with a list
        choosing.set_default_slider(workspace, "demo", 0.2, "a test")
        recommend_all(workspace, linear, tmp_path / "lists.parquet", k=5)
        table = pd.read_parquet(tmp_path / "lists.parquet")
        assert table["user_id"].unique().tolist() == people
        for user in people[:30]:
            mine = table[table["user_id"] == user]
            shown = recommend(workspace, linear, user, k=5)["items"]
            assert mine["item_id"].tolist() == [row["item_id"] for row in shown]
            np.testing.assert_allclose(mine["score"], [row["score"] for row in shown], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["linear", "item-neighbours", "content", "hybrid", "svd", "user-neighbours"])
def test_a_newcomer_has_an_explained_list_at_once(all_models: Path, name: str) -> None:
    with opened(all_models) as workspace:
        model_id = doors.model_named(name, all_models)
        kind, value = next((kind, values[0]) for kind, values in choosable(workspace.catalogue("demo")).items())
        offered = suggestions(workspace, model_id, [f"{kind}:{value}"])
        assert {row["item_id"] for row in offered} <= with_genre(workspace, kind, value)
        picks = [row["item_id"] for row in offered[:3]]
        told = start(workspace, "demo", notice(workspace, "demo"), picks, [f"{kind}:{value}"])
        shown = recommend(workspace, model_id, told["user"])
        assert shown["profiled"]
        assert len(shown["items"]) == 10
        assert not set(ids(shown)) & set(picks)
        why = explain(workspace, model_id, told["user"], ids(shown)[0])
        assert why["sentence"]
        if why["exact"]:
            assert abs(why["residual"]) < 1e-9
        liked = [part for part in why["parts"] if part["kind"] == "choice"]
        assert bool(liked) == (ids(shown)[0] in with_genre(workspace, kind, value))
        assert not workspace.choices.get("demo", told["user"]).learning
        assert told["user"] not in workspace.model(train(workspace, "demo", "popularity")["model_id"]).training.users


def test_only_categories_give_the_well_known_titles_of_them(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        kind, value = next((kind, values[0]) for kind, values in choosable(workspace.catalogue("demo")).items())
        told = start(workspace, "demo", "a notice", likes=[f"{kind}:{value}"], new_id="fresh")
        shown = ids(recommend(workspace, linear, "fresh", k=5))
        model = workspace.model(linear)
        inside = np.isin(model.training.items.values.astype(str), sorted(with_genre(workspace, kind, value)))
        order = np.argsort(-np.where(inside, model.item_counts, -1), kind="stable")
        assert shown == model.training.items.values[order[:5]].tolist()
        why = explain(workspace, linear, "fresh", shown[0])
        assert value in why["sentence"]
        assert told["user"] == "fresh"


def test_nothing_known_is_the_popular_list_and_a_word(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        model = workspace.model(linear)
        for code in history(stored_history(workspace, "demo", model, PERSON))[0]:
            choosing.exclude(workspace, "demo", PERSON, model.training.items[code])
        told = recommend(workspace, linear, PERSON)
        assert told["reason"] == Why.NOTHING_KNOWN
        assert told["items"] == recommend_non_profiled(workspace, linear)["items"]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("hidden:genres", BadInput),
        ("loved:genres:Drama", BadInput),
        ("hidden:nothing:x", NotFound),
        ("hidden:provider:nobody at all", NotFound),
        ("unused:data:blood", NotFound),
        ("hidden:data:ratings", BadInput),
    ],
)
def test_a_rule_about_nothing_is_refused_and_changes_nothing(state: Path, rule: str, error: type[Exception]) -> None:
    with opened(state) as workspace:
        before = doors.state_of(state)
        with pytest.raises(error):
            choosing.add_rule(workspace, "demo", PERSON, rule)
        assert doors.state_of(state) == before


def test_a_start_with_nothing_or_a_taken_id_is_refused(state: Path) -> None:
    with opened(state) as workspace:
        before = doors.state_of(state)
        for asked in (
            lambda: start(workspace, "demo", "n"),
            lambda: start(workspace, "demo", "n", ["i0001"], (), PERSON),
        ):
            with pytest.raises(BadInput):
                asked()
        assert doors.state_of(state) == before
