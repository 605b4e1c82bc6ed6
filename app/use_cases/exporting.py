"""Export: everything that is held about one person, for that person, to read and to take elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import export_words as words
from app.spreadsheet import csv_bytes
from app.use_cases import holding
from app.use_cases.holding import PURPOSE, Person
from app.use_cases.requesting import begun, ended
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.holdings import holdings
from data.keep.home import write_whole
from data.keep.requests import Right
from data.keep.retention import POLICY
from data.keep.verifier import sha256, zip_bytes

__all__ = ["FORMAT", "PURPOSE", "checked_zip", "my_data"]
FORMAT = "sightglass-person/2"


def my_data(workspace: Workspace, data: str, user: str, out: Path) -> dict[str, Any]:
    """Write everything that is held about a person as a zip of CSV and JSON files, for its owner only (mode 0600).

    Returns path and the number of rows by table. The request is recorded before anything is read, so that the entry
    is among the events that are given; if writing fails it stands for an export that nobody has.
    """
    out = checked_zip(Path(out))
    dataset = workspace.catalog.open(data)
    if user not in dataset.users.index:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{data}'")
    who = Person(workspace, dataset, user, workspace.pseudonyms.pseudonym(data, user))
    request_id = begun(workspace, data, user, Right.ACCESS, {})
    workspace.log.append(Kind.EXPORT, who.pseudonym, {"data": data, "format": "zip"}, subject=who.pseudonym)
    tables = {
        "interactions": holding.interactions(who),
        "attributes": holding.attributes(who),
        "choices": holding.choices(who),
        "rules": holding.rules(who),
        "tags": holding.tags(who),
        "consents": holding.consents(who),
        "requests": holding.requests(who),
        "models": holding.models(who),
        "receipts": holding.receipts(who),
        "events": holding.events(who),  # last, so that the readings above are in it
    }
    write_whole(out, zip_bytes(_files(who, tables)))
    ended(workspace, request_id)
    counts = {name: len(rows) for name, rows in tables.items()}
    return {"path": str(out), "tables": counts, "request_id": request_id}


def checked_zip(out: Path) -> Path:
    """A file ending in .zip, in a folder that is there."""
    if out.suffix.lower() != ".zip":
        raise BadInput("the export is a file ending in .zip", value=out.name, fix="choose such a name")
    if not out.parent.is_dir() or out.is_dir():
        raise BadInput("the export cannot be written there", value=out, fix="name a file in a folder that is there")
    return out


def _files(who: Person, tables: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    files = {}
    for name, rows in tables.items():
        files[f"{name}.csv"] = csv_bytes(rows, _columns(name, rows))
        files[f"{name}.json"] = _json(rows)
    return {**files, "manifest.json": _json(_manifest(who, tables, files))}


def _columns(table: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(rows[0]) if rows else list(words.TABLES[table]["columns"])


def _manifest(who: Person, tables: dict[str, list[dict[str, Any]]], files: dict[str, bytes]) -> dict[str, Any]:
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
        "stored": _stored(who, tables),
        "notices": _notices(who),
        "retention_days": who.workspace.policies.setting(dataset.name, POLICY, {}),
        "files": {name: {"sha256": sha256(content), "size": len(content)} for name, content in files.items()},
        "spreadsheets": words.SPREADSHEETS,
        "not_held": list(words.NOT_HELD),
        "how_lists_are_made": words.HOW_LISTS_ARE_MADE,
        "what_you_can_ask_for": words.RIGHTS,
    }


def _stored(who: Person, tables: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """Rows about the person in every table of the database, as they stand when the events above were read."""
    found = holdings(who.workspace.database, who.dataset.name, who.user, who.pseudonym)
    return {name: len(tables["events"]) if name == "events" else rows for name, rows in found.items()}


def _notices(who: Person) -> dict[str, str]:
    """The text of every notice that the person answered to, by its SHA-256."""
    held = who.workspace.consents
    seals = {entry.notice for entry in held.history(who.dataset.name, who.user)}
    return {seal: held.notice(who.dataset.name, seal) for seal in sorted(seals)}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
