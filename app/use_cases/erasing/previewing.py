"""What an erasure would do, before anything is done."""

from __future__ import annotations

from typing import Any

from app.use_cases.erasing.copies import copies_of
from app.use_cases.erasing.proofs import holders
from app.use_cases.erasing.telling import REMAINS, TO_COME
from app.workspace import Workspace
from data.errors import NotFound
from models.registry import recommender_class


def preview(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """Records, rows and models that would go, the copies that left, and what remains. Nothing is changed."""
    interactions = workspace.catalog.open(data).interactions
    if user not in interactions.users:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{data}', and not erased yet")
    records = int((interactions.user == interactions.users.code(user)).sum())
    return {
        "data": data,
        "records": records,
        "rows": workspace.erasures.held_rows(data, user),
        "models": [_model(workspace, name) for name in holders(workspace, data, user)],
        "copies": copies_of(workspace, data, user),
        "remains": list(REMAINS),
    }


def _model(workspace: Workspace, name: str) -> dict[str, str]:
    about = workspace.shelf.about(name)
    label = recommender_class(about["model"], about["settings"].get("similarity")).erasure
    return {"name": name, "class": label, "how": TO_COME[label]}
