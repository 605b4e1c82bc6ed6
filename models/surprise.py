"""How surprising a title is to a person: half how few people chose it, half how far it is from their own choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.histories import Profiles, Training
from models.slider import self_information

DISTANCE = 0.5  # its weight; the rest is rarity
_CELLS = 4_000_000  # people x items (or x people) held at once: 32 MB


@dataclass(frozen=True, eq=False)
class Surprise:
    """Surprise of items to people, 0 (everybody chose it, and it is the nearest to one's own) to 1; no unit.

    N_ui = (1 - w)·rarity_i + w·distance_ui with w = `DISTANCE`. rarity_i = self-information over the largest that a
    catalogue of so many people can have, log2(people). distance_ui = 1 - nearness_ui over the largest nearness in the
    catalogue, where nearness_ui = mean over the person's own items j of cosine(i, j) = G_ij / sqrt(G_ii·G_jj), the share
    of choosers that two items have in common; 1 for everything where there is no history. Methods 4: self-information,
    and distance from the history (Kaminskas & Bridge 2016), each on the scale of the catalogue.
    """

    rarity: np.ndarray  # (items,)
    choosers: sparse.csr_array  # items x people, rows of length 1, or 0 where nobody chose the item

    @classmethod
    def of(cls, training: Training) -> Surprise:
        """The surprise of a catalogue, from who chose what."""
        people, items = training.matrix.shape
        counts = np.bincount(training.matrix.indices, minlength=items)
        bits = self_information(counts, people)
        chosen, pointers = training.matrix.indices, training.matrix.indptr
        scaled = sparse.csr_array((1 / np.sqrt(counts[chosen]), chosen, pointers), shape=(people, items))
        rarity = bits / np.log2(people) if people > 1 else np.zeros(items)
        return cls(rarity, sparse.csr_array(scaled.T))

    def distance(self, profiles: Profiles) -> np.ndarray:
        """People x items: 0 for the title nearest to the person's own choices, 1 where nothing connects them."""
        own = profiles.presence().matrix
        together = (own @ self.choosers).toarray()
        nearness = np.ascontiguousarray((self.choosers @ np.ascontiguousarray(together.T)).T)
        largest = nearness.max(axis=1, initial=0.0)[:, None]
        return 1 - np.divide(nearness, largest, out=np.zeros_like(nearness), where=largest > 0)

    def table(self, profiles: Profiles) -> np.ndarray:
        """People x items. Only for a batch: never for everybody at once."""
        return (1 - DISTANCE) * self.rarity + DISTANCE * self.distance(profiles)

    def at(self, profiles: Profiles, items: np.ndarray) -> np.ndarray:
        """People x c: the surprise of each person's candidates (codes; what is said of -1 means nothing)."""
        step = max(1, _CELLS // max(self.choosers.shape))
        found = np.empty(items.shape)
        for start in range(0, len(profiles), step):
            block = slice(start, start + step)
            table = self.table(profiles.rows(start, start + step))
            found[block] = np.take_along_axis(table, np.maximum(items[block], 0), axis=1)
        return found


def surprise_of(model: Recommender) -> Surprise:
    """The surprise of a model's catalogue, worked out once for the model."""
    kept: tuple[Training, Surprise] | None = model.__dict__.get("_surprise")
    if kept is None or kept[0] is not model.training:
        kept = model.training, Surprise.of(model.training)
        model.__dict__["_surprise"] = kept
    return kept[1]
