"""Change every trained model of a data set where one person's records change; one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from app.workspace import Workspace
from data.errors import BadInput
from data.keep.home import locked, private_folder
from data.tables import Dataset
from models.base import Recommender
from models.counted.counts import statistics_hash
from models.histories import Training
from models.people import with_row, without_people
from models.registry import create

REFITTED, OUT_OF_DATE, UNTOUCHED, REMOVED = "refitted", "out of date", "not changed", "removed"


def training_of(workspace: Workspace, dataset: Dataset) -> Training:
    """What a model may learn from: the data set without those who switched that off or restricted their records."""
    return without_people(Training.of(dataset), workspace.choices.not_learned(dataset.name))


def take_out(workspace: Workspace, data: str, user: str) -> list[dict[str, Any]]:
    """Remove the person from every model of the data set, their records in the store untouched; a proof a model.

    {name, class, stats_hash_before, stats_hash_after, stats_hash_retrain}: the last is of a model fitted anew on the
    same people without this one. A model that does not hold the person is left alone, so it can be done again; one
    that holds nobody else is removed, and its row is {name, state}.
    """
    with _models(workspace, data) as names:
        return [proof for name in names if (proof := _take_out(workspace, name, user))]


def put_in(workspace: Workspace, data: str, user: str, *, add: bool, former: str) -> list[dict[str, Any]]:
    """Fit every model anew with the person's records as the data set holds them now; a row {name, state} a model.

    With `add` somebody whom a model does not know is added to it. `former` is the hash of the data set before the
    change: a model of it is noted as one of the present data. A model of other titles is not changed, and said to be. Of
    somebody who was erased meanwhile nothing is put in.
    """
    with _models(workspace, data) as names:
        dataset = workspace.catalog.open(data)  # looked at now: another session may have changed it since
        chosen = dataset.interactions
        if user not in chosen.users:
            return []
        mine = chosen.take(chosen.user == chosen.users.code(user))
        values = np.ones(len(mine)) if mine.value is None else mine.value
        items = chosen.items.values[mine.item]
        return [_put_in(workspace, name, dataset, user, items, values, add, former) for name in names]


def refit_all(workspace: Workspace, data: str) -> list[dict[str, Any]]:
    """Fit every model anew on what the data set holds now, or say that it is out of date where that is too little."""
    with _models(workspace, data) as names:
        if not names:
            return []
        dataset = workspace.catalog.open(data)
        view, now = training_of(workspace, dataset), dataset.interactions.hash
        return [{"name": name, "state": _refit(workspace, name, view, data_hash=now)} for name in names]


@contextmanager
def _models(workspace: Workspace, data: str) -> Iterator[list[str]]:
    """The ids of the models of a data set, while nobody else changes one through here."""
    with locked(private_folder(workspace.shelf.root) / ".changing.lock"):
        yield [name for name in workspace.shelf.ids() if workspace.shelf.about(name)["data"] == data]


def _take_out(workspace: Workspace, name: str, user: str) -> dict[str, Any] | None:
    before = workspace.shelf.load(name)  # not one in memory, which may be corrected at once and not yet exactly
    if user not in before.training.users:
        return None
    code = before.training.users.code(user)
    others = before.training.without_user(code)
    if not others.matrix.nnz:
        workspace.shelf.drop(name)
        return {"name": name, "state": REMOVED}
    after, fresh = before.erase(code), _anew(before, others)
    workspace.shelf.replace(name, after)
    return {
        "name": name,
        "class": before.erasure,
        "stats_hash_before": statistics_hash(before.statistics()),
        "stats_hash_after": statistics_hash(after.statistics()),
        "stats_hash_retrain": statistics_hash(fresh.statistics()),
    }


def _put_in(
    workspace: Workspace,
    name: str,
    dataset: Dataset,
    user: str,
    items: np.ndarray,
    values: np.ndarray,
    add: bool,
    former: str,
) -> dict[str, Any]:
    before, now = workspace.shelf.load(name), dataset.interactions.hash
    codes = before.training.items.codes(items)
    if not (add or user in before.training.users):
        return {"name": name, "state": UNTOUCHED}
    if (codes < 0).any():
        return {"name": name, "state": OUT_OF_DATE}
    noted = {"data_hash": now} if workspace.shelf.about(name)["data_hash"] == former else {}
    return {"name": name, "state": _refit(workspace, name, with_row(before.training, user, codes, values), **noted)}


def _refit(workspace: Workspace, name: str, training: Training, **noted: str) -> str:
    try:
        after = _anew(workspace.shelf.load(name), training)
    except BadInput:  # nothing is left to learn from, or too little for this model
        return OUT_OF_DATE
    workspace.shelf.replace(name, after, **noted)
    return REFITTED


def _anew(model: Recommender, training: Training) -> Recommender:
    return create(model.name, **model.settings.model_dump()).fit(training)
