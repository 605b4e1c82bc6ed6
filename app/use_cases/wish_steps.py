"""The changes that a person can make to their own choices: how each is checked, and what it says about consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.use_cases.agreeing import NO_RATINGS, of_purpose
from app.use_cases.wishes import check_rule
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.choices import Choice, Effect, Rule, checked_slider
from data.keep.consents import Category, Cell, Purpose
from data.tables import Dataset


def written(rule: Rule) -> str:
    """A rule as one word."""
    return f"{rule.effect}:{rule.kind}:{rule.value}"


def parse_rule(word: str) -> Rule:
    """The rule that `written` gave."""
    effect, _, rest = word.partition(":")
    kind, colon, value = rest.partition(":")
    if effect not in set(Effect) or not (kind and colon and value):
        raise BadInput(
            "a rule is written effect:kind:value", value=word,
            fix=f"the effect is one of {', '.join(Effect)}; for example hidden:genres:Horror",
        )  # fmt: skip
    return Rule(Effect(effect), kind, value)


def _own_choice(_workspace: Workspace, dataset: Dataset, user: str, item: str) -> str:
    data = dataset.interactions
    mine = data.item[data.user == data.users.code(user, "person")]
    if data.items.codes([item])[0] not in mine:
        raise NotFound("past choice of this person", item, fix="name a title that they chose")
    return item


def _title(_workspace: Workspace, dataset: Dataset, _user: str, item: str) -> str:
    dataset.interactions.items.code(item, "title")
    return item


def _rule(workspace: Workspace, dataset: Dataset, _user: str, word: str) -> Rule:
    asked = parse_rule(word)
    check_rule(workspace.catalogue(dataset.name), asked)
    if asked == NO_RATINGS and not answered(dataset, "rule", asked):
        raise BadInput("there are no ratings in this data set", value=word, fix="there is nothing to leave out")
    return asked


def _slider(_workspace: Workspace, _dataset: Dataset, _user: str, position: float | None) -> float | None:
    return None if position is None else checked_slider(position)


def _as_it_is(_workspace: Workspace, _dataset: Dataset, _user: str, value: Any) -> Any:
    return value


CHECKS: dict[str, Callable[[Workspace, Dataset, str, Any], Any]] = {
    "slider": _slider,
    "profiling": _as_it_is,
    "learning": _as_it_is,
    "exclude": _own_choice,
    "include": _as_it_is,
    "less": _own_choice,
    "fully": _as_it_is,
    "hide": _title,
    "show": _as_it_is,
    "drop_rule": lambda _workspace, _dataset, _user, word: parse_rule(word),
    "rule": _rule,
}
KEEPS = {
    "slider": "set_slider",
    "exclude": "exclude_item",
    "include": "restore_item",
    "less": "use_less",
    "fully": "use_fully",
    "hide": "hide_item",
    "show": "show_item",
    "rule": "add_rule",
    "drop_rule": "drop_rule",
}
_SWITCHES = {"profiling": Purpose.LISTS, "learning": Purpose.LEARNING}


def answered(dataset: Dataset, name: str, value: Any) -> tuple[list[Cell], bool] | None:
    """What a change says about consent; None where it is no answer."""
    if name in _SWITCHES:
        return of_purpose(dataset, _SWITCHES[name]), bool(value)
    ratings = [cell for cell in of_purpose(dataset, Purpose.LISTS) if cell[1] is Category.RATINGS]
    if name in ("rule", "drop_rule") and value == NO_RATINGS and ratings:
        return ratings, name == "drop_rule"
    return None


def refuse_contradiction(held: Choice, ready: Sequence[tuple[str, Any]]) -> None:
    """Nothing can be hidden and liked at once: two such wishes would leave it to us which one holds."""
    dropped = {value for name, value in ready if name == "drop_rule"}
    added = [value for name, value in ready if name == "rule"]
    other = {Effect.HIDDEN: Effect.LIKED, Effect.LIKED: Effect.HIDDEN}
    for rule in added:
        against = replace(rule, effect=other.get(rule.effect, rule.effect))
        if against != rule and against in {*(held.rules - dropped), *added}:
            raise BadInput(
                "the same thing cannot be hidden and liked", value=f"{rule.kind}:{rule.value}",
                fix=f"drop the wish {written(against)}, or do without {written(rule)}",
            )  # fmt: skip
