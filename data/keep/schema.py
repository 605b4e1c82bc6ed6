"""The tables of the database: what is kept about choices, policies, runs and the record."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 3  # a new one needs a step in `data.keep.migration`

_HEX = String(64)
_NAME = String(64)


class Base(DeclarativeBase):
    """The tables that belong together."""


class Fact(Base):
    """One fact about this database: its schema version, or which installation key it belongs to."""

    __tablename__ = "facts"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class LogHead(Base):
    """How many entries the record has; one row, and whoever writes anything locks it first."""

    __tablename__ = "log_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)


class LogNode(Base):
    """Hash of one complete subtree: 2^level leaves from place·2^level on; level 0 is the leaf itself."""

    __tablename__ = "log_nodes"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class EventRow(Base):
    """One entry of the record; `leaf` is what is hashed, the other columns only help to find it."""

    __tablename__ = "events"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(_NAME, index=True)
    subject: Mapped[str | None] = mapped_column(_HEX, index=True)
    leaf: Mapped[str] = mapped_column(Text)


class ChoiceRow(Base):
    """What one person chose; `excluded`, `hidden` and `less` are JSON lists of item ids in order.

    `rules` is a JSON list of [effect, kind, value] in order; `learning` off keeps the person out of the next training,
    `restricted` keeps their records and uses them for nothing.
    """

    __tablename__ = "choices"
    dataset: Mapped[str] = mapped_column(_NAME, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    slider: Mapped[float | None]
    profiling: Mapped[bool]
    excluded: Mapped[str] = mapped_column(Text)
    hidden: Mapped[str] = mapped_column(Text)
    less: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    rules: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    learning: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    restricted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class ConsentRow(Base):
    """One entry of the consent ledger: given or withdrawn, for one purpose and kind of data; never changed."""

    __tablename__ = "consents"
    dataset: Mapped[str] = mapped_column(_NAME, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(_NAME)
    category: Mapped[str] = mapped_column(_NAME)
    given: Mapped[bool]
    notice: Mapped[str] = mapped_column(_HEX)
    at: Mapped[str] = mapped_column(String(40))


class RequestRow(Base):
    """What a person asked for by right: when, until when, how it ended. An erasure empties `user_id` when it is done."""

    __tablename__ = "requests"
    __table_args__ = (Index("ix_requests_person", "dataset", "user_id"),)
    request_id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    dataset: Mapped[str] = mapped_column(_NAME)
    user_id: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(_HEX)
    kind: Mapped[str] = mapped_column(_NAME)
    stage: Mapped[str] = mapped_column(_NAME)
    detail: Mapped[str] = mapped_column(Text)
    received_at: Mapped[str] = mapped_column(String(40), index=True)
    due_at: Mapped[str] = mapped_column(String(40))
    closed_at: Mapped[str | None] = mapped_column(String(40))
    outcome: Mapped[str | None] = mapped_column(Text)


class PolicyRow(Base):
    """One setting of the product manager for a data set; `value` is JSON. Its history is in the record."""

    __tablename__ = "policies"
    dataset: Mapped[str] = mapped_column(_NAME, primary_key=True)
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class RunRow(Base):
    """One stored run; its document is a file, checked against `sha256` when it is read."""

    __tablename__ = "runs"
    run_id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    kind: Mapped[str] = mapped_column(_NAME)
    label: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(40), index=True)
    sha256: Mapped[str] = mapped_column(_HEX)


class ReceiptRow(Base):
    """Whose receipt this is; `document` is the receipt itself, which names nobody."""

    __tablename__ = "receipts"
    __table_args__ = (Index("ix_receipts_person", "dataset", "user_id"),)
    receipt_id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    dataset: Mapped[str] = mapped_column(_NAME)
    user_id: Mapped[str] = mapped_column(Text)
    model_id: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(40))
    document: Mapped[str] = mapped_column(Text)


class SubjectKey(Base):
    """The random key of one person; `locator` is a keyed hash of who it is, never the id."""

    __tablename__ = "subject_keys"
    locator: Mapped[str] = mapped_column(_HEX, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))


class Suppression(Base):
    """A person whom an operator may not import again; `locator` is a keyed hash, never the id."""

    __tablename__ = "suppressions"
    locator: Mapped[str] = mapped_column(_HEX, primary_key=True)
    dataset: Mapped[str] = mapped_column(_NAME, index=True)
