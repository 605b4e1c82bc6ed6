"""Join: a person brings the file they took away into a new account, with fresh consent, and has the same list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.use_cases import consenting
from app.use_cases.portable_file import Brought, Unusable, read_portable
from app.use_cases.remodelling import put_in
from app.use_cases.requesting import refused
from app.workspace import Workspace
from data.columns import ITEM, TIME, VALUE
from data.errors import BadInput
from data.ids import Ids
from data.keep import edits
from data.keep.choices import Effect, Rule
from data.keep.consents import Purpose
from data.keep.events import Kind
from data.tables import Dataset

_WHAT = "join"
_LONGEST_ID = 64


def join(
    workspace: Workspace,
    data: str,
    path: Path,
    notice: str,
    purposes: Sequence[str] = (),
    new_id: str | None = None,
) -> dict[str, Any]:
    """Make a new account of a file that `portable` wrote here; returns user_id, records, purposes and models.

    It is a new person: an erasure of the former account does not block it, and nothing links the two in the record.
    Only what is agreed to under `notice` is done: without `lists` the list is the one that is the same for all, without
    `learning` no model has the records. Where it is cut off, joining with the same file again goes on.
    """
    wanted = _purposes(purposes)
    brought = _checked(workspace, data, path)
    dataset = workspace.catalog.open(data)
    user = _id(new_id, brought)
    resumed = _cut_off(workspace, data, user, brought)
    _refuse_taken(workspace, dataset, user, brought, resumed)
    codes = _codes(workspace, dataset, brought)
    if not resumed:
        _agree(workspace, dataset, user, brought, notice, wanted)
    former = dataset.interactions.hash
    if user not in dataset.interactions.users:
        dataset = _add(workspace, dataset, user, brought, codes)
    learning = workspace.choices.get(data, user).learning
    models = put_in(workspace, dataset, user, add=True, former=former) if learning else []
    _tell(workspace, data, user, brought, "done")
    return {
        "data": data,
        "user": user,
        "records": len(codes),
        "purposes": _agreed(workspace, data, user),
        "models": models,
    }


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


def _id(new_id: str | None, brought: Brought) -> str:
    """The id that was asked for, or one that is made of the file, so that a second try finds the first."""
    if new_id is None:
        return f"p-{brought.sha256[:16]}"
    if new_id != new_id.strip() or not 0 < len(new_id) <= _LONGEST_ID or not new_id.isprintable():
        raise BadInput(f"an id is 1 to {_LONGEST_ID} printable characters", value=new_id, fix="choose another one")
    return new_id


def _refuse_taken(workspace: Workspace, dataset: Dataset, user: str, brought: Brought, resumed: bool) -> None:
    users = dataset.interactions.users
    if brought.user in users and not (resumed and brought.user == user):
        refused(workspace, dataset.name, _WHAT, "the account of the file is still here")
        raise BadInput("the account that this file is of is still here", fix="use that account, or erase it first")
    if user in users and not resumed:
        refused(workspace, dataset.name, _WHAT, "the id is taken")
        raise BadInput("this id is taken", value=user, fix="choose another one with --as")


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
    cells, data, choices = consenting.cells_of(dataset), dataset.name, workspace.choices
    with workspace.database.write() as session:
        who = workspace.pseudonyms.pseudonym(data, user, session)
        told = {"data": data, "stage": "begun", "file": _seal(workspace, data, user, brought, session)}
        workspace.log.append_within(session, Kind.JOIN, who, told, who)
        for given in (True, False):
            mine = [cell for cell in cells if (cell[0] in wanted) is given]
            if mine:
                workspace.consents.record(session, data, user, mine, given, notice)
        choices.set_profiling(data, user, Purpose.LISTS in wanted, session)
        choices.set_learning(data, user, Purpose.LEARNING in wanted, session)
        choices.restore(data, user, _settings(brought), session)


def _settings(brought: Brought) -> dict[str, Any]:
    """The fields of a choice that the file holds."""
    sets: dict[str, set[str]] = {"excluded": set(), "less": set(), "hidden": set()}
    slider, rules = None, set()
    for row in brought.settings:
        name, value = row["setting"], row["value"]
        if name == "slider":
            slider = float(json.loads(value))
        elif name == "rule":
            effect, kind, what = json.loads(value)
            rules.add(Rule(Effect(effect), kind, what))
        else:
            sets[name].add(value)
    return {"slider": slider, "rules": frozenset(rules), **{name: frozenset(items) for name, items in sets.items()}}


def _add(workspace: Workspace, dataset: Dataset, user: str, brought: Brought, codes: np.ndarray) -> Dataset:
    held = dataset.interactions
    values = None if held.value is None else np.array([row.get(VALUE, 1.0) for row in brought.interactions], float)
    times = None if held.timestamp is None else np.array([row.get(TIME, 0) for row in brought.interactions], np.int64)
    known = {row["attribute"]: row["value"] for row in brought.attributes}
    new = partial(edits.with_person, user=user, items=codes, values=values, times=times, attributes=known)
    return workspace.catalog.rewrite(dataset.name, new)


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
    return workspace.pseudonyms.commitment(data, user, f"file:{brought.sha256}", session)


def _agreed(workspace: Workspace, data: str, user: str) -> list[str]:
    state = workspace.consents.state_at(data, user)
    return sorted({str(purpose) for (purpose, _), entry in state.items() if entry.given})


def _tell(workspace: Workspace, data: str, user: str, brought: Brought, stage: str) -> None:
    who = workspace.pseudonyms.pseudonym(data, user)
    told = {"data": data, "stage": stage, "file": _seal(workspace, data, user, brought)}
    workspace.log.append(Kind.JOIN, who, told, who)
