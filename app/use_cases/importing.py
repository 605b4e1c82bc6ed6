"""Import: check a foreign data set and keep it under a name; fetch one from its publisher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.workspace import Workspace
from data.keep.events import Kind
from data.load.fetch import fetch as download
from data.load.fetch import licence
from data.load.folder import read_source
from data.tables import Dataset, Source


def import_data(workspace: Workspace, source: Path, name: str, *, replace: bool = False) -> dict[str, Any]:
    """Check and register a MovieLens archive or folder, a data set folder, or a single table of interactions.

    People who were erased from a data set of that name stay out of it, and `left_out` says how many there were.
    """
    return _registered(workspace, read_source(source), name, replace=replace)


def import_demo(workspace: Workspace, name: str = "demo") -> dict[str, Any]:
    """Register the demo world, a made-up catalogue with known planted effects."""
    from data.demo import demo_source

    return _registered(workspace, demo_source(), name)


def fetch(archive: str, to: Path) -> dict[str, Any]:
    """Download a MovieLens archive from its publisher and check it; the only command that uses the network."""
    return {"path": str(download(archive, to)), "licence": licence(archive)}


def datasets(workspace: Workspace) -> list[dict[str, Any]]:
    """The registered data sets."""
    return [workspace.catalog.summary(name) for name in workspace.catalog.names()]


def _registered(workspace: Workspace, source: Source, name: str, *, replace: bool = False) -> dict[str, Any]:
    gone: set[str] = set()

    def leave_out(users: list[str]) -> set[str]:
        gone.update(workspace.pseudonyms.suppressed(name, users))
        return gone

    dataset = workspace.catalog.register(source, name, replace=replace, leave_out=leave_out)
    return _told(workspace, dataset, len(gone))


def _told(workspace: Workspace, dataset: Dataset, left_out: int) -> dict[str, Any]:
    told = {
        "name": dataset.name,
        "interactions": len(dataset.interactions),
        "users": len(dataset.users),
        "items": len(dataset.items),
        "data_hash": dataset.interactions.hash,
        "left_out": left_out,
    }
    workspace.log.append(Kind.IMPORT, "operator", told)
    warnings = list(dataset.warnings)
    if left_out:
        warnings.append(f"People who were erased from this data set and stay out of it: {left_out:,}.")
    return {**told, "licence": dataset.licence, "warnings": warnings}
