"""Report: an audit run as a page, as a PDF, or as an evidence bundle that anybody can check offline."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.spreadsheet import csv_bytes
from app.use_cases.comparing import against_last
from app.workspace import Workspace
from audit.report.flat import flat_tables
from audit.sampling import check_statement
from data.errors import BadInput
from data.keep.events import Event, Kind
from data.keep.evidence import bundle_bytes, seal_sha256
from data.keep.home import write_whole
from data.keep.verifier import MANIFEST, canonical

_README = """Evidence of one audit run

report.html   the report, for people
audit.json    every number of the run; the log names its SHA-256
plan.json     the plan; its SHA-256 is the plan hash, which entered the log before anything was computed
tables/*.csv  the tables of audit.json
log.json      the head of the log, and its entries about this run, each with its proof of inclusion
manifest.json the SHA-256 of every file; before the bundle was written the log got an entry that carries the hash of it
verify.py     the check: python verify.py THIS.zip --head SIZE:ROOT   (Python alone, no network)

What the check shows with a head that you noted when the bundle was made, or had from somebody whom you trust: every file
here is the one that was sealed in the log under that head, and the plan was in the log before the result.

What it shows without a head: that the files fit together and fit the log that is told of here. Whoever changes a file and
cannot write a new log is found out. Whoever can write a whole new log can forge everything, this text included.

What it does not show: that the numbers are right, or that nobody ran another audit before. A forged bundle can bring a
forged verify.py; use the command `sightglass verify`, or a verify.py that you have from somewhere you trust.
In the tables, text that begins like a spreadsheet formula has a single quote before it.
"""


def report(workspace: Workspace, run_id: str, out: Path) -> dict[str, Any]:
    """Write the report of an audit run to a file ending in .html, .pdf or .zip (evidence bundle).

    Returns path, sha256, size, run_id, format and log_index, the entry of the log that names the file's hash; of a
    bundle also `head`, SIZE:ROOT, which is noted elsewhere to check it by. A run whose sampling statement has an empty field
    is refused; one from before statements were kept is reported, and its report says so. Entries are made before the
    file is there; if writing fails they stand for a report that nobody has.
    """
    out = Path(out)
    make = _maker(out)
    run = _run(workspace, run_id)
    check_statement(workspace.runs.load(run_id).get("sampling"))
    content = make(workspace, run)
    told = {"run_id": run["run_id"], "format": out.suffix.lower()[1:], "sha256": hashlib.sha256(content).hexdigest()}
    event = workspace.log.append(Kind.REPORT, "reviewer", told)
    write_whole(out, content, mode=0o644)
    head = {"head": _head_of(content)} if make is _bundle else {}
    return {"path": str(out), "size": len(content), "log_index": event.index, **told, **head}


def report_content(workspace: Workspace, run_id: str, suffix: str) -> bytes:
    """The same file as bytes, for a door that hands it over itself; recorded likewise."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"audit-{run_id}{suffix}"
        report(workspace, run_id, path)
        return path.read_bytes()


def _maker(out: Path) -> Callable[[Workspace, dict[str, Any]], bytes]:
    makers = {".html": _html, ".pdf": _pdf, ".zip": _bundle}
    if out.suffix.lower() not in makers:
        raise BadInput(
            "a report is a file ending in .html, .pdf or .zip", value=out.name, fix="choose one of the three"
        )
    if not out.parent.is_dir():
        raise BadInput("the folder of the report is not there", value=out.parent, fix="make it, or choose another")
    if out.is_dir():
        raise BadInput("the report cannot replace a folder", value=out.name, fix="choose another name")
    return makers[out.suffix.lower()]


def _run(workspace: Workspace, run_id: str) -> dict[str, Any]:
    about = workspace.runs.about(run_id)
    if about["kind"] != "audit":
        raise BadInput(
            f"the run is of kind '{about['kind']}', and only audits are reported", value=run_id, fix="name another"
        )
    return about


def _document(workspace: Workspace, run: Mapping[str, Any]) -> dict[str, Any]:
    about = {"run_id": run["run_id"], "at": run["at"], "document_sha256": run["sha256"]}
    return {**workspace.runs.load(run["run_id"]), **about, "against_last": against_last(workspace, run["run_id"])}


def _html(workspace: Workspace, run: Mapping[str, Any]) -> bytes:
    from audit.report import html

    return html.render(_document(workspace, run)).encode()


def _pdf(workspace: Workspace, run: Mapping[str, Any]) -> bytes:
    from audit.report import pdf

    return pdf.render(_document(workspace, run))


def _bundle(workspace: Workspace, run: dict[str, Any]) -> bytes:
    """The files, sealed: before they are bound together the log gets an entry that carries the hash of all of them."""
    log, document = workspace.log, workspace.runs.load(run["run_id"])
    anchor = _anchor(workspace, run)
    plan, entries = _entries(workspace, run, document, anchor)
    files = {
        "README.txt": _README.encode(),
        "audit.json": workspace.runs.content(run["run_id"]),
        "plan.json": canonical(document["plan"]),
        "report.html": _html(workspace, run),
        **_tables(_document(workspace, run)),
    }
    sealed = {"run_id": run["run_id"], "stage": "seal", "bundle_sha256": seal_sha256(files, anchor, plan)}
    entries.append(log.append(Kind.REPORT, "reviewer", sealed))
    size = log.head()["size"]
    return bundle_bytes(files, [(event, log.prove(event.index, size)) for event in entries], anchor, plan)


def _head_of(bundle: bytes) -> str:
    """The head that a bundle was written under, SIZE:ROOT."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        head = json.loads(archive.read(MANIFEST))["tree_head"]
    return f"{head['size']}:{head['root']}"


def _anchor(workspace: Workspace, run: Mapping[str, Any]) -> Event:
    """The first entry of the log that names the run and the hash of its document; added now where none does."""
    named = {"run_id": run["run_id"], "sha256": run["sha256"]}
    found = (
        event
        for kind in (Kind.AUDIT, Kind.REPORT)
        for event in workspace.log.entries(kind=kind)
        if named.items() <= event.detail.items()
    )
    return next(found, None) or workspace.log.append(Kind.REPORT, "reviewer", {**named, "stage": "anchor"})


def _entries(
    workspace: Workspace, run: Mapping[str, Any], document: Mapping[str, Any], anchor: Event
) -> tuple[Event | None, list[Event]]:
    """The plan of the run, and the plan, the result and what the bundle is anchored in, in the order of the log."""
    audits = workspace.log.entries(kind=Kind.AUDIT)
    result = next((event for event in audits if event.detail.get("run_id") == run["run_id"]), None)
    about = ("data", "data_hash", "model_id", "plan_hash")
    told = {"stage": "plan", **{name: document.get(name) for name in about}}
    before = audits if result is None else [event for event in audits if event.index < result.index]
    same = (event for event in reversed(before) if {name: event.detail.get(name) for name in told} == told)
    plan = next(same, None)
    chosen = {event.index: event for event in (plan, result, anchor) if event is not None}
    return plan, [chosen[index] for index in sorted(chosen)]


def _tables(document: Mapping[str, Any]) -> dict[str, bytes]:
    labelled = {document["label"] or "lists": document, **(document.get("compared_with") or {})}
    return {
        f"tables/{name}-{place}-{_file_name(label)}.csv": csv_bytes(list(rows))
        for place, (label, told) in enumerate(labelled.items(), 1)
        for name, rows in flat_tables(told).items()
    }


def _file_name(label: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in label)[:40] or "lists"
