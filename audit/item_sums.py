"""What every user's list and choices give to each group of items: the sums that all ratios of the item side are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from audit.inference.intervals import Bootstrap
from audit.measures.coded import Coded, divide
from audit.measures.grouping import Grouping
from audit.measures.ratios import Ratios, Sums, ratios
from audit.measures.weights import weights

_BLOCKS = ("exposure", "clicks", "merit", "shown", "hits", "barred", "places")


@dataclass(frozen=True, eq=False)
class Summed:
    """Sums by user, and under resamples of users.

    `kept`: groups with a row of their own, those with most catalogue items. A block has a column for each of them, one
    for all other named groups together, one for 'unknown' where it has no row: totals leave nobody out. `by_user`: users
    x (all blocks, then whether the user has a list).
    """

    grouping: Grouping
    kept: np.ndarray
    by_user: sparse.csr_array
    bootstrap: Bootstrap

    @classmethod
    def of(cls, coded: Coded, grouping: Grouping, model: str, bootstrap: Bootstrap, most: int) -> Summed:
        """Add up the lists, the held-out choices and the history of everybody."""
        kept = np.sort(np.lexsort((np.arange(len(grouping.names)), -grouping.size))[:most])
        belongs = sparse.csr_array(grouping.split @ _fold(grouping, kept))
        weight, hit = weights(model, coded.rank), coded.relevant.astype(np.float64)
        shown = (coded.first & coded.catalogue[coded.item]).astype(np.float64)
        listed = sparse.diags_array((coded.length > 0).astype(np.float64), format="csr")
        inside = sparse.diags_array(coded.catalogue.astype(np.float64), format="csr")
        seen = sparse.csr_array(listed @ coded.history @ inside)
        tables = (
            *(_rows(coded, each) for each in (weight, weight * hit)),
            coded.truth,
            *(_rows(coded, each) for each in (shown, hit)),
            seen - seen.multiply(_rows(coded, shown)),
            _rows(coded, np.ones(len(weight))),
        )
        lists = sparse.csr_array((coded.length > 0).astype(np.float64)[:, None])
        stacked = sparse.hstack([*(table @ belongs for table in tables), lists], format="csr")
        here = (coded.length > 0) | (coded.n_truth > 0)
        return cls(grouping, kept, sparse.csr_array(stacked)[here], bootstrap)

    @cached_property
    def total(self) -> np.ndarray:
        """Sums over everybody, 1 x columns."""
        return np.asarray(self.by_user.sum(axis=0)).reshape(1, -1)

    @cached_property
    def drawn(self) -> np.ndarray:
        """Sums under each resample of users, draws x columns."""
        return self.bootstrap.sums(self.by_user)

    @cached_property
    def known(self) -> np.ndarray:
        """Which of the kept groups are named by the data."""
        return self.grouping.known[self.kept]

    def block(self, name: str, sums: np.ndarray) -> np.ndarray:
        """One block of sums: rows x (kept, other named ones, unknown)."""
        width = len(self.kept) + 2
        start = _BLOCKS.index(name) * width
        return sums[:, start : start + width]

    def ratios(self, sums: np.ndarray) -> Ratios:
        """DP, DTR and DIR of the kept groups, rows x kept."""
        size = np.broadcast_to(self._size, (len(sums), len(self._size)))
        columns = Sums(self.block("exposure", sums), self.block("clicks", sums), size, self.block("merit", sums))
        found = ratios(columns, np.concatenate([self.known, [True, False]]))
        return Ratios(*(each[:, : len(self.kept)] for each in found))

    def shares(self, name: str, sums: np.ndarray) -> np.ndarray:
        """Each kept group's part of a block's sum, rows x kept."""
        block = self.block(name, sums)
        return divide(block, block.sum(axis=1, keepdims=True))[:, : len(self.kept)]

    def selection_rate(self, sums: np.ndarray) -> np.ndarray:
        """P(shown | group) of the kept groups: showings over pairs of a list and a catalogue item it could have shown.

        That is any item that the person had not chosen, and any that the list shows all the same.
        """
        chances = sums[:, -1:] * self._size - self.block("barred", sums)
        return divide(self.block("shown", sums), chances)[:, : len(self.kept)]

    def skews(self, sums: np.ndarray) -> np.ndarray:
        """`skew` of the kept groups, rows x kept: of the places of all lists together."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(divide(self.shares("places", sums), self.grouping.target[self.kept])))

    def relevant_rate(self, sums: np.ndarray) -> np.ndarray:
        """P(shown | group, chosen later) of the kept groups: hits over held-out choices."""
        return divide(self.block("hits", sums), self.block("merit", sums))[:, : len(self.kept)]

    @cached_property
    def _size(self) -> np.ndarray:
        return np.asarray(self.grouping.size @ _fold(self.grouping, self.kept))


def _rows(coded: Coded, values: np.ndarray) -> sparse.csr_array:
    """Users x items: the sum of a number per row of the lists."""
    pointers = np.concatenate([[0], np.cumsum(coded.length)])
    return sparse.csr_array((values, coded.item, pointers), shape=(len(coded.users), len(coded.items)))


def _fold(grouping: Grouping, kept: np.ndarray) -> sparse.csr_array:
    """Groups x columns of a block: a column each for the kept, then other named ones, then 'unknown'."""
    place = np.where(grouping.known, len(kept), len(kept) + 1)
    place[kept] = np.arange(len(kept))
    rows = np.arange(len(place))
    return sparse.csr_array((np.ones(len(place)), (rows, place)), shape=(len(place), len(kept) + 2))
