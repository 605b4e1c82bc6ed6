"""Who was erased and comes back: a new person with a new id, one account a file, and no later import touches them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from app.use_cases.contesting import contest
from app.use_cases.erasing import erase
from app.use_cases.importing import import_data
from app.use_cases.joining import join
from app.use_cases.porting import portable
from app.use_cases.recommending import recommend
from app.use_cases.requesting import requests
from app.use_cases.starting import start
from app.workspace import Workspace
from data.errors import BadInput
from data.keep.events import Kind
from data.keep.requests import Right, Stage
from tests.doors import copy_of_small_world, model_named

WHO, NOTICE, ALL = "u0007", "What is done with your data.", ("lists", "learning", "audits")
ASK_FOR_ANOTHER = r"this id is taken, or was once.*choose another one"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Workspace]:
    copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    opened = Workspace.open()
    yield opened
    opened.database.close()


@pytest.fixture
def mine(world: Workspace, tmp_path: Path) -> Path:
    """The file of somebody who is erased."""
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    return tmp_path / "mine.zip"


def titles(world: Workspace, count: int = 3) -> list[str]:
    return world.catalog.open("demo").interactions.items.values[:count].tolist()


def started(world: Workspace, name: str | None) -> str:
    return str(start(world, "demo", NOTICE, titles(world), new_id=name)["user"])


@pytest.mark.parametrize("spelled", [WHO, f" {WHO} "])
def test_nobody_starts_under_an_id_that_was_erased(world: Workspace, mine: Path, spelled: str) -> None:
    before = (world.catalog.summary("demo")["hash"], world.log.head()["size"])
    with pytest.raises(BadInput, match=ASK_FOR_ANOTHER):
        started(world, spelled)
    assert (world.catalog.summary("demo")["hash"], world.log.head()["size"]) == before
    assert started(world, "back again") == "back again"
    assert started(world, None).startswith("new-")


def test_nobody_joins_under_an_id_that_was_erased(world: Workspace, mine: Path) -> None:
    before, size = world.catalog.summary("demo")["hash"], world.log.head()["size"]
    with pytest.raises(BadInput, match=ASK_FOR_ANOTHER):
        join(world, "demo", mine, NOTICE, ALL, WHO)
    assert world.catalog.summary("demo")["hash"] == before
    (event,) = world.log.entries(start=size)
    assert (event.kind, event.subject) == (Kind.REFUSAL, None)
    assert WHO not in event.leaf
    assert join(world, "demo", mine, NOTICE, ALL)["user"] != WHO


def test_the_refusal_does_not_tell_who_was_erased(world: Workspace, mine: Path) -> None:
    """An id of somebody who is here and one of somebody who was are refused with the same words."""
    said = []
    for name in (WHO, "u0008"):
        for work in (
            lambda name=name: started(world, name),
            lambda name=name: join(world, "demo", mine, NOTICE, ALL, name),
        ):
            with pytest.raises(BadInput) as refused:
                work()
            said.append(str(refused.value).replace(name, "ID"))
    assert said[0] == said[2]
    assert said[1] == said[3]


def test_a_later_import_neither_leaves_out_who_came_back_nor_brings_the_old_records(
    world: Workspace, tmp_path: Path
) -> None:
    """The operator's dump has those who came back, and still has the person from before the erasure."""
    old = world.catalog.open("demo").interactions.frame()
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    back = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)["user"]
    fresh = started(world, "fresh")
    now = world.catalog.open("demo").interactions.frame()
    dump = pd.concat([now, old[old["user_id"] == WHO]], ignore_index=True)
    dump.to_csv(tmp_path / "dump.csv", index=False)
    for _ in range(2):
        told = import_data(world, tmp_path / "dump.csv", "demo", replace=True)
        assert told["left_out"] == 1
        after = world.catalog.open("demo").interactions.frame()
        assert WHO not in set(after["user_id"])
        for name in (back, fresh):
            kept = after[after["user_id"] == name]["item_id"].tolist()
            assert sorted(kept) == sorted(now[now["user_id"] == name]["item_id"])
            assert kept


# -- one account a file --------------------------------------------------------------------------------------------


