"""Retention: after a purge nothing is older than its limit, and the record has the counts."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.use_cases.receipting import receipt
from app.use_cases.retaining import parse_days, purge, schedule, set_retention
from app.use_cases.training import train
from app.workspace import Workspace
from data.demo import demo_source
from data.errors import BadInput
from data.keep.consents import Category, Purpose
from data.keep.events import Kind
from data.keep.requests import Right
from data.tables import RawTable

DAY = 86_400
TIMES = demo_source(n_users=60, n_items=120).interactions.frame["timestamp"]
NOW = datetime.fromtimestamp(int(TIMES.max()), UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retention") / "state"
    folder.mkdir()
    workspace = Workspace.open(folder, f"sqlite:///{folder / 'sightglass.db'}")
    workspace.catalog.register(demo_source(n_users=60, n_items=120), "tiny")
    train(workspace, "tiny", "popularity")
    workspace.database.close()
    return folder


@pytest.fixture
def world(base: Path, home: Path) -> Iterator[Workspace]:
    shutil.copytree(base, home)
    opened = Workspace.open()
    yield opened
    opened.database.close()


def stored(world: Workspace) -> pd.Series:
    """The times as they lie on disk."""
    (folder,) = (world.folder / "datasets" / "tiny").glob("v-*")
    return pd.read_parquet(folder / "interactions.parquet")["timestamp"]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 900))
def test_no_row_is_older_than_its_limit(base: Path, tmp_path_factory: pytest.TempPathFactory, days: int) -> None:
    folder = shutil.copytree(base, tmp_path_factory.mktemp("one") / "state")
    world = Workspace.open(folder, f"sqlite:///{folder / 'sightglass.db'}")
    limit = NOW.timestamp() - days * DAY
    set_retention(world, "tiny", {"interactions": days}, "as in our notice")
    told = purge(world, "tiny", now=NOW)
    assert told["removed"] == {"interactions": int((limit > TIMES).sum())}
    assert told["left"] == {"interactions": 0}
    assert sorted(stored(world)) == sorted(time for time in TIMES if time >= limit)
    states = {row["state"] for row in told["models"]}
    assert states <= {"refitted", "out of date"}
    world.database.close()


def test_models_are_those_of_a_training_on_what_is_left(world: Workspace) -> None:
    source = demo_source(n_users=60, n_items=120)
    cut = int(TIMES.median())
    days = int((NOW.timestamp() - cut) // DAY)
    set_retention(world, "tiny", {"interactions": days}, "as in our notice")
    told = purge(world, "tiny", now=NOW)
    (model_id,) = world.shelf.ids()
    assert told["models"] == [{"name": model_id, "state": "refitted"}]
    frame = source.interactions.frame
    kept = frame[frame["timestamp"] >= NOW.timestamp() - days * DAY]
    world.catalog.register(replace(source, interactions=RawTable(kept, "x", 1)), "by-hand")
    by_hand = train(world, "by-hand", "popularity")["model_id"]
    hashes = {world.shelf.about(name)["statistics_hash"] for name in (model_id, by_hand)}
    assert len(hashes) == 1
    assert world.shelf.about(model_id)["data_hash"] == world.catalog.summary("tiny")["hash"]
    assert len(world.catalog.open("tiny").users) == 60, "people stay"


def test_what_leaves_nothing_to_learn_from_is_said_to_be_out_of_date(world: Workspace) -> None:
    set_retention(world, "tiny", {"interactions": 1}, "as in our notice")
    told = purge(world, "tiny", now=NOW + timedelta(days=400))
    assert {row["state"] for row in told["models"]} == {"out of date"}
    assert told["left"] == {"interactions": 0}
    assert len(stored(world)) == 0
    (model_id,) = world.shelf.ids()
    assert world.shelf.about(model_id)["data_hash"] != world.catalog.summary("tiny")["hash"]


def count(world: Workspace, query: str) -> int:
    with closing(sqlite3.connect(world.folder / "sightglass.db")) as database:
        return int(database.execute(query).fetchone()[0])


def test_receipts_requests_and_consent_go_when_they_are_due(world: Workspace) -> None:
    now = datetime.now(UTC)
    (model_id,) = world.shelf.ids()
    for _ in range(3):
        receipt(world, model_id, "u0001", 3)
    old, young = now - timedelta(days=50), now - timedelta(days=5)
    for came in (old, young):
        world.requests.close(world.requests.open("tiny", "u0001", Right.ACCESS, now=came), "done", now=came)
    world.requests.open("tiny", "u0002", Right.ACCESS, now=old)
    with world.database.write() as session:
        for user, came in (("gone", old), ("gone", young), ("u0003", old)):
            cell = [(Purpose.LISTS, Category.CHOICES)]
            world.consents.record(session, "tiny", user, cell, True, "a notice", now=came)
    days = {"receipts": 1, "requests": 30, "consents": 30}
    assert [row["over_the_limit"] for row in set_retention(world, "tiny", days, "why")["retention"]] == [None, 0, 1, 1]
    told = purge(world, "tiny")
    assert told["removed"] == {"consents": 1, "receipts": 0, "requests": 1}
    assert set(told["left"].values()) == {0}
    limit = (now - timedelta(days=30)).isoformat()
    assert count(world, f"SELECT count(*) FROM requests WHERE closed_at < '{limit}'") == 0
    assert count(world, "SELECT count(*) FROM requests WHERE closed_at IS NULL") == 1, "an open request is never purged"
    assert count(world, "SELECT count(*) FROM consents WHERE user_id = 'gone'") == 1
    assert count(world, "SELECT count(*) FROM consents WHERE user_id = 'u0003'") == 1, "the account has not ended"
    later = purge(world, "tiny", now=now + timedelta(days=2))
    assert later["removed"]["receipts"] == 3
    assert count(world, "SELECT count(*) FROM receipts") == 0


def test_the_record_has_the_counts(world: Workspace) -> None:
    set_retention(world, "tiny", {"interactions": 1}, "why")
    told = purge(world, "tiny", now=NOW + timedelta(days=400))
    begun, done = world.log.entries(kind=Kind.PURGE)
    assert (begun.detail["stage"], done.detail["stage"]) == ("begun", "done")
    assert done.detail["removed"] == told["removed"] == {"interactions": len(TIMES)}
    assert done.detail["days"] == {"interactions": 1}
    again = purge(world, "tiny", now=NOW + timedelta(days=400))
    assert again["removed"] == {"interactions": 0}, "a second purge has nothing to do"


def test_what_cannot_be_is_refused(world: Workspace) -> None:
    for days in ({"cookies": 3}, {"receipts": 0}, {"receipts": 10**6}, {"receipts": True}, {"cookies": None}):
        with pytest.raises(BadInput):
            set_retention(world, "tiny", days, "why")
    with pytest.raises(BadInput, match="needs a reason"):
        set_retention(world, "tiny", {"receipts": 3}, " ")
    for word in ("receipts", "receipts=", "receipts=-1", "receipts=1.5"):
        with pytest.raises(BadInput, match="written what=days"):
            parse_days([word])
    assert parse_days(["receipts=3", "requests=none"]) == {"receipts": 3, "requests": None}
    assert world.policies.setting("tiny", "retention", {}) == {}
    set_retention(world, "tiny", {"receipts": 3}, "why")
    set_retention(world, "tiny", {"receipts": None, "requests": 9}, "why")
    assert world.policies.setting("tiny", "retention", {}) == {"requests": 9}
    assert purge(world, "tiny")["removed"] == {"requests": 0}


def test_a_data_set_without_times_says_so(world: Workspace) -> None:
    source = demo_source(n_users=60, n_items=120)
    frame = source.interactions.frame.drop(columns="timestamp")
    world.catalog.register(replace(source, interactions=RawTable(frame, "x", 1)), "timeless")
    told = set_retention(world, "timeless", {"interactions": 3}, "why")
    assert told["notes"] == ["this data set has no timestamps, so nobody can say what is older"]
    assert purge(world, "timeless")["left"] == {"interactions": None}
    assert schedule(world, "timeless")["retention"][0]["over_the_limit"] is None
    assert len(world.catalog.open("timeless").interactions) == len(frame)
