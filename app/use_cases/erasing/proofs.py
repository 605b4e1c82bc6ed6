"""A person taken out of every model, each with its proof: equal to a model that was fitted without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from app.workspace import Workspace
from data.errors import BadInput
from data.ids import Ids
from data.keep.home import locked, private_folder
from data.tables import Dataset, Interactions
from models.base import Recommender
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import create

STORE, OWN = "the data set", "the model's own records, which the data set has outgrown"
_MOST = 1e-12  # weights of two solves in one run (requirements 4.3)


def holders(workspace: Workspace, data: str, user: str) -> list[str]:
    """The models of a data set that were fitted on the person."""
    shelf = workspace.shelf
    return [name for name in shelf.ids() if shelf.about(name)["data"] == data and shelf.holds(name, user)]


def serve_at_once(workspace: Workspace, data: str, user: str) -> None:
    """From now until each linear model is solved anew, this process serves it corrected by a rank-one update."""
    from models.counted.instant import without_person
    from models.counted.linear import Linear

    for name in holders(workspace, data, user):
        model = workspace.model(name)
        if isinstance(model, Linear) and user in model.training.users:  # not where it is served so already
            workspace.serve(name, without_person(model, model.training.users.code(user)))


def erase_from_models(workspace: Workspace, request: str, data: str, user: str) -> None:
    """Erase from each model of the data set, compare with one fitted anew, and keep the proof."""
    root = private_folder(workspace.shelf.root)
    with locked(root / ".changing.lock"):  # whoever changes models where one person's records change
        workspace.shelf.tidy()
        dataset = workspace.catalog.open(data)
        holding = set(holders(workspace, data, user))
        for name in [each for each in workspace.shelf.ids() if workspace.shelf.about(each)["data"] == data]:
            _erase_from_model(workspace, request, name, user, dataset, holds=name in holding)
    workspace.forget_models()


def _erase_from_model(
    workspace: Workspace, request: str, name: str, user: str, dataset: Dataset, *, holds: bool
) -> None:
    detail = workspace.erasures.get(request).detail
    noted = detail.get("before", {}).get(name)
    if name in detail.get("proofs", {}) or not (holds or noted):
        return
    model = workspace.shelf.load(name)  # not the one that is served at once, whose weights are an update
    if holds:
        noted = {"hash": statistics_hash(model.statistics()), "class": model.erasure}
        workspace.erasures.note(request, "before", noted, name)
    try:
        after = model.erase(model.training.users.code(user)) if holds else model
        fresh, source = _anew(after, dataset)
    except BadInput:  # nothing is left to learn from, or too little for this model
        workspace.erasures.note(request, "removed", True, name)
        workspace.shelf.drop(name)
        return
    found, equal = _compared(after, fresh), True
    if not _equal(found):  # then the retrain takes its place, and is said to be one
        after, found, equal = fresh, _compared(fresh, fresh), False
        noted = {**noted, "class": "retrained"}
        workspace.erasures.note(request, "before", noted, name)
    if holds or not equal:
        workspace.shelf.replace(name, after, data_hash=_data_hash(workspace, name, after, dataset, detail["data_hash"]))
    about = {"name": name, "class": noted["class"], "settings": after.settings.model_dump()}
    proof = {**about, "stats_hash_before": noted["hash"], **found, "retrained_on": source}
    workspace.erasures.note(request, "proofs", proof, name)


def _compared(after: Recommender, fresh: Recommender) -> dict[str, Any]:
    """The erased model beside one fitted anew in the same run."""
    return {
        "stats_hash_after": statistics_hash(after.statistics()),
        "stats_hash_retrain": statistics_hash(fresh.statistics()),
        "weights_max_diff_same_run": _largest_difference(after, fresh),
        "ranked_lists_equal": _same_lists(after, fresh),
    }


def _equal(found: dict[str, Any]) -> bool:
    same = found["stats_hash_after"] == found["stats_hash_retrain"]
    return same and found["weights_max_diff_same_run"] <= _MOST and found["ranked_lists_equal"]


def _anew(after: Recommender, dataset: Dataset) -> tuple[Recommender, str]:
    """A model fitted from nothing on the same people, with their records from the store where it still has them."""
    training, source = _of_store(dataset, after.training.users), STORE
    if not _same_records(training, after.training):
        training, source = after.training, OWN
    return create(after.name, **after.settings.model_dump()).fit(training), source


def _of_store(dataset: Dataset, people: Ids) -> Training:
    """What a model learns from, for these people alone: whoever opted out of learning is in the store and not in it."""
    whole = Training.of(dataset)
    users = Ids(whole.users.values[np.isin(whole.users.values, people.values)])
    return replace(whole, users=users, matrix=sparse.csr_array(whole.matrix[whole.users.codes(users.values)]))


def _same_records(one: Training, other: Training) -> bool:
    a, b = one.matrix, other.matrix
    return (
        one.users == other.users
        and one.items == other.items
        and one.kinds == other.kinds
        and one.content.equals(other.content)
        and all(np.array_equal(getattr(a, part), getattr(b, part)) for part in ("indptr", "indices", "data"))
    )


def _data_hash(workspace: Workspace, name: str, after: Recommender, dataset: Dataset, former: str) -> str:
    """What the model is of now: the data set as it is, or, where it was of another state of it, its own records."""
    if workspace.shelf.about(name)["data_hash"] in (former, dataset.interactions.hash):
        return dataset.interactions.hash
    rows, columns = after.training.matrix.nonzero()
    values = after.training.matrix.data if after.training.explicit else None
    return Interactions(after.training.users, after.training.items, rows, columns, values).hash


def _largest_difference(one: Recommender, other: Recommender) -> float:
    pairs = [(array, other._state()[name]) for name, array in one._state().items() if array.dtype.kind in "fiub"]
    return max(
        (float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max(initial=0)) for a, b in pairs), default=0.0
    )


def _same_lists(one: Recommender, other: Recommender) -> bool:
    ours, theirs = (model.recommend(model.profiles(), 10).items for model in (one, other))
    return bool(np.array_equal(ours, theirs))
