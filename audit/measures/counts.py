"""How often every item stands at every rank of everybody's lists: the one table that all exposure numbers follow from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from audit.measures.coded import Coded

Features = np.ndarray | sparse.csr_array  # items x features
Table = np.ndarray | sparse.csr_array  # parts x features


@dataclass(frozen=True, eq=False)
class Counts:
    """Showings by part, item and rank; a part is a user group's share of a bucket of users.

    Part = group x buckets + bucket. Buckets are random sets of users, so the spread of a sum over them is its
    sampling error. Weights of ranks come afterwards (an array of those of ranks 1 to k), so that any browsing model
    needs no second look at the lists. `parts` below are whole groups, all by default.
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

    @property
    def once(self) -> np.ndarray:
        """The weight under which attention is showings."""
        return np.ones(self.k)

    def total(self, weight: np.ndarray, parts: np.ndarray | None = None) -> np.ndarray:
        """Attention of every item: sum over its showings of the weights of the ranks."""
        raise NotImplementedError

    def along(self, *asked: Along) -> list[Table]:
        """Parts x features for each: sum over showings of the weight of the rank times each feature of the item.

        Sparse where the features are. All are answered in one look at the counts.
        """
        raise NotImplementedError

    def distinct(self, parts: np.ndarray | None = None) -> np.ndarray:
        """Lists that show each item, once however often they repeat it."""
        return self.total(self.once, parts) - np.asarray(self._repeated(parts).sum(axis=0)).ravel()

    def repeats_along(self, features: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Parts x features over the showings of an item to a user who has it in the list already."""
        return np.asarray(self._repeated(parts) @ features)

    def of_lists(self, features: np.ndarray) -> np.ndarray:
        """Parts x features: sum over lists of the list's mean of each feature; `features` is items x features."""
        (shown,) = self.along(Along(self.once, features, np.arange(self.n_parts)))
        return np.asarray(shown / self.k + self.short @ features)

    def _repeated(self, parts: np.ndarray | None) -> sparse.csr_array:
        return self.repeated if parts is None else sparse.csr_array(rows_of(self.repeated, parts))


class Along(NamedTuple):
    """A sum to take for some parts: weights of ranks 1 to k, and features of items."""

    weight: np.ndarray
    features: Features
    parts: np.ndarray


def rows_of(table: Table, parts: np.ndarray) -> Table:
    """The rows of some parts, without a copy where they lie together."""
    first, last = int(parts[0]), int(parts[-1]) + 1
    if last - first != len(parts):
        return table[parts]
    if isinstance(table, np.ndarray):
        return table[first:last]
    start, stop = table.indptr[first], table.indptr[last]
    inner = (table.data[start:stop], table.indices[start:stop], table.indptr[first : last + 1] - start)
    return sparse.csr_array(inner, shape=(last - first, table.shape[1]))


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

    def total(self, weight: np.ndarray, parts: np.ndarray | None = None) -> np.ndarray:
        """As of `Counts`."""
        return np.asarray(self._attention(weight, parts).sum(axis=0)).ravel()

    def along(self, *asked: Along) -> list[Table]:
        """As of `Counts`."""
        return [self._attention(each.weight, each.parts) @ each.features for each in asked]

    def _attention(self, weight: np.ndarray, parts: np.ndarray | None) -> sparse.csr_array:
        """Parts x items: sum of the weights of the ranks."""
        key = weight.tobytes()
        if key not in self._weighed:
            starts, indptr, item, place = self._pairs
            given = np.add.reduceat(self.n * weight.take(place), starts) if len(starts) else np.empty(0)
            self._weighed[key] = sparse.csr_array((given, item, indptr), shape=(self.n_parts, self.n_items))
        return self._weighed[key] if parts is None else sparse.csr_array(rows_of(self._weighed[key], parts))

    @cached_property
    def _weighed(self) -> dict[bytes, sparse.csr_array]:
        return {}

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
