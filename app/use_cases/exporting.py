"""Export: everything that is held about one person, for that person, to read and to take elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from app import export_words as words
from app.spreadsheet import csv_bytes
from app.use_cases.choosing import choice
from app.workspace import Workspace
from data.columns import ITEM, TIME, TITLE, Role
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.home import write_whole
from data.keep.verifier import canonical, sha256, zip_bytes
from data.tables import Dataset

PURPOSE = "access request of the person"
FORMAT = "sightglass-person/1"


@dataclass(frozen=True)
class _Person:
    workspace: Workspace
    dataset: Dataset
    user: str
    pseudonym: str


def my_data(workspace: Workspace, data: str, user: str, out: Path) -> dict[str, Any]:
    """Write everything that is held about a person as a zip of CSV and JSON files, for its owner only (mode 0600).

    Returns path and the number of rows by table. The request is recorded before anything is read, so that the entry
    is among the events that are given; if writing fails it stands for an export that nobody has.
    """
    out = _checked(Path(out))
    dataset = workspace.catalog.open(data)
    if user not in dataset.users.index:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{data}'")
    who = _Person(workspace, dataset, user, workspace.pseudonyms.pseudonym(data, user))
    workspace.log.append(Kind.EXPORT, who.pseudonym, {"data": data, "format": "zip"}, subject=who.pseudonym)
    tables = {
        "interactions": _interactions(who),
        "attributes": _attributes(who),
        "choices": _choices(who),
        "models": _models(who),
        "receipts": _receipts(who),
        "events": _events(who),  # last, so that the readings above are in it
    }
    write_whole(out, zip_bytes(_files(who, tables)))
    return {"path": str(out), "tables": {name: len(rows) for name, rows in tables.items()}}


def _checked(out: Path) -> Path:
    if out.suffix.lower() != ".zip":
        raise BadInput("the export is a file ending in .zip", value=out.name, fix="choose such a name")
    if not out.parent.is_dir() or out.is_dir():
        raise BadInput("the export cannot be written there", value=out, fix="name a file in a folder that is there")
    return out


def _interactions(who: _Person) -> list[dict[str, Any]]:
    data = who.dataset.interactions
    frame = data.take(data.user == data.users.code(who.user, "user")).frame()
    frame.insert(2, TITLE, frame[ITEM].map(who.dataset.titles()))
    if TIME in frame:
        frame["time_utc"] = pd.to_datetime(frame[TIME], unit="s", errors="coerce").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _records(frame)


def _attributes(who: _Person) -> list[dict[str, Any]]:
    roles = who.dataset.roles
    door = who.workspace.catalog.sensitive(who.dataset.name, lambda read: _record_reading(who, read))
    values = {name: door.read(name, PURPOSE).get(who.user) for name in door.names()}
    values |= {str(name): value for name, value in who.dataset.users.loc[who.user].items()}
    rows = [
        {"attribute": name, "value": value, "role": str(role), "used_for": words.USED_FOR[role]}
        for name, value in values.items()
        for role in (roles.get(name, Role.SEGMENT),)
    ]
    return _records(pd.DataFrame(rows, columns=["attribute", "value", "role", "used_for"], dtype=object))


def _record_reading(who: _Person, read: dict[str, Any]) -> None:
    told = {"data": who.dataset.name, **read}
    who.workspace.log.append(Kind.SENSITIVE_READ, who.pseudonym, told, subject=who.pseudonym)


def _choices(who: _Person) -> list[dict[str, Any]]:
    held = choice(who.workspace, who.dataset.name, who.user)
    titles = who.dataset.titles()
    own = held["slider"] is not None
    settings = [
        ("slider", f"{held['slider'] if own else held['default_slider']:g}", "yes" if own else "no", None),
        ("profiling", "yes" if held["profiling"] else "no", "no" if held["profiling"] else "yes", None),
        *((name, "yes", "yes", item) for name in ("excluded", "less", "hidden") for item in held[name]),
    ]
    rows = pd.DataFrame(settings, columns=["setting", "value", "own", ITEM], dtype=object)
    return _records(rows.assign(title=rows[ITEM].map(titles)))


def _models(who: _Person) -> list[dict[str, Any]]:
    shelf = who.workspace.shelf
    return [told for name in shelf.ids() if (told := _in_model(who, name)) is not None]


def _in_model(who: _Person, model_id: str) -> dict[str, Any] | None:
    about = who.workspace.shelf.about(model_id)
    if about["data"] != who.dataset.name:
        return None
    model = who.workspace.model(model_id)
    training = model.training
    if who.user not in training.users:
        return None
    row = training.users.code(who.user, "user")
    return {
        "model_id": model_id,
        "model": about["model"],
        "trained_at": about.get("trained_at"),
        "your_choices": int(training.matrix.indptr[row + 1] - training.matrix.indptr[row]),
        "explanation": str(model.kind),
    }


def _receipts(who: _Person) -> list[dict[str, Any]]:
    return [
        {
            **{name: told[name] for name in ("receipt_id", "made_at")},
            "model_id": told["model"]["model_id"],
            "titles": len(told["list"]),
            "receipt": canonical(told).decode(),
        }
        for told in who.workspace.receipts.of(who.dataset.name, who.user)
    ]


def _events(who: _Person) -> list[dict[str, Any]]:
    known = who.workspace.pseudonyms.known(who.dataset.name, who.user)
    return [
        {
            **{name: getattr(event, name) for name in ("index", "at", "kind", "actor")},
            "detail": json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
            "leaf": event.leaf,
        }
        for event in who.workspace.log.entries(subject=known)
        if known is not None
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with plain values; what is missing is None."""
    plain = frame.astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def _files(who: _Person, tables: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    files = {}
    for name, rows in tables.items():
        files[f"{name}.csv"] = csv_bytes(rows, _columns(name, rows))
        files[f"{name}.json"] = _json(rows)
    return {**files, "manifest.json": _json(_manifest(who, tables, files))}


def _columns(table: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(rows[0]) if rows else list(words.TABLES[table]["columns"])


def _manifest(who: _Person, tables: dict[str, list[dict[str, Any]]], files: dict[str, bytes]) -> dict[str, Any]:
    dataset = who.dataset
    return {
        "format": FORMAT,
        "person": who.user,
        "pseudonym_in_the_record": who.pseudonym,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_set": {
            "name": dataset.name,
            "title": dataset.title,
            "licence": dataset.licence,
            "source": dataset.url or "not recorded; ask the operator",
        },
        "tables": {name: {"rows": len(rows), **words.TABLES[name]} for name, rows in tables.items()},
        "files": {name: {"sha256": sha256(content), "size": len(content)} for name, content in files.items()},
        "spreadsheets": words.SPREADSHEETS,
        "not_held": list(words.NOT_HELD),
        "how_lists_are_made": words.HOW_LISTS_ARE_MADE,
        "what_you_can_ask_for": words.RIGHTS,
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
