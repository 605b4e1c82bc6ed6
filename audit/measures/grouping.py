"""Items in groups, and the rows of the lists as showings of groups: what every measure of the item side counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded
from audit.measures.exposure import UNKNOWN, owners
from data.columns import Kind


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of one item column. An item without a group, or outside the items table, is of the group 'unknown'.

    `split`: items x groups, rows sum to 1 (an item of m groups is 1/m of each). `whole`: the same with 1 for every
    group. `known`: mask of the groups but 'unknown'. `size` and `members`: catalogue items of each group, split and whole.
    """

    column: str
    names: tuple[str, ...]
    split: sparse.csr_array
    catalogue: np.ndarray

    @classmethod
    def of(cls, coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], column: str) -> Grouping:
        """Read one column of the items table."""
        split, names = owners(items, column, coded.items, kinds)
        return cls(column, tuple(names), split, coded.catalogue)

    @cached_property
    def whole(self) -> sparse.csr_array:
        """Items x groups, 1 where the item belongs."""
        table = sparse.csr_array(self.split, copy=True)
        table.data[:] = 1.0
        return table

    @cached_property
    def known(self) -> np.ndarray:
        """Which groups are named by the data."""
        return np.array([name != UNKNOWN for name in self.names], dtype=bool)

    @cached_property
    def size(self) -> np.ndarray:
        """Catalogue items of each group, an item of several split."""
        return np.asarray(self.catalogue.astype(np.float64) @ self.split)

    @cached_property
    def members(self) -> np.ndarray:
        """Catalogue items of each group, an item of several counted in each."""
        return np.asarray(self.catalogue.astype(np.float64) @ self.whole)

    @cached_property
    def target(self) -> np.ndarray:
        """Share of the catalogue; sums to 1."""
        return self.size / max(self.size.sum(), 1)


@dataclass(frozen=True, eq=False)
class Showings:
    """Every row of the lists once for each group of its item, sorted by list, then group, then place.

    `list` numbers the lists 0, 1, …; `place` counts from 1 inside the list, whatever the given ranks; `rank` is the given
    one; `part` is how much of the item is the group's. `length`: rows of each list.
    """

    list: np.ndarray
    place: np.ndarray
    rank: np.ndarray
    group: np.ndarray
    part: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, coded: Coded, belongs: sparse.csr_array) -> Showings:
        """Look up the groups of every row; `belongs` is items x groups, without an empty row."""
        length = coded.length[coded.length > 0]
        number = np.repeat(np.arange(len(length)), length)
        place = np.arange(len(number)) - np.repeat(np.cumsum(length) - length, length) + 1
        rows = sparse.csr_array(belongs[coded.item])
        times = np.diff(rows.indptr)
        number, place, rank = (np.repeat(each, times) for each in (number, place, coded.rank))
        order = np.lexsort((place, rows.indices, number))
        return cls(number[order], place[order], rank[order], rows.indices[order], rows.data[order], length)

    @cached_property
    def starts(self) -> np.ndarray:
        """Whether the entry is the first of its group in its list."""
        new = np.ones(len(self.list), dtype=bool)
        new[1:] = (self.list[1:] != self.list[:-1]) | (self.group[1:] != self.group[:-1])
        return new

    def before(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of the earlier entries of the same group in the same list."""
        summed = np.cumsum(values) - values
        run = np.cumsum(self.starts) - 1
        return summed - summed[self.starts][run]
