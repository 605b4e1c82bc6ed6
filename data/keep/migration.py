"""Bring an existing database to the version of `data.keep.schema`, in place: what people chose and the record stay.

The statements are written out, not taken from the tables of today: a step must make what its own version had, whatever
later versions add. `tests/test_database.py` holds that the steps end where a new database begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, text, update

from data.keep.schema import VERSION, Fact, LogHead

_VERSION = "schema"

# what to run to leave a version; each runs on SQLite and on PostgreSQL
STEPS: Mapping[int, Sequence[str]] = {
    1: (
        "ALTER TABLE choices ADD COLUMN less TEXT DEFAULT '[]' NOT NULL",
        "CREATE TABLE receipts (receipt_id VARCHAR(64) NOT NULL, dataset VARCHAR(64) NOT NULL, user_id TEXT NOT NULL, "
        "model_id TEXT NOT NULL, at VARCHAR(40) NOT NULL, document TEXT NOT NULL, PRIMARY KEY (receipt_id))",
        "CREATE INDEX ix_receipts_person ON receipts (dataset, user_id)",
    ),
    2: (
        "ALTER TABLE choices ADD COLUMN rules TEXT DEFAULT '[]' NOT NULL",
        "ALTER TABLE choices ADD COLUMN learning BOOLEAN DEFAULT true NOT NULL",
        "ALTER TABLE choices ADD COLUMN restricted BOOLEAN DEFAULT false NOT NULL",
        "CREATE TABLE consents (dataset VARCHAR(64) NOT NULL, user_id TEXT NOT NULL, number INTEGER NOT NULL, "
        "purpose VARCHAR(64) NOT NULL, category VARCHAR(64) NOT NULL, given BOOLEAN NOT NULL, "
        "notice VARCHAR(64) NOT NULL, at VARCHAR(40) NOT NULL, PRIMARY KEY (dataset, user_id, number))",
        "CREATE TABLE requests (request_id VARCHAR(64) NOT NULL, dataset VARCHAR(64) NOT NULL, user_id TEXT, "
        "subject VARCHAR(64) NOT NULL, kind VARCHAR(64) NOT NULL, stage VARCHAR(64) NOT NULL, detail TEXT NOT NULL, "
        "received_at VARCHAR(40) NOT NULL, due_at VARCHAR(40) NOT NULL, closed_at VARCHAR(40), outcome TEXT, "
        "PRIMARY KEY (request_id))",
        "CREATE INDEX ix_requests_person ON requests (dataset, user_id)",
        "CREATE INDEX ix_requests_received_at ON requests (received_at)",
    ),
}


def version_of(connection: Connection) -> int | None:
    """The version that the database has; None before it has one."""
    found = connection.scalar(select(Fact.value).where(Fact.name == _VERSION))
    return None if found is None else int(found)


def migrate(connection: Connection) -> None:
    """Run the steps that the database lacks, in the writer's transaction: all of them, or none after an error."""
    if connection.dialect.name != "sqlite":  # SQLite's writer has its lock already
        connection.execute(select(LogHead.size).with_for_update())
    before = version_of(connection)  # looked up under the lock: another process may have been first
    if before is None or before >= VERSION:
        return
    for version in range(before, VERSION):
        for statement in STEPS[version]:
            connection.execute(text(statement))
    connection.execute(update(Fact).where(Fact.name == _VERSION).values(value=str(VERSION)))
