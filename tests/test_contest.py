"""A contested recommendation: a case with the list attached, decided by somebody who does not answer for the lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.use_cases.choosing import set_contact, set_profiling
from app.use_cases.contesting import cases, close_case, contest
from app.use_cases.erasing import erase
from app.use_cases.receipting import receipt
from app.use_cases.recommending import recommend
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from tests.doors import copy_of_small_world, model_named

WHO, OWNER, REVIEWER = "u0007", "Ada Example, ada@example.org", "Grace Reviewer"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Workspace]:
    copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    opened = Workspace.open()
    set_contact(opened, "demo", OWNER)
    yield opened
    opened.database.close()


@pytest.fixture
def opened_case(world: Workspace, home: Path) -> dict:
    model_id = model_named("linear", home)
    item = recommend(world, model_id, WHO)["items"][2]["item_id"]
    return contest(world, model_id, WHO, item, "I never liked these.")


def test_a_case_has_the_receipt_with_its_reasons(world: Workspace, opened_case: dict) -> None:
    (row,) = cases(world, "demo")
    told = world.receipts.get(row["receipt_id"])
    assert row["reasons_shown"] == told["list"][2]
    assert row["reasons_shown"]["parts"]
    assert (row["item_id"], row["rank"], row["why"]) == (opened_case["item_id"], 3, "I never liked these.")
    assert (row["closed"], row["outcome"]) == (None, None)
    assert cases(world, "demo", WHO) == [row]
    assert cases(world, "demo", "u0008") == []


def test_opener_reviewer_outcome_and_date_are_in_the_record(world: Workspace, opened_case: dict) -> None:
    row = close_case(world, opened_case["case"], REVIEWER, "upheld", "It was shown too often.")
    assert (row["outcome"], row["reason"], row["reviewer"]) == ("upheld", "It was shown too often.", REVIEWER)
    opened, closed = world.log.entries(kind=Kind.CASE)
    known = world.pseudonyms.known("demo", WHO)
    assert opened.actor == opened.subject == closed.subject == known
    assert (closed.actor, closed.detail["outcome"]) == (REVIEWER, "upheld")
    assert closed.at
    assert opened.detail["case"] == closed.detail["case"] == opened_case["case"]
    seal = world.pseudonyms.commitment("demo", WHO, "reason:It was shown too often.")
    assert closed.detail["reason_commitment"] == seal
    leaves = "".join(event.leaf for event in world.log.entries())
    assert "too often" not in leaves
    assert "never liked" not in leaves
    with pytest.raises(BadInput, match="this case is closed"):
        close_case(world, opened_case["case"], REVIEWER, "rejected", "no")


@pytest.mark.parametrize(
    "name",
    [OWNER, "Ada Example", " ada  EXAMPLE ", "ada@example.org", "Ada Example <ada@example.org>", "ＡＤＡ Example"],
)
def test_who_answers_for_the_lists_does_not_decide(world: Workspace, opened_case: dict, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the one who answers"):
        close_case(world, opened_case["case"], name, "rejected", "as always")
    (event,) = world.log.entries(kind=Kind.REFUSAL)
    assert event.detail == {"data": "demo", "what": "case", "why": "the reviewer answers for the lists"}
    assert world.requests.get(opened_case["case"]).closed_at is None


def test_where_nobody_is_named_nobody_decides(world: Workspace, opened_case: dict) -> None:
    world.policies.set_setting("demo", "contact", "", "", "manager", "left")
    with pytest.raises(BadInput, match="nobody is named who answers"):
        close_case(world, opened_case["case"], REVIEWER, "upheld", "yes")


def test_a_receipt_of_somebody_else_is_refused_and_recorded(world: Workspace, home: Path) -> None:
    model_id = model_named("linear", home)
    theirs, mine = receipt(world, model_id, "u0008"), receipt(world, model_id, WHO)
    with pytest.raises(BadInput, match="not one of yours"):
        contest(world, model_id, WHO, theirs["list"][0]["item_id"], "why", receipt_id=theirs["receipt_id"])
    (event,) = world.log.entries(kind=Kind.REFUSAL)
    assert event.detail["what"] == "contest"
    assert WHO not in event.leaf
    told = contest(world, model_id, WHO, mine["list"][0]["item_id"], "why", receipt_id=mine["receipt_id"])
    assert told["receipt_id"] == mine["receipt_id"]


def test_what_makes_no_case_is_refused(world: Workspace, home: Path, opened_case: dict) -> None:
    model_id = model_named("linear", home)
    size = len(cases(world, "demo"))
    with pytest.raises(NotFound, match="title in this list"):
        contest(world, model_id, WHO, "no such title", "why")
    for why in (" ", "x" * 1001):
        with pytest.raises(BadInput, match="what is wrong with it"):
            contest(world, model_id, WHO, opened_case["item_id"], why)
    assert len(cases(world, "demo")) == size
    for reviewer, outcome, reason in (("", "upheld", "x"), (REVIEWER, "maybe", "x"), (REVIEWER, "upheld", " ")):
        with pytest.raises(BadInput):
            close_case(world, opened_case["case"], reviewer, outcome, reason)
    with pytest.raises(NotFound):
        close_case(world, "f" * 32, REVIEWER, "upheld", "x")


def test_the_list_that_is_the_same_for_all_can_be_contested(world: Workspace, home: Path) -> None:
    set_profiling(world, "demo", WHO, on=False)
    model_id = model_named("linear", home)
    item = recommend(world, model_id, WHO)["items"][0]["item_id"]
    told = contest(world, model_id, WHO, item, "why")
    assert close_case(world, told["case"], REVIEWER, "rejected", "it is the most chosen")["outcome"] == "rejected"


def test_after_an_erasure_only_dates_and_outcome_are_left(world: Workspace, opened_case: dict) -> None:
    erase(world, "demo", WHO)
    (row,) = cases(world, "demo")
    assert (row["why"], row["item_id"], row["reasons_shown"]) == (None, None, None)
    assert row["opened"]
    assert row["closed"]
    assert "never liked" not in json.dumps(row)
