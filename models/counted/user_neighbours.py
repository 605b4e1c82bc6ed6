"""User neighbours from counts: people whose choices resemble yours, who count you among their nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from models.base import Recommender, Settings
from models.counted.item_neighbours import CountNeighbourSettings
from models.counted.similarity import denominator, similarity
from models.evidence import Evidence, evidence
from models.explanation import Exactness, Part
from models.histories import Profiles, Training, history, item_parts
from models.ranking import best

_BLOCK = 512


class UserNeighbours(Recommender):
    """Score of i = sum of the similarities of the people who chose i and who count this person among their nearest.

    The published rule (methods 0, trap 3): every person v keeps its nearest `neighbours`, ties to the smaller user id;
    v then speaks for those it kept. An edited history or a stranger is measured against the same bar: the similarity
    that v's last kept neighbour has.
    """

    name: ClassVar[str] = "user-neighbours"
    title: ClassVar[str] = "People like you"
    kind: ClassVar[Exactness] = Exactness.GIVEN_NEIGHBOURS
    settings_class: ClassVar[type[Settings]] = CountNeighbourSettings
    settings: CountNeighbourSettings

    def _fit(self, training: Training) -> None:
        self._prepare()
        n, kept = len(training.users), self.settings.neighbours
        self.bars = np.zeros((2, n))  # similarity of the last neighbour kept, and of the first one left out
        self.bar_users = np.full((2, n), n, dtype=np.int64)
        for start in range(0, n, _BLOCK):
            stop = min(start + _BLOCK, n)
            table = self._similarities(self._people[start:stop])
            table[np.arange(stop - start), np.arange(start, stop)] = 0.0
            users, values = best(np.where(table > 0, table, -np.inf), min(kept + 1, n))
            for row, place in enumerate((kept - 1, kept)):
                if place < users.shape[1]:
                    there = users[:, place] >= 0
                    self.bars[row, start:stop] = np.where(there, values[:, place], 0.0)
                    self.bar_users[row, start:stop] = np.where(there, users[:, place], n)

    def _prepare(self) -> None:
        matrix = self.training.matrix
        self._people = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
        self._sizes = np.diff(matrix.indptr)

    def _similarities(self, histories: sparse.csr_array) -> np.ndarray:
        common = (histories @ self._people.T).toarray()
        sizes = np.diff(histories.indptr)
        return similarity(self.settings.similarity, common, sizes, self._sizes, self.settings.shrink)

    def _speakers(self, profiles: Profiles) -> np.ndarray:
        """Batch x people: the similarity where that person speaks for this one, else 0."""
        table = self._similarities(profiles.presence().matrix)
        me = profiles.users[:, None]
        stranger = len(self.training.users)  # comes after everybody in the tie order
        mine = np.where(me >= 0, me, stranger)
        stored = self._stored_similarities(profiles)
        in_list = _passes(stored, mine, self.bars[0], self.bar_users[0])
        # whoever is in v's list now leaves a free place when measured again, so the bar is the first one left out
        bar = np.where(in_list, self.bars[1], self.bars[0])
        bar_user = np.where(in_list, self.bar_users[1], self.bar_users[0])
        table[~_passes(table, mine, bar, bar_user)] = 0.0
        known = profiles.users >= 0
        table[np.flatnonzero(known), profiles.users[known]] = 0.0
        return table

    def _stored_similarities(self, profiles: Profiles) -> np.ndarray:
        stored = np.zeros((len(profiles), len(self.training.users)))
        known = profiles.users >= 0
        if known.any():
            stored[known] = self._similarities(self._people[profiles.users[known]])
        return stored

    def _scores(self, profiles: Profiles) -> np.ndarray:
        return (sparse.csr_array(self._speakers(profiles)) @ self._people).toarray()

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        """Each own item's share of every similarity: 1/denominator for each speaker who chose both it and the target."""
        speaking, _ = self._speaking(one, item)
        items, _ = history(one)
        matrix = one.presence().matrix
        common = (matrix @ self._people[speaking].T).toarray()
        sizes = np.diff(matrix.indptr)
        below = denominator(self.settings.similarity, common, sizes, self._sizes[speaking], self.settings.shrink)[0]
        values = (self._people[speaking][:, items].T @ (1.0 / below)) if len(speaking) else np.zeros(len(items))
        return 0.0, item_parts(self.training, items, values), {"background": "an empty history"}

    def _speaking(self, one: Profiles, item: int) -> tuple[np.ndarray, int]:
        """Who speaks for the item to this person (user codes), and how many speak for anything."""
        near = np.flatnonzero(self._speakers(one)[0] > 0)
        return np.intersect1d(near, self.training.choosers(item)), len(near)

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """The people who count this person among their nearest."""
        speaking, near = self._speaking(one, item)
        ratings, scale = self.training.ratings_of(item, speaking), self.training.scale
        own = [part for part in self._attribute(one, item)[1] if part.value > 0]
        return evidence("people whose choices are most like yours", ratings, near, scale, own)

    def statistics(self) -> dict[str, np.ndarray]:
        """Who chose what: the counts between people are a function of it."""
        return {"indptr": self.training.matrix.indptr, "indices": self.training.matrix.indices}

    def _state(self) -> dict[str, np.ndarray]:
        return {"bars": self.bars, "bar_users": self.bar_users}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.bars, self.bar_users = state["bars"], state["bar_users"]
        self._prepare()


def _passes(values: np.ndarray, users: np.ndarray, bar: np.ndarray, bar_user: np.ndarray) -> np.ndarray:
    return (values > 0) & ((values > bar) | ((values == bar) & (users <= bar_user)))
