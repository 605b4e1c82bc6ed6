"""What the tests of the doors share: a small world with models, copied for each test, and its whole state as one value."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.use_cases.auditing import audit
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.columns import Kind, Role
from data.demo import demo_source
from data.keep.home import locked, write_folder
from data.tables import RawTable, Source
from models.registry import NAMES

PLAN = 'draws = 100\nattributes = ["gender", "region"]\nexploratory = ["recall"]\n'  # a quick audit, all else as always


def copy_of_small_world(base: Path, home: Path) -> Path:
    """300 people and 200 titles of the demo world as 'demo', `linear` and `popularity` trained; a copy of its own."""
    shutil.copytree(_small_world(base), home)
    return home


def copy_of_trained_world(base: Path, home: Path) -> Path:
    """The same with all eight models, each with a stored audit."""
    shutil.copytree(_trained_world(base), home)
    return home


def built_once(base: Path, name: str, build: Callable[[Path], None]) -> Path:
    """The folder that `build` fills, once for all workers of a session; tests change copies of it, never itself."""
    shared = _shared(base)
    shared.mkdir(exist_ok=True)
    folder = shared / name
    if not folder.exists():
        with locked(shared / f"{name}.lock"):
            if not folder.exists():  # another worker built it in the meantime
                with write_folder(folder) as aside:
                    build(aside)
                    (shared / f"{name}.json").write_text(json.dumps(state_of(aside)))
    return folder


def changed_worlds(base: Path) -> list[str]:
    """The names of shared folders that are no longer as they were built."""
    found = _shared(base).glob("*.json")
    return [path.stem for path in found if state_of(path.with_suffix("")) != json.loads(path.read_text())]


def _shared(base: Path) -> Path:
    """Beside the folders of all workers, or in the one folder where there are none."""
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"


def _small_world(base: Path) -> Path:
    def build(folder: Path) -> None:
        with opened(folder) as workspace:
            workspace.catalog.register(demo_source(n_users=300, n_items=200), "demo")
            for name in ("linear", "popularity"):
                train(workspace, "demo", name)

    return built_once(base, "small-world", build)


def _trained_world(base: Path) -> Path:
    def build(folder: Path) -> None:
        shutil.copytree(_small_world(base), folder, dirs_exist_ok=True)
        plan = _shared(base) / "plan.toml"
        plan.write_text(PLAN)
        with opened(folder) as workspace:
            for name in NAMES:
                if name not in ("linear", "popularity"):
                    train(workspace, "demo", name)
            for model_id in workspace.shelf.ids():
                audit(workspace, "demo", model_id=model_id, plan_file=plan)

    return built_once(base, "trained-world", build)


@contextmanager
def workspace_of(source: Source, folder: Path) -> Iterator[Workspace]:
    """A workspace in that folder with one data set, 'tiny'; the environment names it, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTGLASS_HOME", str(folder))
        patch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
        with opened() as workspace:
            workspace.catalog.register(source, "tiny")
            yield workspace


def model_named(name: str, home: Path) -> str:
    """The id of the model of that name."""
    with opened(home) as workspace:
        return next(found for found in workspace.shelf.ids() if workspace.shelf.about(found)["model"] == name)


def state_of(home: Path) -> dict[str, str]:
    """Every file's hash by name, and the content of the database instead of its files (reading may touch those)."""
    files = sorted(path for path in home.rglob("*") if path.is_file() and not path.name.startswith("sightglass.db"))
    told = {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {**told, "database": hashlib.sha256("\n".join(database_of(home)).encode()).hexdigest()}


def database_of(home: Path) -> list[str]:
    """The database as SQL text."""
    with closing(sqlite3.connect(home / "sightglass.db")) as database:
        return list(database.iterdump())


def little_source(
    choices: list[tuple[str, str]],
    *,
    titles: dict[str, str] | None = None,
    providers: dict[str, str] | None = None,
    attributes: dict[str, list[str | None]] | None = None,
    role: Role = Role.SEGMENT,
) -> Source:
    """A data set of these choices, as a loader would have read it; `titles` also lists titles that nobody chose."""
    rows = pd.DataFrame(choices, columns=["user_id", "item_id"])
    return Source(
        interactions=RawTable(rows, "interactions.csv"),
        items=_items(rows, titles, providers),
        users=_users(rows, attributes),
        kinds={"provider": Kind.CATEGORY} if providers else {},
        roles=dict.fromkeys(attributes or {}, role),
    )


def _items(rows: pd.DataFrame, titles: dict[str, str] | None, providers: dict[str, str] | None) -> RawTable | None:
    if titles is None and providers is None:
        return None
    names = sorted({*rows["item_id"], *(titles or {}), *(providers or {})})
    columns: dict[str, Any] = {"item_id": names}
    for column, words in (("title", titles), ("provider", providers)):
        if words is not None:
            columns[column] = [words.get(name) for name in names]
    return RawTable(pd.DataFrame(columns), "items.csv")


def _users(rows: pd.DataFrame, attributes: dict[str, list[str | None]] | None) -> RawTable | None:
    if not attributes:
        return None
    return RawTable(pd.DataFrame({"user_id": rows["user_id"].unique(), **attributes}), "users.csv")
