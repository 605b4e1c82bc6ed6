"""The list that is the same for everybody: most chosen first."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from models.base import Recommender
from models.evidence import EVERYBODY, Evidence, evidence
from models.explanation import Exactness, Part
from models.histories import Profiles, Training
from models.why.parameters import OTHERS, Parameter, choices, nothing, ratings


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
        part = Part("term", "popularity", chosen_by(self.counts[item]), float(self.counts[item]))
        return 0.0, [part], {"background": "an item that nobody chose"}

    def parameters(self) -> tuple[Parameter, ...]:
        """The counts alone: a history only decides which titles are left out because they are known already."""
        effect = "Titles that more people chose move up."
        counts = Parameter("popularity", "How many people chose it", (OTHERS,), effect, 1, nothing)
        return (counts, choices(self, None), ratings(self))

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """Everybody who chose it."""
        ratings = self.training.ratings_of(item, self.training.choosers(item))
        return evidence(EVERYBODY, ratings, len(self.training.users), self.training.scale)

    def statistics(self) -> dict[str, np.ndarray]:
        """How many people chose each item."""
        return {"counts": self.counts}

    def _state(self) -> dict[str, np.ndarray]:
        return {"counts": self.counts}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.counts = state["counts"]


def chosen_by(count: float) -> str:
    """The only reason of this list in words: chosen by 1 person, chosen by 12 people."""
    return f"chosen by {count:.0f} {'person' if count == 1 else 'people'}"
