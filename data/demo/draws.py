"""Seeded draws: one independent stream of random numbers a purpose, many categories at once."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a stream of random numbers is for; more people do not change the catalogue."""

    CATALOGUE = 1
    WORDS = 2
    PEOPLE = 3
    CHOICES = 4


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """The generator of one purpose; nothing global is touched."""
    return np.random.Generator(np.random.PCG64([seed, stream]))


def pick(chances: np.ndarray, row: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """One category for each entry: `draw` (uniform in [0, 1)) looked up in row `row` of `chances` (rows x categories).

    Rows need not sum to 1; a row is a distribution up to its scale.
    """
    totals = np.cumsum(chances, axis=1)
    steps = totals / totals[:, -1:] + np.arange(len(chances))[:, None]
    found = np.searchsorted(steps.ravel(), draw + row, side="right") - row * chances.shape[1]
    return np.clip(found, 0, chances.shape[1] - 1)


def pick_one(chances: tuple[float, ...] | np.ndarray, draw: np.ndarray) -> np.ndarray:
    """One category for each draw out of a single distribution."""
    return pick(np.atleast_2d(np.asarray(chances, dtype=np.float64)), np.zeros(len(draw), dtype=np.int64), draw)
