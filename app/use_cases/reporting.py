"""Report: an audit run as a page, as a PDF, or as an evidence bundle that anybody can check offline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.spreadsheet import csv_bytes
from app.use_cases.comparing import against_last
from app.workspace import Workspace
from audit.report.flat import flat_tables
from data.errors import BadInput
from data.keep.events import Event, Kind
from data.keep.evidence import write_bundle
from data.keep.home import write_whole
from data.keep.verifier import canonical, pretty

_README = """Evidence of one audit run

report.html   the report, for people
audit.json    every number of the run; the log names its SHA-256
plan.json     the plan; its SHA-256 is the plan hash, which entered the log before anything was computed
tables/*.csv  the tables of audit.json
log.json      the head of the log, and its entries about this run, each with its proof of inclusion
verify.py     the check: python verify.py THIS.zip   (Python alone, no network)

The check shows that nothing here was changed. Whether the past of the log itself was rewritten is only shown by a head
that you noted earlier, or had from somebody else: python verify.py THIS.zip --head SIZE:ROOT
In the tables, text that begins like a spreadsheet formula has a single quote before it.
"""


def report(workspace: Workspace, run_id: str, out: Path) -> dict[str, Any]:
    """Write the report of an audit run to a file ending in .html, .pdf or .zip (evidence bundle).

    Returns path, sha256, size, run_id, format and log_index, the entry of the log that names the file's hash. The
    entry is made before the file is there; if writing fails it stands for a report that nobody has.
    """
    out = Path(out)
    make = _maker(out)
    run = _run(workspace, run_id)
    content = make(workspace, run)
    told = {"run_id": run["run_id"], "format": out.suffix.lower()[1:], "sha256": hashlib.sha256(content).hexdigest()}
    event = workspace.log.append(Kind.REPORT, "reviewer", told)
    write_whole(out, content, mode=0o644)
    return {"path": str(out), "size": len(content), "log_index": event.index, **told}


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
    document = workspace.runs.load(run["run_id"])
    anchor = _anchor(workspace, run)
    head = workspace.log.head()
    entries = [_proven(workspace, head, event) for event in _entries(workspace, run, document, anchor)]
    files = {
        "README.txt": _README.encode(),
        "audit.json": workspace.runs.content(run["run_id"]),
        "plan.json": canonical(document["plan"]),
        "report.html": _html(workspace, run),
        "log.json": pretty({"head": head, "entries": entries}),
        **_tables(_document(workspace, run)),
    }
    with TemporaryDirectory() as folder:
        path = Path(folder, "bundle.zip")
        write_bundle(path, files, head, workspace.log.prove(anchor.index, head["size"]), anchor)
        return path.read_bytes()


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


def _entries(workspace: Workspace, run: Mapping[str, Any], document: Mapping[str, Any], anchor: Event) -> list[Event]:
    """The plan and the result of the run, and what the bundle is anchored in, in the order of the log."""
    audits = workspace.log.entries(kind=Kind.AUDIT)
    result = next((event for event in audits if event.detail.get("run_id") == run["run_id"]), None)
    told = {"stage": "plan", **{name: document.get(name) for name in ("data", "model_id", "plan_hash")}}
    before = audits if result is None else [event for event in audits if event.index < result.index]
    plan = next((event for event in reversed(before) if told.items() <= event.detail.items()), None)
    chosen = {event.index: event for event in (plan, result, anchor) if event is not None}
    return [chosen[index] for index in sorted(chosen)]


def _proven(workspace: Workspace, head: Mapping[str, Any], event: Event) -> dict[str, Any]:
    return {"leaf": event.leaf, "inclusion_proof": workspace.log.prove(event.index, head["size"])}


def _tables(document: Mapping[str, Any]) -> dict[str, bytes]:
    labelled = {document["label"] or "lists": document, **(document.get("compared_with") or {})}
    return {
        f"tables/{name}-{place}-{_file_name(label)}.csv": csv_bytes(list(rows))
        for place, (label, told) in enumerate(labelled.items(), 1)
        for name, rows in flat_tables(told).items()
    }


def _file_name(label: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in label)[:40] or "lists"
