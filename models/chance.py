"""A list by chance: the floor that every other model must beat."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from models.base import Recommender, Settings
from models.explanation import Exactness, Part
from models.histories import Profiles, Training
from models.why.parameters import CHANCE, Parameter, choices, nothing, others_unread, ratings


class ChanceSettings(Settings):
    """`seed` names the draw: the same seed gives the same lists."""

    seed: int = Field(default=0, ge=0, lt=2**31)


class Chance(Recommender):
    """Scores drawn uniformly from [0, 1), the same at every call for one seed, person and item."""

    name: ClassVar[str] = "random"
    title: ClassVar[str] = "Random order"
    kind: ClassVar[Exactness] = Exactness.EXACT
    erasure: ClassVar[str] = "exact"
    seed_setting: ClassVar[str | None] = "seed"
    settings_class: ClassVar[type[Settings]] = ChanceSettings
    settings: ChanceSettings

    def _fit(self, training: Training) -> None:
        """There is nothing to learn."""

    def _scores(self, profiles: Profiles) -> np.ndarray:
        people = (profiles.users.astype(np.int64) + 1).astype(np.uint64)[:, None]
        items = np.arange(len(self.training.items), dtype=np.uint64)[None, :]
        mixed = _mix(_mix(people + np.uint64(self.settings.seed) * np.uint64(2**32)) + items)
        return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        drawn = float(self.scores(one)[0, item])
        return 0.0, [Part("term", "chance", "drawn at random", drawn)], {"background": "nothing: no data is used"}

    def parameters(self) -> tuple[Parameter, ...]:
        """The draw alone."""
        draw = Parameter("chance", "The draw", (CHANCE,), "Titles with a larger number move up.", 1, nothing)
        return (draw, choices(self, None), ratings(self), others_unread(self))

    def statistics(self) -> dict[str, np.ndarray]:
        """Nothing is counted; only the size of the catalogue and the seed matter."""
        return {"catalogue": np.array([len(self.training.items), self.settings.seed])}

    def _state(self) -> dict[str, np.ndarray]:
        return {}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        """There is nothing to take back."""


def _mix(x: np.ndarray) -> np.ndarray:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
