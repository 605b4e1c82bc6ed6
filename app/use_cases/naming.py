"""Ids of new accounts: none that is taken, and none that somebody was erased under.

An operator's import leaves out whoever was erased. Who came back under the id of before would be left out with them, so
who comes back takes a new one.
"""

from __future__ import annotations

from itertools import count

from app.workspace import Workspace
from data.errors import BadInput
from data.keep.verifier import sha256
from data.tables import Dataset

TAKEN = "this id is taken, or was once"  # one sentence for both, so that nobody learns who was erased
_LONGEST = 64


def checked_id(name: str) -> str:
    """The id, once it can be one."""
    if name != name.strip() or not 0 < len(name) <= _LONGEST or not name.isprintable():
        raise BadInput(f"an id is 1 to {_LONGEST} printable characters", value=name, fix="choose another one")
    return name


def was_erased(workspace: Workspace, data: str, name: str) -> bool:
    """Whether somebody was erased under this id."""
    return bool(workspace.pseudonyms.suppressed(data, [name]))


def taken(workspace: Workspace, dataset: Dataset, name: str) -> bool:
    """Whether an id is not free, or never will be again."""
    return name in dataset.interactions.users or was_erased(workspace, dataset.name, name)


def made_of(workspace: Workspace, data: str, text: str) -> str:
    """An id that is made of a text, so that a second try finds the first: the first that nobody was erased under."""
    made = (f"p-{sha256(f'{text}:{number}'.encode())[:16]}" for number in count())
    return next(name for name in made if not was_erased(workspace, data, name))
