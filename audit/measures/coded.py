"""The tables of one audit as integer codes: checked and encoded once, then counted by every metric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import ITEM, RANK, USER
from data.errors import BadInput
from data.ids import Ids, as_text


@dataclass(frozen=True, eq=False)
class Coded:
    """Lists, truth and history of everybody, as codes of one vocabulary of users and one of items.

    `user`, `item`, `rank` are the rows of the lists down to rank k, sorted by user, then rank. `truth` and `history`
    are users x items with 1 where there is a pair: a pair that is given twice counts once. `catalogue` marks the items
    that can be recommended; the vocabulary also holds items that only the other tables name.
    """

    k: int
    users: Ids
    items: Ids
    user: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    truth: sparse.csr_array
    history: sparse.csr_array
    catalogue: np.ndarray
    beyond_k: int = 0  # rows of the lists below rank k, left out

    @classmethod
    def of(
        cls,
        recommendations: pd.DataFrame,
        outcomes: pd.DataFrame,
        train: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        *,
        k: int = 10,
    ) -> Coded:
        """Check and encode frames under the public column names; without `items`, every item named is the catalogue."""
        if k < 1:
            raise BadInput("the list length k must be at least 1", value=k, fix="use k = 10")
        lists = _pairs(recommendations, "recommendations")
        ranks = _ranks(recommendations)
        truth = _pairs(outcomes, "outcomes")
        history = _pairs(train, "interactions") if train is not None else (_EMPTY, _EMPTY)
        known = _Column.of(items.index.to_series()) if items is not None else _EMPTY
        users = Ids(np.concatenate([lists[0].texts, truth[0].texts, history[0].texts]))
        vocabulary = Ids(np.concatenate([known.texts, lists[1].texts, truth[1].texts, history[1].texts]))
        user, item = lists[0].codes(users), lists[1].codes(vocabulary)
        keep = np.flatnonzero(ranks <= k)
        keep = keep[np.lexsort((ranks[keep], user[keep]))]
        _refuse_ties(users, user[keep], ranks[keep])
        catalogue = np.ones(len(vocabulary), bool) if items is None else np.zeros(len(vocabulary), bool)
        catalogue[known.codes(vocabulary)] = True
        shape = (len(users), len(vocabulary))
        pairs = [_incidence(u.codes(users), i.codes(vocabulary), shape) for u, i in (truth, history)]
        rows = (user[keep], item[keep], ranks[keep])
        return cls(k, users, vocabulary, *rows, pairs[0], pairs[1], catalogue, int((ranks > k).sum()))

    @cached_property
    def pair(self) -> np.ndarray:
        """One int64 per row of the lists that is the (user, item) pair."""
        return self.user.astype(np.int64) * len(self.items) + self.item

    @cached_property
    def first(self) -> np.ndarray:
        """Whether the row is the best-ranked showing of its item to its user (False for a repeat)."""
        mask = np.zeros(len(self.pair), dtype=bool)
        mask[np.unique(self.pair, return_index=True)[1]] = True
        return mask

    @cached_property
    def relevant(self) -> np.ndarray:
        """Whether the row shows a held-out item; a repeat of it counts as a miss."""
        return self.first & _contains(self.truth, self.pair)

    @cached_property
    def seen(self) -> np.ndarray:
        """Whether the row shows an item of the user's own history."""
        return _contains(self.history, self.pair)

    @cached_property
    def length(self) -> np.ndarray:
        """Rows in each user's list, at most k, int64."""
        return np.bincount(self.user, minlength=len(self.users))

    @cached_property
    def n_truth(self) -> np.ndarray:
        """Held-out items of each user, int64."""
        return np.diff(self.truth.indptr).astype(np.int64)

    @cached_property
    def popularity(self) -> np.ndarray:
        """How many people chose each item in training, int64."""
        return np.bincount(self.history.indices, minlength=len(self.items)).astype(np.int64)

    @cached_property
    def n_trained(self) -> int:
        """People with at least one training interaction."""
        return int((np.diff(self.history.indptr) > 0).sum())

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum over each user's list of a number per row."""
        return np.bincount(self.user, weights=values, minlength=len(self.users))

    def mean(self, values: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Mean over each user's list (over the rows of `where`); NaN without such a row."""
        counted = np.ones(len(self.user)) if where is None else where.astype(np.float64)
        return divide(self.total(np.where(counted > 0, values, 0.0)), self.total(counted))


@dataclass(frozen=True, eq=False)
class _Column:
    """A column of ids: its distinct texts and the place of each row among them, so that a text is read once."""

    places: np.ndarray
    texts: np.ndarray

    @classmethod
    def of(cls, column: pd.Series) -> _Column:
        places, distinct = pd.factorize(column)
        return cls(places, as_text(pd.Series(distinct)).to_numpy(dtype=object))

    def missing(self) -> np.ndarray:
        """Rows without an id."""
        blank = np.append(pd.isna(self.texts), True)
        return np.flatnonzero(blank[self.places])

    def codes(self, ids: Ids) -> np.ndarray:
        return ids.codes(self.texts)[self.places]


_EMPTY = _Column(np.empty(0, dtype=np.int64), np.empty(0, dtype=object))


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Quotient of the arrays, NaN where bottom is 0."""
    bottom = np.asarray(bottom, dtype=np.float64)
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=bottom != 0)


def _pairs(frame: pd.DataFrame, table: str) -> tuple[_Column, _Column]:
    columns = []
    for name in (USER, ITEM):
        if name not in frame:
            raise BadInput("a needed column is missing", file=table, column=name, fix=f"give {USER} and {ITEM}")
        column = _Column.of(frame[name])
        if len(blank := column.missing()):
            fix = "fill it or drop the row"
            raise BadInput("an id is missing", file=table, row=int(blank[0]) + 1, column=name, fix=fix)
        columns.append(column)
    return columns[0], columns[1]


def _ranks(frame: pd.DataFrame) -> np.ndarray:
    table = "recommendations"
    if RANK not in frame:
        raise BadInput("a needed column is missing", file=table, column=RANK, fix="give the place in the list, from 1")
    if frame.empty:
        raise BadInput("there is no recommendation to audit", file=table, fix="give at least one list")
    ranks = pd.to_numeric(frame[RANK], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~((ranks >= 1) & (ranks % 1 == 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        given = frame[RANK].iloc[row]
        problem = "a rank must be a whole number from 1"
        raise BadInput(problem, file=table, row=row + 1, column=RANK, value=given, fix="count the places from 1")
    return ranks.astype(np.int64)


def _refuse_ties(users: Ids, user: np.ndarray, rank: np.ndarray) -> None:
    tied = np.flatnonzero((user[1:] == user[:-1]) & (rank[1:] == rank[:-1]))
    if len(tied):
        raise BadInput(
            f"user '{users[user[tied[0]]]}' has two items at rank {rank[tied[0]]}",
            file="recommendations",
            column=RANK,
            fix="give one list per user; audit each model or list_id on its own",
        )


def _incidence(user: np.ndarray, item: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    matrix = sparse.csr_array(sparse.coo_array((np.ones(len(user)), (user, item)), shape=shape))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def _contains(matrix: sparse.csr_array, pairs: np.ndarray) -> np.ndarray:
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    stored = rows * matrix.shape[1] + matrix.indices
    if not len(stored):
        return np.zeros(len(pairs), dtype=bool)
    place = np.minimum(np.searchsorted(stored, pairs), len(stored) - 1)
    return stored[place] == pairs
