"""Admit: whose data a visitor may see, where the server knows who they are."""

from __future__ import annotations

from app.use_cases.requesting import refused
from app.workspace import Workspace
from data.errors import SightglassError


def admit(workspace: Workspace, data: str, own: str, asked: str | None) -> str:
    """The visitor's own id; a link about somebody else is refused in a sentence, and the refusal is recorded.

    `own` is who the visitor is, empty where the server does not know; `asked` is whom the address is about.
    """
    if not own:
        raise SightglassError("This dashboard shows people their own data, and it does not know who you are; sign in.")
    if asked and asked != own:
        refused(workspace, data, "link", "another person's id")
        raise SightglassError("This link is about somebody else; you can only see your own. Open the page without it.")
    if own not in workspace.catalog.open(data).interactions.users:
        raise SightglassError("Nothing is held about you here yet. Begin on the page New here.")
    return own
