"""A correction is in the store and in every model: the next list is that of a training on corrected data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.use_cases.correcting import correct_attribute, correct_rating, remove_record
from app.use_cases.recommending import recommend
from app.use_cases.training import train
from app.workspace import Workspace
from data.demo import demo_source
from data.errors import BadInput, NotFound, SightglassError
from data.keep.database import open_database
from data.keep.events import Kind
from data.tables import RawTable, Source

WHO = "u0007"
MODELS = ("linear", "item-neighbours", "user-neighbours", "popularity", "content")
RATED = {"similarity": "msd"}


@pytest.fixture(scope="module")
def source() -> Source:
    return demo_source(n_users=60, n_items=120)


@pytest.fixture
def world(home: Path, source: Source) -> Iterator[Workspace]:
    opened = Workspace.open()
    opened.catalog.register(source, "tiny")
    yield opened
    opened.database.close()


def own(source: Source) -> pd.DataFrame:
    return source.interactions.frame.query("user_id == @WHO")


def corrected(source: Source, item: str, value: float | None) -> Source:
    """By pandas, as an operator would write the table anew."""
    frame = source.interactions.frame.copy()
    mine = (frame["user_id"] == WHO) & (frame["item_id"] == item)
    frame.loc[mine, "value"] = value
    return replace(source, interactions=RawTable(frame.dropna(subset=["value"]), "by-hand", 1))


@pytest.mark.parametrize("model", [*((name, {}) for name in MODELS), ("user-neighbours", RATED)], ids=str)
@pytest.mark.parametrize("value", [1.0, None])
def test_the_list_is_that_of_a_training_on_corrected_data(
    world: Workspace, source: Source, model: tuple[str, dict], value: float | None
) -> None:
    name, settings = model
    model_id = train(world, "tiny", name, settings)["model_id"]
    item = own(source).sort_values("value").iloc[-1]["item_id"]
    done = partial(remove_record, world) if value is None else partial(correct_rating, world, value=value)
    told = done("tiny", WHO, item)
    assert told["models"] == [{"name": model_id, "state": "refitted"}]
    world.catalog.register(corrected(source, item, value), "by-hand")
    by_hand = train(world, "by-hand", name, world.shelf.about(model_id)["settings"])["model_id"]
    assert world.catalog.summary("tiny")["hash"] == world.catalog.summary("by-hand")["hash"]
    assert world.shelf.about(model_id)["statistics_hash"] == world.shelf.about(by_hand)["statistics_hash"]
    assert world.shelf.about(model_id)["data_hash"] == world.catalog.summary("tiny")["hash"]
    for user in (WHO, "u0008"):
        ours, theirs = recommend(world, model_id, user, 20), recommend(world, by_hand, user, 20)
        assert ours["items"] == theirs["items"]


def test_it_is_recorded_without_naming_what(world: Workspace, source: Source) -> None:
    item = own(source)["item_id"].iloc[0]
    told = remove_record(world, "tiny", WHO, item)
    (event,) = world.log.entries(kind=Kind.CORRECT)
    assert event.detail["what"] == "removal"
    assert event.subject == world.pseudonyms.known("tiny", WHO)
    assert item not in event.leaf
    assert WHO not in event.leaf
    request = world.requests.get(told["request_id"])
    assert (request.kind, request.outcome, request.detail["item_id"]) == ("correction", "done", item)


def test_an_attribute_is_corrected_wherever_it_lies(world: Workspace, source: Source) -> None:
    for name in source.roles:
        correct_attribute(world, "tiny", WHO, name, "something else")
    dataset, read = world.catalog.open("tiny"), []
    door = world.catalog.sensitive("tiny", read.append)
    assert read == []
    assert door.names()
    for name in source.roles:
        column = door.read(name, "test") if name in door.names() else dataset.users[name]
        assert column[WHO] == "something else"
        before = source.users.frame.set_index("user_id")[name].drop(WHO)
        assert column.drop(WHO).fillna("?").tolist() == before.reindex(column.index.drop(WHO)).fillna("?").tolist()
    name = door.names()[0]
    correct_attribute(world, "tiny", WHO, name, None)
    assert pd.isna(world.catalog.sensitive("tiny", read.append).read(name, "test")[WHO])
    assert not any("something else" in event.leaf for event in world.log.entries())


def test_bad_values_are_refused_in_a_sentence_and_change_nothing(world: Workspace, source: Source) -> None:
    item, never = own(source)["item_id"].iloc[0], "no-such-title"
    strange = next(each for each in source.items.frame["item_id"] if each not in set(own(source)["item_id"]))
    before, size = world.catalog.summary("tiny")["hash"], world.log.head()["size"]
    for value in (99.0, -1.0, float("nan"), float("inf"), 3.3333):
        with pytest.raises(BadInput, match="not on the scale of the data set"):
            correct_rating(world, "tiny", WHO, item, value)
    for title in (never, strange):
        with pytest.raises(NotFound, match="only what the person chose"):
            correct_rating(world, "tiny", WHO, title, 1.0)
    with pytest.raises(NotFound, match="no person 'nobody'") as refused:
        remove_record(world, "tiny", "nobody", item)
    assert "u00" not in str(refused.value)
    with pytest.raises(NotFound, match="no attribute"):
        correct_attribute(world, "tiny", WHO, "shoe size", "9")
    for text in (" ", "x" * 201):
        with pytest.raises(BadInput, match="1 to 200 characters"):
            correct_attribute(world, "tiny", WHO, next(iter(source.roles)), text)
    assert world.catalog.summary("tiny")["hash"] == before
    assert world.log.head()["size"] == size
    assert world.requests.of("tiny", WHO) == []


def test_a_data_set_without_ratings_says_so(world: Workspace, source: Source) -> None:
    frame = source.interactions.frame.drop(columns="value")
    world.catalog.register(replace(source, interactions=RawTable(frame, "x", 1)), "implicit")
    with pytest.raises(BadInput, match="holds no ratings"):
        correct_rating(world, "implicit", WHO, own(source)["item_id"].iloc[0], 1.0)


def test_two_people_and_two_sessions_at_once_lose_nothing(world: Workspace, source: Source) -> None:
    model_id = train(world, "tiny", "linear")["model_id"]
    people = ["u0003", "u0004", "u0005", "u0005"]
    first = source.interactions.frame.groupby("user_id")["item_id"].first()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda user: _tried(world, user, first[user]), people))
    assert done.count("done") >= 3
    left = world.catalog.open("tiny").interactions.frame()
    gone = {(user, first[user]) for user in people}
    assert not gone & set(zip(left["user_id"], left["item_id"], strict=True))
    assert len(left) == len(source.interactions.frame) - len(gone)
    frame = source.interactions.frame
    keep = [pair not in gone for pair in zip(frame["user_id"], frame["item_id"], strict=True)]
    world.catalog.register(replace(source, interactions=RawTable(frame[keep], "x", 1)), "by-hand")
    by_hand = train(world, "by-hand", "linear")["model_id"]
    hashes = {world.shelf.about(name)["statistics_hash"] for name in (model_id, by_hand)}
    assert len(hashes) == 1
    assert all(told.closed_at for user in people for told in world.requests.of("tiny", user))


def test_another_session_between_two_steps_is_not_lost(
    world: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session has changed the store, and before it changes the models another one does both."""
    from app.use_cases import correcting

    model_id = train(world, "tiny", "linear")["model_id"]
    first, second = own(source)["item_id"].iloc[:2]
    put_in = correcting.put_in

    def later(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(correcting, "put_in", put_in)
        remove_record(world, "tiny", WHO, second)
        return put_in(*given, **named)

    monkeypatch.setattr(correcting, "put_in", later)
    remove_record(world, "tiny", WHO, first)
    training = world.shelf.load(model_id).training
    held = training.items.values[training.matrix[[training.users.code(WHO)]].indices]
    assert not {first, second} & set(held)
    assert len(held) == len(own(source)) - 2
    assert world.shelf.about(model_id)["data_hash"] == world.catalog.summary("tiny")["hash"]


def test_who_is_erased_between_two_steps_is_not_put_back(
    world: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from app.use_cases import joining
    from app.use_cases.erasing import erase
    from app.use_cases.porting import portable

    model_id = train(world, "tiny", "linear")["model_id"]
    portable(world, "tiny", WHO, tmp_path / "mine.zip")
    erase(world, "tiny", WHO)
    put_in = joining.put_in

    def later(workspace: Workspace, data: str, user: str, **named: Any) -> Any:
        erase(workspace, data, user)
        return put_in(workspace, data, user, **named)

    monkeypatch.setattr(joining, "put_in", later)
    with pytest.raises(BadInput, match="was erased while it was made"):
        joining.join(world, "tiny", tmp_path / "mine.zip", "a notice", ("lists", "learning"), "again")
    assert "again" not in world.shelf.load(model_id).training.users
    assert world.pseudonyms.known("tiny", "again") is None


def _tried(world: Workspace, user: str, item: str) -> str:
    """Two sessions of one person ask for the same: the second may find it done."""
    try:
        remove_record(world, "tiny", user, item)
    except NotFound:
        return "was done"
    return "done"


def test_a_locked_database_leaves_the_data_as_it_was(world: Workspace, source: Source, home: Path) -> None:
    world.pseudonyms.pseudonym("tiny", WHO)
    before = world.catalog.summary("tiny")["hash"]
    impatient = Workspace(world.folder, world.database_url)
    impatient.__dict__["database"] = open_database(world.database_url, wait=0.1)
    with closing(sqlite3.connect(home / "sightglass.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SightglassError, match="in use by another process"):
            remove_record(impatient, "tiny", WHO, own(source)["item_id"].iloc[0])
        other.rollback()
    impatient.database.close()
    assert world.catalog.summary("tiny")["hash"] == before
