"""Requests by right: opened and closed around every use case of a right, and the register of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.requests import LAW, LAWS, Request, Right, Stage
from data.tables import Dataset

DONE = "done"
_ORDER = list(Stage)


def requests(
    workspace: Workspace, data: str, right: str | None = None, *, now: datetime | None = None
) -> dict[str, Any]:
    """The register: a row a request, newest first, and a row a right with how many are open, overdue and late.

    Overdue is open after it was due; late is closed after it was due. Days run from receipt to the end, or to now.
    """
    workspace.catalog.summary(data)
    moment = now or datetime.now(UTC)
    kinds = [str(kind) for kind in Right]
    if right is not None and right not in kinds:
        raise BadInput("there is no such right", value=right, fix=f"use one of: {', '.join(kinds)}")
    every = [told for told in workspace.requests.every(data) if right in (None, told.kind)]
    return {
        "data": data,
        "deadline_days": LAWS[workspace.policies.setting(data, LAW, "gdpr")],
        "rights": [_count(kind, every, moment) for kind in kinds if right in (None, kind)],
        "requests": [_row(told, moment) for told in reversed(every)],
    }


def set_deadline(workspace: Workspace, data: str, law: str, reason: str, actor: str = "manager") -> dict[str, Any]:
    """How long requests that come from now on may take: gdpr, 30 days, or ccpa, 45. Opt-outs are due at once."""
    workspace.catalog.summary(data)
    if law not in LAWS:
        raise BadInput("there is no such deadline", value=law, fix=f"use one of: {', '.join(LAWS)}")
    if not reason.strip():
        raise BadInput("a change of the deadline needs a reason", fix="say in a sentence why it is changed")
    workspace.policies.set_setting(data, LAW, law, "gdpr", actor, reason)
    return {"data": data, "deadline_days": LAWS[law]}


def cut_off(workspace: Workspace, data: str, user: str, right: Right, detail: Mapping[str, Any]) -> Request | None:
    """The open request of the person that asked for the same, and was cut off before it was done."""
    mine = (told for told in workspace.requests.of(data, user) if told.closed_at is None and told.kind == right)
    return next((told for told in mine if {**told.detail, **detail} == told.detail), None)


def begun(workspace: Workspace, data: str, user: str, right: Right, detail: Mapping[str, Any]) -> str:
    """The id of a new request, confirmed; or of the open one that asked for the same and was cut off."""
    if found := cut_off(workspace, data, user, right, detail):
        return found.request_id
    with workspace.database.write() as session:
        request_id = workspace.requests.open(data, user, right, detail, session=session)
        workspace.requests.advance(request_id, Stage.CONFIRMED, session=session)
    return request_id


def ended(workspace: Workspace, request_id: str, detail: Mapping[str, Any] | None = None) -> None:
    """It was done and checked: closed, unless another session that did the same has closed it already."""
    told = workspace.requests.get(request_id)
    if told.closed_at is not None:
        return
    with workspace.database.write() as session:
        if _ORDER.index(Stage(told.stage)) < _ORDER.index(Stage.VERIFIED):
            workspace.requests.advance(request_id, Stage.VERIFIED, detail, session)
        workspace.requests.close(request_id, DONE, session=session)


def person_of(workspace: Workspace, data: str, user: str) -> Dataset:
    """The data set, once the person is in it; the refusal names nobody else."""
    dataset = workspace.catalog.open(data)
    if user not in dataset.interactions.users:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{data}'")
    return dataset


def refused(workspace: Workspace, data: str, what: str, why: str) -> None:
    """Tell the record that something was asked and refused; neither who asked nor about whom."""
    workspace.log.append(Kind.REFUSAL, "sightglass", {"data": data, "what": what, "why": why})


def _count(kind: str, every: list[Request], now: datetime) -> dict[str, Any]:
    mine = [told for told in every if told.kind == kind]
    ends = Counter(told.outcome for told in mine if told.outcome)
    return {
        "right": kind,
        "received": len(mine),
        "open": sum(told.closed_at is None for told in mine),
        "overdue": sum(told.overdue(now) for told in mine),
        "late": sum(told.late for told in mine),
        "outcomes": ", ".join(f"{outcome}: {count}" for outcome, count in sorted(ends.items())),
    }


def _row(told: Request, now: datetime) -> dict[str, Any]:
    return {
        "request_id": told.request_id,
        "right": told.kind,
        "stage": told.stage,
        "received": told.received_at,
        "due": told.due_at,
        "closed": told.closed_at,
        "days": told.days(now),
        "outcome": told.outcome,
        "overdue": told.overdue(now),
        "late": told.late,
        "person": told.subject[:12],
    }
