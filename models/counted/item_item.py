"""Models whose score is a weighted sum over the person's own history: s = x·W with items x items weights W."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Recommender
from models.counted.counts import co_counts, subtract_person
from models.evidence import Evidence, evidence
from models.explanation import Exactness, Part
from models.histories import Profiles, Training, history, item_parts
from models.ranking import Lists

_NAMED = 3
_HELPFUL = 400  # choices that are tried at most as the one that would bring a title in
_RULE = "people who chose what speaks loudest for it"
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
        from models.counted.fused import fused_top_k

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

    def largest_contributions(self, one: Profiles) -> np.ndarray:
        """The largest |W_j·| of every own item j."""
        return self._largest[history(one)[0]]

    def score_of(self, one: Profiles, item: int) -> float:
        """The score of one item, read off its column; summed in the order of the full scores, so equal to the last bit."""
        phi = self.weights[:, item][history(one)[0]]
        return float(phi.cumsum()[-1]) if len(phi) else 0.0

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        """phi_j = x_uj·W_ji: the Shapley values against an empty history (methods 2.1)."""
        codes = history(one)[0]
        phi = self.weights[:, item][codes]
        return 0.0, item_parts(self.training, codes, phi), {"background": "an empty history"}

    def helpful_choices(self, one: Profiles, item: int, listed: np.ndarray) -> tuple[np.ndarray, bool]:
        """Every x that is listed itself, or with W_xi − W_xr at least the gap to a listed r: no other choice can help."""
        scores = self.scores(one.rows(0, 1))[0]
        excess = self.weights[:, [item]] - self.weights[:, listed] - (scores[listed] - scores[item])
        best = excess.max(axis=1)
        best[listed] = np.inf
        helpful = np.flatnonzero(best >= 0)
        return helpful[np.argsort(-best[helpful], kind="stable")[:_HELPFUL]], len(helpful) <= _HELPFUL

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """Of the people who chose one of the three titles that speak loudest, those who chose this one too.

        These counts are what the weights were made from.
        """
        codes, training = history(one)[0], self.training
        phi = self.weights[:, item][codes]
        loudest = (-np.abs(phi)).argsort(kind="stable")[:_NAMED]
        loudest = loudest[phi[loudest] > 0]
        own = item_parts(training, codes[loudest], phi[loudest])
        near = np.zeros(len(training.users), dtype=bool)
        for code in codes[loudest]:
            near[training.choosers(code)] = True
        near[one.users[one.users >= 0]] = False
        choosers = training.choosers(item)
        both = choosers[near[choosers]]
        return evidence(_RULE, training.ratings_of(item, both), int(near.sum()), training.scale, own)

    def _state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._set_weights(np.ascontiguousarray(state["weights"]))


class CountedItems(ItemItem):
    """An item-item model whose weights are a function of the co-occurrence counts G alone; a model brings `_weigh`.

    Erasing a person subtracts their pairs from G and weighs again: equal to a retrain to the last bit.
    """

    erasure: ClassVar[str] = "exact"

    def from_counts(self, training: Training, counts: np.ndarray) -> Self:
        """The model of counts that are already known; `counts` must be those of `training`."""
        self.training, self.counts = training, counts
        self._set_weights(self._weigh(counts))
        return self

    def integer_counts(self) -> np.ndarray:
        """G, int32, items x items; counted anew for a model that was loaded."""
        if not hasattr(self, "counts"):
            self.counts = co_counts(self.training.matrix)
        return self.counts

    def statistics(self) -> dict[str, np.ndarray]:
        """G alone: the weights are a function of it and of the settings."""
        return {"co_counts": self.integer_counts()}

    def _fit(self, training: Training) -> None:
        self.from_counts(training, co_counts(training.matrix))

    def _erased(self, before: Self, user: int) -> Self:
        start, stop = before.training.matrix.indptr[user : user + 2]
        counts = subtract_person(before.integer_counts(), before.training.matrix.indices[start:stop])
        return self.from_counts(before.training.without_user(user), counts)

    @abstractmethod
    def _weigh(self, counts: np.ndarray) -> np.ndarray:
        """The weights (history item, target item), float64, C order, of the counts."""
