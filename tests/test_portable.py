"""Taken away and brought back: the same list in a new account, and nothing that anybody else could bring."""

from __future__ import annotations

import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from app.use_cases.choosing import exclude, hide, set_slider, use_less
from app.use_cases.erasing import erase
from app.use_cases.joining import join
from app.use_cases.porting import portable
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.training import train
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.choices import Choice
from data.keep.events import Kind
from data.keep.verifier import canonical, sha256, zip_bytes
from tests.doors import copy_of_small_world

WHO, NOTICE, ALL = "u0007", "What is done with your data.", ("lists", "learning", "audits")
EXACT = ("linear", "item-neighbours", "popularity", "content")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world with the models that are functions of counts, and one of retrained kind."""
    folder = copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("portable") / "base")
    workspace = Workspace.open(folder, f"sqlite:///{folder / 'sightglass.db'}")
    for name in ("item-neighbours", "content"):
        train(workspace, "demo", name)
    items = workspace.catalog.open("demo").interactions.frame().query("user_id == @WHO")["item_id"].tolist()
    set_slider(workspace, "demo", WHO, 0.4)
    exclude(workspace, "demo", WHO, items[0])
    use_less(workspace, "demo", WHO, items[1])
    hide(workspace, "demo", WHO, recommend(workspace, model_of(workspace, "linear"), WHO)["items"][0]["item_id"])
    workspace.database.close()
    return folder


@pytest.fixture
def world(base: Path, home: Path) -> Iterator[Workspace]:
    shutil.copytree(base, home)
    opened = Workspace.open()
    yield opened
    opened.database.close()


def model_of(workspace: Workspace, name: str) -> str:
    return next(found for found in workspace.shelf.ids() if workspace.shelf.about(found)["model"] == name)


def lists(workspace: Workspace, user: str) -> dict[str, list]:
    return {name: recommend(workspace, model_of(workspace, name), user, 20)["items"] for name in EXACT}


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_round_trip_gives_the_same_list(world: Workspace, tmp_path: Path) -> None:
    before, interactions = lists(world, WHO), world.catalog.open("demo").interactions
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    assert WHO not in world.catalog.open("demo").interactions.users
    told = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)
    new = told["user"]
    assert new != WHO
    assert told["purposes"] == sorted(ALL)
    assert lists(world, new) == before
    now = world.catalog.open("demo").interactions.frame()
    mine = now[now["user_id"] == new].drop(columns="user_id").reset_index(drop=True)
    old = interactions.frame().query("user_id == @WHO").drop(columns="user_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, old)
    assert {(row["state"], row["list"]) for row in told["models"]} == {("refitted", "the same")}
    for name in EXACT:
        assert new in world.model(model_of(world, name)).training.users
        assert world.shelf.about(model_of(world, name))["data_hash"] == world.catalog.summary("demo")["hash"]


def test_attributes_come_back_and_nobody_elses_are_touched(world: Workspace, tmp_path: Path) -> None:
    before, read = world.catalog.open("demo"), []
    door = world.catalog.sensitive("demo", read.append)
    old = {name: door.read(name, "test") for name in door.names()} | {n: before.users[n] for n in before.users}
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    new = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)["user"]
    after = world.catalog.open("demo")
    door = world.catalog.sensitive("demo", read.append)
    for name, column in old.items():
        found = door.read(name, "test") if name in door.names() else after.users[name]
        renamed = column.rename(index={WHO: new}).reindex(found.index)
        pd.testing.assert_series_equal(found, renamed, check_names=False)


def test_the_new_account_is_a_new_person_in_the_record(world: Workspace, tmp_path: Path) -> None:
    old = world.pseudonyms.pseudonym("demo", WHO)
    told = portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    size = world.log.head()["size"]
    new = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)["user"]
    leaves = [event.leaf for event in world.log.entries(start=size)]
    assert not any(word in leaf for leaf in leaves for word in (old, told["sha256"], WHO, new))
    assert [event.detail["stage"] for event in world.log.entries(kind=Kind.JOIN)] == ["begun", "done"]
    assert world.pseudonyms.suppressed("demo", [WHO, new]) == {WHO}
    notices = {entry.notice for entry in world.consents.history("demo", new)}
    assert notices == {sha256(NOTICE.encode())}, "consent is fresh"


def test_only_what_is_agreed_to_is_done(world: Workspace, tmp_path: Path) -> None:
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    told = join(world, "demo", tmp_path / "mine.zip", NOTICE)
    new, model_id = told["user"], model_of(world, "linear")
    assert (told["purposes"], told["models"]) == ([], [])
    assert new not in world.model(model_id).training.users
    assert recommend(world, model_id, new)["items"] == recommend_non_profiled(world, model_id)["items"]
    assert world.choices.not_learned("demo") == {new}
    assert world.choices.get("demo", new) != Choice()
    with pytest.raises(BadInput, match="no such purpose"):
        join(world, "demo", tmp_path / "mine.zip", NOTICE, ["everything"])


def test_a_model_that_may_give_another_list_says_so(world: Workspace, tmp_path: Path) -> None:
    train(world, "demo", "svd", {"n_epochs": 1})
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    told = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)
    assert {row["name"].split("-")[0] for row in told["models"] if row["list"] == "may differ"} == {"svd"}


def changed(files: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


def resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Somebody who knows the format: other rows, and every hash made anew."""
    rows = json.loads(files["interactions.json"])[:-1]
    files = {**files, "interactions.json": canonical(rows)}
    package = json.loads(files["datapackage.json"])
    package["exact"]["interactions.json"] = f"sha256:{sha256(files['interactions.json'])}"
    files["datapackage.json"] = canonical(package)
    proof = {**json.loads(files["record.json"]), "sha256": sha256(files["datapackage.json"])}
    return {**files, "record.json": canonical(proof)}


