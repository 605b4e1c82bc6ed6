"""Inferred tags: what is worked out about a person from their choices, what caused it, and how to switch it off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from app.use_cases.requesting import person_of
from app.workspace import Workspace
from audit.measures.beyond import calibration_column
from audit.measures.coded import Coded
from audit.measures.content import memberships
from audit.measures.popularity import short_head
from audit.segments import ACTIVITY, BEHAVIOUR, BREADTH, TASTE, TENURE, Segments, segments
from data.columns import ITEM, TIME, USER
from data.errors import NotFound
from data.keep.choices import Effect, Rule
from data.tables import Dataset

TAG = "tag"  # the kind of a rule that is about an inferred tag
NAMES = (ACTIVITY, BREADTH, TASTE, TENURE, BEHAVIOUR)
_SHOWN = 8


def inferred(dataset: Dataset) -> Segments:
    """The tags of everybody, as audits work them out: from choices alone, with the same seed."""
    coded, train = _coded(dataset)
    return segments(coded, dataset.items, dataset.kinds, train)


def _coded(dataset: Dataset) -> tuple[Coded, pd.DataFrame]:
    frame = dataset.interactions.frame()
    train = frame[[name for name in (USER, ITEM, TIME) if name in frame]]
    lists = train[[USER, ITEM]].head(1).assign(rank=1)  # a table of lists may not be empty; no tag reads it
    return Coded.of(lists, train[[USER, ITEM]].head(0), train, dataset.items, k=10), train


def tags(workspace: Workspace, data: str, user: str, found: Segments | None = None) -> list[dict[str, Any]]:
    """A row a tag: name, value (None where it is switched off), what it means, what caused it, and the records behind it.

    Tags are not stored: they are worked out when they are asked for, and by audits. `found` are those of everybody.
    """
    dataset = person_of(workspace, data, user)
    found = found or inferred(dataset)
    off = {rule.value for rule in workspace.choices.get(data, user).rules if rule.kind == TAG}
    own = _Own(dataset, user)
    rows = []
    for name, labels in found.groups.items():
        label = labels.get(user)
        on = name not in off
        because, records = own.caused(name) if on else ("", [])
        value = None if label is None or pd.isna(label) or not on else str(label)
        rows.append(
            {
                "tag": name,
                "on": on,
                "value": value,
                "means": found.described.get(value or "", "") or found.words.get(name, ""),
                "because": because,
                "records": records,
                "used_for": "audits, which assess whether such groups are served worse; no list is made from it",
            }
        )
    return rows


def set_tag(workspace: Workspace, data: str, user: str, tag: str, *, on: bool) -> None:
    """Let a tag be worked out for the person, or delete it: it is not worked out again from the same records."""
    person_of(workspace, data, user)
    if tag not in NAMES:
        raise NotFound("inferred tag", tag, list(NAMES))
    rule = Rule(Effect.UNUSED, TAG, tag)
    (workspace.choices.drop_rule if on else workspace.choices.add_rule)(data, user, rule)


def switched_off(workspace: Workspace, data: str) -> dict[str, frozenset[str]]:
    """For each tag the people for whom it must not be worked out."""
    held = workspace.choices.every(data)
    return {
        name: frozenset(user for user, choice in held.items() if Rule(Effect.UNUSED, TAG, name) in choice.rules)
        for name in NAMES
    }


class _Own:
    """One person's own records, and what they say of each tag."""

    def __init__(self, dataset: Dataset, user: str) -> None:
        data = dataset.interactions
        self._dataset = dataset
        mine = data.user == data.users.code(user)
        self._items = data.item[mine]
        self._times = None if data.timestamp is None else data.timestamp[mine]
        self._titles = [str(title) for title in dataset.titles()]

    def caused(self, tag: str) -> tuple[str, list[str]]:
        """Words, and the titles behind them."""
        count = len(self._items)
        if tag == ACTIVITY:
            return f"You chose {count} titles.", self._named(self._items)
        if tag == TASTE:
            popular = self._popular()
            return f"{len(popular)} of your {count} titles are among the most popular fifth.", self._named(popular)
        if tag == TENURE and self._times is not None and count:
            first = np.argmin(self._times)
            day = pd.to_datetime(self._times[first], unit="s").date()
            return f"Your first choice was on {day}.", self._named(self._items[[first]])
        if tag in (BREADTH, BEHAVIOUR):
            return self._categories()
        return f"You chose {count} titles.", self._named(self._items)

    def _popular(self) -> np.ndarray:
        counts = np.bincount(self._dataset.interactions.item, minlength=len(self._titles))
        return self._items[short_head(_Counts(counts), "items")[self._items]]

    def _categories(self) -> tuple[str, list[str]]:
        column = calibration_column(self._dataset.kinds, self._dataset.items)
        if column is None:
            return "", []
        table, names = memberships(self._dataset.items, column, self._dataset.interactions.items, self._dataset.kinds)
        shares = np.asarray(table[self._items].sum(axis=0)).ravel()
        first = np.argsort(-shares, kind="stable")[:3]
        most = [f"{names[code]} {shares[code] / max(shares.sum(), 1e-12):.0%}" for code in first if shares[code] > 0]
        inside = np.asarray(table[:, first[:1]].sum(axis=1)).ravel()[self._items] > 0
        return f"Your titles by {column}: {', '.join(most)}.", self._named(self._items[inside])

    def _named(self, items: np.ndarray) -> list[str]:
        return [self._titles[code] for code in items[:_SHOWN]]


class _Counts:
    def __init__(self, popularity: np.ndarray) -> None:
        self.popularity = popularity
