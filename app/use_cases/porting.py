"""Take away: what a person provided and what was observed of them, in a file that they can bring to a new account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import export_words as words
from app.spreadsheet import csv_bytes
from app.use_cases import holding
from app.use_cases.exporting import checked_zip
from app.use_cases.holding import Person
from app.use_cases.requesting import begun, ended, person_of
from app.workspace import Workspace
from data.columns import ITEM, TIME, TITLE, VALUE
from data.keep.events import Kind
from data.keep.home import write_whole
from data.keep.requests import Right
from data.keep.verifier import canonical, sha256, zip_bytes

FORMAT = "sightglass-portable/1"
PACKAGE, PROOF = "datapackage.json", "record.json"
TABLES = ("interactions", "attributes", "settings")  # provided or observed; nothing that was worked out
_TYPES = {"interactions": {VALUE: "number", TIME: "integer", "time_utc": "datetime"}}  # all other columns are text
_KEYS = {"interactions": ITEM, "attributes": "attribute"}


def portable(workspace: Workspace, data: str, user: str, out: Path) -> dict[str, Any]:
    """Write a zip of CSV and JSON with a schema (Frictionless Data Package), for its owner only (mode 0600).

    The record keeps the hash of the package, so that a file that was changed is known. Returns path, tables and sha256.
    """
    out = checked_zip(Path(out))
    dataset = person_of(workspace, data, user)
    who = Person(workspace, dataset, user, workspace.pseudonyms.pseudonym(data, user))
    request_id = begun(workspace, data, user, Right.PORTABILITY, {})
    tables = {"interactions": _chosen(who), "attributes": _noted(who), "settings": _settings(who)}
    files = {}
    for name, rows in tables.items():
        files[f"{name}.csv"] = csv_bytes(rows, _columns(name, rows))
        files[f"{name}.json"] = canonical(rows)
    package = canonical(_package(who, tables, files))
    detail = {"data": data, "format": FORMAT, "sha256": sha256(package)}
    event = workspace.log.append(Kind.EXPORT, who.pseudonym, detail, subject=who.pseudonym)
    proof = canonical({"log_index": event.index, "sha256": sha256(package)})
    write_whole(out, zip_bytes({**files, PACKAGE: package, PROOF: proof}))
    ended(workspace, request_id)
    counts = {name: len(rows) for name, rows in tables.items()}
    return {"path": str(out), "tables": counts, "sha256": sha256(package), "request_id": request_id}


def _chosen(who: Person) -> list[dict[str, Any]]:
    keep = (ITEM, TITLE, VALUE, TIME, "time_utc")
    return [{name: row[name] for name in keep if name in row} for row in holding.interactions(who)]


def _noted(who: Person) -> list[dict[str, Any]]:
    return [{"attribute": row["attribute"], "value": row["value"]} for row in holding.attributes(who)]


def _settings(who: Person) -> list[dict[str, Any]]:
    """What the person set for their lists. Consent is not among it: it is asked anew where the file is brought."""
    held = who.workspace.choices.get(who.dataset.name, who.user)
    slider = [] if held.slider is None else [("slider", json.dumps(held.slider))]
    items = [(name, item) for name in ("excluded", "less", "hidden") for item in sorted(getattr(held, name))]
    rules = [("rule", json.dumps([rule.effect, rule.kind, rule.value])) for rule in sorted(held.rules)]
    return [{"setting": name, "value": value} for name, value in (*slider, *items, *rules)]


def _columns(table: str, rows: list[dict[str, Any]]) -> list[str]:
    if rows:
        return list(rows[0])
    return [ITEM, TITLE] if table == "interactions" else ["attribute" if table == "attributes" else "setting", "value"]


def _package(who: Person, tables: dict[str, list[dict[str, Any]]], files: dict[str, bytes]) -> dict[str, Any]:
    """The descriptor after the Data Package and Table Schema specifications of Frictionless, with our own keys beside."""
    dataset = who.dataset
    return {
        "profile": "tabular-data-package",
        "name": f"{dataset.name}-of-a-person",
        "title": f"What one person provided to {dataset.title or dataset.name}, and what was observed of them",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "sightglass_format": FORMAT,
        "data_set": dataset.name,
        "person": who.user,
        "resources": [_resource(name, rows, files[f"{name}.csv"]) for name, rows in tables.items()],
        "exact": {name: f"sha256:{sha256(content)}" for name, content in files.items() if name.endswith(".json")},
        "spreadsheets": words.SPREADSHEETS,
    }


def _resource(name: str, rows: list[dict[str, Any]], content: bytes) -> dict[str, Any]:
    fields = [{"name": column, "type": _TYPES.get(name, {}).get(column, "string")} for column in _columns(name, rows)]
    key = {"primaryKey": _KEYS[name]} if name in _KEYS else {}
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256(content)}",
        "schema": {"fields": fields, "missingValues": [""], **key},
    }
