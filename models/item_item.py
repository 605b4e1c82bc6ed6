"""Models whose score is a weighted sum over the person's own history: s = x·W with items x items weights W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from models.base import Profiles, Recommender, history, item_parts
from models.explanation import Exactness, Part
from models.ranking import Lists

_FUSED_FROM = 256  # people; below, compiling and starting threads costs more than it saves


class ItemItem(Recommender):
    """Recommender with an item-item weight table `weights` (history item, target item), float64, C order."""

    kind: ClassVar[Exactness] = Exactness.EXACT
    weights: np.ndarray

    def _inputs(self, profiles: Profiles) -> Profiles:
        """The histories as this model reads them: chosen or not, whatever the rating."""
        return profiles.presence()

    def _scores(self, profiles: Profiles) -> np.ndarray:
        return self._inputs(profiles).matrix @ self.weights

    def _top(self, profiles: Profiles, k: int, hidden: np.ndarray | None) -> Lists:
        if len(profiles) < _FUSED_FROM:
            return super()._top(profiles, k, hidden)
        from models.fused import fused_top_k

        mask = np.zeros(len(self.weights), dtype=bool)
        mask[[] if hidden is None else hidden] = True
        matrix = self._inputs(profiles).matrix
        items, scores = fused_top_k(
            matrix.indptr, matrix.indices, matrix.data, self.weights, self._single, mask, k, self._largest
        )
        return Lists(profiles.users, items, scores)

    def _set_weights(self, weights: np.ndarray) -> None:
        weights.setflags(write=False)
        self.weights = weights
        self.__dict__.pop("_fast", None)

    @property
    def _single(self) -> np.ndarray:
        return self._for_speed()[0]

    @property
    def _largest(self) -> np.ndarray:
        return self._for_speed()[1]

    def _for_speed(self) -> tuple[np.ndarray, np.ndarray]:
        if "_fast" not in self.__dict__:
            self.__dict__["_fast"] = (self.weights.astype(np.float32), np.abs(self.weights).max(axis=1))
        return self.__dict__["_fast"]

    def contributions(self, one: Profiles, targets: np.ndarray) -> np.ndarray:
        """History items x targets: W_ji for every chosen j, read off the table."""
        return self.weights[history(one)[0][:, None], targets]

    def score_of(self, one: Profiles, item: int) -> float:
        """The score of one item, read off its column; summed in the order of the full scores, so equal to the last bit."""
        phi = self.weights[history(one)[0], item]
        return float(np.cumsum(phi)[-1]) if len(phi) else 0.0

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        """phi_j = x_uj·W_ji: the Shapley values against an empty history (methods 2.1)."""
        codes = history(one)[0]
        phi = self.weights[codes, item]
        return 0.0, item_parts(self.training, codes, phi), {"background": "an empty history"}

    def _state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._set_weights(np.ascontiguousarray(state["weights"]))
