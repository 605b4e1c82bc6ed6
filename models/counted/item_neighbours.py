"""Item neighbours from counts: "people who chose this also chose"."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from models.base import Settings
from models.counted.item_item import CountedItems
from models.counted.similarity import CountSimilarity, keep_largest, similarity


class CountNeighbourSettings(Settings):
    """`similarity` on counts, `neighbours` kept for each item or person, `shrink` added to the denominator."""

    similarity: CountSimilarity = "jaccard"
    neighbours: int = Field(default=160, ge=1)
    shrink: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class ItemNeighbours(CountedItems):
    """Score of i = sum of the similarities of i to the person's own items, over the nearest `neighbours` of i.

    Each column of the similarity table keeps its largest entries (ties: smaller item id), the diagonal is 0.
    """

    name: ClassVar[str] = "item-neighbours"
    title: ClassVar[str] = "Similar titles"
    settings_class: ClassVar[type[Settings]] = CountNeighbourSettings
    settings: CountNeighbourSettings

    def _weigh(self, counts: np.ndarray) -> np.ndarray:
        sizes, chosen = np.diag(counts), self.settings
        table = similarity(chosen.similarity, counts, sizes, sizes, chosen.shrink)
        np.fill_diagonal(table, 0.0)
        return keep_largest(table, chosen.neighbours)
