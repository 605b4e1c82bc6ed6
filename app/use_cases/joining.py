"""Join: a person brings the file they took away into a new account, with fresh consent, and has the same list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.use_cases.agreeing import NO_RATINGS, answer, cells_of
from app.use_cases.naming import TAKEN, checked_id, made_of, was_erased
from app.use_cases.portable_file import Brought, Unusable, read_portable, wishes_in
from app.use_cases.remodelling import put_in
from app.use_cases.requesting import refused
from app.workspace import Workspace
from data.columns import ITEM, TIME, VALUE
from data.errors import BadInput
from data.ids import Ids
from data.keep import edits
from data.keep.consents import Category, Purpose
from data.keep.events import Kind
from data.tables import Dataset
from models.registry import recommender_class

SAME, MAY_DIFFER = "the same", "may differ"
_WHAT = "join"


class _Brought(Exception):
    """Somebody brought the file to another account since this one looked."""


def join(
    workspace: Workspace,
    data: str,
    path: Path,
    notice: str,
    purposes: Sequence[str] = (),
    new_id: str | None = None,
) -> dict[str, Any]:
    """Make a new account of a file that `portable` wrote here; returns user_id, records, purposes and models.

    It is a new person: an erasure of the former account does not block it, and nothing links the two in the record. The
    id is a new one, too, and a file has one account at a time.
    Only what is agreed to under `notice` is done: without `lists` the list is the one that is the same for all, without
    `learning` no model has the records. Where it is cut off, joining with the same file again goes on.
    """
    wanted = _purposes(purposes)
    brought = _checked(workspace, data, path)
    dataset = workspace.catalog.open(data)
    user = made_of(workspace, data, brought.sha256) if new_id is None else checked_id(new_id)
    resumed = _cut_off(workspace, data, user, brought)
    _refuse_taken(workspace, dataset, user, brought, resumed)
    codes = _codes(workspace, dataset, brought)
    if not resumed:
        try:
            _agree(workspace, dataset, user, brought, notice, wanted)
        except _Brought:
            raise _refused_twice(workspace, data) from None
    former = dataset.interactions.hash
    if user not in dataset.interactions.users:
        _add(workspace, dataset, user, brought, codes)
    learning = workspace.choices.get(data, user).learning
    models = put_in(workspace, data, user, add=True, former=former) if learning else []
    _end(workspace, data, user, brought)
    return {
        "data": data,
        "user": user,
        "records": len(codes),
        "purposes": _agreed(workspace, data, user),
        "models": [{**row, "list": _promised(workspace, row["name"])} for row in models],
    }


def _promised(workspace: Workspace, model_id: str) -> str:
    """Whether a model gives the same list as before: one of exact counts does; one that draws or keeps an order may not."""
    about = workspace.shelf.about(model_id)
    kind = recommender_class(about["model"], about["settings"].get("similarity"))
    return SAME if kind.erasure == "exact" and about["model"] != "random" else MAY_DIFFER


def _purposes(purposes: Sequence[str]) -> frozenset[Purpose]:
    for name in purposes:
        if name not in list(Purpose):
            raise BadInput("there is no such purpose", value=name, fix=f"use one of: {', '.join(Purpose)}")
    return frozenset(map(Purpose, purposes))


def _checked(workspace: Workspace, data: str, path: Path) -> Brought:
    """The file, once it is what was written here for this data set; a refusal is recorded."""
    workspace.catalog.summary(data)
    try:
        brought = read_portable(Path(path))
        if brought.data_set != data:
            raise Unusable("it is of another data set")
        found = workspace.log.entries(start=brought.log_index, limit=1)
        told = found[0] if found and found[0].index == brought.log_index else None
        if told is None or told.kind != Kind.EXPORT or told.detail.get("sha256") != brought.sha256:
            raise Unusable("it is not a file that was written here, or it was changed since")
    except Unusable as error:
        refused(workspace, data, _WHAT, str(error))
        raise BadInput(
            str(error), file=Path(path).name, fix="bring the file as `sightglass portable` wrote it"
        ) from None
    return brought


def _refuse_taken(workspace: Workspace, dataset: Dataset, user: str, brought: Brought, resumed: bool) -> None:
    users = dataset.interactions.users
    if brought.user in users and not (resumed and brought.user == user):
        refused(workspace, dataset.name, _WHAT, "the account of the file is still here")
        raise BadInput("the account that this file is of is still here", fix="use that account, or erase it first")
    if (user in users and not resumed) or was_erased(workspace, dataset.name, user):
        refused(workspace, dataset.name, _WHAT, "the id is taken")
        raise BadInput(TAKEN, value=user, fix="choose another one with --as")
    if workspace.pseudonyms.claimed_by_another(dataset.name, user, _name(brought)):
        raise _refused_twice(workspace, dataset.name)


def _refused_twice(workspace: Workspace, data: str) -> BadInput:
    refused(workspace, data, _WHAT, "the file was brought before")
    return BadInput(
        "this file has an account here already", fix="use that account, go on with its --as, or erase it first"
    )


def _name(brought: Brought) -> str:
    return f"file:{brought.sha256}"


def _codes(workspace: Workspace, dataset: Dataset, brought: Brought) -> np.ndarray:
    items: Ids = dataset.interactions.items
    codes = items.codes([str(row[ITEM]) for row in brought.interactions])
    if (codes < 0).any():
        refused(workspace, dataset.name, _WHAT, "it has titles that are not here")
        raise BadInput("it has titles that the data set has no more", fix="bring it to the data set that it is of")
    return codes


def _agree(
    workspace: Workspace, dataset: Dataset, user: str, brought: Brought, notice: str, wanted: frozenset[Purpose]
) -> None:
    """The entry, the fresh consent and the settings, kept together before any record of the person is."""
    cells, data, choices = cells_of(dataset), dataset.name, workspace.choices
    wishes = wishes_in(brought)
    # who brings the wish that ratings are not used has not agreed to their use
    kept_back = {(Purpose.LISTS, Category.RATINGS)} if NO_RATINGS in wishes["rules"] else set()
    with workspace.database.write() as session:
        who = workspace.pseudonyms.pseudonym(data, user, session)
        if not workspace.pseudonyms.claim(data, user, _name(brought), session):
            raise _Brought
        told = {"data": data, "stage": "begun", "file": _seal(workspace, data, user, brought, session)}
        workspace.log.append_within(session, Kind.JOIN, who, told, who)
        choices.restore(data, user, wishes, session)
        for given in (True, False):
            mine = [cell for cell in cells if (cell[0] in wanted and cell not in kept_back) is given]
            if mine:
                answer(workspace, session, dataset, user, mine, given, notice)


def _add(workspace: Workspace, dataset: Dataset, user: str, brought: Brought, codes: np.ndarray) -> None:
    held = dataset.interactions
    values = None if held.value is None else np.array([row.get(VALUE, 1.0) for row in brought.interactions], float)
    times = None if held.timestamp is None else np.array([row.get(TIME, 0) for row in brought.interactions], np.int64)
    known = {row["attribute"]: row["value"] for row in brought.attributes}
    new = partial(edits.with_person, user=user, items=codes, values=values, times=times, attributes=known)
    workspace.catalog.rewrite(dataset.name, new)


def _cut_off(workspace: Workspace, data: str, user: str, brought: Brought) -> bool:
    """Whether this person began to join with this very file, and did not end; nothing is made for a stranger."""
    known = workspace.pseudonyms.known(data, user)
    if known is None:
        return False
    seal = _seal(workspace, data, user, brought)
    mine = workspace.log.entries(kind=Kind.JOIN, subject=known)
    stages = [event.detail["stage"] for event in mine if event.detail["file"] == seal]
    return bool(stages) and stages[-1] == "begun"


def _seal(workspace: Workspace, data: str, user: str, brought: Brought, session: Any = None) -> str:
    """A commitment to the file under the new person's key: their two pseudonyms share no value in the record."""
    return workspace.pseudonyms.commitment(data, user, _name(brought), session)


def _agreed(workspace: Workspace, data: str, user: str) -> list[str]:
    state = workspace.consents.state_at(data, user)
    return sorted({str(purpose) for (purpose, _), entry in state.items() if entry.given})


def _end(workspace: Workspace, data: str, user: str, brought: Brought) -> None:
    with workspace.database.write() as session:
        if workspace.pseudonyms.known(data, user) is None:  # nobody makes them a new key
            raise BadInput("the new account was erased while it was made", fix="join again if that was not meant")
        who = workspace.pseudonyms.pseudonym(data, user, session)
        told = {"data": data, "stage": "done", "file": _seal(workspace, data, user, brought, session)}
        workspace.log.append_within(session, Kind.JOIN, who, told, who)