def test_a_file_has_one_account_at_a_time(world: Workspace, mine: Path) -> None:
    assert join(world, "demo", mine, NOTICE, ALL, "a")["user"] == "a"
    before, size = world.catalog.summary("demo")["hash"], world.log.head()["size"]
    for other in ("b", None):
        with pytest.raises(BadInput, match="this file has an account here already"):
            join(world, "demo", mine, NOTICE, ALL, other)
    assert world.catalog.summary("demo")["hash"] == before
    assert {event.detail.get("why") for event in world.log.entries(start=size)} == {"the file was brought before"}
    assert world.pseudonyms.known("demo", "b") is None
    erase(world, "demo", "a")
    assert claims(world) == []
    assert join(world, "demo", mine, NOTICE, ALL, "b")["user"] == "b"


def test_a_file_whose_account_was_erased_makes_another_id(world: Workspace, mine: Path) -> None:
    made = []
    for _ in range(3):
        made.append(join(world, "demo", mine, NOTICE, ALL)["user"])
        erase(world, "demo", made[-1])
    assert len(set(made)) == 3


def claims(world: Workspace) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(world.folder / "sightglass.db")) as database:
        return database.execute("SELECT name, value FROM facts WHERE name LIKE 'claim:%'").fetchall()


def test_what_is_kept_for_that_names_neither_the_person_nor_the_file(world: Workspace, mine: Path) -> None:
    sealed = json.loads(world.log.entries(kind=Kind.EXPORT)[-1].leaf)["detail"]["sha256"]
    user = join(world, "demo", mine, NOTICE, ALL, "a")["user"]
    ((name, value),) = claims(world)
    told = name + value
    assert not any(word in told for word in (sealed, sealed[:16], WHO, str(world.pseudonyms.known("demo", user))))
    leaves = [event.leaf for event in world.log.entries()]
    assert not any(name.removeprefix("claim:") in leaf or value in leaf for leaf in leaves)
    erase(world, "demo", user)
    files = [path.read_bytes() for path in world.folder.glob("sightglass.db*")]
    assert not any(value.encode() in content for content in files)


def test_two_that_bring_it_at_once_are_one(world: Workspace, mine: Path) -> None:
    def bring(name: str) -> str:
        try:
            return str(join(Workspace.open(world.folder, world.database_url), "demo", mine, NOTICE, (), name)["user"])
        except BadInput as refused:
            return str(refused)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(bring, "abcd"))
    users = set(world.catalog.open("demo").interactions.users.values)
    assert len(users & set("abcd")) == 1
    assert sum("this file has an account here already" in each for each in said) == 3


def test_one_that_was_cut_off_goes_on_under_its_own_id_alone(
    world: Workspace, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.use_cases import joining

    def dies(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(joining, "_add", dies)
        with pytest.raises(RuntimeError):
            join(world, "demo", mine, NOTICE, ALL, "a")
    with pytest.raises(BadInput, match="go on with its --as"):
        join(world, "demo", mine, NOTICE, ALL, "b")
    assert join(world, "demo", mine, NOTICE, ALL, "a")["records"] > 3


# -- the register --------------------------------------------------------------------------------------------------


def asked_contest(world: Workspace) -> str:
    model_id = model_named("linear", world.folder)
    item = recommend(world, model_id, WHO)["items"][0]["item_id"]
    return str(contest(world, model_id, WHO, item, "I never liked these.")["case"])


def asked_access(world: Workspace) -> str:
    request_id = world.requests.open("demo", WHO, Right.ACCESS)
    world.requests.advance(request_id, Stage.IDENTITY)
    return request_id


@pytest.mark.parametrize("ask", [asked_contest, asked_access])
def test_what_an_erased_person_asked_for_is_closed_in_every_word(
    world: Workspace, ask: Callable[[Workspace], str]
) -> None:
    request_id = ask(world)
    done = world.requests.open("demo", WHO, Right.PORTABILITY)
    world.requests.close(done, "done")
    erase(world, "demo", WHO)
    rows = {row["request_id"]: row for row in requests(world, "demo")["requests"]}
    row = rows[request_id]
    assert (row["stage"], row["outcome"], row["closed"] is not None) == ("closed", "the person was erased", True)
    assert rows[done]["outcome"] == "done", "what was closed before stays as it ended"
    for each in rows.values():
        assert (each["stage"] == "closed") is (each["closed"] is not None) is (each["outcome"] is not None)
    told = [event.detail for event in world.log.entries(kind=Kind.REQUEST) if event.detail["request_id"] == request_id]
    assert [each["stage"] for each in told][-1] == "closed"
    assert [each["stage"] for each in told].count("closed") == 1
    assert told[-1]["outcome"] == "the person was erased"
