"""Consent: given and withdrawn in one step each, by purpose and kind of data, and acted on at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app import consent_words as words
from app.use_cases.agreeing import answer, cells_of, used_now
from app.use_cases.personal import withheld
from app.use_cases.remodelling import take_out
from app.use_cases.requesting import begun, ended, person_of
from app.workspace import Workspace
from data.errors import BadInput
from data.keep.consents import Category, Cell, Purpose
from data.keep.requests import Right, Stage
from data.tables import Dataset

FORGET = {"what": "forget what was learned"}


def notice(workspace: Workspace, data: str) -> str:
    """The standing notice of a data set, for a door that brings no text of its own."""
    return standing(workspace, workspace.catalog.open(data))


def standing(workspace: Workspace, dataset: Dataset) -> str:
    """The same for a data set that is open."""
    contact = workspace.policies.contact(dataset.name)
    return words.standing_notice(dataset.title or dataset.name, cells_of(dataset), contact)


def consents(workspace: Workspace, data: str, user: str, at: datetime | None = None) -> dict[str, Any]:
    """What holds now, or held at a past time: a row a purpose and kind of data, with the notice and when.

    `used` tells whether the data is used for the purpose now, whatever the reason; None for a past time.
    """
    dataset = person_of(workspace, data, user)
    state = workspace.consents.state_at(data, user, at)
    held_now, kept_out = workspace.choices.get(data, user), withheld(workspace, data, user) is not None
    rows = []
    for purpose, category in cells_of(dataset):
        held = state.get((purpose, category))
        rows.append(
            {
                "purpose": str(purpose),
                "category": str(category),
                "state": words.NEVER if held is None else words.GIVEN if held.given else words.GONE,
                "at": held and held.at,
                "notice_sha256": held and held.notice,
                "words": f"{words.PURPOSES[purpose]}: {words.CATEGORIES[category]}",
                "if_withdrawn": words.if_withdrawn(purpose, category),
                "used": used_now((purpose, category), state, held_now, kept_out) if at is None else None,
            }
        )
    return {"data": data, "asked": bool(state), "consents": rows}


def asked_under(workspace: Workspace, data: str, user: str, text: str) -> bool:
    """Whether the person answered to a notice of exactly this text."""
    from data.keep.verifier import sha256

    seal = sha256(text.encode())
    return any(entry.notice == seal for entry in workspace.consents.history(data, user))


def give(
    workspace: Workspace,
    data: str,
    user: str,
    text: str,
    purpose: str | None = None,
    category: str | None = None,
) -> dict[str, Any]:
    """Consent under the notice `text`: to everything, to a purpose, or to one kind of data for it; it acts at once."""
    dataset = person_of(workspace, data, user)
    cells = _cells(dataset, purpose, category)
    with workspace.database.write() as session:
        answer(workspace, session, dataset, user, cells, True, text)
    return consents(workspace, data, user)


def withdraw(
    workspace: Workspace,
    data: str,
    user: str,
    text: str,
    purpose: str | None = None,
    category: str | None = None,
) -> dict[str, Any]:
    """Withdraw consent, in as many steps as it takes to give it; it acts at once, and reaches the models.

    The entry and what follows for lists and training are kept together. Then the person is taken out of every model
    where learning is withdrawn; if that is cut off the request stays open in the register, and asking again ends it.
    """
    dataset = person_of(workspace, data, user)
    cells = _cells(dataset, purpose, category)
    asked = {"what": "consent", "cells": [list(map(str, cell)) for cell in cells]}
    with workspace.database.write() as session:
        answer(workspace, session, dataset, user, cells, False, text)
        request_id = workspace.requests.open(data, user, Right.WITHDRAWAL, asked, session=session)
        workspace.requests.advance(request_id, Stage.CONFIRMED, session=session)
    learned = any(purpose_ is Purpose.LEARNING for purpose_, _ in cells)
    proofs = take_out(workspace, data, user) if learned else []
    _end_open(workspace, data, user, request_id)
    return {**consents(workspace, data, user), "request_id": request_id, "models": proofs}


def forget_learned(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """Forget what was learned: out of every model now, and the records stay. Later trainings may use them again.

    Who wants no later training either withdraws consent to learning, or switches "Learn from me" off as well.
    """
    person_of(workspace, data, user)
    request_id = begun(workspace, data, user, Right.WITHDRAWAL, FORGET)
    proofs = take_out(workspace, data, user)
    ended(workspace, request_id)
    return {"data": data, "request_id": request_id, "models": proofs}


def attributes_withheld(workspace: Workspace, data: str) -> frozenset[str]:
    """The people whose attributes no audit may use."""
    return workspace.consents.withdrawn(data, Purpose.AUDITS, Category.DEMOGRAPHICS)


def records_withheld(workspace: Workspace, data: str) -> frozenset[str]:
    """The people who are not in an audit at all: they withdrew their records, or what is worked out of them, from it."""
    kinds = (Category.CHOICES, Category.VIEWS, Category.TAGS)
    return frozenset().union(*(workspace.consents.withdrawn(data, Purpose.AUDITS, kind) for kind in kinds))


def _cells(dataset: Dataset, purpose: str | None, category: str | None) -> list[Cell]:
    every = cells_of(dataset)
    for given, known in ((purpose, Purpose), (category, Category)):
        there = list(dict.fromkeys(str(word) for cell in every for word in cell if isinstance(word, known)))
        if given is not None and given not in there:
            what = known.__name__.lower() if known is Purpose else "kind of data"
            raise BadInput(f"there is no such {what} here", value=given, fix=f"use one of: {', '.join(there)}")
    found = [cell for cell in every if purpose in (None, cell[0]) and category in (None, cell[1])]
    if not found:
        raise BadInput("this kind of data is not used for this purpose", value=category, fix="see what is asked")
    return found


def _end_open(workspace: Workspace, data: str, user: str, request_id: str) -> None:
    """Close this withdrawal, and former ones that were cut off: the models hold nothing of the person any more."""
    mine = workspace.requests.get(request_id)
    for told in workspace.requests.of(data, user):
        if told.closed_at is None and told.kind == Right.WITHDRAWAL and told.detail == mine.detail:
            ended(workspace, told.request_id)
