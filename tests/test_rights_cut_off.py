"""A process that is killed between any two steps of a right: nothing is half, and asking again ends it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.use_cases.consenting import withdraw
from app.use_cases.correcting import correct_rating, remove_record
from app.use_cases.erasing import erase
from app.use_cases.exporting import my_data
from app.use_cases.joining import join
from app.use_cases.objecting import restrict
from app.use_cases.porting import portable
from app.use_cases.retaining import purge, set_retention
from app.use_cases.training import train
from app.workspace import Workspace
from data.demo import demo_source
from data.errors import BadInput, NotFound
from data.keep.events import Kind

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
WHO, NOTICE = "u0007", "What is done with your data."
SOURCE = demo_source(n_users=60, n_items=120)
OWN = SOURCE.interactions.frame.query("user_id == @WHO")["item_id"].tolist()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut-off") / "state"
    folder.mkdir()
    workspace = opened(folder)
    workspace.catalog.register(SOURCE, "tiny")
    train(workspace, "tiny", "popularity")
    set_retention(workspace, "tiny", {"interactions": 10_000}, "why")
    for name in ("mine.zip", "other.zip"):
        portable(workspace, "tiny", "u0001", folder / name)
    erase(workspace, "tiny", "u0001")
    workspace.database.close()
    return folder


def opened(folder: Path) -> Workspace:
    return Workspace.open(folder, f"sqlite:///{folder / 'sightglass.db'}")


def do_purge(workspace: Workspace) -> None:
    from datetime import UTC, datetime, timedelta

    cut = int(SOURCE.interactions.frame["timestamp"].median())
    purge(workspace, "tiny", now=datetime.fromtimestamp(cut, UTC) + timedelta(days=10_000))


WORK: dict[str, Callable[[Workspace], Any]] = {
    "withdraw": lambda ws: withdraw(ws, "tiny", WHO, NOTICE),
    "restrict": lambda ws: restrict(ws, "tiny", WHO),
    "correct": lambda ws: correct_rating(ws, "tiny", WHO, OWN[0], 1.0),
    "remove": lambda ws: remove_record(ws, "tiny", WHO, OWN[0]),
    "export": lambda ws: my_data(ws, "tiny", WHO, ws.folder / "all.zip"),
    "join": lambda ws: join(ws, "tiny", ws.folder / "mine.zip", NOTICE, ("lists", "learning")),
    "purge": do_purge,
}


# where the very last commit came through, there is nothing left to do, and that is said
DONE_BEFORE: dict[str, tuple[type[Exception], ...]] = {"remove": (NotFound,), "join": (BadInput,)}


def killed_at(folder: Path, work: Callable[[Workspace], Any], step: int) -> bool:
    """Do the work in a process of its own that kills itself before its step-th commit or rename; False if it ended."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return True
        assert os.waitstatus_to_exitcode(status) == 0
        return False
    try:
        left, replace = iter(range(step)), os.replace

        def count(*_: Any) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        def counted(*names: Any) -> None:
            count()
            replace(*names)

        event.listen(Engine, "commit", count)
        os.replace = counted  # type: ignore[assignment]
        workspace = opened(folder)
        work(workspace)
        workspace.database.close()
        os._exit(0)
    except BaseException:
        os._exit(7)


def kills(base: Path, folder: Path, work: Callable[[Workspace], Any]) -> Iterator[Workspace]:
    for step in range(60):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        if not killed_at(folder, work, step):
            return
        workspace = opened(folder)
        yield workspace
        workspace.database.close()
    pytest.fail("it never ended")


def state(workspace: Workspace) -> dict[str, Any]:
    """What must be the same in the end, however often it was cut off."""
    held = workspace.choices.get("tiny", WHO)
    return {
        "data": workspace.catalog.summary("tiny")["hash"],
        "models": {name: workspace.shelf.about(name)["statistics_hash"] for name in workspace.shelf.ids()},
        "people": {name: len(workspace.shelf.load(name).training.users) for name in workspace.shelf.ids()},
        "switches": (held.profiling, held.learning, held.restricted, held.rules),
        "open": [told.kind for told in workspace.requests.every("tiny") if told.closed_at is None],
    }


@pytest.mark.parametrize("what", WORK)
def test_nothing_is_half_and_asking_again_ends_it(base: Path, tmp_path: Path, what: str) -> None:
    work, clean = WORK[what], tmp_path / "clean"
    shutil.copytree(base, clean)
    whole = opened(clean)
    work(whole)
    wanted, times = state(whole), 0
    whole.database.close()
    for times, workspace in enumerate(kills(base, tmp_path / "state", work), 1):
        dataset = workspace.catalog.open("tiny")
        assert len(dataset.users) == len(dataset.interactions.users)
        assert all(check["ok"] for check in workspace.log.verify())
        for name in workspace.shelf.ids():
            workspace.shelf.load(name)
        stages = [entry.detail["stage"] for entry in workspace.log.entries(kind=Kind.PURGE)]
        assert stages in ([], ["begun"]), "a purge that was cut off is seen in the record"
        with suppress(*DONE_BEFORE.get(what, ())):
            work(workspace)
        assert state(workspace) == wanted, times
    assert times > 3
