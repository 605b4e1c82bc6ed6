"""Correct: a person changes or removes one of their own records, and sees the list that follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from app.use_cases.remodelling import put_in
from app.use_cases.requesting import begun, cut_off, ended, person_of
from app.workspace import Workspace
from data.errors import NotFound, SightglassError
from data.keep import edits
from data.keep.events import Kind
from data.keep.requests import Right
from data.tables import Dataset

Edit = Callable[[Dataset, pd.DataFrame], tuple[Dataset, pd.DataFrame]]


def correct_rating(workspace: Workspace, data: str, user: str, item: str, value: float) -> dict[str, Any]:
    """The rating of one own title is another one, in the store and in every model that holds the person."""
    edit = partial(edits.with_value, user=user, item=item, value=value)
    return _correct(workspace, data, user, edit, {"what": "rating", "item_id": item, "value": value})


def remove_record(workspace: Workspace, data: str, user: str, item: str) -> dict[str, Any]:
    """One own title was never chosen, in the store and in every model that holds the person."""
    edit = partial(edits.without_record, user=user, item=item)
    return _correct(workspace, data, user, edit, {"what": "removal", "item_id": item})


def correct_attribute(workspace: Workspace, data: str, user: str, attribute: str, value: str | None) -> dict[str, Any]:
    """An own attribute is another one, or not known (None). No model reads attributes, so lists stay as they are."""
    edit = partial(edits.with_attribute, user=user, attribute=attribute, value=value)
    return _correct(workspace, data, user, edit, {"what": "attribute", "attribute": attribute, "value": value})


def _correct(workspace: Workspace, data: str, user: str, edit: Edit, asked: dict[str, Any]) -> dict[str, Any]:
    """Store, models, record; asked again after it was cut off, it goes on where it stopped."""
    dataset = person_of(workspace, data, user)
    resumed = cut_off(workspace, data, user, Right.CORRECTION, asked)
    if resumed is None:
        _try(dataset, edit)
    former = dataset.interactions.hash if resumed is None else str(resumed.detail["former_hash"])
    request_id = begun(workspace, data, user, Right.CORRECTION, {**asked, "former_hash": former})
    try:
        _rewrite(workspace, data, edit, resumed is not None)
    except SightglassError:  # another session was first
        workspace.requests.close(request_id, "refused")
        raise
    of_records = asked["what"] != "attribute"
    models = put_in(workspace, data, user, add=False, former=former) if of_records else []
    _tell(workspace, data, user, request_id, asked)
    ended(workspace, request_id)
    return {"data": data, "request_id": request_id, "corrected": asked["what"], "models": models}


def _try(dataset: Dataset, edit: Edit) -> None:
    """Refuse what cannot be done before a request is opened; no sensitive value is read for it."""
    apart = [name for name in dataset.roles if name not in dataset.users]
    edit(dataset, pd.DataFrame(index=dataset.users.index, columns=apart, dtype="str"))


def _rewrite(workspace: Workspace, data: str, edit: Edit, resumed: bool) -> None:
    try:
        workspace.catalog.rewrite(data, edit)
    except NotFound:
        if not resumed:  # else the record is gone already
            raise


def _tell(workspace: Workspace, data: str, user: str, request_id: str, asked: dict[str, Any]) -> None:
    """The record says that a correction was made, and holds a commitment to which; never an item or a value."""
    with workspace.database.write() as session:
        if workspace.requests.get(request_id).closed_at is not None:
            return  # another session did the same, or erased the person: nobody makes them a new key
        who = workspace.pseudonyms.pseudonym(data, user, session)
        seal = workspace.pseudonyms.commitment(data, user, f"correction:{sorted(asked.items())}", session)
        detail = {"data": data, "request_id": request_id, "what": asked["what"], "commitment": seal}
        workspace.log.append_within(session, Kind.CORRECT, who, detail, who)
