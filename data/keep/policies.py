"""What the operator of a recommender sets for everybody: the default slider, boosts, and whom to ask."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from data.errors import BadInput, NotFound
from data.keep.choices import checked_slider
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.schema import PolicyRow

_DEFAULT_SLIDER, _CONTACT, _BOOSTS = "default-slider", "contact", "boosts"
_LONGEST = 300


@dataclass(frozen=True)
class BoostRule:
    """An amount added to the score of one item, or of every item of a provider; it is told in every explanation."""

    kind: Literal["item", "provider"]
    target: str  # item id or provider
    amount: float  # in units of the model's score; negative holds back
    label: str  # plain words that the person reads

    @property
    def id(self) -> str:
        """What the rule is known by; a second one for the same target takes its place."""
        return f"{self.kind}:{self.target}"


class Policies:
    """What the product manager sets for a data set, recorded with who and why."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database, self._log = database, log

    def default_slider(self, dataset: str) -> float:
        """The position of everybody who chose none; 0, the most relevant list, until somebody sets another."""
        with self._database.read() as session:
            return float(_held(session, dataset, _DEFAULT_SLIDER, 0.0))

    def set_default_slider(self, dataset: str, value: float, actor: str, reason: str) -> None:
        """Set that position. Nobody's own choice is touched: those are kept elsewhere and come first."""
        _check_reason("a change of the default", reason)
        after = checked_slider(value)
        with self._database.write() as session:
            self._set(session, dataset, _DEFAULT_SLIDER, after, 0.0, actor, reason)

    def boosts(self, dataset: str, model: str) -> tuple[BoostRule, ...]:
        """The boosts on lists of one model name, by id. Scores of different models have different units."""
        with self._database.read() as session:
            return tuple(BoostRule(**rule) for rule in _held(session, dataset, f"{_BOOSTS}:{model}", []))

    def set_boost(self, dataset: str, model: str, rule: BoostRule, actor: str, reason: str) -> None:
        """Set a boost, in place of a former one for the same target."""
        _check_reason("a boost", reason)
        checked_amount(rule.amount)
        if rule.amount == 0:
            raise BadInput("a boost of 0 changes nothing", fix="give the points to add, such as 0.1, or remove it")
        if not 0 < len(rule.label.strip()) <= _LONGEST:
            raise BadInput(
                f"a boost needs words of at most {_LONGEST} characters that people read beside it",
                fix="such as 'promoted by the shop'",
            )
        self._change_boosts(dataset, model, rule.id, rule, actor, reason)

    def remove_boost(self, dataset: str, model: str, rule_id: str, actor: str, reason: str) -> None:
        """Take a boost away."""
        _check_reason("taking a boost away", reason)
        known = [rule.id for rule in self.boosts(dataset, model)]
        if rule_id not in known:
            raise NotFound("boost", rule_id, known)
        self._change_boosts(dataset, model, rule_id, None, actor, reason)

    def contact(self, dataset: str) -> str:
        """Who answers for the lists of a data set; empty until somebody is named."""
        with self._database.read() as session:
            return str(_held(session, dataset, _CONTACT, ""))

    def set_contact(self, dataset: str, contact: str, actor: str) -> None:
        """Name who answers for the lists, and how to reach them."""
        words = " ".join(contact.split())
        if not words or len(words) > _LONGEST:
            raise BadInput(
                f"a contact is 1 to {_LONGEST} characters",
                value=words[:40],
                fix="give a name and an address to write to",
            )
        with self._database.write() as session:
            self._set(session, dataset, _CONTACT, words, "", actor, "contact named")

    def setting(self, dataset: str, name: str, otherwise: Any) -> Any:
        """Any other setting that is kept under a name, as plain values; `otherwise` until somebody sets it."""
        with self._database.read() as session:
            return _held(session, dataset, name, otherwise)

    def set_setting(self, dataset: str, name: str, after: Any, otherwise: Any, actor: str, reason: str) -> None:
        """Set it, recorded with what it was before; the caller has checked the value."""
        with self._database.write() as session:
            self._set(session, dataset, name, after, otherwise, actor, reason)

    def _change_boosts(
        self, dataset: str, model: str, rule_id: str, rule: BoostRule | None, actor: str, reason: str
    ) -> None:
        name = f"{_BOOSTS}:{model}"
        with self._database.write() as session:
            others = [held for held in _held(session, dataset, name, []) if BoostRule(**held).id != rule_id]
            rules = [*others, asdict(rule)] if rule else others
            ordered = sorted(rules, key=lambda held: BoostRule(**held).id)
            self._set(session, dataset, name, ordered, [], actor, reason)

    def _set(
        self, session: Session, dataset: str, name: str, after: Any, otherwise: Any, actor: str, reason: str
    ) -> None:
        """Store a setting and tell the record, in one transaction."""
        before = _held(session, dataset, name, otherwise)
        session.merge(PolicyRow(dataset=dataset, name=name, value=json.dumps(after)))
        told = {"policy": name, "before": before, "after": after, "reason": reason.strip()}
        self._log.append_within(session, Kind.POLICY, actor, {"data": dataset, **told})


def checked_amount(amount: float) -> float:
    """The points that a boost adds, as a number; anything else is refused in a sentence."""
    if not (isinstance(amount, (int, float)) and math.isfinite(amount)):
        raise BadInput("a boost is a number", value=amount, fix="give the points to add, such as 0.1")
    return float(amount)


def _held(session: Session, dataset: str, name: str, otherwise: Any) -> Any:
    row = session.get(PolicyRow, (dataset, name))
    return otherwise if row is None else json.loads(row.value)


def _check_reason(what: str, reason: str) -> None:
    if not reason.strip():
        raise BadInput(f"{what} needs a reason", fix="say in a sentence why it is changed")
