"""The readable signals of the hybrid model: one number for a person and an item, or for an item alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from data.columns import Kind
from models.content.features import numbers, shares
from models.content.model import Content, history_shares
from models.counted.linear import Linear
from models.histories import Profiles, Training


@dataclass(frozen=True, eq=False)
class Signals:
    """What the hybrid model combines; every signal is a function of a history and of counts of choices.

    collaborative: score of the linear item-item model; content: mean likeness to the history; popularity: ln(1 +
    number of people who chose the item); newness: place of its year or date between the oldest (0) and the newest (1),
    the middle of the others where unknown; match of a category column: share of the history in the item's categories.
    """

    linear: Linear
    content: Content | None
    popularity: np.ndarray
    newness: np.ndarray | None
    categories: dict[str, sparse.csr_array]

    @classmethod
    def of(cls, training: Training, linear: Linear, content: Content | None) -> Signals:
        """The signals of a training view, given the fitted models behind two of them."""
        counts = np.bincount(training.matrix.indices, minlength=len(training.items))
        grouped = {
            name: shares(training.content[name], kind)
            for name, kind in training.kinds.items()
            if kind in (Kind.CATEGORY, Kind.MULTI)
        }
        return cls(linear, content, np.log1p(counts), _newness(training), grouped)

    @property
    def titles(self) -> dict[str, str]:
        """Plain words for each signal by its id, in the order of the tables."""
        titles = {"collaborative": "how often it is chosen together with your titles"}
        if self.content is not None:
            titles["content"] = "how like your titles it is"
        titles["popularity"] = "how many people chose it"
        if self.newness is not None:
            titles["newness"] = "how new it is"
        return titles | {f"match {name}": f"how often you choose its {name}" for name in self.categories}

    def tables(self, profiles: Profiles) -> Iterator[np.ndarray]:
        """One table a signal: people x items, or items where the person plays no part."""
        yield self.linear.scores(profiles)
        if self.content is not None:
            yield self.content.scores(profiles)
        yield self.popularity
        if self.newness is not None:
            yield self.newness
        tastes = history_shares(profiles.presence().matrix)
        for groups in self.categories.values():
            yield (tastes @ groups @ sparse.csr_array(groups.T)).toarray()

    def at(self, profiles: Profiles, row: Any, item: Any) -> np.ndarray:
        """Pairs x signals, for the people at `row` and the item codes `item`."""
        columns = [table[row, item] if table.ndim == 2 else table[item] for table in self.tables(profiles)]
        return np.column_stack(columns)

    def rows(self, profiles: Profiles) -> np.ndarray:
        """(people · items) x signals, items within people."""
        shape = profiles.matrix.shape
        return np.stack([np.broadcast_to(table, shape).ravel() for table in self.tables(profiles)], axis=1)


def _newness(training: Training) -> np.ndarray | None:
    """The dated column from 0 (oldest) to 1 (newest); None without one."""
    name = newness_column(training)
    if name is None:
        return None
    values = numbers(training.content[name], training.kinds[name])
    known = values[~np.isnan(values)]
    values = np.where(np.isnan(values), np.median(known), values)
    return (values - known.min()) / (known.max() - known.min())


def newness_column(training: Training) -> str | None:
    """The first date column with two dates or more, or else the first such number column called year."""
    dated = [name for name, kind in training.kinds.items() if kind is Kind.DATE]
    years = [name for name, kind in training.kinds.items() if kind is Kind.NUMBER and "year" in name.lower()]
    for name in (*dated, *years):
        values = numbers(training.content[name], training.kinds[name])
        known = values[~np.isnan(values)]
        if len(known) and known.max() > known.min():
            return name
    return None
