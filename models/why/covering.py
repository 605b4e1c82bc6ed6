"""The arithmetic of counterfactuals: which own items must go so that enough titles come before one title."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

_TURNS = 12  # rounds of reweighting that look for one set that serves several titles
_OWN_ORDERS = 12  # titles whose own best order is tried at every size
_EXHAUSTIVE = 300  # sets of one size, up to which every one is tried
_ROUNDOFF = 1e-12
LARGEST = 25  # own items; a longer set is no answer that a person can use


@dataclass(frozen=True, eq=False)
class Cover:
    """Removing own items D puts title r before the item where the sum of worth[D, r] is above gaps[r].

    worth: (own, titles); gaps: (titles,), negative where a title is before the item already; need: how many titles must
    be before it; fewest: (titles,), how many removals that one title takes by itself, LARGEST + 1 where more than LARGEST
    or where none suffices.
    """

    worth: np.ndarray
    gaps: np.ndarray
    need: int
    fewest: np.ndarray

    @classmethod
    def of(cls, worth: np.ndarray, gaps: np.ndarray, need: int) -> Cover:
        """The cover, with the exact number of removals for each single title: its largest worths first."""
        depth = min(LARGEST, len(worth))
        top = worth if depth == len(worth) else np.partition(worth, len(worth) - depth, axis=0)[-depth:]
        reached = np.cumsum(np.sort(top, axis=0)[::-1], axis=0) >= gaps - _ROUNDOFF
        fewest = np.where(reached.any(axis=0), reached.argmax(axis=0) + 1, LARGEST + 1)
        return cls(worth, gaps, need, np.where(gaps < 0, 0, fewest))

    def and_of(self, worth: np.ndarray, gaps: np.ndarray) -> Cover:
        """The same with more titles."""
        more = Cover.of(worth, gaps, self.need)
        worths = np.concatenate([self.worth, worth], axis=1)
        single = np.concatenate([self.fewest, more.fewest])
        return Cover(worths, np.concatenate([self.gaps, gaps]), self.need, single)

    @property
    def at_least(self) -> int:
        """No set smaller than this serves: `need` titles must be before the item, and each needs its own number."""
        if len(self.fewest) < self.need:
            return LARGEST + 1
        return int(np.partition(self.fewest, self.need - 1)[self.need - 1])


def covers(cover: Cover) -> Iterator[tuple[int, np.ndarray, int]]:
    """(size, sets of own places, at least) that put enough titles first by the arithmetic: smallest first.

    `at least` is the size under which no set serves. Where one title is enough the smallest size is exact; where there
    are few sets of a size all are tried. Else the sets are those best for single titles and those found by reweighting:
    titles that a set does not reach yet count for more in the next one. No set is larger than LARGEST. Equal scores are
    offered too: ties are settled by who scores again.
    """
    own, at_least = len(cover.worth), max(cover.at_least, 1)
    for size in range(at_least, min(LARGEST, own) + 1):
        every = comb(own, size) <= _EXHAUSTIVE
        if every:
            sets = np.array(list(combinations(range(own), size)))
        else:
            sets = np.concatenate([_own_best(cover, size), _joint(cover, size)])
        ahead = (cover.worth[sets].sum(axis=1) >= cover.gaps - _ROUNDOFF).sum(axis=1)
        enough = np.flatnonzero(ahead >= cover.need)
        if len(enough):
            yield size, sets[enough[np.argsort(-ahead[enough], kind="stable")]], at_least
        elif every and at_least == size:
            at_least = size + 1


def _own_best(cover: Cover, size: int) -> np.ndarray:
    """For the titles that are reached with the fewest removals: the `size` items worth most against each."""
    behind = np.flatnonzero(cover.gaps >= 0)
    nearest = behind[np.argsort(cover.fewest[behind], kind="stable")[:_OWN_ORDERS]]
    return np.argpartition(-cover.worth[:, nearest], size - 1, axis=0)[:size].T


def _joint(cover: Cover, size: int) -> np.ndarray:
    """Sets that serve many titles at once, by multiplicative weights."""
    within = cover.fewest <= size
    worth, gaps = cover.worth[:, within], cover.gaps[within]
    weights = 1.0 / np.maximum(gaps, np.abs(gaps).max(initial=0.0) * 1e-3 + _ROUNDOFF)
    sets = np.empty((_TURNS, size), dtype=np.int64)
    for turn in range(_TURNS):
        sets[turn] = np.argpartition(-(worth @ weights), size - 1)[:size]
        reached = worth[sets[turn]].sum(axis=0) >= gaps - _ROUNDOFF
        if reached.sum() >= cover.need:
            return sets[: turn + 1]
        weights = np.where(reached, weights * 0.7, weights)
    return sets
