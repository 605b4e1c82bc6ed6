"""The register of what people asked for by right: when, until when it is due, how far it is, and how it ended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import BadInput, NotFound
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import PolicyRow, RequestRow

LAWS = {"gdpr": 30, "ccpa": 45}  # days: GDPR Art. 12(3), one month; CCPA 1798.130
LAW = "deadline"  # name of the policy
_AT_ONCE = timedelta(minutes=1)  # the time that a machine may take


class Right(StrEnum):
    """What was asked for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    CORRECTION = "correction"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"  # of consent, and "forget what you learned"
    CONTEST = "contest"
    ERASURE = "erasure"


class Stage(StrEnum):
    """How far a request is, in this order; a stage may be left out, and none is gone back to."""

    RECEIVED = "received"
    IDENTITY = "identity ok"
    PREVIEWED = "previewed"
    CONFIRMED = "confirmed"
    EXECUTED = "executed"
    VERIFIED = "verified"
    CERTIFICATE = "certificate"
    CLOSED = "closed"


OPT_OUTS = frozenset({Right.OBJECTION, Right.RESTRICTION, Right.WITHDRAWAL})  # due at once
_ORDER = list(Stage)


@dataclass(frozen=True)
class Request:
    """One row of the register; times are UTC in ISO 8601. `user` is None once its person was erased."""

    request_id: str
    dataset: str
    user: str | None
    subject: str
    kind: str
    stage: str
    detail: dict[str, Any]
    received_at: str
    due_at: str
    closed_at: str | None
    outcome: str | None

    def overdue(self, now: datetime) -> bool:
        """Open after it was due."""
        return self.closed_at is None and now > datetime.fromisoformat(self.due_at)

    @property
    def late(self) -> bool:
        """Closed after it was due."""
        return self.closed_at is not None and datetime.fromisoformat(self.closed_at) > datetime.fromisoformat(
            self.due_at
        )

    def days(self, now: datetime) -> float:
        """Days from receipt to the end, or to now while it is open."""
        end = now if self.closed_at is None else datetime.fromisoformat(self.closed_at)
        return (end - datetime.fromisoformat(self.received_at)) / timedelta(days=1)


class Requests:
    """Requests by right. Every stage is recorded with the due date, under the person's pseudonym, in one transaction."""

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def open(
        self,
        dataset: str,
        user: str,
        kind: Right,
        detail: Mapping[str, Any] | None = None,
        *,
        now: datetime | None = None,
        session: Session | None = None,
    ) -> str:
        """Note that it was received; returns its id. `session` is a `Database.write` session of the caller, here and below.

        `detail` stays in the register, and never enters the record.
        """
        with self._within(session) as inside:
            received, request_id = now or datetime.now(UTC), uuid.uuid4().hex
            who = self._pseudonyms.pseudonym(dataset, user, inside)
            row = RequestRow(
                request_id=request_id,
                dataset=dataset,
                user_id=user,
                subject=who,
                kind=str(Right(kind)),
                stage=str(Stage.RECEIVED),
                detail=json.dumps(dict(detail or {}), sort_keys=True),
                received_at=_text(received),
                due_at=_text(received + _time_for(inside, dataset, Right(kind))),
                closed_at=None,
                outcome=None,
            )
            inside.add(row)
            inside.flush()
            _tell(self._log, inside, row)
        return request_id

    def advance(
        self, request_id: str, stage: Stage, detail: Mapping[str, Any] | None = None, session: Session | None = None
    ) -> None:
        """Note that it has come so far; `detail` is added to what is kept of it. No stage is gone back to."""
        if stage is Stage.CLOSED:
            raise BadInput("a request is closed with an outcome", fix="say how it ended")
        with self._within(session) as inside:
            row = _open_row(inside, request_id)
            if _ORDER.index(stage) <= _ORDER.index(Stage(row.stage)):
                raise BadInput(f"this request is at '{row.stage}' already", value=str(stage), fix="go on from there")
            row.stage, row.detail = str(stage), json.dumps({**json.loads(row.detail), **(detail or {})}, sort_keys=True)
            _tell(self._log, inside, row)

    def close(
        self, request_id: str, outcome: str, *, now: datetime | None = None, session: Session | None = None
    ) -> None:
        """Note how it ended; a request is closed once. The record says the outcome, so it is one plain word or two."""
        if not outcome.strip():
            raise BadInput("a request is closed with an outcome", fix="say how it ended")
        with self._within(session) as inside:
            close_row(self._log, inside, _open_row(inside, request_id), outcome.strip(), now)

    @contextmanager
    def at_once(
        self, dataset: str, user: str, kind: Right, detail: Mapping[str, Any] | None = None
    ) -> Iterator[Session]:
        """A request that is received, done and closed in the one transaction it gives: all of it, or nothing."""
        with self._database.write() as session:
            request_id = self.open(dataset, user, kind, detail, session=session)
            yield session
            self.close(request_id, "done", session=session)

    def get(self, request_id: str) -> Request:
        """The request of that id."""
        with self._database.read() as session:
            return _request(_row(session, request_id))

    def of(self, dataset: str, user: str) -> list[Request]:
        """The person's requests, oldest first."""
        return self._all(RequestRow.dataset == dataset, RequestRow.user_id == user)

    def every(self, dataset: str) -> list[Request]:
        """All requests about a data set, oldest first; those of people who were erased have no user."""
        return self._all(RequestRow.dataset == dataset)

    def _all(self, *where: Any) -> list[Request]:
        query = select(RequestRow).where(*where).order_by(RequestRow.received_at, RequestRow.request_id)
        with self._database.read() as session:
            return [_request(row) for row in session.scalars(query)]

    def _within(self, session: Session | None) -> Any:
        return self._database.write() if session is None else nullcontext(session)


def close_row(log: EventLog, session: Session, row: RequestRow, outcome: str, now: datetime | None = None) -> None:
    """Close an open row of the register, and record it."""
    ended = max(row.received_at, _text(now or datetime.now(UTC)))
    row.stage, row.closed_at, row.outcome = str(Stage.CLOSED), ended, outcome
    _tell(log, session, row)


def _tell(log: EventLog, session: Session, row: RequestRow) -> None:
    about = {"data": row.dataset, "request_id": row.request_id, "right": row.kind, "stage": row.stage}
    ended = {} if row.outcome is None else {"outcome": row.outcome, "closed_at": row.closed_at}
    detail = {**about, "received_at": row.received_at, "due_at": row.due_at, **ended}
    log.append_within(session, Kind.REQUEST, row.subject, detail, row.subject)


def _time_for(session: Session, dataset: str, kind: Right) -> timedelta:
    if kind in OPT_OUTS:
        return _AT_ONCE
    law = session.get(PolicyRow, (dataset, LAW))
    return timedelta(days=LAWS["gdpr" if law is None else json.loads(law.value)])


def _open_row(session: Session, request_id: str) -> RequestRow:
    row = _row(session, request_id)
    if row.closed_at is not None:
        raise BadInput("this request is closed", value=request_id, fix="make a new one")
    return row


def _row(session: Session, request_id: str) -> RequestRow:
    row = session.get(RequestRow, request_id)
    if row is None:
        raise NotFound("request", request_id, fix="see `sightglass requests`")
    return row


def _request(row: RequestRow) -> Request:
    return Request(
        row.request_id,
        row.dataset,
        row.user_id,
        row.subject,
        row.kind,
        row.stage,
        json.loads(row.detail),
        row.received_at,
        row.due_at,
        row.closed_at,
        row.outcome,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
