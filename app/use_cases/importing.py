"""Import: check a foreign data set and keep it under a name; fetch one from its publisher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.workspace import Workspace
from data.keep.events import Kind
from data.load.fetch import fetch as download
from data.load.fetch import licence
from data.load.folder import read_source
from data.tables import Dataset


def import_data(workspace: Workspace, source: Path, name: str, *, replace: bool = False) -> dict[str, Any]:
    """Check and register a MovieLens archive or folder, a data set folder, or a single table of interactions."""
    return _told(workspace, workspace.catalog.register(read_source(source), name, replace=replace))


def import_demo(workspace: Workspace, name: str = "demo") -> dict[str, Any]:
    """Register the demo world, a made-up catalogue with known planted effects."""
    from data.demo import demo_source

    return _told(workspace, workspace.catalog.register(demo_source(), name))


def fetch(archive: str, to: Path) -> dict[str, Any]:
    """Download a MovieLens archive from its publisher and check it; the only command that uses the network."""
    return {"path": str(download(archive, to)), "licence": licence(archive)}


def datasets(workspace: Workspace) -> list[dict[str, Any]]:
    """The registered data sets."""
    return [workspace.catalog.summary(name) for name in workspace.catalog.names()]


def _told(workspace: Workspace, dataset: Dataset) -> dict[str, Any]:
    told = {
        "name": dataset.name,
        "interactions": len(dataset.interactions),
        "users": len(dataset.users),
        "items": len(dataset.items),
        "data_hash": dataset.interactions.hash,
    }
    workspace.log.append(Kind.IMPORT, "operator", told)
    return {**told, "licence": dataset.licence, "warnings": list(dataset.warnings)}
