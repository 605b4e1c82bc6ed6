"""See: what is held about a person, on a page, and as files to take away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app import export_words as words
from app.use_cases import holding
from app.use_cases.exporting import my_data
from app.use_cases.holding import Person
from app.use_cases.porting import portable
from app.use_cases.requesting import person_of
from app.workspace import Workspace

if TYPE_CHECKING:
    from audit.segments import Segments

_TABLES: dict[str, Callable[[Person], list[dict[str, Any]]]] = {
    "interactions": holding.interactions,
    "attributes": holding.attributes,
    "choices": holding.choices,
    "rules": holding.rules,
    "tags": holding.tags,
    "consents": holding.consents,
    "requests": holding.requests,
    "models": holding.models,
    "receipts": holding.receipts,
    "events": holding.events,
}


def tables() -> dict[str, str]:
    """The tables that hold something about people, with a line about each."""
    return {name: str(words.TABLES[name]["description"]) for name in _TABLES}


def held(
    workspace: Workspace, data: str, user: str, table: str, worked_out: Callable[[], Segments] | None = None
) -> dict[str, Any]:
    """One table about a person: rows, and why, from where, for how long and who sees it. Attributes are read by the log.

    `worked_out` gives the tags of everybody where a door keeps them in memory.
    """
    dataset = person_of(workspace, data, user)
    who = Person(workspace, dataset, user, workspace.pseudonyms.pseudonym(data, user), worked_out)
    about = words.TABLES[table]
    contact = workspace.policies.contact(data)
    return {
        "rows": _TABLES[table](who),
        "why": about["purpose"],
        "from": about["origin"],
        "how_long": about["retention"],
        "who_sees_it": f"The operator ({contact})." if contact else "The operator; nobody is named yet.",
    }


def access_file(workspace: Workspace, data: str, user: str) -> bytes:
    """Everything that is held, as the file of an access request."""
    return _file(lambda path: my_data(workspace, data, user, path))


def portable_file(workspace: Workspace, data: str, user: str) -> bytes:
    """What the person gave or caused, to take elsewhere."""
    return _file(lambda path: portable(workspace, data, user, path))


def _file(make: Callable[[Path], Any]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.zip"
        make(path)
        return path.read_bytes()


def own_titles(workspace: Workspace, data: str, user: str) -> dict[str, str]:
    """The titles that the person chose, by id."""
    dataset = person_of(workspace, data, user)
    mine = dataset.interactions.take(dataset.interactions.user == dataset.interactions.users.code(user))
    titles = dataset.titles()
    return {str(name): str(titles[name]) for name in mine.items.values[mine.item]}


def scale(workspace: Workspace, data: str) -> list[float]:
    """The steps that a rating can have; empty where there are no ratings."""
    from data.keep.edits import scale_of

    values = workspace.catalog.open(data).interactions.value
    return [] if values is None else scale_of(values)
