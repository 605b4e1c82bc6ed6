"""An erasure that is cut off, anywhere, is done or not done, is said, and goes on to the same end as one that was not."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.use_cases import erasing
from app.use_cases.erasing import doing
from app.workspace import Workspace, opened
from data.errors import SightglassError
from data.keep.database import open_database
from tests import doors
from tests.erasing import DATA, OTHER, PERSON, end_of, places_of, tiny_world

ROOT = Path(__file__).resolve().parent.parent
SIGHTGLASS = Path(sys.executable).with_name("sightglass")
STRIDE = 6  # every boundary is tried by make test-slow


class Eraser:
    """The process of `tests.cut_off`."""

    def __init__(self) -> None:
        words = (sys.executable, "-m", "tests.cut_off")
        self.process = subprocess.Popen(words, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def order(self, home: Path, what: object) -> list[str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{home} {what}\n")
        self.process.stdin.flush()
        told = []
        while not (line := self.process.stdout.readline()).startswith(("killed", "ended")):
            assert line, "the process is gone"
            told.append(line.strip())
        return [*told, line.strip()]


@pytest.fixture(scope="module")
def eraser() -> Iterator[Eraser]:
    made = Eraser()
    yield made
    made.process.communicate()


@pytest.fixture(scope="module")
def whole(eraser: Eraser, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    """The end of an erasure that nothing interrupts, and how many boundaries it has."""
    home = tiny_world(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("whole") / "state")
    boundaries, ended = eraser.order(home, 0)
    assert ended == "ended 0"
    return end_of(home), int(boundaries)


def begun(home: Path) -> bool:
    with closing(sqlite3.connect(home / "sightglass.db")) as database:
        return bool(database.execute("SELECT count(*) FROM requests").fetchone()[0])


def opens(home: Path) -> None:
    """Nothing is half written: the data set, every model and the record can be read, each checked by its hashes."""
    with opened(home) as workspace:
        workspace.catalog.open(DATA)
        for name in workspace.shelf.ids():
            workspace.shelf.load(name)
        assert all(check["ok"] for check in workspace.log.verify())


def killed_and_resumed(eraser: Eraser, base: Path, home: Path, boundary: int, whole: dict[str, Any]) -> bool:
    """Whether the erasure had begun when it was killed; it ends as if it had not been killed."""
    before = doors.state_of(tiny_world(base, home))
    assert eraser.order(home, boundary) == ["killed"], boundary
    opens(home)
    if not begun(home):
        assert {**doors.state_of(home), **_locks(before)} == {**before, **_locks(doors.state_of(home))}
        assert eraser.order(home, "resume 0") == ["0", "ended 0"]
        return False
    assert eraser.order(home, "resume 0")[-1] == "ended 0", boundary
    assert end_of(home) == whole, boundary
    assert places_of([PERSON.encode()], home) == [], boundary
    return True


def _locks(state: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in state.items() if name.endswith(".lock")}


@pytest.mark.parametrize("start", range(3))
def test_killed_at_a_boundary(
    eraser: Eraser,
    whole: tuple[dict[str, Any], int],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    start: int,
) -> None:
    expected, boundaries = whole
    assert boundaries > 100
    chosen = range(1 + 2 * start, boundaries + 1, 3 * STRIDE)
    base = tmp_path_factory.getbasetemp()
    states = [killed_and_resumed(eraser, base, tmp_path / f"{at}", at, expected) for at in chosen]
    assert any(states)


@pytest.mark.slow
def test_killed_at_every_boundary(
    eraser: Eraser, whole: tuple[dict[str, Any], int], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    expected, boundaries = whole
    base = tmp_path_factory.getbasetemp()
    for at in range(1, boundaries + 1):
        killed_and_resumed(eraser, base, tmp_path / f"{at}", at, expected)


def test_killed_again_while_it_goes_on(
    eraser: Eraser, whole: tuple[dict[str, Any], int], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    expected, boundaries = whole
    home = tiny_world(tmp_path_factory.getbasetemp(), tmp_path / "state")
    for at in (boundaries // 3, boundaries // 4, boundaries // 5):
        assert eraser.order(home, at) == ["killed"]
    assert eraser.order(home, "resume 0") == ["1", "ended 0"]
    assert end_of(home) == expected


def test_the_next_erasure_finishes_the_one_before_and_the_command_says_so(
    eraser: Eraser, tmp_path_factory: pytest.TempPathFactory, home: Path
) -> None:
    tiny_world(tmp_path_factory.getbasetemp(), home)
    assert eraser.order(home, 60) == ["killed"]
    resumed = command("erase", "--resume", "--json")
    assert [told["format"] for told in json.loads(resumed.stdout)["resumed"]] == ["sightglass-certificate/1"]
    assert json.loads(command("erase", "--resume", "--json").stdout) == {"resumed": []}
    assert eraser.order(home, 1) == ["killed"]  # nobody of that id is there any more
    with opened(home) as workspace:
        assert workspace.erasures.unfinished() == []


def test_an_erasure_of_somebody_else_finishes_the_one_before(
    eraser: Eraser, tmp_path_factory: pytest.TempPathFactory, home: Path
) -> None:
    tiny_world(tmp_path_factory.getbasetemp(), home)
    assert eraser.order(home, 60) == ["killed"]
    with opened(home) as workspace:
        assert len(workspace.erasures.unfinished()) == 1
        erasing.erase(workspace, DATA, OTHER)
        assert workspace.erasures.unfinished() == []
    assert places_of([PERSON.encode()], home) == []
    assert len(list((home / "certificates").glob("*.json"))) == 2


def test_serving_finishes_it(eraser: Eraser, tmp_path_factory: pytest.TempPathFactory, home: Path) -> None:
    from app.server import _finish_erasures

    tiny_world(tmp_path_factory.getbasetemp(), home)
    assert eraser.order(home, 60) == ["killed"]
    with opened(home) as workspace:
        _finish_erasures(workspace)
        assert workspace.erasures.unfinished() == []
    assert places_of([PERSON.encode()], home) == []


def command(*words: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [SIGHTGLASS, *words], capture_output=True, text=True, timeout=240, check=False, env=surroundings
    )


# -- a full disk ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 600, 1_100, 2_100, 5_000, 30_000, 100_000, 150_000, 200_000, 300_000])
def test_a_full_disk(
    eraser: Eraser,
    whole: tuple[dict[str, Any], int],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    limit: int,
) -> None:
    home = tiny_world(tmp_path_factory.getbasetemp(), tmp_path / "state")
    before = doors.database_of(home)
    told, ended = eraser.order(home, f"limit {limit}")
    assert ended == "ended 0", told
    said = ast.literal_eval(told)
    assert len(said.splitlines()) == 1
    opens(home)
    if said == "done":
        assert end_of(home) == whole[0]
    elif not begun(home):
        assert doors.database_of(home) == before
    else:
        assert "`sightglass erase --resume` goes on" in said
        with opened(home) as workspace:
            assert len(erasing.resume(workspace)) == 1
        assert end_of(home) == whole[0]


def test_a_disk_that_is_full_for_a_model_alone(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The weights are the largest file: everything before them is done, and the rest when there is room."""
    doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    with opened(home) as workspace:
        largest = max(path.stat().st_size for path in workspace.shelf.root.rglob("*.npy"))
        said = _limited(home, largest - 1)
        assert "while removing the person from models (File too large)" in said
        assert said.endswith("goes on.")
        assert "u0017" not in workspace.catalog.open("demo").interactions.users
        linear = doors.model_named("linear", home)
        assert workspace.shelf.holds(linear, "u0017")
        erasing.resume(workspace)
        assert not workspace.shelf.holds(linear, "u0017")


