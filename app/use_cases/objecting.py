"""Object to profiling, and restrict the use of one's records: each one action, effective at the next request."""

from __future__ import annotations

from typing import Any

from app.use_cases.requesting import person_of
from app.workspace import Workspace
from data.keep.requests import Right


def object_to_profiling(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """GDPR Art. 21: the next list is the one that is the same for all, and the next training leaves the person out."""
    person_of(workspace, data, user)
    with workspace.requests.at_once(data, user, Right.OBJECTION) as session:
        workspace.choices.set_profiling(data, user, False, session)
    return {"data": data, "profiling": False}


def restrict(workspace: Workspace, data: str, user: str, *, on: bool = True) -> dict[str, Any]:
    """GDPR Art. 18: the records stay and are used for nothing, neither lists nor training nor audits; or are used again."""
    person_of(workspace, data, user)
    with workspace.requests.at_once(data, user, Right.RESTRICTION, {"restricted": on}) as session:
        workspace.choices.set_restricted(data, user, on, session)
    return {"data": data, "restricted": on}
