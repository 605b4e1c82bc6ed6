"""Pseudonyms: a person's name in the record, made with a random key that is destroyed when they are erased.

The keys table does not hold the id. A row is found by an HMAC of data set and id under the installation's own secret, a
file beside the database (mode 0600): who has a copy of the database alone can neither list people nor test a guess.
Installations that share one database must share that file; the database knows which one it belongs to.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from data.errors import SightglassError
from data.keep.database import Database
from data.keep.home import locked, write_whole
from data.keep.schema import Fact, SubjectKey, Suppression

FILE = "installation.key"
_BYTES = 32
_FACT = "installation"
_CLAIM = "claim:"


class Pseudonyms:
    """Keyed names for people; `folder` is the state folder, which holds the installation's secret."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._path = database, Path(folder) / FILE

    def pseudonym(self, dataset: str, user_id: str, session: Session | None = None) -> str:
        """HMAC-SHA256 (64 hex digits) of the person under their own key, which is made at the first call.

        `session` is a `Database.write` session to work in.
        """
        with self._within(session) as inside:
            return _hmac(self._key(inside, dataset, user_id), "pseudonym", dataset, user_id)

    def known(self, dataset: str, user_id: str) -> str | None:
        """The pseudonym, or None for a person who has no key: never met, or forgotten. Nothing is made."""
        locator = self._locator("key", dataset, user_id)
        with self._database.read() as session:
            key = session.scalar(select(SubjectKey.key).where(SubjectKey.locator == locator))
        return None if key is None else _hmac(key, "pseudonym", dataset, user_id)

    def commitment(self, dataset: str, user_id: str, text: str, session: Session | None = None) -> str:
        """HMAC of a text under the person's key: they can show what it was, and after erasure nobody can."""
        with self._within(session) as inside:
            return _hmac(self._key(inside, dataset, user_id), "commitment", dataset, user_id, text)

    def forget(self, dataset: str, user_id: str, session: Session | None = None) -> None:
        """Destroy the person's key: what the record says of their pseudonym can be linked to nobody any more.

        What they claimed is free again. Who gives a `Database.write` session empties the journal after it.
        """
        locator, claimant = self._locator("key", dataset, user_id), self._locator("claimant", dataset, user_id)
        with self._within(session) as inside:
            inside.execute(delete(SubjectKey).where(SubjectKey.locator == locator))
            inside.execute(delete(Fact).where(Fact.name.startswith(_CLAIM), Fact.value == claimant))
        if session is None:
            self._database.truncate_journal()

    def key(self, dataset: str, user_id: str) -> bytes | None:
        """The person's key, to look for copies of it where it was destroyed; None for one who has none."""
        with self._database.read() as session:
            return session.scalar(
                select(SubjectKey.key).where(SubjectKey.locator == self._locator("key", dataset, user_id))
            )

    def claim(self, dataset: str, user_id: str, text: str, session: Session | None = None) -> bool:
        """Note that this person has what the text names, until their key is destroyed; False where another one has it.

        Both are kept as keyed hashes, so that a copy of the database alone says neither who nor what.
        """
        name, claimant = self._claim(dataset, text), self._locator("claimant", dataset, user_id)
        with self._within(session) as inside:
            held = inside.get(Fact, name)
            if held is None:
                inside.execute(insert(Fact), {"name": name, "value": claimant})
            return held is None or held.value == claimant

    def claimed_by_another(self, dataset: str, user_id: str, text: str) -> bool:
        """Whether somebody else, who was not erased, has what the text names."""
        with self._database.read() as session:
            held = session.get(Fact, self._claim(dataset, text))
        return held is not None and held.value != self._locator("claimant", dataset, user_id)

    def suppress(self, dataset: str, user_id: str) -> None:
        """Put the person on the list of those whom an operator may not import again."""
        locator = self._locator("suppression", dataset, user_id)
        with self._database.write() as session:
            if session.get(Suppression, locator) is None:
                session.execute(insert(Suppression), {"locator": locator, "dataset": dataset})

    def suppressed(self, dataset: str, user_ids: Iterable[str]) -> set[str]:
        """Those of the ids that are on that list."""
        with self._database.read() as session:
            listed = set(session.scalars(select(Suppression.locator).where(Suppression.dataset == dataset)))
        if not listed:
            return set()
        return {user for user in user_ids if self._locator("suppression", dataset, user) in listed}

    def _within(self, session: Session | None) -> AbstractContextManager[Session]:
        return self._database.write() if session is None else nullcontext(session)

    def _key(self, session: Session, dataset: str, user_id: str) -> bytes:
        locator = self._locator("key", dataset, user_id)
        key = session.scalar(select(SubjectKey.key).where(SubjectKey.locator == locator))
        if key is None:
            key = secrets.token_bytes(_BYTES)
            self._bind(session)
            session.execute(insert(SubjectKey), {"locator": locator, "key": key})
        return key

    def _bind(self, session: Session) -> None:
        """Note which secret this database belongs to, at the first key."""
        fact, ours = session.get(Fact, _FACT), _hmac(self._secret, _FACT)
        if fact is None:
            session.execute(insert(Fact), {"name": _FACT, "value": ours})
        elif fact.value != ours:  # another installation was first, since this one looked
            raise _foreign(self._path, "is not the key of this database")

    def _claim(self, dataset: str, text: str) -> str:
        return f"{_CLAIM}{self._locator('claim', dataset, text)}"[: Fact.name.type.length]

    def _locator(self, use: str, dataset: str, user_id: str) -> str:
        return _hmac(self._secret, use, dataset, user_id)

    @cached_property
    def _secret(self) -> bytes:
        with locked(self._path.with_name(f".{FILE}.lock")):
            made = not self._path.exists()
            secret = secrets.token_bytes(_BYTES) if made else self._path.read_bytes()
            with self._database.read() as session:
                expected = session.scalar(select(Fact.value).where(Fact.name == _FACT))
            if len(secret) != _BYTES or expected not in (None, _hmac(secret, _FACT)):
                raise _foreign(self._path, "is missing" if made else "is not the key of this database")
            if made:
                write_whole(self._path, secret, mode=0o600)
        return secret


def _foreign(path: Path, problem: str) -> SightglassError:
    return SightglassError(
        f"{path} {problem}, and without it nobody can be found in the record; put back the copy that belongs to the "
        "database."
    )


def _hmac(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 of the parts, each with its length before it, so that no two lists of parts are one text."""
    message = b"".join(len(data).to_bytes(8, "big") + data for data in (part.encode() for part in parts))
    return hmac.digest(key, message, "sha256").hex()
