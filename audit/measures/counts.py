"""How often every item stands at every rank of everybody's lists: the one table that all exposure numbers follow from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from audit.measures.coded import Coded


@dataclass(frozen=True, eq=False)
class Counts:
    """Showings by part, item and rank, as sorted cells; a part is a user group's share of a bucket of users.

    Part = group x buckets + bucket. Buckets are random sets of users, so the spread of a sum over them is its
    sampling error. Weights of ranks come afterwards, so that any browsing model needs no second look at the lists.
    """

    k: int
    n_items: int
    buckets: int
    key: np.ndarray  # int64, sorted, distinct: (part x n_items + item) x k + rank - 1
    n: np.ndarray  # showings of the cell
    lists: np.ndarray  # int64, one a part: how many users have a list
    repeated: sparse.csr_array  # parts x items: showings of an item to a user who has it in the list already
    short: sparse.csr_array  # parts x items: sum of 1/n - 1/k over showings in lists of n < k rows

    @classmethod
    def of(cls, coded: Coded) -> Counts:
        """Count tables in memory: everybody in one group and one bucket."""
        size = len(coded.items)
        key, n = np.unique(coded.item.astype(np.int64) * coded.k + coded.rank - 1, return_counts=True)
        repeats = np.bincount(coded.item[~coded.first], minlength=size).astype(np.float64)
        length = coded.length[coded.user]
        few = length < coded.k
        short = np.bincount(coded.item[few], weights=1 / length[few] - 1 / coded.k, minlength=size)
        lists = np.array([(coded.length > 0).sum()], dtype=np.int64)
        rows = (sparse.csr_array(each[None, :]) for each in (repeats, short))
        return cls(coded.k, size, 1, key, n, lists, *rows)

    @property
    def n_parts(self) -> int:
        """Groups times buckets."""
        return len(self.lists)

    @cached_property
    def showings(self) -> sparse.csr_array:
        """Parts x items: rows of the lists, repeats included."""
        return self.attention(np.ones(self.k))

    @cached_property
    def distinct(self) -> sparse.csr_array:
        """Parts x items: lists that show the item."""
        return sparse.csr_array(self.showings - self.repeated) if self.repeated.nnz else self.showings

    @cached_property
    def per_list(self) -> sparse.csr_array:
        """Parts x items: sum over lists of the item's share of the list.

        So the mean over users of their list's mean of any property f of items is sum_i f_i per_list_i / lists.
        """
        full = sparse.csr_array(self.showings / self.k)
        return sparse.csr_array(full + self.short) if self.short.nnz else full

    def attention(self, weight: np.ndarray) -> sparse.csr_array:
        """Parts x items: sum of the weights of the ranks; `weight` holds those of ranks 1 to k."""
        known = self._attention.get(weight.tobytes())
        if known is None:
            starts, indptr, item, place = self._pairs
            given = np.add.reduceat(self.n * weight.take(place), starts) if len(starts) else np.empty(0)
            known = sparse.csr_array((given, item, indptr), shape=(self.n_parts, self.n_items))
            self._attention[weight.tobytes()] = known
        return known

    @cached_property
    def _attention(self) -> dict[bytes, sparse.csr_array]:
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
        return starts, indptr.astype(np.int32), (pair % max(self.n_items, 1)).astype(np.int32), place
