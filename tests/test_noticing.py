"""The notice says what decides a list, as it is set now; and off lasts through everything that may come after it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.use_cases import choosing, noticing
from app.use_cases.boosting import remove_boost, set_boost
from app.use_cases.overseeing import declare
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.retaining import set_retention
from app.use_cases.training import train
from app.workspace import opened
from data.keep.verifier import sha256
from models.registry import NAMES
from tests import doors

PERSON = "u0007"


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path / "state")


@pytest.fixture
def all_models(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), tmp_path / "state")


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_the_models_register_is_in_the_notice(all_models: Path, name: str) -> None:
    """That the register holds every input that moves a score, and no other, is in tests/test_drivers.py."""
    with opened(all_models) as workspace:
        model_id = doors.model_named(name, all_models)
        text = noticing.notice(workspace, model_id)
        for row in workspace.model(model_id).parameters():
            assert row.title.lower() in text.lower()
            if row.declared is not None:
                assert row.effect in text
                assert row.data in text


def test_a_change_of_a_weight_changes_the_notice_and_back(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        seen = [noticing.notice(workspace, linear)]

        def changed() -> str:
            seen.append(noticing.notice(workspace, linear))
            assert seen[-1] not in seen[:-1]
            return seen[-1]

        choosing.set_default_slider(workspace, "demo", 0.4, "a test")
        assert "0.4 of 1" in changed()
        assert "20%" in seen[-1]
        set_boost(workspace, linear, "item", "i0001", 0.25, "shown by the editors", "a test")
        assert "shown by the editors" in changed()
        assert "+0.25 on the score of 1 title." in seen[-1]
        declare(workspace, "demo", "linear", ["others", "choices"], "a test")
        assert changed().index("What other people chose") < seen[-1].index("Your past choices")
        choosing.set_contact(workspace, "demo", "Ada Example")
        assert changed().endswith("Ask: Ada Example.")
        set_retention(workspace, "demo", {"interactions": 365}, "a test")
        assert "365 days" in changed()
        remove_boost(workspace, linear, "item:i0001", "a test")
        assert "editors" not in changed()


def test_it_is_told_once_under_its_own_hash_and_again_when_it_changes(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        text, first = noticing.tell(workspace, linear, PERSON)
        assert first
        assert noticing.tell(workspace, linear, PERSON) == (text, False)
        (event,) = workspace.log.entries(kind="notice")
        assert event.detail["sha256"] == sha256(text.encode()) == hashlib.sha256(text.encode()).hexdigest()
        assert event.actor == event.subject == workspace.pseudonyms.known("demo", PERSON)
        choosing.set_contact(workspace, "demo", "Ada Example")
        assert noticing.tell(workspace, linear, PERSON)[1]


def test_a_thousand_pairs_have_the_same_bytes_and_nobody_is_read(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        people = workspace.catalog.open("demo").interactions.users.values
        pairs = np.random.default_rng(0).choice(people, (1000, 2))
        for user in people:
            choosing.set_profiling(workspace, "demo", user, on=False)

        def refused(*_: object, **__: object) -> None:
            raise AssertionError("a person's data was read")

        monkeypatch.setattr(type(workspace), "model", refused)
        monkeypatch.setattr(type(workspace.catalog), "open", refused)
        expected = json.dumps(recommend_non_profiled(workspace, linear)).encode()
        for one, other in pairs:
            ours, theirs = (json.dumps(recommend(workspace, linear, user)).encode() for user in (one, other))
            assert ours == theirs == expected


_ASK = """
import json, sys
from app.use_cases.recommending import recommend
from app.workspace import opened
with opened() as workspace:
    print(json.dumps(recommend(workspace, sys.argv[1], sys.argv[2])))
"""


def test_off_lasts_through_a_restart_a_retrain_and_an_upgrade(state: Path) -> None:
    surroundings = {**os.environ, "SIGHTGLASS_HOME": str(state)}
    surroundings.pop("SIGHTGLASS_DATABASE_URL", None)

    def asked_in_a_new_process(model_id: str) -> dict:
        command = [sys.executable, "-c", _ASK, model_id, PERSON]
        return dict(json.loads(subprocess.run(command, env=surroundings, capture_output=True, check=True).stdout))

    linear = doors.model_named("linear", state)
    assert asked_in_a_new_process(linear)["profiled"]
    with opened(state) as workspace:
        choosing.set_profiling(workspace, "demo", PERSON, on=False)
    assert not asked_in_a_new_process(linear)["profiled"]
    with opened(state) as workspace:
        again = train(workspace, "demo", "linear", {"regularization": 50})["model_id"]
    assert not asked_in_a_new_process(again)["profiled"]
    downgraded(state)  # the next process brings the database of a former version to ours
    assert not asked_in_a_new_process(again)["profiled"]
    with opened(state) as workspace:
        flips = [event for event in workspace.log.entries(kind="opt-out") if "profiling" in event.detail]
        assert [event.detail["profiling"] for event in flips] == [False]
        assert {event.actor for event in flips} == {workspace.pseudonyms.known("demo", PERSON)}


def downgraded(state: Path) -> None:
    """The database as version 2 had it: what version 3 added is taken away."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(state / "sightglass.db")) as raw, raw:
        for table in ("consents", "requests"):
            raw.execute(f"DROP TABLE {table}")
        for column in ("rules", "learning", "restricted"):
            raw.execute(f"ALTER TABLE choices DROP COLUMN {column}")
        raw.execute("UPDATE facts SET value = '2' WHERE name = 'schema'")
