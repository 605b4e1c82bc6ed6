"""The list that is the same for everybody: most chosen first."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from models.base import Profiles, Recommender, Training
from models.explanation import Exactness, Part


class Popularity(Recommender):
    """Score = how many people chose the item. The non-profiled list: no person's history enters a score."""

    name: ClassVar[str] = "popularity"
    title: ClassVar[str] = "Most chosen"
    kind: ClassVar[Exactness] = Exactness.EXACT
    erasure: ClassVar[str] = "exact"
    profiled: ClassVar[bool] = False
    counts: np.ndarray

    def _fit(self, training: Training) -> None:
        self.counts = self.item_counts

    def _scores(self, profiles: Profiles) -> np.ndarray:
        return np.broadcast_to(self.counts.astype(np.float64), (len(profiles), len(self.counts)))

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        part = Part("term", "popularity", f"chosen by {self.counts[item]} people", float(self.counts[item]))
        return 0.0, [part], {"background": "an item that nobody chose"}

    def statistics(self) -> dict[str, np.ndarray]:
        """How many people chose each item."""
        return {"counts": self.counts}

    def _state(self) -> dict[str, np.ndarray]:
        return {"counts": self.counts}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.counts = state["counts"]