def _limited(home: Path, limit: int) -> str:
    code = (
        "import resource, sys; from app.cli import main;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "sys.argv = ['sightglass', 'erase', '--data', 'demo', '--user', 'u0017']; main()"
    )
    words = [sys.executable, "-c", code]
    surroundings = {**os.environ, "SIGHTGLASS_HOME": str(home)}
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=surroundings, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.strip()


# -- a database that is locked, read, or not there -----------------------------------------------------------------


@pytest.fixture
def impatient(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The tiny world with a database that waits a fifth of a second."""
    tiny_world(tmp_path_factory.getbasetemp(), home)
    with opened(home) as workspace:
        workspace.__dict__["database"] = open_database(workspace.database_url, wait=0.2)
        yield workspace


def test_a_locked_database_changes_nothing(impatient: Workspace) -> None:
    before = doors.database_of(impatient.folder)
    rows = impatient.catalog.open(DATA).interactions.hash
    with closing(sqlite3.connect(impatient.folder / "sightglass.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            SightglassError, match=r"was in use by another process for more than 0\.2 seconds; try again"
        ):
            erasing.erase(impatient, DATA, PERSON)
    assert doors.database_of(impatient.folder) == before
    assert impatient.catalog.open(DATA).interactions.hash == rows


def test_a_database_that_is_locked_on_the_way(
    impatient: Workspace, whole: tuple[dict[str, Any], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = doing._do
    with closing(sqlite3.connect(impatient.folder / "sightglass.db", isolation_level=None)) as other:

        def locked_from_the_models_on(step: Any, *given: Any) -> Any:
            if "from models" in step.words:
                other.execute("BEGIN IMMEDIATE")
            return plain(step, *given)

        monkeypatch.setattr(doing, "_do", locked_from_the_models_on)
        with pytest.raises(SightglassError, match=r"stopped while removing the person from models .*in use by another"):
            erasing.erase(impatient, DATA, PERSON)
    monkeypatch.undo()
    assert PERSON not in impatient.catalog.open(DATA).interactions.users
    erasing.resume(impatient)
    assert end_of(impatient.folder) == whole[0]


def test_a_reader_keeps_the_journal_and_the_erasure_says_so(
    impatient: Workspace, whole: tuple[dict[str, Any], int]
) -> None:
    with closing(sqlite3.connect(impatient.folder / "sightglass.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM choices").fetchone()
        with pytest.raises(SightglassError, match=r"emptying the database's journal \(.*\); what is done stays done"):
            erasing.erase(impatient, DATA, PERSON)
    assert len(erasing.resume(impatient)) == 1
    assert end_of(impatient.folder) == whole[0]
    assert places_of([PERSON.encode()], impatient.folder) == []


def test_an_absent_database(
    eraser: Eraser, whole: tuple[dict[str, Any], int], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = tiny_world(tmp_path_factory.getbasetemp(), tmp_path / "state")
    assert eraser.order(home, 60) == ["killed"]
    apart = tmp_path / "apart"
    apart.mkdir()
    for path in home.glob("sightglass.db*"):
        shutil.move(path, apart / path.name)
    absent = Workspace.open(home, f"sqlite:///{tmp_path / 'nowhere' / 'sightglass.db'}")
    for ask in (lambda: erasing.resume(absent), lambda: erasing.erase(absent, DATA, OTHER)):
        with pytest.raises(SightglassError, match=r"The folder .*nowhere of the database is not there"):
            ask()
    with opened(home) as workspace:
        assert OTHER in workspace.catalog.open(DATA).interactions.users
        workspace.database.close()
    for path in home.glob("sightglass.db*"):
        path.unlink()
    for path in apart.iterdir():
        shutil.move(path, home / path.name)
    assert eraser.order(home, "resume 0") == ["1", "ended 0"]
    assert end_of(home) == whole[0]


# -- two at once ---------------------------------------------------------------------------------------------------


def at_once(*users: str) -> list[tuple[int, str, str]]:
    words = [[SIGHTGLASS, "erase", "--data", DATA, "--user", user, "--json"] for user in users]
    running = [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in words]
    told = [(process, *process.communicate(timeout=240)) for process in running]
    return [(process.returncode, out, err) for process, out, err in told]


def test_two_people_at_once(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny_world(tmp_path_factory.getbasetemp(), home)
    ended = at_once(PERSON, OTHER)
    assert [code for code, _, _ in ended] == [0, 0], ended
    with opened(home) as workspace:
        held = workspace.catalog.open(DATA).interactions.users
        assert len(held) == 22
        assert not {PERSON, OTHER} & set(held.values)
        for name in workspace.shelf.ids():
            assert workspace.shelf.load(name).training.users == held
            assert workspace.shelf.about(name)["data_hash"] == workspace.catalog.summary(DATA)["hash"]
    assert len(end_of(home)["certificates"]) == 2


def test_the_same_person_twice_at_once(
    home: Path, tmp_path_factory: pytest.TempPathFactory, whole: tuple[dict[str, Any], int]
) -> None:
    tiny_world(tmp_path_factory.getbasetemp(), home)
    ended = at_once(PERSON, PERSON)
    codes = sorted(code for code, _, _ in ended)
    assert codes in ([0, 0], [0, 3]), ended
    certificates = {out for code, out, _ in ended if code == 0}
    assert len(certificates) == 1
    assert all(f"There is no person '{PERSON}'" in err for code, _, err in ended if code == 3)
    assert end_of(home) == whole[0]
