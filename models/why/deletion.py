"""Reasons put to the test: a title's place in the list as its reasons are taken away, or given back, and re-scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from models.base import Recommender
from models.histories import Profiles

STEPS = 10  # equal parts of a history, taken away one after the other
NAMED = 3  # reasons that the sentence names
CURVES = ("deletion", "deletion_random", "deletion_reversed", "insertion", "insertion_random")
_CELLS = 4_000_000  # edited histories x items scored at once: 32 MB
_VARIANTS = len(CURVES) * STEPS + 1


@dataclass(frozen=True, eq=False)
class Evidence:
    """A title for each person, and what every own item adds to its score: `phi` stands beside `profiles.matrix.data`."""

    profiles: Profiles
    titles: np.ndarray  # (n,) item codes
    phi: np.ndarray  # (nnz,) float64

    def __len__(self) -> int:
        return len(self.titles)

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many own items each person has."""
        return np.diff(self.profiles.matrix.indptr)

    @cached_property
    def owner(self) -> np.ndarray:
        """The row of the person that each own item belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def places(self) -> np.ndarray:
        """The place (from 0) of each own item among the person's reasons, strongest first; ties: smaller item code."""
        return self.places_by(-self.phi)

    def places_by(self, key: np.ndarray) -> np.ndarray:
        """The place (from 0) of each own item within its person's items, in ascending order of `key`."""
        order = np.lexsort((key, self.owner))
        places = np.empty(len(order), dtype=np.int64)
        places[order] = np.arange(len(order)) - np.repeat(self.profiles.matrix.indptr[:-1], self.lengths)
        return places

    def strongest(self, m: int) -> np.ndarray:
        """Which own items are among the m strongest positive reasons."""
        return (self.places < m) & (self.phi > 0)

    def any_of(self, chosen: np.ndarray) -> np.ndarray:
        """Whether a person has any of the chosen own items."""
        return np.bincount(self.owner[chosen], minlength=len(self)) > 0


def curves(model: Recommender, evidence: Evidence, k: int, seed: int = 0) -> pd.DataFrame:
    """A row a person: the columns of `CURVES`, shares of steps from 0 to 1, and `necessity`, 0 or 1.

    A history is cut into T = min(10, length) equal parts in order of contribution (the first parts hold one more where
    it does not divide). deletion = mean over t = 1..T of 1[title in the top k without the first t parts], strongest
    first (POS-P: lower is better); deletion_reversed weakest first (NEG-P: higher is better). insertion = the same mean
    with nothing but the first t parts. `_random`: in a seeded random order. necessity = 1[title not in the top k without
    the three named reasons] (PN-S), undefined (NaN) where nothing speaks for the title. Every answer is a re-score by
    the model; items of the full history never compete, ties go to the smaller item code. Undefined without a history.
    """
    drawn = evidence.places_by(np.random.default_rng(seed).random(len(evidence.phi)))
    kept = _kept(evidence, drawn)
    step = max(1, _CELLS // (_VARIANTS * evidence.profiles.matrix.shape[1]))
    blocks = [_in_list(model, evidence, kept, start, min(start + step, len(evidence)), k)
              for start in range(0, len(evidence), step)]  # fmt: skip
    shown = np.concatenate([np.zeros((0, _VARIANTS), dtype=bool), *blocks])
    steps = np.minimum(STEPS, evidence.lengths)
    counted = (np.arange(STEPS) < steps[:, None])[:, None, :]
    sums = (shown[:, :-1].reshape(len(evidence), len(CURVES), STEPS) & counted).sum(axis=2)
    table = pd.DataFrame(sums / np.where(steps > 0, steps, np.nan)[:, None], columns=list(CURVES))
    reasoned = evidence.any_of(evidence.phi > 0)
    table["necessity"] = np.where(reasoned, ~shown[:, -1], np.nan)
    return table


def part_of(places: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The part (from 0) that a place falls in when `lengths` items are cut into min(10, length) equal parts."""
    small, larger = np.divmod(lengths, np.maximum(np.minimum(STEPS, lengths), 1))
    edge = larger * (small + 1)
    return np.where(places < edge, places // (small + 1), larger + (places - edge) // np.maximum(small, 1))


def _kept(evidence: Evidence, drawn: np.ndarray) -> np.ndarray:
    """Own items x variants, bool: which own items each edited history still holds."""
    lengths = evidence.lengths[evidence.owner]
    orders = (evidence.places, drawn, lengths - 1 - evidence.places)
    strongest, random, weakest = (part_of(places, lengths)[:, None] for places in orders)
    gone = np.arange(1, STEPS + 1)
    named = evidence.strongest(NAMED)[:, None]
    return np.hstack([strongest >= gone, random >= gone, weakest >= gone, strongest < gone, random < gone, ~named])


def _in_list(model: Recommender, evidence: Evidence, kept: np.ndarray, start: int, stop: int, k: int) -> np.ndarray:
    """People x variants, bool: whether the title is in the top k of each edited history."""
    matrix = evidence.profiles.matrix
    first, last = matrix.indptr[[start, stop]]
    owner, codes = evidence.owner[first:last] - start, matrix.indices[first:last]
    edited = _edited(evidence.profiles.users[start:stop], matrix, kept[first:last], owner, int(first))
    table = np.array(model.scores(edited), dtype=np.float64)
    table[np.isnan(table)] = -np.inf
    table.reshape(stop - start, _VARIANTS, -1)[owner, :, codes] = -np.inf
    titles = np.repeat(evidence.titles[start:stop], _VARIANTS)
    return (ranks(table, titles) <= k).reshape(stop - start, _VARIANTS)


def ranks(table: np.ndarray, titles: np.ndarray) -> np.ndarray:
    """The rank (from 1) of one title in each row of scores; of equal scores the smaller item code comes first."""
    mine = table[np.arange(len(table)), titles][:, None]
    before = np.arange(table.shape[1]) < titles[:, None]
    return 1 + ((table > mine) | ((table == mine) & before)).sum(axis=1)


def _edited(users: np.ndarray, matrix: sparse.csr_array, kept: np.ndarray, owner: np.ndarray, first: int) -> Profiles:
    """A row for every person and variant, with the own items that the variant keeps."""
    entry, variant = np.nonzero(kept)
    row = owner[entry] * _VARIANTS + variant
    entry = first + entry[np.argsort(row, kind="stable")]  # within a row the items stay in order
    pointers = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(users) * _VARIANTS))])
    shape = (len(users) * _VARIANTS, matrix.shape[1])
    edited = sparse.csr_array((matrix.data[entry], matrix.indices[entry], pointers), shape=shape)
    return Profiles(np.repeat(users, _VARIANTS), edited)
