"""The explanations page: what it says of the self-test, of what drives a model, and of how good the reasons are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cached, charts, oversight_tables, oversight_words
from app.use_cases.overseeing import declare
from app.use_cases.self_testing import self_test
from app.use_cases.training import train
from app.workspace import opened
from tests import doors

APP = Path(cached.__file__).parent


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    st.cache_data.clear()
    yield
    cached.workspace().database.close()
    st.cache_resource.clear()


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


def page(**address: str) -> AppTest:
    at = AppTest.from_file(str(APP / "main.py"), default_timeout=120)
    at.query_params.update(address)
    at.run()
    at.switch_page("app_pages/explanations.py").run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "header", "subheader", "success", "error", "warning")
    lines = [str(element.value) for kind in kinds for element in at.get(kind)]
    return "\n".join(lines).replace("\\", "")


def table(at: AppTest, column: str) -> pd.DataFrame:
    """The table that has such a column."""
    return next(found.value for found in at.dataframe if column in found.value)


# -- does the arithmetic hold --------------------------------------------------------------------------------------


def test_before_the_first_self_test_the_page_says_so_and_can_run_it(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    at = page(model=model_id)
    assert "No self-test has been run here yet" in texts(at)
    at.button(key="self-test").click().run()
    assert not at.exception
    told = json.loads((state / "self-test.json").read_text())
    assert f"{len(told['checks'])} of {len(told['checks'])} checks hold" in texts(at)
    assert "The model chosen here was part of it" in texts(at)
    assert set(table(at, "holds")["holds"]) == {"yes"}
    assert not at.warning


def test_a_check_that_does_not_hold_is_a_warning_and_stands_first(state: Path) -> None:
    with opened(state) as workspace:
        told = self_test(workspace)
    told["checks"][3]["ok"] = told["ok"] = False
    (state / "self-test.json").write_text(json.dumps(told))
    at = page()
    assert [warning.value for warning in at.warning] == [oversight_words.SELF_TEST_FAILED]
    first = table(at, "holds").iloc[0]
    assert (first["holds"], first["check"]) == ("no", told["checks"][3]["name"])


def test_a_result_of_other_versions_is_said_to_be_old(state: Path) -> None:
    with opened(state) as workspace:
        told = self_test(workspace)
    assert oversight_words.SELF_TEST_OLD not in texts(page())
    (state / "self-test.json").write_text(json.dumps({**told, "versions": {**told["versions"], "shap": "0.1"}}))
    assert oversight_words.SELF_TEST_OLD in texts(page())


def test_a_model_trained_since_is_said_not_to_be_part_of_it(state: Path) -> None:
    with opened(state) as workspace:
        self_test(workspace)
        model_id = train(workspace, "demo", "item-neighbours", {})["model_id"]
    assert "not part of it in its present state" in texts(page(model=model_id))


def test_a_model_that_was_replaced_is_said_not_to_be_part_of_it(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    with opened(state) as workspace:
        self_test(workspace)
        workspace.shelf.replace(model_id, workspace.model(model_id))
    assert "not part of it in its present state" in texts(page(model=model_id))


# -- what drives the model -----------------------------------------------------------------------------------------


def test_declared_stands_beside_measured_for_every_parameter(state: Path) -> None:
    at = page(model=doors.model_named("linear", state))
    rows = table(at, "parameter")
    assert list(rows["parameter"]) == ["Your past choices", "What other people chose", "How you rated them"]
    assert list(rows["declared"]) == ["1", "2", "not used"]
    assert list(rows["measured"]) == ["1", "1", "no effect"]
    assert "No parameter is flagged" in texts(at)
    assert "behind a door that no model can open" in texts(at)
    items = table(at, "people who chose it")
    assert (items["people who chose it"] >= 10).all()
    assert re.search(r"The 10 strongest titles carry \d+\.\d% of all", texts(at))


def test_what_differs_is_flagged_and_the_manager_may_declare_anew(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    with opened(state) as workspace:
        declare(workspace, "demo", "linear", ["ratings"], "a mistake")
    at = page(model=model_id)
    assert set(table(at, "parameter")["answer"]) == {"declared differs from measured"}
    assert "Flagged for review, declared differs from measured" in texts(at)
    at.multiselect[0].set_value(["choices", "others"])
    save(at)
    assert "needs a reason" in texts(at)
    at.text_input[0].set_value("As it is measured")
    save(at)
    assert set(table(at, "parameter")["answer"]) == {"as declared"}
    assert "The declared order is that of the product manager" in texts(at)
    with opened(state) as workspace:
        assert workspace.log.entries()[-1].detail["reason"] == "As it is measured"


def test_a_person_who_switches_profiling_off_leaves_the_measurement_at_once(state: Path) -> None:
    model_id = doors.model_named("linear", state)
    at = page(model=model_id)
    assert "over 300 people" in texts(at)
    with opened(state) as workspace:
        workspace.choices.set_profiling("demo", "u0001", False)
    at.run()
    assert "over 299 people" in texts(at)
    assert "1 person who switched profiling off was left out" in texts(at)


def save(at: AppTest) -> None:
    next(button for button in at.button if button.label == "Save the declaration").click().run()


def test_a_model_without_reasons_among_titles_says_so(state: Path) -> None:
    at = page(model=doors.model_named("popularity", state))
    assert oversight_words.NO_ITEMS in texts(at)
    assert list(table(at, "parameter")["measured"]) == ["1", "no effect", "no effect"]


def test_the_signals_of_a_hybrid_are_shown(state: Path) -> None:
    with opened(state) as workspace:
        model_id = train(workspace, "demo", "hybrid", {})["model_id"]
    at = page(model=model_id)
    assert "The signals of this model" in texts(at)
    assert len(table(at, "signal")) == len(table(at, "parameter")) - 2  # all but the history and its ratings


def test_too_few_people_for_a_measurement_is_a_sentence_and_the_rest_stands(home: Path) -> None:
    with opened(home) as workspace:
        workspace.catalog.register(
            doors.little_source([("a", f"t{n}") for n in range(5)], titles={"t9": "More"}), "one"
        )
        train(workspace, "one", "popularity")
    at = page()
    assert "fewer than two people" in texts(at)
    assert "How good are the reasons, and for whom" in texts(at)


# -- how good the reasons are --------------------------------------------------------------------------------------


def test_the_explanations_are_assessed_when_asked(state: Path) -> None:
    at = page(model=doors.model_named("linear", state))
    assert "Protocol" not in texts(at)
    at.button(key="assess").click().run()
    assert not at.exception
    told = texts(at)
    assert "Taking away the strongest reasons costs a title its place sooner than chance does" in told
    assert re.search(r"\d+ of \d+ comparisons are flagged for review; for \d+ there is too little evidence", told)
    assert {"hits", "misses", "interval"} <= set(table(at, "hits"))
    assert set(table(at, "answer").columns) >= {"answer"}
    chosen = at.selectbox(key="reasons-attribute")
    chosen.set_value("taste third").run()
    assert not at.exception
    assert {"niche", "diverse", "blockbuster"} <= set(table(at, "gap to everybody else")["group"])


# -- figures and tables --------------------------------------------------------------------------------------------


def rows_of(*titles: str) -> list[dict[str, Any]]:
    return [
        {
            "id": title, "title": title, "declared": None if n else 1, "measured": n + 1, "changed": 0.5 - n / 10, "n": 9,
            "low": 0.4 - n / 10, "high": 0.6 - n / 10, "moves": True, "why": "", "data": "d", "effect": "e",
            "answer": "declared differs from measured" if n else "as declared",
        }
        for n, title in enumerate(titles)
    ]  # fmt: skip


def test_the_chart_draws_intervals_ranks_and_flags_in_words() -> None:
    figure = charts.importance(pd.DataFrame(rows_of("a <b>bold</b>", "b")))
    trace = figure.data[0]
    assert list(trace.y) == ["a &lt;b&gt;bold&lt;/b&gt;", "b"]
    assert list(trace.text) == ["declared 1", "not used, flagged"]
    assert list(trace.x) == [0.5, 0.4]
    assert list(trace.error_x.array) == pytest.approx([0.1, 0.1])
    assert list(trace.error_x.arrayminus) == pytest.approx([0.1, 0.1])


def test_tables_show_what_is_small_and_what_is_missing() -> None:
    row = {"metric": "residual", "title": "t", "value": 4e-17, "low": None, "high": None, "n": 3, "meaning": "m"}
    shown = oversight_tables.quality_table([row], []).iloc[0]
    assert (shown["everybody"], shown["interval"], shown["hits"]) == ("4.0e-17", "–", "–")


@pytest.mark.parametrize(
    ("passed", "words"),
    [(True, "sooner than chance"), (False, "Flagged for review"), (None, "nothing to take away")],
)
def test_the_deletion_test_is_told_either_way(passed: bool | None, words: str) -> None:
    told = {"passed": passed, "difference": -0.1, "low": -0.2, "high": 0.0, "n": 9, "p": 0.02, "sooner": 5, "later": 2}
    assert words in oversight_words.deletion_line(told)
