"""Choose: what a person, and only that person, sets for their own lists; and the manager's default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.use_cases.agreeing import answer
from app.use_cases.consenting import standing
from app.use_cases.requesting import person_of
from app.use_cases.wish_steps import CHECKS, KEEPS, answered, refuse_contradiction, written
from app.workspace import Workspace


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
    person_of(workspace, data, user)


def change(
    workspace: Workspace, data: str, user: str, steps: Sequence[tuple[str, Any]], text: str | None = None
) -> None:  # fmt: skip
    """Several changes at once, each a (name, value) as in `CHECKS`: all are checked first, and kept together or not at all.

    A switch is an answer under the notice `text`, by default the standing one, and is in the ledger of consent: off
    withdraws the whole purpose, on gives all of it. So is the wish that ratings are not used.
    """
    dataset = person_of(workspace, data, user)
    ready = [(name, CHECKS[name](workspace, dataset, user, value)) for name, value in steps]
    said = text or standing(workspace, dataset)
    with workspace.database.write() as session:
        refuse_contradiction(workspace.choices.get(data, user, session), ready)
        for name, value in ready:
            about = answered(dataset, name, value)
            if about is not None:
                answer(workspace, session, dataset, user, about[0], about[1], said)
            else:
                getattr(workspace.choices, KEEPS[name])(data, user, value, session)


def set_slider(workspace: Workspace, data: str, user: str, position: float | None) -> None:
    """Keep the person's own slider position; None goes back to the default."""
    change(workspace, data, user, [("slider", position)])


def set_profiling(workspace: Workspace, data: str, user: str, *, on: bool, text: str | None = None) -> None:
    """Switch personalised lists on or off; it lasts until the person changes it, and is an answer in the ledger."""
    change(workspace, data, user, [("profiling", on)], text)


def set_learning(workspace: Workspace, data: str, user: str, *, on: bool, text: str | None = None) -> None:
    """Let the next trainings learn from the person or not; what is trained already stays until it is forgotten."""
    change(workspace, data, user, [("learning", on)], text)


def add_rule(workspace: Workspace, data: str, user: str, rule: str) -> None:
    """Keep a wish about a category, a provider or a kind of data, written effect:kind:value, as hidden:genres:Horror."""
    change(workspace, data, user, [("rule", rule)])


def drop_rule(workspace: Workspace, data: str, user: str, rule: str) -> None:
    """Take such a wish back."""
    change(workspace, data, user, [("drop_rule", rule)])


def exclude(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Stop using one past choice: the next list and explanation are made without it."""
    change(workspace, data, user, [("exclude", item)])


def include(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Use a past choice again."""
    change(workspace, data, user, [("include", item)])


def use_less(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let a past choice count for less: half way to the list that is made without it."""
    change(workspace, data, user, [("less", item)])


def use_fully(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let it count in full again."""
    change(workspace, data, user, [("fully", item)])


def hide(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Never show a title to this person."""
    change(workspace, data, user, [("hide", item)])


def show_again(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Let a hidden title be shown again."""
    change(workspace, data, user, [("show", item)])


def set_default_slider(workspace: Workspace, data: str, position: float, reason: str, actor: str = "manager") -> None:
    """The product manager's default; it never changes the list of a person who set their own position."""
    workspace.policies.set_default_slider(data, position, actor, reason)


def set_contact(workspace: Workspace, data: str, contact: str, actor: str = "manager") -> None:
    """Name who answers for the lists of a data set; people read it beside every explanation."""
    workspace.catalog.summary(data)
    workspace.policies.set_contact(data, contact, actor)
