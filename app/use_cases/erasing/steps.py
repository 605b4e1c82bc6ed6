"""The steps of an erasure. Each looks at what is there, so that doing it twice is doing it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.use_cases.erasing.proofs import erase_from_models, holders, serve_at_once
from app.workspace import Workspace
from data.errors import SightglassError
from data.keep.erasures import Erasure


@dataclass(frozen=True)
class Step:
    """A step, and what it is doing in words that follow 'stopped while'."""

    words: str
    work: Callable[..., Any]


def _suppress(workspace: Workspace, request: Erasure) -> None:
    """First, so that no import can bring the person back meanwhile."""
    workspace.pseudonyms.suppress(request.dataset, _who(request))


def _drop_from_store(workspace: Workspace, request: Erasure) -> None:
    data, user = request.dataset, _who(request)
    if user in workspace.catalog.open(data).interactions.users:
        workspace.catalog.drop_user(data, user)
    workspace.catalog.tidy()


def _drop_from_models(workspace: Workspace, request: Erasure) -> None:
    erase_from_models(workspace, request.request_id, request.dataset, _who(request))


def _drop_rows(workspace: Workspace, request: Erasure) -> None:
    workspace.erasures.forget_rows(request.dataset, _who(request))


def _verify(workspace: Workspace, request: Erasure) -> None:
    """Look for the person once more, in everything that can name them."""
    data, user = request.dataset, _who(request)
    left = [f"table {name}" for name, count in workspace.erasures.held_rows(data, user).items() if count]
    left += [f"model {name}" for name in holders(workspace, data, user)]
    if user in workspace.catalog.open(data).interactions.users:
        left.append("data set")
    if left:
        raise SightglassError(f"the person is still in: {', '.join(left)}.")
    suppressed = bool(workspace.pseudonyms.suppressed(data, [user]))
    workspace.erasures.note(request.request_id, "suppressed", suppressed)
    if "executed_at" not in request.detail:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        workspace.erasures.note(request.request_id, "executed_at", now)


def _empty_journal(workspace: Workspace, _request: Erasure, traces: list[bytes] | None) -> None:
    """Nothing deleted may be left in the database's files; what may be there is looked for only while it is known."""
    _truncate(workspace)
    if traces is None or workspace.database.remains(traces):
        workspace.database.rebuild()
        _truncate(workspace)


def _truncate(workspace: Workspace) -> None:
    if not workspace.database.truncate_journal():
        raise SightglassError("another process is reading the database, whose journal may still hold the person.")


def _who(request: Erasure) -> str:
    return str(request.user)


BEFORE = (
    Step("noting that the person stays out", _suppress),
    Step("correcting lists at once", lambda ws, held: serve_at_once(ws, held.dataset, _who(held))),
    Step("removing the person from the data set", _drop_from_store),
    Step("removing the person from models", _drop_from_models),
    Step("removing the person's choices, consents and receipts", _drop_rows),
    Step("looking for what is left", _verify),
)
AFTER = (Step("emptying the database's journal", _empty_journal),)
