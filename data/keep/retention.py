"""How long what is kept about people is kept, and what is removed when that is over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from data.errors import BadInput
from data.keep.schema import Base, ConsentRow, ReceiptRow, RequestRow

POLICY = "retention"
INTERACTIONS, RECEIPTS, REQUESTS, CONSENTS = "interactions", "receipts", "requests", "consents"
WHAT = {
    INTERACTIONS: "what people chose, by its time",
    RECEIPTS: "receipts of lists, by when they were made",
    REQUESTS: "requests by right that are closed, by when they were",
    CONSENTS: "consent of people whose account has ended, by when it was said",
}
_MOST = 36_500


@dataclass(frozen=True)
class Limit:
    """What is older than `before` goes."""

    what: str
    days: int
    before: datetime


def checked_days(days: Mapping[str, Any]) -> dict[str, int]:
    """Days by what they are for; a name or number that makes no sense is refused."""
    for name, count in days.items():
        if name not in WHAT:
            raise BadInput("there is no retention of this", value=name, fix=f"use one of: {', '.join(WHAT)}")
        if type(count) is not int or not 1 <= count <= _MOST:
            raise BadInput(f"days of '{name}' are 1 to {_MOST}", value=count, fix="or none, to keep it without a limit")
    return dict(days)


def limits(days: Mapping[str, int], now: datetime) -> dict[str, Limit]:
    """The limits that a policy of days means now."""
    return {name: Limit(name, count, now - timedelta(days=count)) for name, count in sorted(days.items())}


def older(session: Session, dataset: str, limit: Limit, people: Collection[str]) -> int:
    """How many rows of a table of the database are older than its limit; `people` have an account."""
    table, where = _where(session, dataset, limit, people)
    return int(session.scalar(select(func.count()).select_from(table).where(where)) or 0)


def remove_older(session: Session, dataset: str, limit: Limit, people: Collection[str]) -> int:
    """Remove them in a `Database.write` session; returns how many there were."""
    table, where = _where(session, dataset, limit, people)
    count = older(session, dataset, limit, people)
    session.execute(delete(table).where(where))
    return count


def _where(
    session: Session, dataset: str, limit: Limit, people: Collection[str]
) -> tuple[type[Base], ColumnElement[bool]]:
    before = limit.before.astimezone(UTC).isoformat(timespec="microseconds")
    if limit.what == RECEIPTS:
        return ReceiptRow, and_(ReceiptRow.dataset == dataset, ReceiptRow.at < before)
    if limit.what == REQUESTS:
        return RequestRow, and_(RequestRow.dataset == dataset, RequestRow.closed_at < before)
    known = select(ConsentRow.user_id).where(ConsentRow.dataset == dataset).distinct()
    gone = [user for user in session.scalars(known) if user not in people]
    old = and_(ConsentRow.dataset == dataset, ConsentRow.at < before)
    return ConsentRow, and_(old, ConsentRow.user_id.in_(gone))
