"""The rooms behind the doors: erased is erased, off is off, and what a person chose stays chosen."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.use_cases import choosing
from app.use_cases.auditing import audit
from app.use_cases.erasing import erase
from app.use_cases.explaining import explain
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.workspace import Workspace, opened
from data.errors import NotFound, SightglassError
from data.keep.verifier import verify_path
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import NAMES, create
from tests import doors

PERSON, OTHER = "u0017", "u0042"


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def everything(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), home)


def written_in(file: Path) -> str:
    """Everything that a file says: its bytes in the encodings of texts, and the decoded tables and arrays."""
    content = file.read_bytes()
    told = [content.decode("latin-1"), content.decode("utf-16-le", "ignore"), content.decode("utf-32-le", "ignore")]
    if file.suffix == ".parquet":
        table = pd.read_parquet(file)
        told += [" ".join(map(str, table[column])) for column in table] + [" ".join(map(str, table.index))]
    if file.suffix == ".npy":
        told.append(" ".join(map(str, np.load(io.BytesIO(content), allow_pickle=False).ravel().tolist())))
    return " ".join(told)


def places_of(word: str, home: Path) -> list[str]:
    """Every file and table row of a state folder in which a word is."""
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    found = [str(path.relative_to(home)) for path in files if word in path.name or word in written_in(path)]
    return found + [line[:80] for line in doors.database_of(home) if word in line]


# -- erasure ----------------------------------------------------------------------------------------------------


def test_after_an_erasure_the_person_is_nowhere(everything: Path) -> None:
    with opened(everything) as workspace:
        linear = doors.model_named("linear", everything)
        taken = explain_first(workspace, linear)
        choosing.set_slider(workspace, "demo", PERSON, 0.4)
        choosing.exclude(workspace, "demo", PERSON, taken)
        choosing.set_profiling(workspace, "demo", PERSON, on=False)
    before = places_of(PERSON, everything)
    assert any("users.parquet" in place for place in before)
    assert sum("people-" in place for place in before) >= len(NAMES)
    assert any("attributes.parquet" in place for place in before)
    assert any("choices" in place for place in before)
    with opened(everything) as workspace:
        erase(workspace, "demo", PERSON)
    assert places_of(PERSON, everything) == []
    assert places_of(OTHER, everything)


def explain_first(workspace: Workspace, model_id: str) -> str:
    """The strongest reason for the first title of the person."""
    first = recommend(workspace, model_id, PERSON)["items"][0]["item_id"]
    return str(explain(workspace, model_id, PERSON, first)["parts"][0]["id"])


def test_an_erased_model_equals_one_that_never_met_the_person(everything: Path, tmp_path: Path) -> None:
    with opened(everything) as workspace:
        told = erase(workspace, "demo", PERSON)["certificate"]
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(told))
        checked = verify_path(path)
        assert checked["ok"], [check for check in checked["checks"] if not check["ok"]]
        assert {proof["name"] for proof in told["models"]} == set(workspace.shelf.ids())
        assert PERSON not in json.dumps(told)
        without = Training.of(workspace.catalog.open("demo"))
        assert PERSON not in without.users
        for model_id in workspace.shelf.ids():
            kept = workspace.model(model_id)
            fresh = create(kept.name, **kept.settings.model_dump()).fit(without)
            assert statistics_hash(kept.statistics()) == statistics_hash(fresh.statistics()), model_id
            ours, theirs = (model.recommend(model.profiles(), 10) for model in (kept, fresh))
            assert np.array_equal(ours.items, theirs.items), model_id
            np.testing.assert_allclose(ours.scores, theirs.scores, rtol=0, atol=1e-9, err_msg=model_id)
            assert np.array_equal(kept.item_counts, fresh.item_counts), model_id


def test_a_certificate_of_another_request_does_not_verify(state: Path, tmp_path: Path) -> None:
    with opened(state) as workspace:
        one, two = (erase(workspace, "demo", who)["certificate"] for who in (PERSON, OTHER))
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps({**one, "inclusion_proof": two["inclusion_proof"]}))
    assert not verify_path(path)["ok"]


def test_who_was_erased_cannot_be_found_again(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        erase(workspace, "demo", PERSON)
        before = doors.state_of(state)
        for ask in (
            lambda: erase(workspace, "demo", PERSON),
            lambda: recommend(workspace, linear, PERSON),
            lambda: explain(workspace, linear, PERSON, "i0001"),
        ):
            with pytest.raises(NotFound, match=f"There is no person '{PERSON}'"):
                ask()
        assert doors.state_of(state) == before


def test_others_keep_their_choices_and_their_history(state: Path) -> None:
    with opened(state) as workspace:
        choosing.set_slider(workspace, "demo", OTHER, 0.3)
        rows = workspace.catalog.open("demo").interactions.frame()
        erase(workspace, "demo", PERSON)
        left = workspace.catalog.open("demo").interactions.frame()
        assert choosing.choice(workspace, "demo", OTHER)["slider"] == 0.3
    expected = rows[rows["user_id"] != PERSON].reset_index(drop=True)
    pd.testing.assert_frame_equal(left, expected)


# -- what a person chose ------------------------------------------------------------------------------------------


def test_choices_are_there_for_whoever_opens_the_state_again(state: Path) -> None:
    linear = doors.model_named("linear", state)
    with opened(state) as workspace:
        taken = explain_first(workspace, linear)
        choosing.set_slider(workspace, "demo", PERSON, 0.5)
        choosing.exclude(workspace, "demo", PERSON, taken)
        choosing.set_profiling(workspace, "demo", OTHER, on=False)
        first = recommend(workspace, linear, PERSON)
    with opened(state) as again:
        assert again is not workspace
        held = choosing.choice(again, "demo", PERSON)
        assert (held["slider"], held["excluded"], held["profiling"]) == (0.5, [taken], True)
        assert choosing.choice(again, "demo", OTHER)["profiling"] is False
        assert recommend(again, linear, PERSON) == first
        assert recommend(again, linear, OTHER) == recommend_non_profiled(again, linear)
        choosing.include(again, "demo", PERSON, taken)
        choosing.set_slider(again, "demo", PERSON, None)
    with opened(state) as last:
        held = choosing.choice(last, "demo", PERSON)
        assert (held["slider"], held["excluded"]) == (None, [])


@pytest.mark.parametrize("position", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_position_off_the_slider_is_refused_and_nothing_kept(state: Path, position: float) -> None:
    with opened(state) as workspace:
        before = doors.state_of(state)
        for setting in (
            lambda: choosing.set_slider(workspace, "demo", PERSON, position),
            lambda: choosing.set_default_slider(workspace, "demo", position, "a reason"),
            lambda: recommend(workspace, doors.model_named("linear", state), PERSON, serendipity=position),
        ):
            with pytest.raises(SightglassError, match="slider"):
                setting()
        assert doors.state_of(state) == before


# -- off is off -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_non_profiled_list_is_the_same_bytes_for_any_two_people(everything: Path, name: str) -> None:
    model_id = doors.model_named(name, everything)
    rng = np.random.default_rng(5)
    with opened(everything) as workspace:
        people = workspace.catalog.open("demo").users.index
        told = {
            json.dumps(recommend(workspace, model_id, str(who), profiled=False)).encode()
            for pair in rng.choice(people, (50, 2))
            for who in pair
        }
        counts = workspace.catalog.open("demo").interactions.frame()["item_id"].value_counts()
    assert len(told) == 1
    # by definition: most chosen first, equal ones by the smaller id
    expected = sorted(counts.index, key=lambda item: (-counts[item], item))[:10]
    assert [row["item_id"] for row in json.loads(told.pop())["items"]] == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_non_profiled_list_is_made_where_no_personal_file_is(everything: Path, name: str) -> None:
    model_id = doors.model_named(name, everything)
    with opened(everything) as workspace:
        expected = recommend_non_profiled(workspace, model_id)
        choosing.set_profiling(workspace, "demo", PERSON, on=False)
    personal = [*(everything / "models").rglob("people-*"), *(everything / "datasets").rglob("*.parquet")]
    assert len(personal) > len(NAMES)
    for file in personal:
        file.unlink()
    with opened(everything) as workspace:
        assert recommend_non_profiled(workspace, model_id) == expected
        assert recommend(workspace, model_id, PERSON) == expected
        with pytest.raises(SightglassError, match="people-"):
            workspace.shelf.load(model_id)


# -- the record -------------------------------------------------------------------------------------------------


def test_every_use_case_that_matters_is_in_the_record_and_names_nobody(state: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(doors.PLAN)
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        choosing.set_slider(workspace, "demo", PERSON, 0.5)
        choosing.set_profiling(workspace, "demo", PERSON, on=False)
        choosing.set_default_slider(workspace, "demo", 0.2, "a reason")
        audit(workspace, "demo", model_id=linear, plan_file=plan)
        erase(workspace, "demo", PERSON)
        kinds = [event.kind for event in workspace.log.entries()]
        leaves = [event.leaf for event in workspace.log.entries()]
    assert {"train", "choice", "opt-out", "policy", "audit", "sensitive-read", "erase"} <= set(kinds)
    assert kinds.index("audit") < len(kinds) - 1 - kinds[::-1].index("audit")  # the plan before the result
    assert not [leaf for leaf in leaves if PERSON in leaf]
