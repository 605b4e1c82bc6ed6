"""A database of a former version is brought to ours in place: every choice, key and entry of the record stays."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from addresses import fresh_address
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import ProgrammingError

from data.errors import SightglassError
from data.keep import migration
from data.keep.choices import Choices
from data.keep.database import Database, _engine, open_database
from data.keep.events import EventLog, Kind
from data.keep.policies import Policies
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import VERSION

USER, DATA = "the-person-4711", "ml"

# as version 1 of Sightglass made them; `BYTES` and `FLOAT` are named by the dialect
VERSION_1 = """
CREATE TABLE facts (name VARCHAR(64) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
CREATE TABLE log_head (id INTEGER NOT NULL, size BIGINT NOT NULL, PRIMARY KEY (id));
CREATE TABLE log_nodes (level INTEGER NOT NULL, place BIGINT NOT NULL, hash BYTES NOT NULL, PRIMARY KEY (level, place));
CREATE TABLE events (position BIGINT NOT NULL, kind VARCHAR(64) NOT NULL, subject VARCHAR(64), leaf TEXT NOT NULL,
  PRIMARY KEY (position));
CREATE INDEX ix_events_subject ON events (subject);
CREATE INDEX ix_events_kind ON events (kind);
CREATE TABLE choices (dataset VARCHAR(64) NOT NULL, user_id TEXT NOT NULL, slider FLOAT, profiling BOOLEAN NOT NULL,
  excluded TEXT NOT NULL, hidden TEXT NOT NULL, PRIMARY KEY (dataset, user_id));
CREATE TABLE policies (dataset VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (dataset, name));
CREATE TABLE runs (run_id VARCHAR(64) NOT NULL, kind VARCHAR(64) NOT NULL, label TEXT NOT NULL, at VARCHAR(40) NOT NULL,
  sha256 VARCHAR(64) NOT NULL, PRIMARY KEY (run_id));
CREATE INDEX ix_runs_at ON runs (at);
CREATE TABLE subject_keys (locator VARCHAR(64) NOT NULL, key BYTES NOT NULL, PRIMARY KEY (locator));
CREATE TABLE suppressions (locator VARCHAR(64) NOT NULL, dataset VARCHAR(64) NOT NULL, PRIMARY KEY (locator));
CREATE INDEX ix_suppressions_dataset ON suppressions (dataset);
INSERT INTO facts VALUES ('schema', '1');
INSERT INTO log_head VALUES (1, 0);
"""


def _run(connection: Connection, script: str) -> None:
    bytes_, float_ = ("BLOB", "DOUBLE") if connection.dialect.name == "sqlite" else ("BYTEA", "DOUBLE PRECISION")
    sql = script.replace("BYTES", bytes_).replace("FLOAT", float_)
    for statement in filter(str.strip, sql.split(";")):
        connection.exec_driver_sql(statement)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A version 1 database with 200 people's choices, a key, a policy and a log of 40 entries."""
    with fresh_address(tmp_path) as url:
        database = Database(_engine(make_url(url), 1.0))
        with database.engine.begin() as connection:
            _run(connection, VERSION_1)
            insert = text("INSERT INTO choices VALUES (:data, :user, :slider, :on, :excluded, :hidden)")
            connection.execute(insert, [_chosen(number) for number in range(200)])
            connection.execute(text("INSERT INTO policies VALUES ('ml', 'default-slider', '0.25')"))
        log = EventLog(database)
        Pseudonyms(database, tmp_path).pseudonym(DATA, USER)
        for number in range(40):
            log.append(Kind.TRAIN, "operator", {"number": number})
        database.close()
        yield url


def _chosen(number: int) -> dict[str, object]:
    own = json.dumps([f"i{number}", f"i{number + 1}"])
    slider = None if number % 3 == 0 else number / 200
    shown = {"slider": slider, "on": number % 7 != 0, "excluded": own, "hidden": json.dumps([f"h{number}"])}
    return {"data": DATA, "user": f"person {number}", **shown}


def _everything(url: str) -> dict[str, list[dict[str, object]]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = sorted(inspect(connection).get_table_names())
        found = {
            name: [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}").mappings()]
            for name in tables
        }
    engine.dispose()
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def test_every_row_is_kept_and_the_new_columns_are_empty(address: str) -> None:
    before = _everything(address)
    open_database(address).close()
    after = _everything(address)
    assert [after.pop(name) for name in ("receipts", "consents", "requests")] == [[], [], []]
    added = {tuple(row.pop(name) for name in ("less", "rules", "learning", "restricted")) for row in after["choices"]}
    assert added == {("[]", "[]", True, False)}
    assert after.pop("facts") == sorted(
        [{**row, "value": str(VERSION)} if row["name"] == "schema" else row for row in before.pop("facts")], key=repr
    )
    assert after == before
    assert len(after["choices"]) == 200
    assert len(after["events"]) == 40


def test_it_works_on_as_before(address: str, tmp_path: Path) -> None:
    database = open_database(address)
    log, names = EventLog(database), Pseudonyms(database, tmp_path)
    choices = Choices(database, log, names)
    held = choices.get(DATA, "person 50")
    assert (held.slider, held.profiling) == (0.25, True)
    assert (held.excluded, held.hidden) == ({"i50", "i51"}, {"h50"})
    assert choices.get(DATA, "person 49").profiling is False
    assert Policies(database, log).default_slider(DATA) == 0.25
    assert names.known(DATA, USER) is not None
    head = log.head()
    choices.hide_item(DATA, "person 50", "another")
    assert choices.get(DATA, "person 50").hidden == {"h50", "another"}
    assert all(check["ok"] for check in log.verify([head]))
    database.close()


def test_the_steps_end_where_a_new_database_begins(address: str, tmp_path: Path) -> None:
    open_database(address).close()
    (tmp_path / "new").mkdir()
    with fresh_address(tmp_path / "new") as new:
        open_database(new).close()
        assert _shape(address) == _shape(new)
    assert set(migration.STEPS) == set(range(1, VERSION))


def _shape(url: str) -> dict[str, object]:
    engine = create_engine(url)
    look = inspect(engine)
    found: dict[str, object] = {
        name: (
            [
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in _by_name(look.get_columns(name))
            ],
            look.get_pk_constraint(name)["constrained_columns"],
            [(index["name"], index["column_names"], index["unique"]) for index in _by_name(look.get_indexes(name))],
        )
        for name in look.get_table_names()
    }
    engine.dispose()
    return found


def _by_name(rows: list) -> list:
    return sorted(rows, key=lambda row: row["name"])


def test_a_migration_that_fails_changes_nothing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _everything(address)
    broken = (*migration.STEPS[1], "INSERT INTO nowhere VALUES (1)")
    monkeypatch.setitem(migration.STEPS, 1, broken)
    with pytest.raises((SightglassError, ProgrammingError), match="nowhere"):  # as the dialect names it
        open_database(address)
    assert _everything(address) == before
    monkeypatch.undo()
    open_database(address).close()


def open_once(url: str) -> None:
    open_database(url).close()


def test_processes_may_migrate_at_once(address: str) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=open_once, args=(address,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(_everything(address)["choices"]) == 200


def test_a_newer_process_that_was_first_is_not_undone(address: str) -> None:
    """It may have come between the look at the version and the lock."""
    database = open_database(address)
    with database.write() as session:
        session.execute(text("UPDATE facts SET value = '99' WHERE name = 'schema'"))
        migration.migrate(session.connection())
        assert migration.version_of(session.connection()) == 99
    database.close()


def test_a_former_process_can_still_write_a_choice(address: str) -> None:
    """Version 1 names its columns when it writes; while it still runs, the new one takes its default."""
    database = open_database(address)
    with database.write() as session:
        columns = "dataset, user_id, profiling, excluded, hidden"
        session.execute(text(f"INSERT INTO choices ({columns}) VALUES ('ml', 'late', true, '[]', '[]')"))
    assert [row["less"] for row in _everything(address)["choices"] if row["user_id"] == "late"] == ["[]"]
    database.close()
