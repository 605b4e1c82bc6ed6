"""Retention: how long data is kept, and the purge that holds to it, with counts in the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.use_cases.remodelling import refit_all
from app.workspace import Workspace
from data.errors import BadInput
from data.keep import edits, retention
from data.keep.events import Kind
from data.keep.retention import INTERACTIONS, POLICY, WHAT, Limit
from data.tables import Dataset

NO_TIMES = "this data set has no timestamps, so nobody can say what is older"


def schedule(workspace: Workspace, data: str, *, now: datetime | None = None) -> dict[str, Any]:
    """The retention of a data set: days by what they are for, and how many rows are over their limit now."""
    dataset = workspace.catalog.open(data)
    days = workspace.policies.setting(data, POLICY, {})
    held = retention.limits(days, now or datetime.now(UTC))
    counts = {name: _over(workspace, dataset, limit) for name, limit in held.items()}
    rows = [
        {"what": name, "days": days.get(name), "over_the_limit": counts.get(name), "words": words}
        for name, words in WHAT.items()
    ]
    notes = [NO_TIMES] if INTERACTIONS in days and dataset.interactions.timestamp is None else []
    return {"data": data, "retention": rows, "notes": notes}


def set_retention(
    workspace: Workspace, data: str, days: Mapping[str, int | None], reason: str, actor: str = "manager"
) -> dict[str, Any]:
    """Change days; None keeps that without a limit. Nothing is removed until a purge."""
    workspace.catalog.summary(data)
    if not reason.strip():
        raise BadInput("a change of retention needs a reason", fix="say in a sentence why it is changed")
    before = workspace.policies.setting(data, POLICY, {})
    given = {**before, **days}
    for name in set(days) - set(WHAT):
        retention.checked_days({name: 1})
    after = retention.checked_days({name: count for name, count in given.items() if count is not None})
    workspace.policies.set_setting(data, POLICY, after, {}, actor, reason)
    return schedule(workspace, data)


def parse_days(words: list[str]) -> dict[str, int | None]:
    """`interactions=365` and `receipts=none` as days."""
    days: dict[str, int | None] = {}
    for word in words:
        name, equals, count = word.partition("=")
        if not equals or not (count == "none" or count.isdecimal()):
            raise BadInput("retention is written what=days", value=word, fix="for example --set interactions=365")
        days[name.strip()] = None if count == "none" else int(count)
    return days


def purge(workspace: Workspace, data: str, *, now: datetime | None = None) -> dict[str, Any]:
    """Remove what is over its limit: {removed: {what: rows}, models: [{name, state}], left: {what: 0}}.

    Models are fitted anew on what is left and named "refitted", or "out of date" where nothing is left to fit. A purge
    that was cut off is seen in the record as begun and not done; another one goes on, since each part may be done twice.
    """
    workspace.catalog.summary(data)
    held = retention.limits(workspace.policies.setting(data, POLICY, {}), now or datetime.now(UTC))
    told = {"data": data, "days": {name: limit.days for name, limit in held.items()}}
    resumed = _was_cut_off(workspace, data)
    workspace.log.append(Kind.PURGE, "operator", {**told, "stage": "begun"})
    removed, models = _purge_interactions(workspace, data, held.get(INTERACTIONS), resumed)
    people = set(map(str, workspace.catalog.open(data).interactions.users.values))
    with workspace.database.write() as session:
        for name, limit in held.items():
            if name != INTERACTIONS:
                removed[name] = retention.remove_older(session, data, limit, people)
        states = [[row["name"], row["state"]] for row in models]
        done = {**told, "stage": "done", "removed": removed, "models": states}
        workspace.log.append_within(session, Kind.PURGE, "operator", done)
    workspace.database.truncate_journal()
    dataset = workspace.catalog.open(data)
    left = {name: _over(workspace, dataset, limit) for name, limit in held.items()}
    return {"data": data, "removed": removed, "models": models, "left": left}


def _purge_interactions(
    workspace: Workspace, data: str, limit: Limit | None, resumed: bool
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    dataset = workspace.catalog.open(data)
    if limit is None or dataset.interactions.timestamp is None:
        return {}, []
    if not _over(workspace, dataset, limit):
        return {INTERACTIONS: 0}, refit_all(workspace, data) if resumed else []
    gone = 0

    def edit(held: Dataset, sensitive: pd.DataFrame) -> tuple[Dataset, pd.DataFrame]:
        nonlocal gone
        left, apart = cut(held, sensitive)
        gone = len(held.interactions) - len(left.interactions)
        return left, apart

    cut = partial(edits.without_older, before=_seconds(limit))
    workspace.catalog.rewrite(data, edit)
    return {INTERACTIONS: gone}, refit_all(workspace, data)


def _was_cut_off(workspace: Workspace, data: str) -> bool:
    """Whether the last purge of the data set began and did not end; the models may not have been fitted anew."""
    purges = workspace.log.entries(kind=Kind.PURGE, newest_first=True)
    last = next((event for event in purges if event.detail["data"] == data), None)
    return last is not None and last.detail["stage"] == "begun"


def _over(workspace: Workspace, dataset: Dataset, limit: Limit) -> int | None:
    """How many rows are over the limit; None where nobody can say."""
    times = dataset.interactions.timestamp
    if limit.what == INTERACTIONS:
        return None if times is None else int(np.count_nonzero(times < _seconds(limit)))
    people = set(map(str, dataset.interactions.users.values))
    with workspace.database.read() as session:
        return retention.older(session, dataset.name, limit, people)


def _seconds(limit: Limit) -> int:
    return int(np.ceil(limit.before.timestamp()))
