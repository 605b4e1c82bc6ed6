"""The demo world: ready at the first start, and the whole life cycle in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.use_cases.importing import import_demo
from app.use_cases.training import train
from app.workspace import Workspace

NAME = "demo"
CONTACT = "Whoever runs this demo world. It is made up, and so is everybody in it."
# chosen by validation on the demo world (tests/test_demo_setup.py holds it); given here so that the first start is quick
LINEAR = {"regularization": 200}


def ensure_demo(workspace: Workspace) -> str:
    """Register the demo world and train its first model where they are missing; returns the id of a demo model."""
    if NAME not in workspace.catalog.names():
        import_demo(workspace, NAME)
        workspace.policies.set_contact(NAME, CONTACT, "operator")
    known = [name for name in workspace.shelf.ids() if workspace.shelf.about(name)["data"] == NAME]
    if known:
        return known[0]
    return str(train(workspace, NAME, "linear", LINEAR)["model_id"])


def demonstrate(workspace: Workspace) -> dict[str, Any]:
    """Train, recommend, explain, audit and report on the demo world; says where everything is."""
    from app.use_cases.auditing import audit
    from app.use_cases.explaining import explain
    from app.use_cases.recommending import recommend
    from app.use_cases.reporting import report

    model_id = ensure_demo(workspace)
    user = str(workspace.model(model_id).training.users.values[0])
    shown = recommend(workspace, model_id, user)
    first = shown["items"][0]
    why = explain(workspace, model_id, user, first["item_id"])
    folder = Path(workspace.folder) / "demo"
    assessed = audit(workspace, NAME, folder / "audit", model_id=model_id)
    written = report(workspace, assessed["run_id"], folder / "report.html")
    return {
        "dataset": NAME,
        "model": model_id,
        "person": user,
        "first_title": first["title"],
        "why": why["sentence"],
        "audit": {"run_id": assessed["run_id"], "path": assessed["path"], "exit_code": assessed["exit_code"]},
        "report": written["path"],
        "state": str(workspace.folder),
    }
