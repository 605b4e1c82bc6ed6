"""The audit page with lists of another system: handed over in a real browser, chosen, stopped, refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.use_cases.evaluating import everybody
from app.use_cases.judging import twin
from app.workspace import opened
from tests import doors
from tests.browser import chromium, dashboard

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
READY = 120_000


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("lists") / "state")


@pytest.fixture(scope="module")
def files(state: Path) -> Path:
    """Lists and their held-out choices, a plan, a broken file, and a folder of lists that is counted."""
    folder = state.parent
    with opened(state) as workspace:
        judged = twin(workspace, doors.model_named("popularity", state))
        rows = everybody(judged.model, 10)
    rows.to_csv(folder / "lists.csv", index=False)
    judged.outcomes.to_csv(folder / "truth.csv", index=False)
    (folder / "plan.toml").write_text(doors.PLAN)
    (folder / "broken.csv").write_text("who,what\n1,2\n")
    return folder


@pytest.fixture
def tab(state: Path, files: Path) -> Iterator[Any]:
    with dashboard(state) as address, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 1400})
        tab.goto(f"{address}/audit")
        yield tab


def settled(tab: Any, words: str) -> None:
    tab.get_by_text(words).first.wait_for(timeout=READY)
    tab.wait_for_timeout(600)
    tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=READY)
    assert tab.locator("[data-testid=stException]").count() == 0


def hand_over(tab: Any, folder: Path, *names: str) -> None:
    for place, name in enumerate(names):
        tab.locator("input[type=file]").nth(place).set_input_files(folder / name)
        tab.get_by_text(name).first.wait_for(timeout=READY)
        tab.wait_for_timeout(1500)  # the file is on its way
        settled(tab, name)
    tab.get_by_role("button", name="Assess these lists").click()


def test_lists_of_another_system_are_handed_over_chosen_refused_and_stopped(tab: Any, state: Path, files: Path) -> None:
    with opened(state) as workspace:
        before = len(workspace.runs.list())
    tab.get_by_role("button", name="Stop").click(timeout=READY)  # the first audit of the model has begun by itself
    settled(tab, "The audit was stopped.")
    with opened(state) as workspace:
        assert len(workspace.runs.list()) == before
    assert tab.get_by_text("What this audit found").count() == 0
    tab.get_by_text("Assess the lists of another system").click()
    hand_over(tab, files, "broken.csv", "truth.csv", "plan.toml")
    settled(tab, "broken.csv, row 1, column 'user_id': this column is missing")
    with opened(state) as workspace:
        assert len(workspace.runs.list()) == before
    hand_over(tab, files, "lists.csv")
    settled(tab, "How this was measured")
    assert tab.get_by_text("lists of lists.csv, truth of truth.csv").count() == 1
    assert tab.get_by_role("combobox", name="Whose lists").count() == 1
    with opened(state) as workspace:
        (run,) = [each for each in workspace.runs.list() if each["label"] == "lists on demo"]
        assert workspace.runs.load(run["run_id"])["planned"]
    tab.get_by_role("combobox", name="Whose lists").click()
    tab.get_by_role("option", name="Lists of this model").click()
    settled(tab, "The audit was stopped.")
    tab.get_by_role("button", name="Run the audit").click()
    settled(tab, "What opting out costs")
    with opened(state) as workspace:
        assert len(workspace.runs.list()) == before + 2
