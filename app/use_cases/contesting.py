"""Contest: a person contests a recommendation, and somebody who does not answer for the lists decides."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from app.use_cases.receipting import receipt
from app.use_cases.requesting import refused
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.requests import Request, Right, Stage

OUTCOMES = {
    "upheld": "the person was right: the recommendation should not have been made",
    "partly": "in part: something was changed",
    "rejected": "the recommendation stands",
}
_LONGEST = 1_000
_PARTS = re.compile(r"[,;<>()\n|/]+")


def contest(
    workspace: Workspace, model_id: str, user: str, item: str, why: str, *, k: int = 10, receipt_id: str | None = None
) -> dict[str, Any]:
    """Open a case about one title of a person's list; the receipt of that list, with its reasons, is attached.

    Without `receipt_id` a receipt is made of the list as it is now. A receipt of somebody else is refused and recorded.
    """
    words = _words("what is wrong with it", why)
    data = workspace.shelf.about(model_id)["data"]
    told = _receipt(workspace, data, model_id, user, k, receipt_id)
    entry = next((row for row in told["list"] if row["item_id"] == item), None)
    if entry is None:
        raise NotFound("title in this list", item, [row["item_id"] for row in told["list"]])
    about = {"model_id": model_id, "item_id": item, "title": entry["title"], "rank": entry["rank"]}
    detail = {**about, "why": words, "receipt_id": told["receipt_id"], "entry": entry}
    with workspace.database.write() as session:
        case = workspace.requests.open(data, user, Right.CONTEST, detail, session=session)
        who = workspace.pseudonyms.pseudonym(data, user, session)
        opened = {"data": data, "case": case, "stage": "opened", "receipt_id": told["receipt_id"]}
        workspace.log.append_within(session, Kind.CASE, who, opened, who)
    return {"case": case, "data": data, **about, "receipt_id": told["receipt_id"]}


def cases(workspace: Workspace, data: str, user: str | None = None) -> list[dict[str, Any]]:
    """The cases of a data set, or of one person, newest first; of somebody who was erased only dates and outcome are left."""
    workspace.catalog.summary(data)
    every = workspace.requests.every(data) if user is None else workspace.requests.of(data, user)
    return [_row(told) for told in reversed(every) if told.kind == Right.CONTEST]


def close_case(workspace: Workspace, case: str, reviewer: str, outcome: str, reason: str) -> dict[str, Any]:
    """A human outcome with its reason. The reviewer is not the one who answers for the lists (`sightglass contact`).

    The record has who opened the case, as a pseudonym, the reviewer, the outcome and a commitment to the reason; the
    reason itself is in the register, where the person reads it.
    """
    told = _open_case(workspace, case)
    name, words = _words("the reviewer", reviewer), _words("the reason", reason)
    if outcome not in OUTCOMES:
        raise BadInput("there is no such outcome", value=outcome, fix=f"use one of: {', '.join(OUTCOMES)}")
    owner = workspace.policies.contact(told.dataset)
    _refuse_owner(workspace, told, name, owner)
    with workspace.database.write() as session:
        workspace.requests.advance(case, Stage.EXECUTED, {"reviewer": name, "reason": words}, session)
        workspace.requests.close(case, outcome, session=session)
        done: dict[str, Any] = {"data": told.dataset, "case": case, "stage": "closed", "outcome": outcome}
        if told.user is not None:
            seal = workspace.pseudonyms.commitment(told.dataset, told.user, f"reason:{words}", session)
            done["reason_commitment"] = seal
        workspace.log.append_within(session, Kind.CASE, name, {**done, "reviewer": name, "owner": owner}, told.subject)
    return _row(workspace.requests.get(case))


def _receipt(
    workspace: Workspace, data: str, model_id: str, user: str, k: int, receipt_id: str | None
) -> dict[str, Any]:
    if receipt_id is None:
        return receipt(workspace, model_id, user, k)
    told = workspace.receipts.get(receipt_id)
    if workspace.receipts.owner(receipt_id) != user or told["dataset"] != data:
        refused(workspace, data, "contest", "the receipt is of another person")
        raise BadInput("this receipt is not one of yours", value=receipt_id, fix="give one of your own, or none")
    return told


def _open_case(workspace: Workspace, case: str) -> Request:
    told = workspace.requests.get(case)
    if told.kind != Right.CONTEST:
        raise NotFound("case", case, fix="see `sightglass cases`")
    if told.closed_at is not None:
        raise BadInput("this case is closed", value=case, fix="its outcome stands")
    return told


def _refuse_owner(workspace: Workspace, told: Request, reviewer: str, owner: str) -> None:
    if not owner:
        raise BadInput("nobody is named who answers for these lists, so nobody can be told apart from them",
                       fix="name them first: `sightglass contact --set`")  # fmt: skip
    mine = {_plain(part) for part in [owner, *_PARTS.split(owner)]} - {""}
    theirs = {_plain(part) for part in [reviewer, *_PARTS.split(reviewer)]} - {""}
    if mine & theirs:
        refused(workspace, told.dataset, "case", "the reviewer answers for the lists")
        raise BadInput(
            "the reviewer of a case cannot be the one who answers for the lists",
            value=reviewer,
            fix="let somebody else decide",
        )


def _plain(name: str) -> str:
    """A name to compare: without case, accents' spelling, and outer or double spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _words(what: str, text: str) -> str:
    words = " ".join(text.split())
    if not 0 < len(words) <= _LONGEST:
        raise BadInput(f"{what} is 1 to {_LONGEST} characters", value=words[:40], fix="say it in a sentence or two")
    return words


def _row(told: Request) -> dict[str, Any]:
    detail = told.detail
    return {
        "case": told.request_id,
        "opened": told.received_at,
        "due": told.due_at,
        "opener": told.subject[:12],
        **{name: detail.get(name) for name in ("model_id", "item_id", "title", "rank", "why", "receipt_id")},
        "closed": told.closed_at,
        "reviewer": detail.get("reviewer"),
        "outcome": told.outcome,
        "reason": detail.get("reason"),
        "reasons_shown": detail.get("entry"),
    }
