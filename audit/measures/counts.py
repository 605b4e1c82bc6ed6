"""How often every item stands at every rank of everybody's lists: the one table that all exposure numbers follow from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from audit.measures.coded import Coded

Table = np.ndarray | sparse.csr_array  # parts x items


@dataclass(frozen=True, eq=False)
class Counts:
    """Showings by part, item and rank; a part is a user group's share of a bucket of users.

    Part = group x buckets + bucket. Buckets are random sets of users, so the spread of a sum over them is its
    sampling error. Weights of ranks come afterwards, so that any browsing model needs no second look at the lists.
    """

    k: int
    n_items: int
    buckets: int
    lists: np.ndarray  # int64, one a part: how many users have a list
    repeated: sparse.csr_array  # parts x items: showings of an item to a user who has it in the list already
    short: sparse.csr_array  # parts x items: sum of 1/n - 1/k over showings in lists of n < k rows

    @property
    def n_parts(self) -> int:
        """Groups times buckets."""
        return len(self.lists)

    def attention(self, *weights: np.ndarray) -> list[Table]:
        """Parts x items for each weight: sum of the weights of the ranks; a weight holds those of ranks 1 to k."""
        new = {weight.tobytes(): weight for weight in weights if weight.tobytes() not in self._weighed}
        self._weighed.update(zip(new, self._attention(list(new.values())) if new else (), strict=True))
        return [self._weighed[weight.tobytes()] for weight in weights]

    @cached_property
    def showings(self) -> Table:
        """Parts x items: rows of the lists, repeats included."""
        return self.attention(np.ones(self.k))[0]

    @cached_property
    def distinct(self) -> Table:
        """Parts x items: lists that show the item."""
        return self._plus(self.showings, -self.repeated)

    def of_lists(self, features: np.ndarray) -> np.ndarray:
        """Parts x features: sum over lists of the list's mean of each feature; `features` is items x features."""
        return np.asarray(self.showings @ features / self.k + self.short @ features)

    @cached_property
    def _weighed(self) -> dict[bytes, Table]:
        return {}

    def _attention(self, weights: list[np.ndarray]) -> list[Table]:
        raise NotImplementedError

    @staticmethod
    def _plus(table: Table, more: sparse.csr_array) -> Table:
        if not more.nnz:
            return table
        return table + more.toarray() if isinstance(table, np.ndarray) else sparse.csr_array(table + more)


@dataclass(frozen=True, eq=False)
class Cells(Counts):
    """Counts as the cells that are not empty."""

    key: np.ndarray  # int64, sorted, distinct: (part x n_items + item) x k + rank - 1
    n: np.ndarray  # showings of the cell

    @classmethod
    def of(cls, coded: Coded) -> Cells:
        """Count tables in memory: everybody in one group and one bucket."""
        size = len(coded.items)
        key, n = np.unique(coded.item.astype(np.int64) * coded.k + coded.rank - 1, return_counts=True)
        repeats = np.bincount(coded.item[~coded.first], minlength=size).astype(np.float64)
        length = coded.length[coded.user]
        few = length < coded.k
        short = np.bincount(coded.item[few], weights=1 / length[few] - 1 / coded.k, minlength=size)
        lists = np.array([(coded.length > 0).sum()], dtype=np.int64)
        again, few_rows = (sparse.csr_array(each[None, :]) for each in (repeats, short))
        return cls(coded.k, size, 1, lists, again, few_rows, key, n)

    def _attention(self, weights: list[np.ndarray]) -> list[Table]:
        starts, indptr, item, place = self._pairs
        given = [np.add.reduceat(self.n * each.take(place), starts) if len(starts) else np.empty(0) for each in weights]
        return [sparse.csr_array((each, item, indptr), shape=(self.n_parts, self.n_items)) for each in given]

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """First cell of every part and item that meet; the parts' pointers into them; the items; place of every cell."""
        pair = self.key // self.k
        place = self.key - pair * self.k
        new = np.ones(len(pair), dtype=bool)
        np.not_equal(pair[1:], pair[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        pair = pair[starts]
        indptr = np.searchsorted(pair, np.arange(self.n_parts + 1, dtype=np.int64) * self.n_items)
        return starts, indptr, pair % max(self.n_items, 1), place
