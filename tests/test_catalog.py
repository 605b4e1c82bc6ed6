"""What is kept: whole or not at all, unchanged or refused, and a person who is dropped is nowhere."""

from __future__ import annotations

import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data.keep.catalog as catalog_module
from data.build import build
from data.columns import ITEM, USER, Kind, Role
from data.errors import BadInput, NotFound, SightglassError
from data.ids import Ids, as_text, factorize
from data.keep import stored
from data.keep.catalog import Catalog
from data.keep.home import home as state_home
from data.keep.home import locked, write_folder, write_whole
from data.load.folder import read_source
from data.tables import Dataset, RawTable, Source


def source(without: str = "") -> Source:
    """A small shop; `without` leaves out one person."""
    log = [("bob", "tea", 1, 5), ("ann", "tea", 2, 6), ("ann", "mug", 3, 7), ("cyd", "mug", 4, 8)]
    people = [("ann", "f", "x"), ("bob", None, "y"), ("cyd", "m", "x"), ("dan", "m", None)]
    things = [("tea", "Tea", "S", "hot|wet", 1.5, "2024-01-31"), ("mug", "Mug", "T", None, None, None)]
    return Source(
        RawTable(
            pd.DataFrame([r for r in log if r[0] != without], columns=[USER, ITEM, "value", "timestamp"]), "log.csv"
        ),
        RawTable(pd.DataFrame(things, columns=[ITEM, "title", "provider", "tags", "price", "since"]), "items.csv"),
        RawTable(pd.DataFrame([r for r in people if r[0] != without], columns=[USER, "sex", "plan"]), "users.csv"),
        kinds={"title": Kind.TEXT, "tags": Kind.MULTI, "price": Kind.NUMBER, "since": Kind.DATE},
        roles={"sex": Role.SENSITIVE, "plan": Role.FEATURE},
        title="Shop",
        licence="CC0",
        url="https://example.org",
        warnings=("a word",),
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    found = Catalog(tmp_path)
    found.register(source(), "shop")
    return found


def same(one: Dataset, other: Dataset) -> None:
    for name in ("name", "title", "licence", "url", "kinds", "roles", "warnings"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.interactions.hash == other.interactions.hash
    for array in ("user", "item", "value", "timestamp"):
        left, right = getattr(one.interactions, array), getattr(other.interactions, array)
        assert (left is None) == (right is None)
        assert left is None or left.dtype == right.dtype
    pd.testing.assert_frame_equal(one.items, other.items)
    pd.testing.assert_frame_equal(one.users, other.users)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_opened_is_what_was_registered(catalog: Catalog):
    registered, _ = build(source(), "shop")
    same(catalog.open("shop"), registered)
    assert catalog.names() == ["shop"]
    summary = catalog.summary("shop")
    assert {key: summary[key] for key in ("title", "licence", "interactions", "users", "items", "roles")} == {
        "title": "Shop",
        "licence": "CC0",
        "interactions": 4,
        "users": 4,
        "items": 2,
        "roles": {"sex": "sensitive", "plan": "feature"},
    }
    assert summary["hash"] == registered.interactions.hash


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.text("ab1 é", min_size=1).map(str.strip).filter(bool), st.integers(0, 9)),
        min_size=1,
        max_size=12,
        unique=True,
    ),
    explicit=st.booleans(),
)
def test_any_data_comes_back_as_it_went_in(tmp_path_factory, rows, explicit):
    frame = pd.DataFrame(rows, columns=[USER, ITEM])
    if explicit:
        frame["value"] = np.arange(len(rows)) / 3
    given = Source(RawTable(frame, "x.csv"))
    catalog = Catalog(tmp_path_factory.mktemp("state"))
    same(catalog.open(catalog.register(given, "x").name), build(given, "x")[0])


def test_movielens_opens_fast_and_equal(tmp_path: Path, ml100k_folder: Path):
    catalog = Catalog(tmp_path)
    registered = catalog.register(read_source(ml100k_folder), "ml-100k")
    same(catalog.open("ml-100k"), registered)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        catalog.open("ml-100k")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.15


