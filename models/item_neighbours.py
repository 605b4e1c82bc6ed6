"""Item neighbours from counts: "people who chose this also chose"."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from models.base import Settings, Training
from models.counts import co_counts, subtract_person
from models.item_item import ItemItem
from models.similarity import CountSimilarity, keep_largest, similarity


class CountNeighbourSettings(Settings):
    """`similarity` on counts, `neighbours` kept for each item or person, `shrink` added to the denominator."""

    similarity: CountSimilarity = "jaccard"
    neighbours: int = Field(default=160, ge=1)
    shrink: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class ItemNeighbours(ItemItem):
    """Score of i = sum of the similarities of i to the person's own items, over the nearest `neighbours` of i.

    Each column of the similarity table keeps its largest entries (ties: smaller item id), the diagonal is 0.
    """

    name: ClassVar[str] = "item-neighbours"
    title: ClassVar[str] = "Similar titles"
    erasure: ClassVar[str] = "exact"
    settings_class: ClassVar[type[Settings]] = CountNeighbourSettings
    settings: CountNeighbourSettings

    def _fit(self, training: Training) -> None:
        self._weigh(co_counts(training.matrix))

    def _weigh(self, counts: np.ndarray) -> None:
        self.counts = counts
        sizes = np.diag(counts)
        chosen = self.settings
        table = similarity(chosen.similarity, counts, sizes, sizes, chosen.shrink)
        np.fill_diagonal(table, 0.0)
        self._set_weights(keep_largest(table, chosen.neighbours))

    def _erased(self, before: Self, user: int) -> Self:
        self.training = before.training.without_user(user)
        start, stop = before.training.matrix.indptr[user : user + 2]
        self._weigh(subtract_person(before.integer_counts(), before.training.matrix.indices[start:stop]))
        return self

    def integer_counts(self) -> np.ndarray:
        """G, int32, items x items; counted anew for a model that was loaded."""
        if not hasattr(self, "counts"):
            self.counts = co_counts(self.training.matrix)
        return self.counts

    def statistics(self) -> dict[str, np.ndarray]:
        """G alone."""
        return {"co_counts": self.integer_counts()}
