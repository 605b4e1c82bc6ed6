"""Choose: what a person, and only that person, sets for their own lists; and the manager's default."""

from __future__ import annotations

from typing import Any

from app.use_cases.wishes import check_rule
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.choices import Effect, Rule


def choice(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """What the person chose; a slider of None means that they follow the default."""
    held = workspace.choices.get(data, user)
    return {
        "slider": held.slider,
        "profiling": held.profiling,
        "excluded": sorted(held.excluded),
        "hidden": sorted(held.hidden),
        "less": sorted(held.less),
        "rules": [written(rule) for rule in sorted(held.rules)],
        "learning": held.learning,
        "restricted": held.restricted,
        "default_slider": workspace.policies.default_slider(data),
    }


def check_person(workspace: Workspace, data: str, user: str) -> None:
    """Refuse somebody whom the data set does not know."""
    if user not in workspace.catalog.open(data).interactions.users:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{data}'")


def set_slider(workspace: Workspace, data: str, user: str, position: float | None) -> None:
    """Keep the person's own slider position; None goes back to the default."""
    workspace.choices.set_slider(data, user, position)


def set_profiling(workspace: Workspace, data: str, user: str, *, on: bool) -> None:
    """Switch personalised lists on or off; it lasts until the person changes it."""
    workspace.choices.set_profiling(data, user, on)


def set_learning(workspace: Workspace, data: str, user: str, *, on: bool) -> None:
    """Let the next trainings learn from the person or not; what is trained already stays until it is forgotten."""
    workspace.choices.set_learning(data, user, on)


def add_rule(workspace: Workspace, data: str, user: str, rule: str) -> None:
    """Keep a wish about a category, a provider or a kind of data, written effect:kind:value, as hidden:genres:Horror."""
    asked = parse_rule(rule)
    check_rule(workspace.catalogue(data), asked)
    workspace.choices.add_rule(data, user, asked)


def drop_rule(workspace: Workspace, data: str, user: str, rule: str) -> None:
    """Take such a wish back."""
    workspace.choices.drop_rule(data, user, parse_rule(rule))


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


def exclude(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Stop using one past choice: the next list and explanation are made without it."""
    workspace.choices.exclude_item(data, user, item)


def include(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Use a past choice again."""
    workspace.choices.restore_item(data, user, item)


def use_less(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let a past choice count for less: half way to the list that is made without it."""
    workspace.choices.use_less(data, user, item)


def use_fully(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let it count in full again."""
    workspace.choices.use_fully(data, user, item)


def hide(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Never show a title to this person."""
    workspace.choices.hide_item(data, user, item)


def show_again(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let a hidden title be shown again."""
    workspace.choices.show_item(data, user, item)


def set_default_slider(workspace: Workspace, data: str, position: float, reason: str, actor: str = "manager") -> None:
    """The product manager's default; it never changes the list of a person who set their own position."""
    workspace.policies.set_default_slider(data, position, actor, reason)


def set_contact(workspace: Workspace, data: str, contact: str, actor: str = "manager") -> None:
    """Name who answers for the lists of a data set; people read it beside every explanation."""
    workspace.catalog.summary(data)
    workspace.policies.set_contact(data, contact, actor)
