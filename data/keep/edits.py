"""Changes of one person's records, for `Catalog.rewrite`: each takes a data set with its sensitive table, and gives both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from data.columns import USER
from data.errors import BadInput, NotFound
from data.ids import Ids
from data.tables import Dataset, Interactions

Both = tuple[Dataset, pd.DataFrame]
_LONGEST = 200
_FEW = 20  # up to so many different values they are the steps of a scale


def with_value(dataset: Dataset, sensitive: pd.DataFrame, user: str, item: str, value: float) -> Both:
    """The person's rating of one title is `value`; one that is not on the scale of the data set is refused."""
    data, place = dataset.interactions, _place(dataset, user, item)
    if data.value is None:
        raise BadInput("this data set holds no ratings", fix="take the choice out of it instead")
    values = data.value.copy()
    values[place] = _on_scale(data.value, value)
    return replace(dataset, interactions=replace(data, value=values)), sensitive


def without_record(dataset: Dataset, sensitive: pd.DataFrame, user: str, item: str) -> Both:
    """The person never chose this title; the person and the title stay."""
    data, place = dataset.interactions, _place(dataset, user, item)
    if len(data) == 1:
        raise BadInput("this is the only record of the data set", fix="erase the person instead")
    return replace(dataset, interactions=data.take(np.arange(len(data)) != place)), sensitive


def with_attribute(dataset: Dataset, sensitive: pd.DataFrame, user: str, attribute: str, value: str | None) -> Both:
    """An attribute of the person is `value`, or not known (None)."""
    if attribute not in dataset.roles:
        raise NotFound("attribute", attribute, list(dataset.roles))
    wanted = None if value is None else " ".join(value.split())
    if wanted is not None and not 0 < len(wanted) <= _LONGEST:
        raise BadInput(
            f"an attribute is 1 to {_LONGEST} characters",
            value=wanted[:40],
            column=attribute,
            fix="or leave it unknown",
        )
    if attribute in sensitive:
        return dataset, _set(sensitive, user, attribute, wanted)
    return replace(dataset, users=_set(dataset.users, user, attribute, wanted)), sensitive


def with_person(
    dataset: Dataset,
    sensitive: pd.DataFrame,
    user: str,
    items: np.ndarray,
    values: np.ndarray | None,
    times: np.ndarray | None,
    attributes: Mapping[str, Any],
) -> Both:
    """One person more, who chose the items (codes) with these values and times (seconds); the others stay as they are."""
    data = dataset.interactions
    if user in data.users:
        raise BadInput("this id is taken", value=user, fix="choose another one")
    users = Ids([*data.users.values, user])
    moved, mine = users.codes(data.users.values)[data.user], np.full(len(items), users.code(user), dtype=np.int32)
    columns = (
        None if held is None else np.concatenate([held, np.asarray(added, dtype=held.dtype)])
        for held, added in ((data.value, values), (data.timestamp, times))
    )
    both = Interactions(
        users,
        data.items,
        np.concatenate([moved, mine]),
        np.concatenate([data.item, np.asarray(items, dtype=np.int32)]),
        *columns,
    )
    index = pd.Index(users.values, dtype="str", name=USER)
    frames = []
    for frame in (dataset.users, sensitive):
        wider = frame.reindex(index)
        for name in set(attributes) & set(frame.columns):
            wider = _set(wider, user, name, attributes[name])
        frames.append(wider)
    return replace(dataset, interactions=both, users=frames[0]), frames[1]


def without_older(dataset: Dataset, sensitive: pd.DataFrame, before: int) -> Both:
    """Only the records from a time (seconds since 1970, UTC) on; people and titles stay."""
    data = dataset.interactions
    if data.timestamp is None:
        return dataset, sensitive
    return replace(dataset, interactions=data.take(data.timestamp >= before)), sensitive


def scale_of(values: np.ndarray) -> list[float]:
    """The steps of a scale, where there are few different values; else the lowest and the highest of them."""
    steps = np.unique(values)
    return [float(step) for step in (steps if len(steps) <= _FEW else steps[[0, -1]])]


def _on_scale(values: np.ndarray, value: float) -> float:
    steps = scale_of(values)
    stepped = len(np.unique(values)) <= _FEW
    known = isinstance(value, (int, float)) and np.isfinite(value)
    if known and ((value in steps) if stepped else steps[0] <= value <= steps[-1]):
        return float(value)
    told = ", ".join(f"{step:g}" for step in steps) if stepped else f"{steps[0]:g} to {steps[-1]:g}"
    raise BadInput("this rating is not on the scale of the data set", value=value, fix=f"give one of it: {told}")


def _place(dataset: Dataset, user: str, item: str) -> int:
    """Where the record of the person and the title is; the refusal names no other person."""
    data = dataset.interactions
    code = int(data.users.codes([user])[0])
    if code < 0:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{dataset.name}'")
    found = np.flatnonzero((data.user == code) & (data.item == data.items.codes([item])[0]))
    if not len(found):
        raise NotFound("choice of this person", item, fix="only what the person chose can be corrected")
    return int(found[0])


def _set(frame: pd.DataFrame, user: str, column: str, value: str | None) -> pd.DataFrame:
    changed = frame.copy()
    changed[column] = changed[column].where(changed.index != user, value)
    return changed
