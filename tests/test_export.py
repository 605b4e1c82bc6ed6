"""What a person is given about themselves: all of it, exactly, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.spreadsheet import csv_bytes, safe_cell
from app.use_cases.choosing import exclude, set_profiling, set_slider, use_less
from app.use_cases.consenting import give
from app.use_cases.exporting import PURPOSE, my_data
from app.use_cases.receipting import receipt
from app.use_cases.retaining import set_retention
from app.use_cases.tagging import NAMES as TAGS
from app.use_cases.tagging import set_tag
from app.use_cases.training import train
from app.workspace import Workspace
from data.columns import Role
from data.demo import demo_source
from data.errors import BadInput, NotFound
from data.keep.choices import Effect, Rule
from data.keep.events import Kind
from data.keep.verifier import verify_path
from data.tables import RawTable, Source
from models.histories import Training
from models.popularity import Popularity

USER, OTHER = "u0007", "u0008"
FORMULA = '=HYPERLINK("x")'
NOTICE = "What is done with your data."


@pytest.fixture(scope="module")
def source() -> Source:
    """The demo world; the first title that our person chose would run in a spreadsheet."""
    found = demo_source(n_users=60, n_items=120)
    items = found.items.frame.copy()
    chosen = found.interactions.frame.loc[found.interactions.frame["user_id"] == USER, "item_id"].iloc[0]
    items.loc[items["item_id"] == chosen, "title"] = FORMULA
    return replace(found, items=replace(found.items, frame=items))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, source: Source) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTGLASS_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
        opened = Workspace.open()
        yield fill(opened, source)
        opened.database.close()


def fill(workspace: Workspace, source: Source) -> Workspace:
    """Two data sets, models that hold the person and one that does not; choices and receipts of two people."""
    dataset = workspace.catalog.register(source, "tiny")
    workspace.catalog.register(source, "elsewhere")
    model_id = train(workspace, "tiny", "popularity")["model_id"]
    train(workspace, "elsewhere", "popularity")
    without = Training.of(dataset).without_user(dataset.interactions.users.code(USER))
    workspace.shelf.put(Popularity().fit(without), data="tiny", data_hash="f" * 64)
    first, second, third = source.interactions.frame.query("user_id == @USER")["item_id"].iloc[:3]
    set_slider(workspace, "tiny", USER, 0.25)
    exclude(workspace, "tiny", USER, first)
    workspace.choices.hide_item("tiny", USER, second)
    use_less(workspace, "tiny", USER, third)
    workspace.choices.add_rule("tiny", USER, Rule(Effect.HIDDEN, "genres", "none such"))
    give(workspace, "tiny", USER, NOTICE, "audits")
    set_retention(workspace, "tiny", {"receipts": 400}, "as in our notice")
    set_slider(workspace, "tiny", OTHER, 0.75)
    for who, k in ((USER, 3), (OTHER, 4), (USER, 5)):
        receipt(workspace, model_id, who, k)
    set_profiling(workspace, "tiny", OTHER, on=False)
    return workspace


class Given:
    """An export, opened."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.told = my_data(workspace, "tiny", USER, folder / "mine.zip")
        self.path = Path(self.told["path"])
        with zipfile.ZipFile(self.path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest = json.loads(self.files["manifest.json"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        return json.loads(self.files[f"{table}.json"])

    def cells(self, table: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.files[f"{table}.csv"].decode(), newline="")))


@pytest.fixture(scope="module")
def given_(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Given:
    return Given(workspace, tmp_path_factory.mktemp("out"))


def test_interactions_are_those_that_came_in_with_titles(given_: Given, source: Source) -> None:
    titles = dict(zip(source.items.frame["item_id"], source.items.frame["title"], strict=True))
    wanted = {}
    for row in source.interactions.frame.to_dict("records"):
        if row["user_id"] == USER:
            wanted[row["item_id"]] = (row["value"], row["timestamp"], titles[row["item_id"]])
    rows = given_.rows("interactions")
    assert len(rows) == len(wanted) > 5
    for row in rows:
        assert (row["value"], row["timestamp"], row["title"]) == wanted[row["item_id"]]
        assert pd.Timestamp(row["time_utc"]).timestamp() == row["timestamp"]


def test_attributes_are_all_and_the_sensitive_ones_through_the_door(
    given_: Given, source: Source, workspace: Workspace
) -> None:
    person = source.users.frame.set_index("user_id").loc[USER]
    rows = {row["attribute"]: row for row in given_.rows("attributes")}
    assert set(rows) == set(source.roles)
    for name, row in rows.items():
        assert (row["value"] is None) if pd.isna(person[name]) else (row["value"] == person[name])
        assert row["role"] == source.roles[name]
    known = workspace.pseudonyms.known("tiny", USER)
    reads = workspace.log.entries(kind=Kind.SENSITIVE_READ, subject=known)
    sensitive = {name for name, role in source.roles.items() if role is Role.SENSITIVE}
    assert {event.detail["attribute"] for event in reads} == sensitive
    assert {event.detail["purpose"] for event in reads} == {PURPOSE}


def test_choices_are_in_force_and_named(given_: Given, source: Source) -> None:
    first, second, third = source.interactions.frame.query("user_id == @USER")["item_id"].iloc[:3]
    settings = {row["setting"]: row for row in given_.rows("choices")}
    assert (settings["slider"]["value"], settings["slider"]["own"]) == ("0.25", "yes")
    assert (settings["profiling"]["value"], settings["profiling"]["own"]) == ("yes", "no")
    assert (settings["excluded"]["item_id"], settings["excluded"]["title"]) == (first, FORMULA)
    assert (settings["less"]["item_id"], settings["hidden"]["item_id"]) == (third, second)


def test_receipts_are_given_as_they_were_made_and_check_themselves(
    given_: Given, workspace: Workspace, tmp_path: Path
) -> None:
    rows = given_.rows("receipts")
    assert [row["titles"] for row in rows] == [3, 5]
    for row, told in zip(rows, workspace.receipts.of("tiny", USER), strict=True):
        (tmp_path / "one.json").write_text(row["receipt"])
        assert verify_path(tmp_path / "one.json")["ok"]
        assert json.loads(row["receipt"]) == told
        assert (row["receipt_id"], row["made_at"]) == (told["receipt_id"], told["made_at"])


def test_only_models_that_hold_the_person_are_named(given_: Given, workspace: Workspace, source: Source) -> None:
    of_tiny = [name for name in workspace.shelf.ids() if workspace.shelf.about(name)["data"] == "tiny"]
    assert len(of_tiny) == 2
    (row,) = given_.rows("models")
    assert workspace.shelf.about(row["model_id"])["data_hash"] != "f" * 64
    assert row["your_choices"] == (source.interactions.frame["user_id"] == USER).sum()


def test_the_request_is_recorded_and_is_itself_given(given_: Given, workspace: Workspace) -> None:
    known = workspace.pseudonyms.known("tiny", USER)
    (event,) = workspace.log.entries(kind=Kind.EXPORT, subject=known)
    assert event.detail == {"data": "tiny", "format": "zip"}
    rows = given_.rows("events")
    assert [row["kind"] for row in rows].count("export") == 1
    assert [row["kind"] for row in rows].count("choice") == 5
    assert [row["kind"] for row in rows].count("receipt") == 2
    told = workspace.log.entries(subject=known)
    assert [row["leaf"] for row in rows] == [event.leaf for event in told[: len(rows)]]
    assert [(event.kind, event.detail["stage"]) for event in told[len(rows) :]] == [
        ("request", "verified"),
        ("request", "closed"),
    ], "what comes after the file was written"
    assert given_.manifest["pseudonym_in_the_record"] == known


def rows_in(workspace: Workspace, table: str, where: str = "dataset = 'tiny' AND user_id = ?") -> int:
    """By SQL, as anybody would ask."""
    known = workspace.pseudonyms.known("tiny", USER)
    with closing(sqlite3.connect(workspace.folder / "sightglass.db")) as database:
        asked = f"SELECT count(*) FROM {table} WHERE {where}"
        return int(database.execute(asked, [known if "subject" in where else USER]).fetchone()[0])


def rows_of_files(workspace: Workspace, file: str, column: str) -> int:
    """By Parquet, as anybody would ask."""
    (folder,) = (workspace.folder / "datasets" / "tiny").glob("v-*")
    users = pd.read_parquet(folder / "users.parquet")["user_id"].tolist()
    wanted = USER if column == "user_id" else users.index(USER)
    return int((pd.read_parquet(folder / file)[column] == wanted).sum())


def test_the_manifest_counts_what_a_direct_query_counts(given_: Given, workspace: Workspace) -> None:
    held = workspace.choices.get("tiny", USER)
    after = 2  # entries since the file was written: its request was verified and closed
    direct = {
        "interactions": rows_of_files(workspace, "interactions.parquet", "user"),
        "attributes": len(workspace.catalog.open("tiny").roles),
        "choices": 4 + len(held.excluded) + len(held.less) + len(held.hidden),
        "rules": 1,
        "tags": len(TAGS),
        "consents": rows_in(workspace, "consents"),
        "requests": rows_in(workspace, "requests"),
        "models": 1,
        "receipts": rows_in(workspace, "receipts"),
        "events": rows_in(workspace, "events", "subject = ?") - after,
    }
    assert given_.told["tables"] == direct
    assert {name: table["rows"] for name, table in given_.manifest["tables"].items()} == direct
    for name, count in direct.items():
        assert len(given_.rows(name)) == len(given_.cells(name)) == count
    assert rows_of_files(workspace, "users.parquet", "user_id") == 1
    assert rows_of_files(workspace, "sensitive/attributes.parquet", "user_id") == 1


def test_every_table_of_the_database_that_has_the_person_is_counted(given_: Given, workspace: Workspace) -> None:
    """The tables are asked of the database itself, so one that is added later cannot be left out."""
    with closing(sqlite3.connect(workspace.folder / "sightglass.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for name in names}
    direct = {}
    for name, found in columns.items():
        if "user_id" in found:
            direct[name] = rows_in(workspace, name)
        elif "subject" in found:
            direct[name] = rows_in(workspace, name, "subject = ?") - 2
    assert given_.manifest["stored"] == direct
    assert {"choices", "consents", "requests", "receipts", "events"} <= set(direct)
    assert min(direct.values()) >= 1


def test_consent_requests_rules_and_switches_are_given(given_: Given, workspace: Workspace) -> None:
    rows = given_.rows("consents")
    assert {(row["purpose"], row["given"]) for row in rows} == {("audits", True)}
    assert given_.manifest["notices"] == {rows[0]["notice_sha256"]: NOTICE}
    (request,) = given_.rows("requests")
    assert (request["kind"], request["closed_at"]) == ("access", None), "it was open while it was written"
    assert [told.outcome for told in workspace.requests.of("tiny", USER)] == ["done"]
    assert given_.rows("rules") == [{"effect": "hidden", "kind": "genres", "value": "none such"}]
    switches = {row["setting"]: (row["value"], row["own"]) for row in given_.rows("choices")}
    assert (switches["learning"], switches["restricted"]) == (("yes", "no"), ("no", "no"))


def test_what_is_worked_out_is_given_as_audits_work_it_out(given_: Given, workspace: Workspace, source: Source) -> None:
    """It is stored nowhere, so the file says that it was worked out; counted here from the table that came in."""
    rows = {row["tag"]: row for row in given_.rows("tags")}
    assert set(rows) == set(TAGS)
    own = source.interactions.frame.query("user_id == @USER")
    sizes = source.interactions.frame.groupby("user_id").size()
    third = ["light", "medium", "heavy"][int((len(own) > sizes.quantile([1 / 3, 2 / 3])).sum())]
    assert (rows["activity"]["value"], rows["activity"]["on"]) == (third, True)
    titles = dict(zip(source.items.frame["item_id"], source.items.frame["title"], strict=True))
    for row in rows.values():
        assert set(json.loads(row["records"])) <= {titles[item] for item in own["item_id"]}
        assert row["used_for"].startswith("audits")
    assert given_.manifest["tables"]["tags"]["origin"].startswith("inferred")
    assert "tags" not in given_.manifest["stored"]
    assert not any("tag" in name or "activity" in name for name in portable_files(workspace, given_.path.parent))


def portable_files(workspace: Workspace, folder: Path) -> list[str]:
    """Names of the files that may be taken elsewhere, with what is in them."""
    from app.use_cases.porting import portable

    told = portable(workspace, "elsewhere", USER, folder / "along.zip")
    with zipfile.ZipFile(told["path"]) as archive:
        found = [f"{name} {archive.read(name).decode()}" for name in archive.namelist()]
    (folder / "along.zip").unlink()
    return found


def test_a_tag_that_was_deleted_is_given_as_deleted(workspace: Workspace, tmp_path: Path) -> None:
    set_tag(workspace, "elsewhere", USER, "activity", on=False)
    told = my_data(workspace, "elsewhere", USER, tmp_path / "e.zip")
    with zipfile.ZipFile(told["path"]) as archive:
        rows = {row["tag"]: row for row in json.loads(archive.read("tags.json"))}
    assert (rows["activity"]["on"], rows["activity"]["value"], rows["activity"]["records"]) == (False, None, "[]")
    assert rows["popularity taste"]["value"]
    set_tag(workspace, "elsewhere", USER, "activity", on=True)


def test_every_file_and_every_column_is_described(given_: Given, source: Source) -> None:
    import hashlib

    assert set(given_.files) == {*given_.manifest["files"], "manifest.json"}
    for name, about in given_.manifest["files"].items():
        assert hashlib.sha256(given_.files[name]).hexdigest() == about["sha256"]
    for name, table in given_.manifest["tables"].items():
        assert {column for row in given_.rows(name) for column in row} <= set(table["columns"])
        assert all(table[key] for key in ("description", "origin", "purpose", "retention"))
    assert given_.manifest["data_set"]["licence"] == source.licence
    assert "single quote" in given_.manifest["spreadsheets"]
    assert given_.manifest["retention_days"] == {"receipts": 400}


def test_nobody_else_is_in_it(given_: Given, workspace: Workspace) -> None:
    content = b"\n".join(given_.files.values()).decode()
    assert set(re.findall(r"\bu\d{4}\b", content)) == {USER}
    other = workspace.pseudonyms.known("tiny", OTHER)
    assert other
    assert other not in content


def test_only_the_owner_can_read_the_file(given_: Given) -> None:
    assert stat.S_IMODE(given_.path.stat().st_mode) == 0o600
    assert [path.name for path in given_.path.parent.iterdir()] == ["mine.zip"]


def test_what_was_taken_away_can_be_brought_back(
    given_: Given, workspace: Workspace, source: Source, tmp_path: Path
) -> None:
    """The JSON file and everybody else's rows are the very data set that was there before."""
    rows = pd.DataFrame(given_.rows("interactions"))[["user_id", "item_id", "value", "timestamp"]]
    others = source.interactions.frame.query("user_id != @USER")
    again = replace(source, interactions=RawTable(pd.concat([rows, others], ignore_index=True), "back", 1))
    restored = workspace.catalog.register(again, "back", replace=True)
    assert restored.interactions.hash == workspace.catalog.open("tiny").interactions.hash
    assert len(others) < len(source.interactions.frame)


def test_a_spreadsheet_runs_nothing(given_: Given) -> None:
    titles = {row["title"] for row in given_.cells("interactions")}
    assert f"'{FORMULA}" in titles
    assert FORMULA not in titles
    assert FORMULA in {row["title"] for row in given_.rows("interactions")}, "the JSON has it as it is"


@given(st.text(max_size=20))
def test_text_never_begins_a_formula(text: str) -> None:
    made = safe_cell(text)
    assert made.endswith(text)
    assert made == text or (made == f"'{text}" and text[0] in "=+-@\t\r")
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_stay_numbers_and_quotes_survive() -> None:
    rows = [{"a": -1.5, "b": '-1,"x"\ny', "c": None}]
    (read,) = csv.DictReader(io.StringIO(csv_bytes(rows).decode(), newline=""))
    assert read == {"a": "-1.5", "b": '\'-1,"x"\ny', "c": ""}
    assert csv_bytes([], ["a", "b"]) == b"a,b\r\n"


def test_a_stranger_is_refused_without_naming_anybody(workspace: Workspace, tmp_path: Path) -> None:
    before = workspace.log.head()
    with pytest.raises(NotFound, match="no person 'nobody'") as refused:
        my_data(workspace, "tiny", "nobody", tmp_path / "x.zip")
    assert not re.search(r"u\d{4}", str(refused.value))
    for name in ("x.csv", "missing/x.zip"):
        with pytest.raises(BadInput):
            my_data(workspace, "tiny", USER, tmp_path / name)
    assert workspace.log.head() == before
    assert workspace.pseudonyms.known("tiny", "nobody") is None
    assert list(tmp_path.iterdir()) == []


def test_a_person_without_choices_attributes_or_models(workspace: Workspace, tmp_path: Path, source: Source) -> None:
    bare = replace(source, users=None, items=None, roles={}, kinds={})
    bare = replace(bare, interactions=replace(bare.interactions, frame=bare.interactions.frame[["user_id", "item_id"]]))
    workspace.catalog.register(bare, "bare", replace=True)
    told = my_data(workspace, "bare", USER, tmp_path / "b.zip")
    with zipfile.ZipFile(told["path"]) as archive:
        assert archive.read("attributes.csv") == b"attribute,value,role,used_for\r\n"
        assert json.loads(archive.read("models.json")) == []
        first = json.loads(archive.read("interactions.json"))[0]
    assert told["tables"]["events"] == 3  # received, confirmed, and the export itself
    assert first["title"] == first["item_id"]
