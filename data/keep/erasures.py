"""Erasures under way: how far each has come, so that one that was cut off goes on where it stopped.

An erasure is a row of `requests` of kind 'erasure'. Its `user_id` is there until the end is recorded, and `detail` holds
what the certificate will say; neither the record nor the certificate names anybody.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.keep.database import Database
from data.keep.events import Event, EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.requests import close_row
from data.keep.schema import Base, RequestRow

KIND = "erasure"
RECEIVED, IDENTITY, PREVIEWED, CONFIRMED = "received", "identity ok", "previewed", "confirmed"
EXECUTED, VERIFIED, CERTIFIED, CLOSED = "executed", "verified", "certificate", "closed"
STAGES = (RECEIVED, IDENTITY, PREVIEWED, CONFIRMED, EXECUTED, VERIFIED, CERTIFIED, CLOSED)
DAYS = 30  # GDPR Art. 12(3): one month
ENDED = "the person was erased"

Detail = dict[str, Any]
Sealing = Callable[[Session, Event], Mapping[str, Any]]


@dataclass(frozen=True)
class Erasure:
    """One erasure; `user` is None once its end is recorded."""

    request_id: str
    dataset: str
    user: str | None
    subject: str
    stage: str
    detail: Detail
    received_at: str
    due_at: str
    closed_at: str | None
    outcome: str | None


class Erasures:
    """The erasures of an installation, in the register of requests; each stage is an entry of the record."""

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def begin(self, dataset: str, user: str, actor: str, detail: Detail) -> Erasure:
        """Take up an erasure that was confirmed; returns it. The stages until then are recorded together."""
        now = datetime.now(UTC)
        request = uuid.uuid4().hex
        due = (now + timedelta(days=DAYS)).isoformat(timespec="milliseconds")
        with self._database.write() as session:
            who = self._pseudonyms.pseudonym(dataset, user, session)
            seal = self._pseudonyms.commitment(dataset, user, f"erasure:{request}", session)
            row = {
                **{"request_id": request, "dataset": dataset, "user_id": user, "subject": who, "kind": KIND},
                **{"stage": CONFIRMED, "detail": _text({**detail, "commitment": seal})},
                **{"received_at": now.isoformat(timespec="milliseconds"), "due_at": due},
            }
            session.execute(insert(RequestRow), row)
            for stage in STAGES[: STAGES.index(CONFIRMED) + 1]:
                self._told(session, request, dataset, stage, due, actor)
        return self.get(request)

    def get(self, request_id: str) -> Erasure:
        """The erasure of that id."""
        with self._database.read() as session:
            row = session.get(RequestRow, request_id)
        if row is None or row.kind != KIND:
            raise NotFound("erasure", request_id, fix="see `sightglass erase --resume`")
        return _erasure(row)

    def unfinished(self, dataset: str | None = None, user: str | None = None) -> list[Erasure]:
        """Erasures that have begun and are not closed, oldest first; of one person where they are named."""
        query = select(RequestRow).where(RequestRow.kind == KIND, RequestRow.closed_at.is_(None))
        if user is not None:
            query = query.where(RequestRow.dataset == dataset, RequestRow.user_id == user)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(RequestRow.received_at, RequestRow.request_id)).all()
        return [_erasure(row) for row in rows]

    def note(self, request_id: str, name: str, value: Any, key: str | None = None) -> Erasure:
        """Keep a fact for the certificate: detail[name], or detail[name][key]."""
        with self._database.write() as session:
            row = session.get_one(RequestRow, request_id)
            detail = json.loads(row.detail)
            if key is None:
                detail[name] = value
            else:
                detail.setdefault(name, {})[key] = value
            row.detail = _text(detail)
        return self.get(request_id)

    def reach(self, request_id: str, stage: str) -> Erasure:
        """Record that a stage is reached; one that was reached before is not recorded twice."""
        with self._database.write() as session:
            row = session.get_one(RequestRow, request_id)
            if STAGES.index(row.stage) < STAGES.index(stage):
                row.stage = stage
                self._told(session, request_id, row.dataset, stage, row.due_at)
                if stage == CLOSED:
                    row.closed_at, row.outcome = _now(), "erased"
        return self.get(request_id)

    def forget_rows(self, dataset: str, user: str) -> None:
        """Remove the person from every table that says whose a row is; other requests of theirs stay as numbers."""
        with self._database.write() as session:
            for table in tables_of_people():
                whose = (table.c.dataset == dataset, table.c.user_id == user)
                if table.name != RequestRow.__tablename__:
                    session.execute(delete(table).where(*whose))
            others = (RequestRow.dataset == dataset, RequestRow.user_id == user, RequestRow.kind != KIND)
            for row in session.scalars(select(RequestRow).where(*others, RequestRow.closed_at.is_(None))).all():
                close_row(self._log, session, row, ENDED)
            session.flush()
            session.execute(update(RequestRow).where(*others).values(user_id=None, detail="{}"))

    def held_rows(self, dataset: str, user: str) -> dict[str, int]:
        """How many rows of each table are the person's, this erasure's own left out."""
        with self._database.read() as session:
            counts = {}
            for table in tables_of_people():
                query = select(table.c.user_id).where(table.c.dataset == dataset, table.c.user_id == user)
                if table.name == RequestRow.__tablename__:
                    query = query.where(table.c.kind != KIND)
                counts[table.name] = len(session.execute(query).all())
        return counts

    def certify(self, request_id: str, claims_sha256: str, seal: Sealing) -> Erasure:
        """Record the end: the entry with the claims' hash, the certificate, no id and no key any more, all or nothing.

        `seal` makes the certificate of the session and the entry.
        """
        with self._database.write() as session:
            row = session.get_one(RequestRow, request_id)
            if row.stage != CERTIFIED:
                more = {"claims_sha256": claims_sha256, "models": [each["name"] for each in _models(row)]}
                event = self._told(session, request_id, row.dataset, CERTIFIED, row.due_at, more=more)
                row.detail = _text({"certificate": seal(session, event)})
                self._pseudonyms.forget(row.dataset, str(row.user_id), session)
                row.stage, row.user_id = CERTIFIED, None
        return self.get(request_id)

    def _told(
        self,
        session: Session,
        request: str,
        dataset: str,
        stage: str,
        due: str,
        actor: str = "sightglass",
        more: Mapping[str, Any] | None = None,
    ) -> Event:
        detail = {"request_id": request, "data": dataset, "stage": stage, "due_at": due, **(more or {})}
        return self._log.append_within(session, Kind.ERASE, actor, detail)


def tables_of_people() -> list[Table]:
    """The tables that say whose a row is."""
    return [table for table in Base.metadata.sorted_tables if {"dataset", "user_id"} <= set(table.columns.keys())]


def _models(row: RequestRow) -> list[dict[str, Any]]:
    return list(json.loads(row.detail).get("proofs", {}).values())


def _erasure(row: RequestRow) -> Erasure:
    told = {name: getattr(row, name) for name in Erasure.__dataclass_fields__ if name not in ("user", "detail")}
    return Erasure(**told, user=row.user_id, detail=json.loads(row.detail))


def _text(detail: Mapping[str, Any]) -> str:
    return json.dumps(detail, sort_keys=True, allow_nan=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
