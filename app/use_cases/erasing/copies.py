"""What left this installation with the person in it, as far as the record tells."""

from __future__ import annotations

from typing import Any

from app.use_cases.recommending import EVERYBODY
from app.workspace import Workspace
from data.errors import NotFound
from data.keep.events import Event, Kind

BY_NAME, PERHAPS, IN_FIGURES = "by name", "perhaps by name", "in figures of groups"
WITHOUT_NAMES = "perhaps, without a name"


def copies_of(workspace: Workspace, data: str, user: str) -> list[dict[str, Any]]:
    """{log_index, kind, at, what, held, sha256} of each, oldest first.

    Their own exports and receipts; files of everybody's lists; values of everybody in an audit; and reports of audits of
    the data set, which hold figures of groups.
    """
    who = workspace.pseudonyms.known(data, user)
    own = [] if who is None else [
        event for event in workspace.log.entries(subject=who) if event.kind in (Kind.EXPORT, Kind.RECEIPT)
    ]  # fmt: skip
    exports = workspace.log.entries(kind=Kind.EXPORT)
    lists = [event for event in exports if event.subject is None and event.detail.get("data") == data]
    found = {
        **{event.index: _told(event, _words(event), BY_NAME) for event in own},
        **{event.index: _told(event, _words(event), _held(workspace, event, user)) for event in lists},
        **{event.index: _told(event, "report of an audit", IN_FIGURES) for event in _reports(workspace, data)},
    }
    return [found[index] for index in sorted(found)]


def _held(workspace: Workspace, event: Event, user: str) -> str:
    return WITHOUT_NAMES if event.detail.get("sample") else _in_lists(workspace, event, user)


def _in_lists(workspace: Workspace, event: Event, user: str) -> str:
    """A file of everybody's lists has all whom the model met; and others, if they had chosen something by then."""
    try:
        return BY_NAME if workspace.shelf.holds(str(event.detail.get("model_id")), user) else PERHAPS
    except NotFound:
        return PERHAPS  # nobody can tell any more, so it is named


def _reports(workspace: Workspace, data: str) -> list[Event]:
    of_data = {
        event.detail.get("run_id")
        for event in workspace.log.entries(kind=Kind.AUDIT)
        if event.detail.get("data") == data and event.detail.get("run_id")
    }
    reports = workspace.log.entries(kind=Kind.REPORT)
    return [event for event in reports if event.detail.get("run_id") in of_data and event.detail.get("stage") is None]


def _words(event: Event) -> str:
    if event.kind == Kind.RECEIPT:
        return "receipt of a list of theirs"
    if event.detail.get("sample"):
        return "values behind an audit, person by person"
    return "lists of everybody" if event.detail.get("lists") == EVERYBODY else "export of their data"


def _told(event: Event, what: str, held: str) -> dict[str, Any]:
    about = {"log_index": event.index, "kind": event.kind, "at": event.at, "what": what, "held": held}
    return {**about, "sha256": event.detail.get("sha256") or event.detail.get("claims_sha256")}
