"""Choose: what a person, and only that person, sets for their own lists; and the manager's default."""

from __future__ import annotations

from typing import Any

from app.workspace import Workspace


def choice(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """What the person chose; a slider of None means that they follow the default."""
    held = workspace.choices.get(data, user)
    return {
        "slider": held.slider,
        "profiling": held.profiling,
        "excluded": sorted(held.excluded),
        "hidden": sorted(held.hidden),
        "default_slider": workspace.policies.default_slider(data),
    }


def set_slider(workspace: Workspace, data: str, user: str, position: float | None) -> None:
    """Keep the person's own slider position; None goes back to the default."""
    workspace.choices.set_slider(data, user, position)


def set_profiling(workspace: Workspace, data: str, user: str, *, on: bool) -> None:
    """Switch personalised lists on or off; it lasts until the person changes it."""
    workspace.choices.set_profiling(data, user, on)


def exclude(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Stop using one past choice: the next list and explanation are made without it."""
    workspace.choices.exclude_item(data, user, item)


def include(workspace: Workspace, data: str, user: str, item: str) -> None:
    """Use a past choice again."""
    workspace.choices.restore_item(data, user, item)


def set_default_slider(workspace: Workspace, data: str, position: float, reason: str, actor: str = "manager") -> None:
    """The product manager's default; it never changes the list of a person who set their own position."""
    workspace.policies.set_default_slider(data, position, actor, reason)