def test_every_changed_byte_is_noticed_and_the_file_is_named(catalog: Catalog, tmp_path: Path):
    for path in [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix in (".parquet", ".json")]:
        content = path.read_bytes()
        for place in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(SightglassError, match=rf"{path.name} has changed since it was written"):
                _ = catalog.open("shop"), catalog.sensitive("shop", print).read("sex", "test")
        path.write_bytes(content)
    assert catalog.open("shop").title == "Shop"


def test_a_missing_file_is_named(catalog: Catalog, tmp_path: Path):
    next(tmp_path.rglob("items.parquet")).unlink()
    with pytest.raises(SightglassError, match=r"items\.parquet is missing; import the data set again"):
        catalog.open("shop")


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(catalog: Catalog, tmp_path: Path):
    before = files_of(tmp_path)
    with pytest.raises(
        SightglassError, match="There is a data set 'shop' already; choose another name, or ask to repl"
    ):
        catalog.register(source("bob"), "shop")
    assert files_of(tmp_path) == before
    catalog.register(replace(source("bob"), title="New"), "shop", replace=True)
    assert catalog.open("shop").title == "New"
    assert len(files_of(tmp_path)) == len(before)
    with pytest.raises(NotFound, match="There is no data set 'shops'; known: shop"):
        catalog.open("shops")


