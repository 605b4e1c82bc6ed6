"""The database: opened by address, refused in a sentence, private to its owner; runs and pseudonyms that it keeps."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import os
import sqlite3
import stat
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select, text

from data.errors import BadInput, NotFound, SightglassError
from data.keep.database import Database, open_database
from data.keep.pseudonyms import Pseudonyms
from data.keep.runs import Runs
from data.keep.schema import Fact, SubjectKey, Suppression

USER = "the-person-4711"


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'state.db'}"


@pytest.fixture
def database(tmp_path: Path):
    opened = open_database(url(tmp_path), wait=0.2)
    yield opened
    opened.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_private_from_the_first_byte(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        session.execute(insert(Fact), {"name": "a", "value": "b"})
    found = {path.name: mode(path) for path in tmp_path.glob("state.db*")}
    assert set(found.values()) == {0o600}
    assert {"state.db", "state.db-wal"} <= set(found)


def test_settings_of_sqlite(database: Database) -> None:
    with database.read() as session:
        asked = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")}
    assert asked == {"journal_mode": "wal", "foreign_keys": 1}


def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    def half() -> None:
        with database.write() as session:
            session.execute(insert(Fact), {"name": "half", "value": "done"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with database.read() as session:
        assert session.get(Fact, "half") is None


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    open_database(url(tmp_path)).close()
    with sqlite3.connect(tmp_path / "state.db") as raw:
        raw.execute("UPDATE facts SET value = '99' WHERE name = 'schema'")
    raw.close()
    with pytest.raises(SightglassError, match=r"written by a newer Sightglass \(schema 99, this one knows 3\)"):
        open_database(url(tmp_path))


def test_tables_of_another_program_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as raw:
        raw.execute("CREATE TABLE events (what TEXT)")
    raw.close()
    with pytest.raises(SightglassError, match="tables of another program"):
        open_database(url(tmp_path))


def test_a_locked_database_is_told(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.read() as session:
        assert session.get(Fact, "schema") is not None, "readers do not wait for a writer"
    with pytest.raises(SightglassError, match=r"in use by another process for more than 0\.2 seconds; try again"):
        Pseudonyms(database, tmp_path).suppress("ml", USER)
    other.execute("ROLLBACK")
    other.close()
    with database.write() as session:
        session.execute(insert(Fact), {"name": "later", "value": "fine"})


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SightglassError, match=r"folder .* of the database is not there"):
        open_database(url(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(SightglassError, match="cannot be written"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_file_of_something_else_is_told_and_left(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"user_id,item_id\n" * 400)
    with pytest.raises(SightglassError, match="is not a whole SQLite database"):
        open_database(url(tmp_path))
    assert (tmp_path / "state.db").read_bytes() == b"user_id,item_id\n" * 400


@pytest.mark.parametrize(
    "address", ["nonsense", "mysql+nothing://x/y", "oracle://x/y", "sqlite://", "sqlite:///:memory:"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(BadInput, match="SIGHTGLASS_DATABASE_URL"):
        open_database(address)


def test_a_password_is_never_shown() -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    with pytest.raises(SightglassError) as refused:
        open_database("postgresql+psycopg://somebody:secret-word@127.0.0.1:1/none", wait=2)
    assert "secret-word" not in str(refused.value)
    assert "cannot be used now" in str(refused.value)


def open_once(address: str) -> None:
    open_database(address).close()


def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=open_once, args=(url(tmp_path),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]


# pseudonyms


@pytest.fixture
def names(database: Database, tmp_path: Path) -> Pseudonyms:
    return Pseudonyms(database, tmp_path)


def test_a_pseudonym_is_the_hmac_of_the_stored_key(names: Pseudonyms, database: Database) -> None:
    given = names.pseudonym("ml", USER)
    with database.read() as session:
        key = session.scalars(select(SubjectKey.key)).one()
    parts = [b"pseudonym", b"ml", USER.encode()]
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    assert given == hmac.new(key, message, hashlib.sha256).hexdigest()
    assert len(key) == 32


def test_it_is_steady_and_each_person_has_their_own(names: Pseudonyms, tmp_path: Path, database: Database) -> None:
    one = names.pseudonym("ml", USER)
    assert Pseudonyms(database, tmp_path).pseudonym("ml", USER) == one == names.known("ml", USER)
    others = {names.pseudonym(*who) for who in [("ml", "2"), ("m", "l" + USER), ("other", USER)]}
    assert len(others | {one}) == 4
    assert names.known("ml", "never met") is None


def test_no_id_is_in_the_database(names: Pseudonyms, tmp_path: Path) -> None:
    names.pseudonym("ml", USER)
    names.suppress("ml", USER)
    for path in tmp_path.glob("state.db*"):
        assert USER.encode() not in path.read_bytes()
    assert mode(tmp_path / "installation.key") == 0o600


def test_what_is_forgotten_cannot_be_linked_again(names: Pseudonyms, database: Database, tmp_path: Path) -> None:
    before = names.pseudonym("ml", USER)
    with database.read() as session:
        key = session.scalars(select(SubjectKey.key)).one()
    assert any(key in path.read_bytes() for path in tmp_path.glob("state.db*")), "the search below can find it"
    names.forget("ml", USER)
    assert names.known("ml", USER) is None
    assert not any(key in path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert names.pseudonym("ml", USER) != before, "who comes back is a new subject"


def test_suppression_finds_only_who_is_on_it(names: Pseudonyms) -> None:
    assert names.suppressed("ml", [USER]) == set()
    names.suppress("ml", USER)
    names.suppress("ml", USER)
    assert names.suppressed("ml", ["1", USER, "2"]) == {USER}
    assert names.suppressed("other", [USER]) == set()


def test_the_wrong_key_file_is_refused(names: Pseudonyms, database: Database, tmp_path: Path) -> None:
    names.pseudonym("ml", USER)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(SightglassError, match="is missing, and without it nobody can be found"):
        Pseudonyms(database, elsewhere).pseudonym("ml", USER)
    assert not (elsewhere / "installation.key").exists()
    (elsewhere / "installation.key").write_bytes(os.urandom(32))
    with pytest.raises(SightglassError, match="is not the key of this database"):
        Pseudonyms(database, elsewhere).known("ml", USER)


def test_the_guarded_list_is_not_the_keys_locator(names: Pseudonyms, database: Database) -> None:
    names.pseudonym("ml", USER)
    names.suppress("ml", USER)
    with database.read() as session:
        assert session.scalars(select(SubjectKey.locator)).one() != session.scalars(select(Suppression.locator)).one()


# runs


@pytest.fixture
def runs(database: Database, tmp_path: Path) -> Runs:
    return Runs(tmp_path, database)


def test_a_run_comes_back(runs: Runs) -> None:
    document = {"gap": 0.25, "n": np.int64(3), "undefined": float("nan"), "groups": [{"name": "é", "far": np.inf}]}
    run_id = runs.save(document, "audit", "first")
    told = {"gap": 0.25, "n": 3, "undefined": None, "groups": [{"name": "é", "far": None}]}
    assert runs.load(run_id) == runs.load(run_id[:5]) == told
    assert hashlib.sha256(runs.content(run_id)).hexdigest() == runs.about(run_id)["sha256"]
    assert runs.save(document, "audit", "first") == run_id
    assert [run["label"] for run in runs.list()] == ["first"]


def test_runs_are_listed_newest_first(runs: Runs) -> None:
    made = [runs.save({"n": n}, "audit", f"run {n}") for n in range(3)]
    assert [run["run_id"] for run in runs.list()] == made[::-1]


def test_unknown_and_ambiguous_runs(runs: Runs) -> None:
    with pytest.raises(NotFound, match="There is no run 'ffff'; there is none yet"):
        runs.load("ffff")
    made = [runs.save({"n": n}, "audit", "") for n in range(17)]
    first = next(run[0] for run in made if sum(other[0] == run[0] for other in made) > 1)
    with pytest.raises(BadInput, match="more than one run begins like this"):
        runs.load(first)
    with pytest.raises(NotFound, match=f"known: {made[-1]}"):
        runs.load("zz")
    with pytest.raises(NotFound):
        runs.load("")


def test_a_changed_run_is_refused(runs: Runs, tmp_path: Path) -> None:
    run_id = runs.save({"gap": 0.25}, "audit", "")
    path = tmp_path / "runs" / f"{run_id}.json"
    assert mode(path) == 0o600
    path.write_bytes(path.read_bytes().replace(b"0.25", b"0.05"))
    with pytest.raises(BadInput, match="has changed since it was stored"):
        runs.load(run_id)
    path.unlink()
    with pytest.raises(SightglassError, match="is missing; run the audit again"):
        runs.load(run_id)
