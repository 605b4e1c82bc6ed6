"""A sample: the values behind an audit's group table, person by person, in a file of their own that is opt-in."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pandas as pd

from app.outputs import check_file
from app.spreadsheet import csv_bytes
from app.workspace import Workspace
from audit.people_sample import people_sample
from audit.run import Audit
from data.errors import BadInput
from data.keep.events import Kind
from data.keep.home import write_whole

PURPOSE = "recomputation of an audit's group table"
SAYS = (
    "This file has the values behind the group table, one row for each person, attribute and measure, without ids: it is "
    "pseudonymised personal data, so treat it as personal data and delete it when the numbers are checked."
)
_SUFFIXES = (".parquet", ".csv")


def check_sample(out: Path, *, counted: bool) -> None:
    """Refuse a sample that cannot be written, before anything is computed."""
    if out.suffix.lower() not in _SUFFIXES:
        raise BadInput("a sample is a file ending in .parquet or .csv", value=out.name, fix="choose one of the two")
    if counted:
        problem = "lists that are counted have no value for each person, so there is no sample of them"
        raise BadInput(problem, fix="leave --sample out, or audit a sample of people")
    check_file(out)


def write_sample(workspace: Workspace, found: Audit, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write the sample for its owner only; the log has its purpose and hash before the file is there.

    Returns path, sha256, rows and what the file is, in a sentence.
    """
    table = people_sample(found)
    content = _content(table, out)
    told = {"rows": len(table), "sha256": hashlib.sha256(content).hexdigest()}
    kept = {**about, **told, "sample": True, "purpose": PURPOSE, "format": out.suffix.lower()[1:]}
    workspace.log.append(Kind.EXPORT, "reviewer", kept)
    try:
        write_whole(out, content)
    except OSError as error:
        raise BadInput(f"it cannot be written ({error.strerror})", file=out, fix="name another file") from error
    return {"path": str(out), **told, "what": SAYS}


def _content(table: pd.DataFrame, out: Path) -> bytes:
    if out.suffix.lower() == ".csv":
        return csv_bytes(
            [{str(name): value for name, value in row.items()} for row in table.to_dict("records")], [*map(str, table)]
        )
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
