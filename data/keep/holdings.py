"""Where a person is in what is kept: every table that has them, and how many rows of it are theirs."""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from data.keep.database import Database
from data.keep.schema import Base

_DATASET, _USER, _SUBJECT = "dataset", "user_id", "subject"


def holdings(database: Database, dataset: str, user: str, pseudonym: str) -> dict[str, int]:
    """Rows by name of every table of the database that has a column for a person, a table that is added later too.

    Rows are found by who the person is where a table says so, else by their pseudonym. The tables of keyed hashes
    (`subject_keys`, `suppressions`) hold no id; see `data.keep.pseudonyms`.
    """
    with database.read() as session:
        tables = [table for table in Base.metadata.sorted_tables if {_USER, _SUBJECT} & set(table.columns.keys())]
        return {table.name: _rows(session, table, dataset, user, pseudonym) for table in tables}


def _rows(session: Session, table: Table, dataset: str, user: str, pseudonym: str) -> int:
    query = select(func.count()).select_from(table)
    if _USER in table.columns:
        query = query.where(table.c[_DATASET] == dataset, table.c[_USER] == user)
    else:
        query = query.where(table.c[_SUBJECT] == pseudonym)
    return int(session.scalar(query) or 0)
