"""The people of both scans as sets who are of the same group in every attribute: what tables of groups are summed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from audit.engine.quality import Judged
from audit.engine.scan import Scan


@dataclass(frozen=True, eq=False)
class Crowd:
    """Sets of people with a list or held-out items; `labels` has the group of every set, as those of people have it."""

    judged: Judged
    labels: dict[str, pd.Series]
    place: np.ndarray  # set of every group of `judged`; that of a group of nobody is any

    @classmethod
    def of(cls, found: Scan, judged: Judged) -> Crowd:
        """A set that nobody of either scan belongs to is left out."""
        here = found.groups[found.counts.lists.reshape(-1, found.counts.buckets).any(axis=1)]
        there = judged.compared[judged.lists.reshape(-1, judged.buckets).any(axis=1)]
        sets = pd.concat([here, there]).drop_duplicates(ignore_index=True)
        if sets.empty:
            return cls(judged, {}, np.zeros(len(judged.groups), np.int64))
        place = pd.MultiIndex.from_frame(sets).get_indexer(pd.MultiIndex.from_frame(judged.compared))
        return cls(judged, {str(name): sets[name].rename(str(name)) for name in sets}, np.maximum(place, 0))

    @cached_property
    def people(self) -> np.ndarray:
        """People with held-out items, and so with a value, by set."""
        return self.in_sets(self.judged.lists).astype(np.int64)

    def in_sets(self, values: np.ndarray | pd.Series) -> np.ndarray:
        """Sums of values of parts by set."""
        n = len(next(iter(self.labels.values()), ()))
        return self.in_cells(values, np.arange(n), n).sum(axis=1)

    def in_cells(self, values: np.ndarray | pd.Series, cell: np.ndarray, n_cells: int) -> np.ndarray:
        """Cells x buckets: sums of values of parts, from the cell of every set."""
        return self.in_places(values, cell[self.place], n_cells)

    def in_places(self, values: np.ndarray | pd.Series, place: np.ndarray, n_places: int) -> np.ndarray:
        """Places x buckets: sums of values of parts, from the place of every group of `judged`."""
        buckets = self.judged.buckets
        at = np.repeat(place * buckets, buckets) + np.tile(np.arange(buckets), len(place))
        return np.bincount(at, weights=values, minlength=n_places * buckets).reshape(n_places, buckets)
