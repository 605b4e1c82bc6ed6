"""Object to profiling, and restrict the use of one's records: each one action, effective at the next request."""

from __future__ import annotations

from typing import Any

from app.use_cases.agreeing import answer, of_purpose
from app.use_cases.consenting import standing
from app.use_cases.remodelling import take_out
from app.use_cases.requesting import ended, person_of
from app.workspace import Workspace
from data.keep.consents import Purpose
from data.keep.requests import Request, Right, Stage

_ON = {"restricted": True}
TAKEN_BACK = "taken back before it was done"


def object_to_profiling(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """GDPR Art. 21: the next list is the one that is the same for all, and the next training leaves the person out.

    It is in the ledger as the withdrawal of all consent to lists, under the standing notice.
    """
    dataset = person_of(workspace, data, user)
    text, cells = standing(workspace, dataset), of_purpose(dataset, Purpose.LISTS)
    with workspace.requests.at_once(data, user, Right.OBJECTION) as session:
        answer(workspace, session, dataset, user, cells, False, text)
    return {"data": data, "profiling": False}


def restrict(workspace: Workspace, data: str, user: str, *, on: bool = True) -> dict[str, Any]:
    """GDPR Art. 18: the records stay and are used for nothing, neither lists nor training nor audits; or are used again.

    The restriction is kept first, so that no list and no training that begins now uses them; then the person is taken
    out of every model. If that is cut off the request stays open in the register, and asking again ends it.
    """
    person_of(workspace, data, user)
    if not on:
        return _lifted(workspace, data, user)
    with workspace.database.write() as session:
        workspace.choices.set_restricted(data, user, True, session)
        request_id = workspace.requests.open(data, user, Right.RESTRICTION, _ON, session=session)
        workspace.requests.advance(request_id, Stage.CONFIRMED, session=session)
    proofs = take_out(workspace, data, user)
    for told in _open(workspace, data, user):
        ended(workspace, told.request_id)
    return {"data": data, "restricted": True, "models": proofs}


def _lifted(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    cut_off = _open(workspace, data, user)
    with workspace.requests.at_once(data, user, Right.RESTRICTION, {"restricted": False}) as session:
        workspace.choices.set_restricted(data, user, False, session)
        for told in cut_off:
            workspace.requests.close(told.request_id, TAKEN_BACK, session=session)
    return {"data": data, "restricted": False, "models": []}


def _open(workspace: Workspace, data: str, user: str) -> list[Request]:
    """Restrictions that are not done yet: the one at work, and former ones that were cut off."""
    mine = workspace.requests.of(data, user)
    return [told for told in mine if told.closed_at is None and told.kind == Right.RESTRICTION and told.detail == _ON]
