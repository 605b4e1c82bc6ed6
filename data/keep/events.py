"""The record: an append-only Merkle log of every event that matters, in the database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.keep import merkle
from data.keep.database import Database
from data.keep.merkle import Node
from data.keep.schema import EventRow, LogHead, LogNode
from data.keep.verifier import EMPTY_ROOT, canonical, leaf_hash

_LEAF_VERSION = 1
_NAMES_PEOPLE = frozenset({"user_id", "userid", "user", "user_ids", "username", "email"})
_PSEUDONYM = re.compile(r"[0-9a-f]{64}\Z")
_BATCH = 10_000

# written once: making a statement costs more than running it
_GET_SIZE = select(LogHead.size)
_GET_NODE = select(LogNode.hash).where(LogNode.level == bindparam("level"), LogNode.place == bindparam("place"))
_ADD_EVENT = insert(EventRow.__table__)  # type: ignore[arg-type]
_ADD_NODES = insert(LogNode.__table__)  # type: ignore[arg-type]
_SET_SIZE = update(LogHead.__table__).values(size=bindparam("new_size"))  # type: ignore[arg-type]


class Kind(StrEnum):
    """What kind of event an entry records. A list that was shown is recorded only where a receipt of it was made."""

    IMPORT = "import"
    TRAIN = "train"
    EVALUATE = "evaluate"
    AUDIT = "audit"
    SETTINGS = "settings"
    CHOICE = "choice"
    OPT_OUT = "opt-out"
    ERASE = "erase"
    EXPORT = "export"
    REPORT = "report"
    RECEIPT = "receipt"
    POLICY = "policy"
    SENSITIVE_READ = "sensitive-read"
    SIGN_OFF = "sign-off"
    OVERRIDE = "override"
    NOTICE = "notice"  # it was shown to the person
    CONSENT = "consent"
    REQUEST = "request"
    CORRECT = "correct"
    PURGE = "purge"
    CASE = "case"
    JOIN = "join"
    REFUSAL = "refusal"  # something that was asked and not done, such as an import under another person's id


@dataclass(frozen=True)
class Event:
    """One entry. `leaf` is its canonical JSON, `hash` the RFC 6962 hash of that; people are pseudonyms."""

    index: int
    at: str
    kind: str
    actor: str
    subject: str | None
    detail: dict[str, Any]
    leaf: str
    hash: str

    @classmethod
    def of(cls, leaf: str) -> Event:
        """The entry that a leaf holds."""
        told = json.loads(leaf)
        digest = leaf_hash(leaf.encode()).hex()
        fields = {name: told[name] for name in ("index", "at", "kind", "actor", "subject", "detail")}
        return cls(**fields, leaf=leaf, hash=digest)


class EventLog:
    """The append-only log. Entries are never changed or removed; people in it are unlinked by destroying their key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self, kind: Kind, actor: str, detail: Mapping[str, Any] | None = None, subject: str | None = None
    ) -> Event:
        """Add an entry; safe between processes. `subject` is a pseudonym, and `detail` names nobody."""
        with self._database.write() as session:
            return self.append_within(session, kind, actor, detail, subject)

    def append_within(
        self,
        session: Session,
        kind: Kind,
        actor: str,
        detail: Mapping[str, Any] | None = None,
        subject: str | None = None,
    ) -> Event:
        """Add an entry in a `Database.write` session, so that it and what it tells of are kept together or not at all."""
        _refuse_names(detail or {}, subject)
        index = _size(session)
        told = {
            "v": _LEAF_VERSION,
            "index": index,
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "kind": str(Kind(kind)),
            "actor": actor,
            "subject": subject,
            "detail": dict(detail or {}),
        }
        event = Event.of(canonical(told).decode())
        nodes = merkle.completed(index, bytes.fromhex(event.hash), _stored(session))
        row = {"position": index, "kind": event.kind, "subject": subject, "leaf": event.leaf}
        connection = session.connection()
        connection.execute(_ADD_EVENT, row)
        connection.execute(_ADD_NODES, [{"level": level, "place": place, "hash": h} for level, place, h in nodes])
        connection.execute(_SET_SIZE, {"new_size": index + 1})
        return event

    def head(self) -> dict[str, Any]:
        """{size, root}: note it elsewhere, and the past cannot be rewritten unseen."""
        with self._database.read() as session:
            size = _size(session)
            return {"size": size, "root": merkle.root(size, _stored(session)).hex()}

    def prove(self, index: int, size: int | None = None) -> dict[str, Any]:
        """{index, size, root, path}: that entry `index` is in the log of `size` entries (default: all)."""
        with self._database.read() as session:
            return self.prove_within(session, index, size)

    def prove_within(self, session: Session, index: int, size: int | None = None) -> dict[str, Any]:
        """The same in a session of the caller, who may have added the entry in it."""
        size = _checked(session, size)
        if not 0 <= index < size:
            raise NotFound("entry of the log", str(index), fix=f"it has {size}, counted from 0")
        node = _stored(session)
        path = [digest.hex() for digest in merkle.inclusion_path(index, size, node)]
        return {"index": index, "size": size, "root": merkle.root(size, node).hex(), "path": path}

    def consistency(self, old_size: int, size: int | None = None) -> dict[str, Any]:
        """{old_size, old_root, size, root, path}: that the log of `size` entries begins with the first `old_size`."""
        with self._database.read() as session:
            size = _checked(session, size)
            if not 0 <= old_size <= size:
                raise NotFound("log of size", str(old_size), fix=f"it has {size} entries")
            node = _stored(session)
            return {
                "old_size": old_size,
                "old_root": merkle.root(old_size, node).hex(),
                "size": size,
                "root": merkle.root(size, node).hex(),
                "path": [digest.hex() for digest in merkle.consistency_path(old_size, size, node)],
            }

    def entries(
        self,
        *,
        kind: Kind | None = None,
        subject: str | None = None,
        start: int = 0,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        """Entries from index `start` on, of one kind or about one pseudonym."""
        order = EventRow.position.desc() if newest_first else EventRow.position
        query = select(EventRow.leaf).where(EventRow.position >= start).order_by(order).limit(limit)
        if kind is not None:
            query = query.where(EventRow.kind == str(kind))
        if subject is not None:
            query = query.where(EventRow.subject == subject)
        with self._database.read() as session:
            return [Event.of(leaf) for leaf in session.scalars(query)]

    def leaves(self, size: int) -> Iterator[str]:
        """The first `size` leaves in order, in batches, for an export."""
        for start in range(0, size, _BATCH):
            end = min(start + _BATCH, size)
            query = select(EventRow.leaf).where(EventRow.position >= start, EventRow.position < end)
            with self._database.read() as session:
                yield from session.scalars(query.order_by(EventRow.position)).all()

    def verify(self, known_heads: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
        """Checks {name, ok, detail} of the log against itself, and against heads {size, root} noted earlier.

        Who can write the database can rewrite all of it so that it agrees with itself; only a known head shows that.
        """
        with self._database.read() as session:
            size = _size(session)
            columns = (EventRow.position, EventRow.kind, EventRow.subject, EventRow.leaf)
            rows = session.execute(select(*columns).order_by(EventRow.position)).all()
            nodes = session.execute(select(LogNode.level, LogNode.place, LogNode.hash)).all()
        tree = merkle.Tree(row.leaf.encode() for row in rows)
        return [
            _check("no entry is missing or added", [row.position for row in rows], list(range(size))),
            _check("every entry is canonical and in its place", [row.position for row in rows if not _whole(*row)], []),
            _check(
                "the stored tree is the tree of the entries", {(n.level, n.place): n.hash for n in nodes}, _all(tree)
            ),
            *(_check_head(tree, head) for head in known_heads),
        ]


def _size(session: Session) -> int:
    return int(session.connection().execute(_GET_SIZE).scalar_one())


def _checked(session: Session, size: int | None) -> int:
    now = _size(session)
    if size is not None and not 0 <= size <= now:
        raise NotFound("log of size", str(size), fix=f"it has {now} entries")
    return now if size is None else size


def _stored(session: Session) -> Node:
    connection = session.connection()

    def node(level: int, place: int) -> bytes:
        return bytes(connection.execute(_GET_NODE, {"level": level, "place": place}).scalar_one())

    return node


def _refuse_names(detail: Mapping[str, Any], subject: str | None) -> None:
    """The guard of the record: a mistake of ours, so it is loud."""
    if subject is not None and not _PSEUDONYM.match(subject):
        raise ValueError("the subject of an entry is a pseudonym of 64 hex digits")
    if name := _naming(detail):
        raise ValueError(f"an entry names nobody, so '{name}' cannot be in its detail; give the pseudonym as subject")


def _naming(value: object) -> str | None:
    if isinstance(value, Mapping):
        own = next((str(key) for key in value if str(key).lower() in _NAMES_PEOPLE), None)
        return own or next((found for inner in value.values() if (found := _naming(inner))), None)
    if isinstance(value, (list, tuple)):
        return next((found for inner in value if (found := _naming(inner))), None)
    return None


def _whole(position: int, kind: str, subject: str | None, leaf: str) -> bool:
    try:
        told = json.loads(leaf)
        same = (told["index"], told["kind"], told["subject"]) == (position, kind, subject)
        return same and canonical(told).decode() == leaf
    except (ValueError, KeyError, TypeError):
        return False


def _all(tree: merkle.Tree) -> dict[tuple[int, int], bytes]:
    return {(level, place): digest for level, row in enumerate(tree.levels) for place, digest in enumerate(row)}


def _check(name: str, found: object, expected: object) -> dict[str, Any]:
    return {"name": name, "ok": found == expected, "detail": ""}


def _check_head(tree: merkle.Tree, head: Mapping[str, Any]) -> dict[str, Any]:
    size, known = int(head["size"]), len(tree)
    root = tree.root(size).hex() if 0 <= size <= known else EMPTY_ROOT.hex()
    return {
        "name": f"the first {size} entries are those of the head that was noted",
        "ok": size <= known and root == head["root"],
        "detail": f"noted {head['root']}",
    }
