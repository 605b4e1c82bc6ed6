"""What people choose for their own lists."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from data.errors import BadInput
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import ChoiceRow


class Effect(StrEnum):
    """What a rule does with everything it covers."""

    UNUSED = "unused"  # past choices it covers are not used
    LESS = "less"  # past choices it covers count for less
    HIDDEN = "hidden"  # titles it covers are not shown
    LIKED = "liked"  # popular titles it covers move up: what a newcomer says they like


@dataclass(frozen=True, order=True)
class Rule:
    """A person's wish about many titles or records at once.

    `kind` is a content column (`genres`), `provider`, or `data` for a kind of data; `value` is one value of it.
    """

    effect: Effect
    kind: str
    value: str


@dataclass(frozen=True)
class Choice:
    """What one person chose. A `slider` of None follows the default.

    `excluded` is history that is not to be used, `less` history that is to count for less, `hidden` what not to show;
    `rules` do the same to all titles of a category or provider. Without `learning` no model is trained on the person;
    `restricted` records are kept and used for nothing.
    """

    slider: float | None = None
    profiling: bool = True
    excluded: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    less: frozenset[str] = frozenset()
    rules: frozenset[Rule] = frozenset()
    learning: bool = True
    restricted: bool = False


class Choices:
    """People's own choices. Each change is recorded with that person's pseudonym as the actor, in the same transaction.

    The record says that an item was taken out, and holds a commitment to which; it never names the item.
    """

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def get(self, dataset: str, user: str, session: Session | None = None) -> Choice:
        """What the person chose; nothing yet is the default of every field."""
        with nullcontext(session) if session is not None else self._database.read() as reading:
            return _choice(reading.get(ChoiceRow, (dataset, user)))

    def set_slider(self, dataset: str, user: str, position: float | None, session: Session | None = None) -> None:
        """Keep the person's own position, 0 (most relevant) to 1; None follows the default again."""
        value = None if position is None else checked_slider(position)
        with self._change(dataset, user, session) as change:
            change.to(replace(change.before, slider=value), Kind.CHOICE, {"choice": "slider", "value": value})

    def set_profiling(self, dataset: str, user: str, on: bool, session: Session | None = None) -> None:
        """Switch personalised lists on or off, until the person switches again.

        `session` is a `Database.write` session of the caller, here and below: what is done in it is kept together.
        """
        with self._change(dataset, user, session) as change:
            change.to(replace(change.before, profiling=bool(on)), Kind.OPT_OUT, {"profiling": bool(on)})

    def set_learning(self, dataset: str, user: str, on: bool, session: Session | None = None) -> None:
        """Let models be trained on the person's records or not, until the person switches again."""
        with self._change(dataset, user, session) as change:
            change.to(replace(change.before, learning=bool(on)), Kind.OPT_OUT, {"learning": bool(on)})

    def set_restricted(self, dataset: str, user: str, on: bool, session: Session | None = None) -> None:
        """Keep the person's records and use them for nothing (GDPR Art. 18), or use them again."""
        with self._change(dataset, user, session) as change:
            change.to(replace(change.before, restricted=bool(on)), Kind.OPT_OUT, {"restricted": bool(on)})

    def add_rule(self, dataset: str, user: str, rule: Rule, session: Session | None = None) -> None:
        """Keep a wish about a category, a provider or a kind of data."""
        self._rule(dataset, user, rule, session, add=True)

    def drop_rule(self, dataset: str, user: str, rule: Rule, session: Session | None = None) -> None:
        """Take such a wish back."""
        self._rule(dataset, user, rule, session, add=False)

    def exclude_item(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Stop using one item of the person's history."""
        self._item(dataset, user, item, "excluded", session, add=True)

    def restore_item(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Use an item of the history again."""
        self._item(dataset, user, item, "excluded", session, add=False)

    def use_less(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Let an item of the person's history count for less."""
        self._item(dataset, user, item, "less", session, add=True)

    def use_fully(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Let it count in full again."""
        self._item(dataset, user, item, "less", session, add=False)

    def hide_item(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Never show the item to this person."""
        self._item(dataset, user, item, "hidden", session, add=True)

    def show_item(self, dataset: str, user: str, item: str, session: Session | None = None) -> None:
        """Let a hidden item be shown again."""
        self._item(dataset, user, item, "hidden", session, add=False)

    def restore(self, dataset: str, user: str, fields: Mapping[str, Any], session: Session) -> None:
        """Take over the wishes that a person brings of a former account: slider, items and rules, never the switches."""
        with self._change(dataset, user, session) as change:
            wishes = {
                name: fields[name] for name in ("slider", "excluded", "hidden", "less", "rules") if name in fields
            }
            if wishes.get("slider") is not None:
                checked_slider(wishes["slider"])
            change.to(replace(change.before, **wishes), Kind.CHOICE, {"choice": "all", "change": "brought"})

    def opted_out(self, dataset: str) -> frozenset[str]:
        """The people whose lists are made without their data: profiling switched off, or records restricted."""
        return self._who(dataset, or_(ChoiceRow.profiling.is_(False), ChoiceRow.restricted.is_(True)))

    def not_learned(self, dataset: str) -> frozenset[str]:
        """The people whom no model may be trained on: profiling or learning switched off, or records restricted."""
        off = (ChoiceRow.profiling.is_(False), ChoiceRow.learning.is_(False), ChoiceRow.restricted.is_(True))
        return self._who(dataset, or_(*off))

    def restricted(self, dataset: str) -> frozenset[str]:
        """The people whose records are kept and used for nothing, audits included."""
        return self._who(dataset, ChoiceRow.restricted.is_(True))

    def every(self, dataset: str) -> dict[str, Choice]:
        """What each person chose who ever chose anything."""
        with self._database.read() as session:
            rows = session.scalars(select(ChoiceRow).where(ChoiceRow.dataset == dataset)).all()
        return {row.user_id: _choice(row) for row in rows}

    def forget(self, dataset: str, user: str) -> None:
        """Remove everything the person chose; the erasure itself is recorded by whoever does it."""
        with self._database.write() as session:
            session.execute(delete(ChoiceRow).where(ChoiceRow.dataset == dataset, ChoiceRow.user_id == user))
        self._database.truncate_journal()

    def _who(self, dataset: str, which: ColumnElement[bool]) -> frozenset[str]:
        with self._database.read() as session:
            return frozenset(session.scalars(select(ChoiceRow.user_id).where(ChoiceRow.dataset == dataset, which)))

    def _rule(self, dataset: str, user: str, rule: Rule, session: Session | None, *, add: bool) -> None:
        with self._change(dataset, user, session) as change:
            rules = change.before.rules | {rule} if add else change.before.rules - {rule}
            text = f"rule:{rule.effect}:{rule.kind}:{rule.value}"
            detail: dict[str, object] = {
                "choice": "rules",
                "effect": str(rule.effect),
                "change": "added" if add else "removed",
                "rule_commitment": self._pseudonyms.commitment(dataset, user, text, change.session),
            }
            change.to(replace(change.before, rules=rules), Kind.CHOICE, detail)

    def _item(
        self, dataset: str, user: str, item: str, field: str, session: Session | None, *, add: bool
    ) -> None:  # fmt: skip
        with self._change(dataset, user, session) as change:
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
    def _change(self, dataset: str, user: str, given: Session | None = None) -> Iterator[_Change]:
        """One change, read and written while no other process can: nothing that another one set is lost."""
        with nullcontext(given) if given is not None else self._database.write() as session:
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
    rules = frozenset(Rule(Effect(effect), kind, value) for effect, kind, value in json.loads(row.rules))
    return Choice(row.slider, row.profiling, excluded, hidden, less, rules, row.learning, row.restricted)


def _row(dataset: str, user: str, choice: Choice) -> ChoiceRow:
    return ChoiceRow(
        dataset=dataset,
        user_id=user,
        slider=choice.slider,
        profiling=choice.profiling,
        excluded=json.dumps(sorted(choice.excluded)),
        hidden=json.dumps(sorted(choice.hidden)),
        less=json.dumps(sorted(choice.less)),
        rules=json.dumps([[rule.effect, rule.kind, rule.value] for rule in sorted(choice.rules)]),
        learning=choice.learning,
        restricted=choice.restricted,
    )
