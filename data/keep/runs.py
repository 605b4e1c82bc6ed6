"""Audit runs: a JSON document each in the state folder, and a row that says what it is and what its hash is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from data.errors import BadInput, NotFound, SightglassError
from data.keep.database import Database
from data.keep.home import private_folder, write_whole
from data.keep.schema import RunRow

_ID_LENGTH = 16

Listed = list[dict[str, Any]]


class Runs:
    """Stored runs. An id is the first 16 hex digits of the document's SHA-256; any unique beginning of it will do."""

    def __init__(self, home: Path, database: Database) -> None:
        self._folder, self._database = Path(home) / "runs", database

    def save(self, document: Mapping[str, Any], kind: str, label: str) -> str:
        """Store a document; returns its id. NaN and infinity are stored as null. The same document is stored once."""
        content = document_bytes(document)
        sha256 = hashlib.sha256(content).hexdigest()
        run_id = sha256[:_ID_LENGTH]
        private_folder(self._folder)
        write_whole(self._file(run_id), content)
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._database.write() as session:
            if session.get(RunRow, run_id) is None:
                row = {"run_id": run_id, "kind": kind, "label": label, "at": at, "sha256": sha256}
                session.execute(insert(RunRow), row)
        return run_id

    def load(self, run_id: str) -> dict[str, Any]:
        """The document of a run, by its id or a beginning of it."""
        return dict(json.loads(self.content(run_id)))

    def content(self, run_id: str) -> bytes:
        """The document as it lies on disk, checked against its hash."""
        about = self.about(run_id)
        path = self._file(about["run_id"])
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise SightglassError(f"{path} is missing; run the audit again.") from None
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise BadInput("the run has changed since it was stored", file=path, fix="run the audit again")
        return content

    def about(self, run_id: str) -> dict[str, Any]:
        """{run_id, kind, label, at, sha256} of a run, by its id or a beginning of it."""
        runs = self.list()
        found = [run for run in runs if run_id and run["run_id"].startswith(run_id.lower())]
        if not found:
            raise NotFound("run", run_id, [run["run_id"] for run in runs])
        if len(found) > 1:
            names = ", ".join(run["run_id"] for run in found[:4])
            raise BadInput("more than one run begins like this", value=run_id, fix=f"write more of it: {names}")
        return found[0]

    def list(self) -> Listed:
        """The runs, newest first."""
        with self._database.read() as session:
            rows = session.scalars(select(RunRow).order_by(RunRow.at.desc(), RunRow.run_id)).all()
        names = ("run_id", "kind", "label", "at", "sha256")
        return [{name: getattr(row, name) for name in names} for row in rows]

    def _file(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as JSON for people: sorted keys, indented, NaN and infinity as null."""
    return (json.dumps(_plain(document), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
