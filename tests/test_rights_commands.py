"""Rights from the command line: each is one command, says one JSON document, and refuses in one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.use_cases.judging import audited, groups_of
from app.workspace import opened
from data.keep.events import Kind
from tests.doors import copy_of_small_world, model_named

WHO = "u0007"


class Run:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def told(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    copy_of_small_world(tmp_path_factory.getbasetemp(), home)

    def call(*words: object, json_: bool = True) -> Run:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["sightglass", *map(str, words), *(["--json"] if json_ else [])])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    return call


def me(*words: object) -> tuple[object, ...]:
    return (*words, "--data", "demo", "--user", WHO)


def states(run: Run) -> set[str]:
    return {row["state"] for row in run.told["consents"]}


def test_consent_is_given_shown_and_withdrawn_in_one_step_each(run: Any, tmp_path: Path) -> None:
    assert states(run(*me("consent"))) == {"never asked"}
    notice = tmp_path / "notice.txt"
    notice.write_text("What we do.")
    assert states(run(*me("consent"), "--give", "--notice", notice)) == {"given"}
    assert states(run(*me("consent"), "--withdraw", "--purpose", "lists")) == {"given", "withdrawn"}
    assert states(run(*me("consent"), "--at", "2020-01-01T00:00Z")) == {"never asked"}
    for words, why in (
        (("--give", "--withdraw"), "not both"),
        (("--at", "yesterday"), "not a time"),
        (("--give", "--notice", tmp_path / "absent"), "cannot be read"),
        (("--give", "--purpose", "money"), "no such purpose"),
    ):
        refused = run(*me("consent"), *words)
        assert (refused.code, refused.out) == (3, "")
        assert why in refused.err
        assert refused.err.count("\n") == 1


def test_a_person_takes_all_of_it_from_end_to_end(run: Any, tmp_path: Path, home: Path) -> None:
    model_id = model_named("linear", home)
    items = run("recommend", "--model", model_id, "--user", WHO).told["items"]
    case = run("contest", "--model", model_id, "--user", WHO, "--item", items[0]["item_id"], "--why", "not for me").told
    assert run("portable", *me(), "--out", tmp_path / "take.zip").told["tables"]["interactions"] > 3
    assert run("my-data", *me(), "--out", tmp_path / "all.zip").told["tables"]["requests"] == 3
    assert run("erase", *me()).code == 0
    joined = run(
        "join", "--data", "demo", "--from", tmp_path / "take.zip", "--agree", "lists", "--agree", "learning"
    ).told
    again = run("recommend", "--model", model_id, "--user", joined["user"]).told["items"]
    assert again == items
    (row,) = run("cases", "--data", "demo").told
    assert (row["case"], row["why"]) == (case["case"], None)
    register = run("requests", "--data", "demo").told
    assert {row["right"]: row["received"] for row in register["rights"] if row["received"]} == {
        "access": 1,
        "portability": 1,
        "contest": 1,
        "erasure": 1,
    }
    assert sum(row["overdue"] for row in register["rights"]) == 0


def test_objection_restriction_and_forgetting(run: Any) -> None:
    assert run("forget-learned", *me()).told["models"]
    assert run("object", *me()).told == {"data": "demo", "profiling": False}
    assert run("restrict", *me()).told["restricted"] is True
    assert run("restrict", *me(), "--off").told["restricted"] is False
    told = run("requests", "--data", "demo", "--type", "restriction").told
    assert [row["outcome"] for row in told["requests"]] == ["done", "done"]
    assert run("requests", "--data", "demo", "--deadline", "ccpa", "--reason", "California").told["deadline_days"] == 45
    assert run("requests", "--data", "demo", json_=False).code == 0


def test_correction_is_of_one_thing(run: Any, home: Path) -> None:
    with opened(home) as workspace:
        data = workspace.catalog.open("demo").interactions
        item = data.items[int(data.item[data.user == data.users.code(WHO)][0])]
    assert run("correct", *me(), "--item", item, "--value", 1).told["corrected"] == "rating"
    assert run("correct", *me(), "--item", item, "--remove").told["corrected"] == "removal"
    assert run("correct", *me(), "--attribute", "region", "--to", "north").told["corrected"] == "attribute"
    for words in (
        (),
        ("--item", item),
        ("--item", item, "--value", 1, "--remove"),
        ("--item", item, "--attribute", "x"),
    ):
        refused = run("correct", *me(), *words)
        assert (refused.code, refused.out) == (3, "")
        assert "of one record or one attribute" in refused.err


def test_cases_are_closed_by_somebody_else(run: Any, home: Path) -> None:
    model_id = model_named("linear", home)
    item = run("recommend", "--model", model_id, "--user", WHO).told["items"][0]["item_id"]
    run("contact", "--data", "demo", "--set", "Ada Example, ada@example.org")
    case = run("contest", "--model", model_id, "--user", WHO, "--item", item, "--why", "no").told["case"]
    close = ("cases", "--data", "demo", "--close", case, "--outcome", "upheld", "--reason", "right")
    assert "cannot be the one who answers" in run(*close, "--reviewer", "Ada Example").err
    (row,) = run(*close, "--reviewer", "Grace").told
    assert (row["reviewer"], row["outcome"]) == ("Grace", "upheld")


def test_retention_is_set_and_purged(run: Any, home: Path) -> None:
    told = run(
        "retention", "--data", "demo", "--set", "interactions=1", "--set", "receipts=9", "--reason", "notice"
    ).told
    over = {row["what"]: row["over_the_limit"] for row in told["retention"]}
    purged = run("purge", "--data", "demo").told
    assert purged["removed"] == {"interactions": over["interactions"], "receipts": 0}
    assert purged["left"] == {"interactions": 0, "receipts": 0}
    assert {row["state"] for row in purged["models"]} <= {"refitted", "out of date"}
    with opened(home) as workspace:
        assert [event.detail["stage"] for event in workspace.log.entries(kind=Kind.PURGE)] == ["begun", "done"]


def test_audits_leave_out_what_was_withdrawn_from_them(run: Any, home: Path) -> None:
    run("consent", *me(), "--withdraw", "--purpose", "audits", "--kind", "demographics")
    with opened(home) as workspace:
        dataset = audited(workspace, "demo")
        groups = groups_of(workspace, dataset)
        assert WHO in dataset.users.index
        assert groups
        assert all(values.isna()[WHO] for values in groups.values())
        assert all(values.notna().sum() > 100 for values in groups.values())
    run("consent", *me(), "--withdraw", "--purpose", "audits")
    with opened(home) as workspace:
        assert WHO not in audited(workspace, "demo").users.index


def test_audits_leave_out_restricted_records(run: Any, home: Path) -> None:
    run("restrict", *me())
    with opened(home) as workspace:
        assert WHO not in audited(workspace, "demo").interactions.users
        assert WHO in workspace.catalog.open("demo").interactions.users, "the records stay"
