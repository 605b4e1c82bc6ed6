"""What the tests of erasures share: a tiny world with somebody unmistakable in it, and everything that it holds as one value."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.use_cases import choosing
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.columns import Kind, Role
from data.keep.verifier import verify_path
from data.tables import RawTable, Source
from tests.doors import built_once

PERSON, OTHER = "qzvkwpxjhtbn", "7"  # the others are numbers, so that the order of all changes when the person goes
MARK, SECRET = "wjqxvmarkztk", "kxqvsecretpz"
DATA = "tiny"


def tiny_source(people: int = 24, titles: int = 15, seed: int = 0) -> Source:
    """Numbers as names for everybody but the person, who alone has the two marks as attributes."""
    rng = np.random.default_rng(seed)
    names = [*map(str, range(1, people)), PERSON]
    rows = [(who, f"t{n}") for who in names for n in sorted(rng.choice(titles, 5, replace=False))]
    table = pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(value=rng.integers(1, 6, len(rows)))
    marks = {"town": ["north", "south"], "origin": ["a", "b"]}
    users = pd.DataFrame({"user_id": names, **{name: rng.choice(words, people) for name, words in marks.items()}})
    users.loc[users["user_id"] == PERSON, ["town", "origin"]] = [MARK, SECRET]
    items = pd.DataFrame({"item_id": [f"t{n}" for n in range(titles)]})
    items = items.assign(title="Title " + items["item_id"], genre=rng.choice(["drama", "comedy"], titles))
    return Source(
        interactions=RawTable(table, "interactions.csv"),
        items=RawTable(items, "items.csv"),
        users=RawTable(users, "users.csv"),
        kinds={"genre": Kind.CATEGORY},
        roles={"town": Role.SEGMENT, "origin": Role.SENSITIVE},
    )


def as_folder(source: Source, folder: Path) -> Path:
    """The data set as an operator has it in a folder."""
    folder.mkdir(parents=True)
    for name in ("interactions", "items", "users"):
        getattr(source, name).frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "dataset.toml").write_text(
        '[users.roles]\ntown = "segment"\norigin = "sensitive"\n\n[items.kinds]\ngenre = "category"\n', encoding="utf-8"
    )
    return folder


def tiny_world(base: Path, home: Path, models: tuple[str, ...] = ("linear", "user-neighbours")) -> Path:
    """A copy of the tiny world with these models; the person and another one have chosen something for themselves."""
    shutil.copytree(_made(base, models), home)
    return home


def _made(base: Path, models: tuple[str, ...]) -> Path:
    def build(folder: Path) -> None:
        with opened(folder) as workspace:
            workspace.catalog.register(tiny_source(), DATA)
            for name in models:
                settings = {"regularization": 5.0} if name == "linear" else {}
                train(workspace, DATA, name, settings)
            for who in (PERSON, OTHER):
                choosing.set_slider(workspace, DATA, who, 0.4)
                choosing.exclude(workspace, DATA, who, chosen_of(workspace, who))

    return built_once(base, f"tiny-{len(models)}-{models[0]}", build)


def chosen_of(workspace: Workspace, user: str) -> str:
    """The first title that somebody chose."""
    frame = workspace.catalog.open(DATA).interactions.frame()
    return str(frame[frame["user_id"] == user]["item_id"].iloc[0])


# -- looking for somebody ----------------------------------------------------------------------------------------


def contents(name: str, content: bytes) -> list[bytes]:
    """What a file holds: its bytes, and what is in it compressed or coded."""
    told = [content]
    if name.endswith(".parquet"):
        table = pd.read_parquet(io.BytesIO(content))
        told.append(table.reset_index().to_csv().encode())
    if name.endswith(".npy"):
        array = np.load(io.BytesIO(content), allow_pickle=False)
        told.append(" ".join(map(str, array.ravel().tolist())).encode())
    if name.endswith((".npz", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            told += [part for inner in archive.namelist() for part in contents(inner, archive.read(inner))]
    if name.endswith(".gz"):
        told.append(gzip.decompress(content))
    return told


def places_of(words: list[bytes], home: Path) -> list[str]:
    """Every file under a folder that holds one of the words, in its name, its bytes or its tables."""
    coded = [form for word in words for form in {word, *_wide(word)}]
    found = []
    for path in sorted(home.rglob("*")):
        parts = [
            str(path.relative_to(home)).encode(),
            *(contents(path.name, path.read_bytes()) if path.is_file() else []),
        ]
        if any(form in part for form in coded for part in parts):
            found.append(str(path.relative_to(home)))
    return found


def _wide(word: bytes) -> list[bytes]:
    try:
        text = word.decode("ascii")
    except UnicodeDecodeError:
        return []
    return [text.encode(coding) for coding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")]


# -- everything as one value ---------------------------------------------------------------------------------------


def end_of(home: Path) -> dict[str, Any]:
    """All that an erasure leaves, without ids that are drawn and times: equal for two erasures that did the same."""
    with opened(home) as workspace:
        return {
            "data": _data(workspace),
            "models": {name: _model(workspace, name) for name in workspace.shelf.ids()},
            "database": _database(home),
            "files": sorted(_plain_name(path.relative_to(home)) for path in _files(home)),
            "certificates": sorted(json.dumps(_certificate(path)) for path in (home / "certificates").glob("*.json")),
        }


def _files(home: Path) -> list[Path]:
    """All but the journals of the database, which are there while it is open."""
    return [path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))]


def _data(workspace: Workspace) -> dict[str, Any]:
    dataset = workspace.catalog.open(DATA)
    door = workspace.catalog.sensitive(DATA, lambda read: None)
    return {
        "hash": dataset.interactions.hash,
        "rows": dataset.interactions.frame().to_csv(),
        "users": dataset.users.to_csv(),
        "origin": door.read("origin", "test").to_csv(),
    }


def _model(workspace: Workspace, name: str) -> dict[str, Any]:
    model, about = workspace.shelf.load(name), workspace.shelf.about(name)
    arrays = {stem: {key: array["sha256"] for key, array in group.items()} for stem, group in about["arrays"].items()}
    return {
        "arrays": arrays,
        "data_hash": about["data_hash"],
        "statistics": about["statistics_hash"],
        "people": model.training.users.values.tolist(),
    }


def _database(home: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(home / "sightglass.db")) as database:
        requests = database.execute("SELECT kind, stage, user_id, outcome, closed_at > received_at FROM requests")
        choices = database.execute("SELECT user_id, slider, excluded FROM choices ORDER BY user_id").fetchall()
        sizes = [
            database.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("subject_keys", "suppressions")
        ]
        stages = database.execute("SELECT leaf FROM events WHERE kind = 'erase' ORDER BY position").fetchall()
        told = [json.loads(leaf)["detail"]["stage"] for (leaf,) in stages]
        return {"requests": requests.fetchall(), "choices": choices, "sizes": sizes, "stages": told}


def _plain_name(path: Path) -> str:
    """The path, without the part that is drawn anew for each version and each request."""
    parts = ["v-*" if part.startswith("v-") else part for part in path.parts]
    if parts[0] == "certificates":
        return "certificates/*"
    return "/".join(parts)


def _certificate(path: Path) -> dict[str, Any]:
    checked = verify_path(path)
    assert checked["ok"], [check for check in checked["checks"] if not check["ok"]]
    told = json.loads(path.read_text())
    return {name: told[name] for name in ("models", "models_removed", "scope", "exports", "suppression_entry_present")}