def elsewhere(files: dict[str, bytes]) -> dict[str, bytes]:
    proof = {**json.loads(files["record.json"]), "log_index": 10**9}
    return {**files, "record.json": canonical(proof)}


BAD: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "a rating": (lambda files: changed(files, "interactions.json", b'"value":', b'"value":1'), "changed since"),
    "a csv": (lambda files: changed(files, "settings.csv", b"slider", b"slides"), "changed since"),
    "the package": (lambda files: changed(files, "datapackage.json", b"u0007", b"u0008"), "changed since"),
    "all hashes made anew": (resealed, "not a file that was written here"),
    "no such entry": (elsewhere, "not a file that was written here"),
    "a file more": (lambda files: {**files, "../x.json": b"{}"}, "not a file of what a person took away"),
    "a file less": (lambda files: {k: v for k, v in files.items() if k != "record.json"}, "not a file of what"),
    "no json": (lambda files: {**files, "record.json": b"{"}, "not a whole file"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_was_changed_is_refused_and_recorded(world: Workspace, tmp_path: Path, what: str) -> None:
    change, why = BAD[what]
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    (tmp_path / "bad.zip").write_bytes(zip_bytes(change(files_of(tmp_path / "mine.zip"))))
    refuse(world, tmp_path / "bad.zip", why)


def refuse(world: Workspace, path: Path, why: str, data: str = "demo", new_id: str | None = None) -> None:
    before, size = world.catalog.summary(data)["hash"], world.log.head()["size"]
    with pytest.raises(BadInput, match=why):
        join(world, data, path, NOTICE, ALL, new_id)
    assert world.catalog.summary(data)["hash"] == before
    (event,) = world.log.entries(start=size)
    assert event.kind == Kind.REFUSAL
    assert event.detail["what"] == "join"
    assert event.subject is None
    assert WHO not in event.leaf


def test_other_data_sets_live_people_and_taken_ids_are_refused(world: Workspace, tmp_path: Path) -> None:
    from data.demo import demo_source

    world.catalog.register(demo_source(n_users=60, n_items=120), "other")
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    refuse(world, tmp_path / "mine.zip", "account that this file is of is still here")
    erase(world, "demo", WHO)
    refuse(world, tmp_path / "mine.zip", "of another data set", data="other")
    refuse(world, tmp_path / "mine.zip", "this id is taken", new_id="u0008")
    refuse(world, tmp_path / "absent.zip", "no such file")
    (tmp_path / "text.zip").write_text("hello")
    refuse(world, tmp_path / "text.zip", "not a whole zip")
    for wrong in ("", " x", "x" * 65, "a\nb"):
        with pytest.raises(BadInput, match="printable characters"):
            join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL, wrong)
    assert join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL, "me again")["user"] == "me again"
    refuse(world, tmp_path / "mine.zip", "this id is taken", new_id="me again")


def test_a_file_is_brought_once_while_its_account_lives(world: Workspace, tmp_path: Path) -> None:
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    erase(world, "demo", WHO)
    first = join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)["user"]
    refuse(world, tmp_path / "mine.zip", "this id is taken")
    erase(world, "demo", first)
    assert join(world, "demo", tmp_path / "mine.zip", NOTICE, ALL)["records"] > 3


def test_the_schema_reads_the_tables(world: Workspace, tmp_path: Path) -> None:
    """As a Frictionless reader would: by the fields and types of the package, from the CSV alone."""
    told = portable(world, "demo", WHO, tmp_path / "mine.zip")
    files = files_of(tmp_path / "mine.zip")
    assert stat.S_IMODE((tmp_path / "mine.zip").stat().st_mode) == 0o600
    package = json.loads(files["datapackage.json"])
    assert [one["name"] for one in package["resources"]] == ["interactions", "attributes", "settings"]
    types = {"string": str, "number": float, "integer": int, "datetime": str}
    for one in package["resources"]:
        content = files[one["path"]]
        assert (one["bytes"], one["hash"]) == (len(content), f"sha256:{sha256(content)}")
        fields = one["schema"]["fields"]
        read = pd.read_csv(io.BytesIO(content), dtype={field["name"]: types[field["type"]] for field in fields})
        assert list(read.columns) == [field["name"] for field in fields]
        assert len(read) == told["tables"][one["name"]] == len(json.loads(files[f"{one['name']}.json"]))
        key = one["schema"].get("primaryKey")
        assert key is None or read[key].is_unique
    kinds = {"interactions.csv", "attributes.csv", "settings.csv"}
    assert {name for name in files if name.endswith(".csv")} == kinds, "nothing that was worked out is in it"


def test_the_request_is_in_the_register_and_strangers_are_refused(world: Workspace, tmp_path: Path) -> None:
    portable(world, "demo", WHO, tmp_path / "mine.zip")
    assert [(told.kind, told.outcome) for told in world.requests.of("demo", WHO)] == [("portability", "done")]
    with pytest.raises(NotFound, match="no person 'nobody'"):
        portable(world, "demo", "nobody", tmp_path / "x.zip")
    with pytest.raises(BadInput, match=r"ending in \.zip"):
        portable(world, "demo", WHO, tmp_path / "x.csv")
