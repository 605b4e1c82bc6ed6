"""What people choose for their own lists."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.errors import BadInput
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import ChoiceRow


@dataclass(frozen=True)
class Choice:
    """What one person chose. A `slider` of None follows the default.

    `excluded` is history that is not to be used, `less` history that is to count for less, `hidden` what not to show.
    """

    slider: float | None = None
    profiling: bool = True
    excluded: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    less: frozenset[str] = frozenset()


class Choices:
    """People's own choices. Each change is recorded with that person's pseudonym as the actor, in the same transaction.

    The record says that an item was taken out, and holds a commitment to which; it never names the item.
    """

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def get(self, dataset: str, user: str) -> Choice:
        """What the person chose; nothing yet is the default of every field."""
        with self._database.read() as session:
            return _choice(session.get(ChoiceRow, (dataset, user)))

    def set_slider(self, dataset: str, user: str, position: float | None) -> None:
        """Keep the person's own position, 0 (most relevant) to 1; None follows the default again."""
        value = None if position is None else checked_slider(position)
        with self._change(dataset, user) as change:
            change.to(replace(change.before, slider=value), Kind.CHOICE, {"choice": "slider", "value": value})

    def set_profiling(self, dataset: str, user: str, on: bool) -> None:
        """Switch personalised lists on or off, until the person switches again."""
        with self._change(dataset, user) as change:
            change.to(replace(change.before, profiling=bool(on)), Kind.OPT_OUT, {"profiling": bool(on)})

    def exclude_item(self, dataset: str, user: str, item: str) -> None:
        """Stop using one item of the person's history."""
        self._item(dataset, user, item, "excluded", add=True)

    def restore_item(self, dataset: str, user: str, item: str) -> None:
        """Use an item of the history again."""
        self._item(dataset, user, item, "excluded", add=False)

    def use_less(self, dataset: str, user: str, item: str) -> None:
        """Let an item of the person's history count for less."""
        self._item(dataset, user, item, "less", add=True)

    def use_fully(self, dataset: str, user: str, item: str) -> None:
        """Let it count in full again."""
        self._item(dataset, user, item, "less", add=False)

    def hide_item(self, dataset: str, user: str, item: str) -> None:
        """Never show the item to this person."""
        self._item(dataset, user, item, "hidden", add=True)

    def show_item(self, dataset: str, user: str, item: str) -> None:
        """Let a hidden item be shown again."""
        self._item(dataset, user, item, "hidden", add=False)

    def opted_out(self, dataset: str) -> frozenset[str]:
        """The people who switched profiling off: no list is made from their data."""
        query = select(ChoiceRow.user_id).where(ChoiceRow.dataset == dataset, ChoiceRow.profiling.is_(False))
        with self._database.read() as session:
            return frozenset(session.scalars(query))

    def forget(self, dataset: str, user: str) -> None:
        """Remove everything the person chose; the erasure itself is recorded by whoever does it."""
        with self._database.write() as session:
            session.execute(delete(ChoiceRow).where(ChoiceRow.dataset == dataset, ChoiceRow.user_id == user))
        self._database.truncate_journal()

    def _item(self, dataset: str, user: str, item: str, field: str, *, add: bool) -> None:
        with self._change(dataset, user) as change:
            before: frozenset[str] = getattr(change.before, field)
            items: Any = before | {item} if add else before - {item}
            seal = self._pseudonyms.commitment(dataset, user, f"item:{item}", change.session)
            detail: dict[str, object] = {
                "choice": field,
                "change": "added" if add else "removed",
                "item_commitment": seal,
            }
            change.to(replace(change.before, **{field: items}), Kind.CHOICE, detail)

    @contextmanager
    def _change(self, dataset: str, user: str) -> Iterator[_Change]:
        """One change, read and written while no other process can: nothing that another one set is lost."""
        with self._database.write() as session:
            before = _choice(session.get(ChoiceRow, (dataset, user)))
            change = _Change(session, before)
            yield change
            session.merge(_row(dataset, user, change.after))
            who = self._pseudonyms.pseudonym(dataset, user, session)
            self._log.append_within(session, change.kind, who, {"data": dataset, **change.detail}, subject=who)


class _Change:
    """A choice before and after, and what the record says of it."""

    def __init__(self, session: Session, before: Choice) -> None:
        self.session, self.before = session, before

    def to(self, after: Choice, kind: Kind, detail: dict[str, object]) -> None:
        self.after, self.kind, self.detail = after, kind, detail


def checked_slider(position: float) -> float:
    """The position as a number from 0 to 1; anything else is refused in a sentence."""
    if not (isinstance(position, (int, float)) and math.isfinite(position) and 0 <= position <= 1):
        raise BadInput(
            "the slider must be a number from 0 to 1", value=position, fix="0 is most relevant, 1 most surprising"
        )
    return float(position)


def _choice(row: ChoiceRow | None) -> Choice:
    if row is None:
        return Choice()
    excluded, hidden, less = (frozenset(json.loads(items)) for items in (row.excluded, row.hidden, row.less))
    return Choice(row.slider, row.profiling, excluded, hidden, less)


def _row(dataset: str, user: str, choice: Choice) -> ChoiceRow:
    return ChoiceRow(
        dataset=dataset,
        user_id=user,
        slider=choice.slider,
        profiling=choice.profiling,
        excluded=json.dumps(sorted(choice.excluded)),
        hidden=json.dumps(sorted(choice.hidden)),
        less=json.dumps(sorted(choice.less)),
    )