@pytest.mark.parametrize(
    "place",
    [(stored, "_write_table"), (stored, "write_sensitive"), (stored, "_meta"), (catalog_module, "write_whole")],
)
@pytest.mark.parametrize("name", ["shop", "new"])
def test_a_write_that_fails_at_any_step_changes_nothing(catalog, tmp_path, monkeypatch, place, name):
    before = files_of(tmp_path)

    def broken(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(*place, broken)
    with pytest.raises(OSError, match="no space"):
        catalog.register(source("ann"), name, replace=True)
    monkeypatch.undo()
    tables = {path: content for path, content in files_of(tmp_path).items() if not path.endswith(".lock")}
    kept = {path: content for path, content in before.items() if not path.endswith(".lock")}
    assert kept.items() <= tables.items()
    assert catalog.names() == ["shop"]
    same(catalog.open("shop"), build(source(), "shop")[0])
    catalog.register(source("ann"), name, replace=True)
    assert len([path for path in files_of(tmp_path / "datasets" / name) if path.endswith(".parquet")]) == 4


def test_a_person_who_is_dropped_is_nowhere(catalog: Catalog, tmp_path: Path):
    catalog.drop_user("shop", "bob")
    same(catalog.open("shop"), build(source("bob"), "shop")[0])
    left = catalog.sensitive("shop", lambda _: None).read("sex", "test")
    pd.testing.assert_series_equal(left, build(source("bob"), "shop")[1]["sex"])
    assert b"bob" not in b"".join(files_of(tmp_path).values())
    assert not any("bob" in " ".join(map(str, read.to_numpy().ravel())) for read in tables(tmp_path))
    with pytest.raises(NotFound, match="There is no user 'bob'"):
        catalog.drop_user("shop", "bob")
    for user in ("ann", "cyd", "dan"):
        catalog.drop_user("shop", user)
    assert len(catalog.open("shop").interactions) == len(catalog.open("shop").users) == 0


def tables(folder: Path) -> list[pd.DataFrame]:
    return [pd.read_parquet(path) for path in folder.rglob("*.parquet")]


def test_two_people_dropped_at_once_are_both_gone(catalog: Catalog):
    threads = [threading.Thread(target=catalog.drop_user, args=("shop", user)) for user in ("ann", "bob", "cyd")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalog.open("shop").users.index.tolist() == ["dan"]


def test_a_reader_never_sees_half_of_a_replacement(catalog: Catalog):
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            seen.add(len(catalog.open("shop").users))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        catalog.register(source("bob" if turn % 2 else ""), "shop", replace=True)
    stop.set()
    reader.join()
    assert seen <= {3, 4}


# ---- the sensitive door


def test_a_sensitive_attribute_is_recorded_before_it_is_given(catalog: Catalog):
    log: list[dict] = []
    door = catalog.sensitive("shop", log.append)
    assert door.names() == ["sex"]
    assert log == []
    read = door.read("sex", " audit of exposure ")
    assert log == [{"attribute": "sex", "purpose": "audit of exposure", "rows": 3}]
    assert read.index.tolist() == ["ann", "bob", "cyd", "dan"]
    assert read.fillna("?").tolist() == ["f", "?", "m", "m"]


def test_without_a_record_nothing_is_given(catalog: Catalog):
    def full(_: dict) -> None:
        raise OSError("the log is full")

    with pytest.raises(OSError, match="log is full"):
        catalog.sensitive("shop", full).read("sex", "audit")
    log: list[dict] = []
    for purpose in ("", "  "):
        with pytest.raises(BadInput, match=r"column 'sex': .*for a purpose, and none was given.*; say what"):
            catalog.sensitive("shop", log.append).read("sex", purpose)
    with pytest.raises(NotFound, match="There is no sensitive attribute 'plan'; known: sex"):
        catalog.sensitive("shop", log.append).read("plan", "audit")
    assert log == []


def test_sensitive_values_are_in_no_other_file_and_only_their_owner_reads_them(catalog: Catalog, tmp_path: Path):
    apart = next(tmp_path.rglob("attributes.parquet"))
    assert stat.S_IMODE(apart.stat().st_mode) == 0o600
    assert stat.S_IMODE(apart.parent.stat().st_mode) == 0o700
    others = [p for p in tmp_path.rglob("*.parquet") if p != apart]
    assert all("sex" not in pd.read_parquet(path).columns for path in others)
    assert "sex" not in catalog.open("shop").users
    nothing = catalog.register(replace(source(), users=None, roles={}), "none")
    assert nothing.users.columns.tolist() == []
    assert catalog.sensitive("none", print).names() == []


def test_a_door_of_an_older_version_says_so(catalog: Catalog):
    door = catalog.sensitive("shop", print)
    catalog.drop_user("shop", "bob")
    with pytest.raises(SightglassError, match="written anew since it was opened; open it again"):
        door.read("sex", "audit")


# ---- files


def test_the_home_is_where_it_is_said_to_be_and_private(home: Path):
    assert state_home() == home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("SIGHTGLASS_HOME", str(tmp_path / "file" / "state"))
    with pytest.raises(SightglassError, match=r"cannot be made .*; set SIGHTGLASS_HOME"):
        state_home()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "a"
    write_whole(path, b"old")

    def half(file):
        file.write(b"ne")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_whole(path, half)
    assert path.read_bytes() == b"old"
    write_whole(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path):
    target = tmp_path / "a"

    def half() -> None:
        with write_folder(target) as folder:
            (folder / "one").write_text("1")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        half()
    assert os.listdir(tmp_path) == []
    with write_folder(target) as folder:
        (folder / "one").write_text("1")
        assert not target.exists()
    assert files_of(target) == {"one": b"1"}
    with pytest.raises(SightglassError, match="is there already"), write_folder(target):
        pass
    assert os.listdir(tmp_path) == ["a"]


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path):
    inside, most = [0], [0]

    def work() -> None:
        with locked(tmp_path / "lock"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


# ---- ids


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text("a1 0", max_size=3), st.integers(0, 12)), max_size=15))
def test_ids_are_stripped_text_and_equal_ids_have_one_place(values):
    series = pd.Series(values, dtype=object)
    expected = [None if v is None or not str(v).strip() else str(v).strip() for v in values]
    assert as_text(series).tolist() == expected
    places, distinct = factorize(series)
    assert len(set(distinct)) == len(distinct)
    assert [distinct[p] if p >= 0 else None for p in places] == expected


def test_a_vocabulary_in_order_is_taken_as_it_is():
    ids = Ids(["10", "9", "x"])
    assert Ids.ordered(ids.values) == ids
    assert Ids.ordered(ids.values).codes(["x", "9", "?"]).tolist() == [2, 1, -1]
