"""Self-test: whether the arithmetic of explanations holds here, in this installation and for its stored models.

Run as a module it is the low-priority process that the server starts: one core, after everything else.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import models
from app.workspace import Workspace, opened
from data.errors import SightglassError
from data.keep.home import write_whole

_FILE = "self-test.json"
_LIBRARIES = ("shap", "numpy", "scikit-learn")
_LASTS = timedelta(days=1)
_MOST_MODELS = 8
_LOWEST = 19  # niceness: whatever else wants the processor comes first
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_PATIENCE = 300.0


def self_test(workspace: Workspace, model_id: str | None = None) -> dict[str, Any]:
    """Run every check, on a seeded world and on one stored model or the newest ones; keep the result and return it.

    `ok` is whether all hold; `checks` are rows of name, ok, figure, meaning and, for a stored model, its id and version.
    """
    from models.why.selftest import self_test as check

    stored = [model_id] if model_id else workspace.shelf.ids()[-_MOST_MODELS:]
    checks = [*(told._asdict() for told in check()), *(_stored(workspace, name) for name in stored)]
    told = {
        "ok": all(row["ok"] for row in checks),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "checks": checks,
    }
    write_whole(workspace.folder / _FILE, json.dumps(told, indent=1, ensure_ascii=False).encode())
    return told


def last_self_test(workspace: Workspace) -> dict[str, Any] | None:
    """The last result, or None where there is none that can be read."""
    try:
        told: dict[str, Any] = json.loads((workspace.folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if {"ok", "at", "versions", "checks"} <= set(told) else None


def is_due(workspace: Workspace) -> bool:
    """Whether the last result is missing, of other versions, or a day old."""
    told = last_self_test(workspace)
    if told is None or told["versions"] != versions():
        return True
    return datetime.now(UTC) - datetime.fromisoformat(told["at"]) >= _LASTS


def versions() -> dict[str, str]:
    """What a result holds for: the libraries, and the first 16 digits of a hash over the code of `models`."""
    digest = hashlib.sha256()
    for path in sorted(Path(str(models.__file__)).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return {**{name: version(name) for name in _LIBRARIES}, "our code": digest.hexdigest()[:16]}


def start_apart(workspace: Workspace, model_id: str | None = None) -> subprocess.Popen[bytes]:
    """The self-test in a process of its own, at the lowest priority and on one core; it keeps its result."""
    surroundings = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "SIGHTGLASS_HOME": str(workspace.folder)}
    command = [sys.executable, "-m", __name__, *([model_id] if model_id else [])]
    root = Path(str(models.__file__)).parent.parent
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=surroundings, cwd=root, stdout=quiet, stderr=quiet)  # noqa: S603 - our own module


def self_test_apart(workspace: Workspace, model_id: str | None = None) -> dict[str, Any] | None:
    """Run it apart, wait for it, and return what it kept."""
    process = start_apart(workspace, model_id)
    try:
        process.wait(_PATIENCE)
    finally:
        process.kill()
    return last_self_test(workspace)


def _stored(workspace: Workspace, model_id: str) -> dict[str, Any]:
    """The residual of one stored model, read from its files; one that cannot be read has not held."""
    from models.why.selftest import Check, residual_check

    about = {"model_id": model_id, "version": model_version(workspace, model_id)}
    try:
        return (
            residual_check(workspace.shelf.load(model_id))._replace(name=f"parts add up: {model_id}")._asdict() | about
        )
    except SightglassError as refused:
        meaning = "This stored model could not be read, so nothing is known of its explanations."
        return Check(f"parts add up: {model_id}", False, str(refused), meaning)._asdict() | about


def model_version(workspace: Workspace, model_id: str) -> str:
    """Changes whenever the model's files do."""
    return str((workspace.shelf.folder(model_id) / "manifest.json").stat().st_mtime_ns)


def main() -> None:
    """Run the self-test of the state folder, after whatever else wants the processor."""
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    with opened() as workspace:
        self_test(workspace, *sys.argv[1:2])


if __name__ == "__main__":
    main()
