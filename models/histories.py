"""What a model learns from and whom it serves: the training view of a data set, and histories a row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import Kind
from data.ids import Ids
from data.tables import Dataset, Interactions
from models.explanation import ItemParts


@dataclass(frozen=True, eq=False)
class Training:
    """What a model learns from: who chose what, and the content columns of the items."""

    users: Ids
    items: Ids
    matrix: sparse.csr_array  # users x items, float64: rating, or 1
    content: pd.DataFrame  # index item_id in vocabulary order
    kinds: dict[str, Kind]
    explicit: bool
    titles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.titles:
            object.__setattr__(self, "titles", tuple(map(str, self.items.values)))

    @classmethod
    def of(cls, dataset: Dataset, interactions: Interactions | None = None) -> Training:
        """The training view of a data set, or of a part of its interactions."""
        chosen = dataset.interactions if interactions is None else interactions
        kinds = {name: kind for name, kind in dataset.kinds.items() if name in dataset.items}
        titles = tuple(map(str, dataset.titles()))
        content = dataset.items[list(kinds)]
        return cls(chosen.users, chosen.items, chosen.matrix(), content, kinds, chosen.value is not None, titles)

    @cached_property
    def _by_item(self) -> sparse.csc_array:
        return sparse.csc_array(self.matrix)

    def choosers(self, item: int) -> np.ndarray:
        """Who chose an item (code): user codes, ascending."""
        start, stop = self._by_item.indptr[item : item + 2]
        return self._by_item.indices[start:stop]

    def ratings_of(self, item: int, people: np.ndarray) -> np.ndarray:
        """What these people (codes, among those who chose it) gave the item; 1 each where nobody rates."""
        start = self._by_item.indptr[item]
        return self._by_item.data[start + np.searchsorted(self.choosers(item), people)]

    @cached_property
    def scale(self) -> tuple[float, float] | None:
        """Lowest and highest rating; None where there are only choices."""
        return (float(self.matrix.data.min()), float(self.matrix.data.max())) if self.explicit else None

    def without_user(self, user: int) -> Training:
        """The same without one person: their id and their row are gone."""
        users = Ids(np.delete(self.users.values, user))
        rows = self.users.codes(users.values)  # without that id the order of the others may be another one
        return replace(self, users=users, matrix=sparse.csr_array(self.matrix[rows]))


@dataclass(frozen=True, eq=False)
class Profiles:
    """What is known of the people to serve, a row each: stored, edited (opt-outs) or new.

    `users` holds the code of the person in the training vocabulary, -1 for somebody the model has never met.
    """

    users: np.ndarray
    matrix: sparse.csr_array  # rows x items, float64: rating, or 1

    def __len__(self) -> int:
        return len(self.users)

    @cached_property
    def _first(self) -> tuple[np.ndarray, np.ndarray]:
        start, stop = self.matrix.indptr[:2]
        return self.matrix.indices[start:stop], self.matrix.data[start:stop]

    def without(self, items: np.ndarray) -> Profiles:
        """The same people as if they had never chosen these items (codes)."""
        matrix = self.matrix
        kept = ~np.isin(matrix.indices, items)
        row = np.repeat(np.arange(len(self)), np.diff(matrix.indptr))[kept]
        pointers = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(self)))])
        edited = sparse.csr_array((matrix.data[kept], matrix.indices[kept], pointers), shape=matrix.shape)
        return Profiles(self.users, edited)

    def each_without(self, sets: np.ndarray) -> Profiles:
        """Copies of the first person, a row a set, each without the items (codes) of its row of `sets` (s, m)."""
        start, stop = self.matrix.indptr[:2]
        items, values = self.matrix.indices[start:stop], self.matrix.data[start:stop]
        keep = ~(items[None, None, :] == sets[:, :, None]).any(axis=1)
        _, place = np.nonzero(keep)
        pointers = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
        matrix = sparse.csr_array((values[place], items[place], pointers), shape=(len(sets), self.matrix.shape[1]))
        return Profiles(np.repeat(self.users[:1], len(sets)), matrix)

    def each_with(self, items: np.ndarray, value: float) -> Profiles:
        """Copies of the first person, a row an item (code), each with that one more choice of the given value."""
        start, stop = self.matrix.indptr[:2]
        own, size = self.matrix.indices[start:stop], stop - start
        indices = np.concatenate([np.tile(own, (len(items), 1)), np.reshape(items, (-1, 1))], axis=1)
        values = np.concatenate(
            [np.tile(self.matrix.data[start:stop], (len(items), 1)), np.full((len(items), 1), value)], 1
        )
        order = np.argsort(indices, axis=1)
        shape, pointers = (len(items), self.matrix.shape[1]), np.arange(len(items) + 1) * (size + 1)
        sorted_values, sorted_indices = (np.take_along_axis(table, order, 1).ravel() for table in (values, indices))
        matrix = sparse.csr_array((sorted_values, sorted_indices, pointers), shape=shape)
        return Profiles(np.repeat(self.users[:1], len(items)), matrix)

    def presence(self) -> Profiles:
        """The same with 1 for every chosen item, whatever its value."""
        matrix = self.matrix
        ones = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
        return Profiles(self.users, ones)

    def rows(self, start: int, stop: int) -> Profiles:
        """A slice of the people."""
        return Profiles(self.users[start:stop], self.matrix[start:stop])


def history(one: Profiles) -> tuple[np.ndarray, np.ndarray]:
    """Item codes (ascending) and values of the first person's history."""
    return one._first


def one_history(values: np.ndarray, items: np.ndarray, width: int) -> Profiles:
    """A history (a value an item code, codes ascending) of somebody whom the model was not trained on."""
    pointers = np.array([0, len(items)])
    row = sparse.csr_array((np.asarray(values, np.float64), np.asarray(items, np.int32), pointers), shape=(1, width))
    return Profiles(np.array([-1]), row)


def item_parts(training: Training, codes: np.ndarray, values: np.ndarray) -> ItemParts:
    """A part for each own item (code) with what it adds, the strongest first."""
    return ItemParts(training.items.values, training.titles, codes, values)
