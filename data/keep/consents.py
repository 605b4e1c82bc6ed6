"""The consent ledger: what a person agreed to, for which purpose and kind of data, under which notice, and when."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from data.errors import BadInput, NotFound
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import ConsentRow, PolicyRow
from data.keep.verifier import sha256


class Purpose(StrEnum):
    """What data may be used for."""

    LISTS = "lists"  # personalised lists
    LEARNING = "learning"  # training the models
    AUDITS = "audits"  # audits with the person's attributes


class Category(StrEnum):
    """A kind of data about a person."""

    CHOICES = "choices"  # which titles
    RATINGS = "ratings"  # how they were rated
    VIEWS = "views"  # when they were chosen
    DEMOGRAPHICS = "demographics"  # attributes of the person
    TAGS = "tags"  # what is inferred: taste clusters, activity class


Cell = tuple[Purpose, Category]


@dataclass(frozen=True)
class Consent:
    """One entry of the ledger; `notice` is the SHA-256 of the text that the person saw, `at` UTC in ISO 8601."""

    number: int
    purpose: Purpose
    category: Category
    given: bool
    notice: str
    at: str


class Consents:
    """Entries are added, never changed. Each set of entries is recorded with the person's pseudonym as the actor.

    Numbers count from 0 for every person, and time never falls along them: where a clock was set back, an entry takes
    the time of the one before.
    """

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def record(
        self,
        session: Session,
        dataset: str,
        user: str,
        cells: Iterable[Cell],
        given: bool,
        notice: str,
        *,
        now: datetime | None = None,
    ) -> str:
        """Add an entry for each cell in a `Database.write` session, and one event for all; returns the time of them.

        `notice` is the text that was shown; it is kept once by its hash. It must name nobody.
        """
        wanted = sorted(set(cells))
        if not wanted or not notice.strip():
            raise BadInput("consent is about a purpose, and a notice that was shown", fix="give both")
        last = session.scalar(_of(dataset, user).order_by(ConsentRow.number.desc()).limit(1))
        number, before = (0, "") if last is None else (last.number + 1, last.at)
        at = max(before, _text(now or datetime.now(UTC)))
        seal = _keep_notice(session, dataset, notice)
        rows = [
            {"number": number + place, "purpose": str(purpose), "category": str(category)}
            for place, (purpose, category) in enumerate(wanted)
        ]
        every = {"dataset": dataset, "user_id": user, "given": bool(given), "notice": seal, "at": at}
        session.execute(insert(ConsentRow), [{**row, **every} for row in rows])
        who = self._pseudonyms.pseudonym(dataset, user, session)
        detail = {"data": dataset, "given": bool(given), "cells": [list(map(str, cell)) for cell in wanted]}
        self._log.append_within(session, Kind.CONSENT, who, {**detail, "notice_sha256": seal, "said_at": at}, who)
        return at

    def history(self, dataset: str, user: str) -> list[Consent]:
        """All entries of a person, in the order in which they were made."""
        with self._database.read() as session:
            return [_consent(row) for row in session.scalars(_of(dataset, user).order_by(ConsentRow.number))]

    def state_at(self, dataset: str, user: str, at: datetime | None = None) -> dict[Cell, Consent]:
        """The latest entry of each purpose and kind of data up to and including a time; without one, until now.

        A cell that is not in it was never asked.
        """
        query = _of(dataset, user) if at is None else _of(dataset, user).where(ConsentRow.at <= _text(at))
        with self._database.read() as session:
            return _latest(session, query)

    def state_within(self, session: Session, dataset: str, user: str) -> dict[Cell, Consent]:
        """The same for now, in a session of the caller, who may have added entries in it."""
        return _latest(session, _of(dataset, user))

    def withdrawn(self, dataset: str, purpose: Purpose, category: Category) -> frozenset[str]:
        """The people whose latest entry for the cell is a withdrawal."""
        cell = (ConsentRow.dataset == dataset, ConsentRow.purpose == purpose, ConsentRow.category == category)
        query = select(ConsentRow.user_id, ConsentRow.given).where(*cell).order_by(ConsentRow.number)
        with self._database.read() as session:
            latest = {row.user_id: row.given for row in session.execute(query)}
        return frozenset(user for user, given in latest.items() if not given)

    def notice(self, dataset: str, seal: str) -> str:
        """The text of a notice by its SHA-256; one that is not there, or is not what was shown, is refused."""
        with self._database.read() as session:
            row = session.get(PolicyRow, (dataset, seal))
        text = None if row is None else str(json.loads(row.value))
        if text is None or sha256(text.encode()) != seal:
            raise NotFound("notice", seal, fix="no notice of this hash was shown here")
        return text


def _of(dataset: str, user: str) -> Select[ConsentRow]:
    return select(ConsentRow).where(ConsentRow.dataset == dataset, ConsentRow.user_id == user)


def _latest(session: Session, query: Select[ConsentRow]) -> dict[Cell, Consent]:
    rows = session.scalars(query.order_by(ConsentRow.number)).all()
    return {(Purpose(row.purpose), Category(row.category)): _consent(row) for row in rows}


def _consent(row: ConsentRow) -> Consent:
    return Consent(row.number, Purpose(row.purpose), Category(row.category), row.given, row.notice, row.at)


def _text(at: datetime) -> str:
    """Times as text of one length, so that their order as text is their order in time."""
    if at.tzinfo is None:
        raise BadInput(
            "a time needs its zone", value=at.isoformat(), fix="give it in UTC, such as 2026-01-31T12:00:00Z"
        )
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _keep_notice(session: Session, dataset: str, notice: str) -> str:
    seal = sha256(notice.encode())
    if session.get(PolicyRow, (dataset, seal)) is None:
        session.execute(insert(PolicyRow), {"dataset": dataset, "name": seal, "value": json.dumps(notice)})
    return seal
