"""Locks of SQLite belong to the process: nothing that a server does by hand may drop those of its own connections.

Real processes: A is a server that keeps a connection, B opens, writes and closes as a command does, C reads.
"""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from app.use_cases import erasing
from app.workspace import Workspace
from data.errors import SightglassError
from data.keep import database as database_module
from data.keep import searching
from data.keep.database import open_database
from data.keep.schema import Fact
from tests.erasing import DATA, PERSON, tiny_world

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are seen in /proc")
_OTHER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
print(database.execute(sys.argv[2]).fetchall())
database.close()
"""


def other(path: Path, asked: str) -> str:
    """What a process of its own is answered, which opens the database and closes it."""
    done = subprocess.run(
        [sys.executable, "-c", _OTHER, str(path), asked], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def wrote(url: str, name: str) -> str:
    return f"INSERT INTO facts VALUES ('{name}', '{url}')"


class Acts:
    """What A does when it is told to; each answers with its own name once it is done."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.workspace = Workspace.open(self.folder, f"sqlite:///{self.folder / 'sightglass.db'}")
        self.note("first")

    def note(self, name: str) -> None:
        with self.workspace.database.write() as session:
            session.execute(insert(Fact), {"name": name, "value": "by A"})

    def nothing(self) -> None:
        """The control."""

    def opens_it_again(self) -> None:
        open_database(self.workspace.database_url).close()

    def keeps_it_open_twice(self) -> None:
        self.second = open_database(self.workspace.database_url)

    def searches(self) -> None:
        assert not self.workspace.database.remains([b"never written anywhere"])

    def erases(self) -> None:
        erasing.erase(self.workspace, DATA, PERSON)


def serve(folder: str, pipe: Connection) -> None:
    acts = Acts(folder)
    pipe.send("ready")
    while order := pipe.recv():
        try:
            getattr(acts, order[0])(*order[1:])
            pipe.send("done")
        except Exception as error:
            pipe.send(repr(error))


Tell = Callable[..., Any]


@pytest.fixture
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tell, int, Path]]:
    tiny_world(tmp_path_factory.getbasetemp(), home)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(str(home), theirs), daemon=True)
    process.start()

    def tell(*order: str) -> Any:
        ours.send(order)
        assert ours.poll(120), "A does not answer"
        return ours.recv()

    assert ours.poll(120)
    assert ours.recv() == "ready"
    assert process.pid is not None
    yield tell, process.pid, home / "sightglass.db"
    ours.send(None)
    process.join(60)


def removed_under(process: int) -> list[str]:
    """Files of the database that a process writes to and nobody else will ever see."""
    links = [os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    return [link for link in links if "sightglass.db" in link and link.endswith("(deleted)")]


@pytest.mark.parametrize("act", ["nothing", "opens_it_again", "keeps_it_open_twice", "searches", "erases"])
def test_what_a_server_writes_later_is_read_by_everybody(server: tuple[Tell, int, Path], act: str) -> None:
    tell, process, path = server
    assert tell(act) == "done"
    other(path, wrote("by B", "second"))
    assert removed_under(process) == []
    assert tell("note", "third") == "done"
    names = "SELECT name FROM facts WHERE name IN ('first', 'second', 'third') ORDER BY name"
    assert other(path, names) == "[('first',), ('second',), ('third',)]"
    assert tell(act if act != "erases" else "nothing") == "done"
    other(path, wrote("by B", "fourth"))
    assert tell("note", "fifth") == "done"
    assert removed_under(process) == []
    assert other(path, "SELECT count(*) FROM facts WHERE name IN ('fourth', 'fifth')") == "[(2,)]"
    assert other(path, "PRAGMA integrity_check") == "[('ok',)]"


def test_many_threads_that_open_it_at_once_leave_the_locks(tmp_path: Path) -> None:
    """The file is made and closed once, before any of them connects."""
    path, opened = tmp_path / "sightglass.db", []
    gate = threading.Barrier(6)

    def open_it() -> None:
        gate.wait()
        opened.append(open_database(f"sqlite:///{path}"))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(opened) == 6
    other(path, wrote("by B", "one"))
    assert removed_under(os.getpid()) == []
    with opened[0].write() as session:
        session.execute(insert(Fact), {"name": "two", "value": "by A"})
    assert other(path, "SELECT count(*) FROM facts WHERE name IN ('one', 'two')") == "[(2,)]"
    for each in opened:
        each.close()


def test_nobody_connects_while_the_new_file_is_still_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread makes the file and closes it late; another one that connected before would lose its locks."""
    path, made, opened = tmp_path / "sightglass.db", threading.Event(), []

    def slow(place: Path) -> None:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        made.set()
        time.sleep(1)
        os.close(handle)

    monkeypatch.setattr(database_module, "_make_file", slow)
    maker = threading.Thread(target=lambda: opened.append(open_database(f"sqlite:///{path}")))
    maker.start()
    assert made.wait(10)
    opened.append(open_database(f"sqlite:///{path}"))
    maker.join(60)
    other(path, wrote("by B", "one"))
    assert removed_under(os.getpid()) == []
    for each in opened:
        each.close()


def test_no_descriptor_of_the_file_is_made_by_hand(tmp_path: Path) -> None:
    """Once it is there it is opened by SQLite alone, which Python's own doors do not see."""
    url = f"sqlite:///{tmp_path / 'sightglass.db'}"
    database = open_database(url)
    seen: list[str] = []
    looking = [True]
    sys.addaudithook(lambda event, given: seen.append(str(given[0])) if looking and event == "open" else None)
    open_database(url).close()
    assert not database.remains([b"never written anywhere"])
    database.rebuild()
    database.truncate_journal()
    database.close()
    looking.clear()  # a hook stays for ever
    assert [name for name in seen if "sightglass.db" in name] == []


def test_a_file_that_others_may_read_becomes_private_again(tmp_path: Path) -> None:
    path = tmp_path / "sightglass.db"
    open_database(f"sqlite:///{path}").close()
    path.chmod(0o644)
    open_database(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "there" / "real.db")
    for _ in range(2):
        open_database(f"sqlite:///{tmp_path / 'link.db'}").close()
    assert (tmp_path / "there" / "real.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "link.db").is_symlink()


def test_what_is_looked_for_is_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody on the machine can read the words that a process was started with."""
    started: list[Any] = []
    plain = subprocess.run

    def run(command: list[str], *given: Any, **named: Any) -> Any:
        started.append((command, named.get("env")))
        return plain(command, *given, **named)

    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "a").write_bytes(b"-- somebody --")
    assert searching.holds([tmp_path / "a", tmp_path / "absent"], [b"somebody"])
    assert not searching.holds([tmp_path / "a"], [b"nobody"])
    assert len(started) == 2
    assert "somebody" not in repr(started)
    assert b"somebody".hex() not in repr(started)


@pytest.mark.parametrize("sought", [[], [b""]])
def test_nothing_to_look_for_is_found_nowhere(tmp_path: Path, sought: list[bytes]) -> None:
    (tmp_path / "a").write_bytes(b"text")
    assert not searching.holds([tmp_path / "a"], sought)


def test_a_search_that_fails_is_told(tmp_path: Path) -> None:
    """A file that cannot be read is not one that holds nothing."""
    with pytest.raises(SightglassError, match="could not be searched"):
        searching.holds([tmp_path], [b"somebody"])


def test_a_file_that_sqlite_finds_broken_may_be_whole_and_the_sentence_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = open_database(f"sqlite:///{path}")
    with database.write() as session:
        session.execute(insert(Fact), [{"name": f"k{n}", "value": "x" * 3000} for n in range(60)])
    database.close()
    content = bytearray(path.read_bytes())
    content[-4096 * 40 :] = b"\xff" * 4096 * 40
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.DatabaseError, match="malformed"):
        raw.execute("SELECT sum(length(value)) FROM facts").fetchall()
    with pytest.raises(SightglassError, match=r"stop every process that uses it, then .* PRAGMA integrity_check"):
        read_all(f"sqlite:///{path}")


def read_all(url: str) -> None:
    database = open_database(url)
    try:
        with database.read() as session:
            session.execute(text("SELECT sum(length(value)) FROM facts")).all()
    finally:
        database.close()
