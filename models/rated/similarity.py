"""Surprise's similarity formulas between any histories and the stored users, as sparse products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from models.rated.ratings import deviations, like, user_levels

if TYPE_CHECKING:
    from models.rated.neighbours import RatingNeighbours


def similarities_to(model: RatingNeighbours, matrix: sparse.csr_array) -> np.ndarray:
    """People (rows of `matrix`) x stored users; 0 without a common title (pearson_baseline: with fewer than two).

    The formulas are those of surprise.similarities: msd 1/(mean squared difference + 1), cosine and Pearson over common
    titles only, pearson_baseline on deviations from the baseline, shrunk.
    """
    mine, theirs = matrix, model.training.matrix
    if model.settings.similarity == "pearson_baseline":
        mine = deviations(mine, model.mean, model.item_level)
        levels = user_levels(matrix, model.mean, model.item_level)
        mine = like(mine, mine.data - np.repeat(levels, np.diff(mine.indptr)))
        return _shrunk(_sums(mine, model.rated), model.settings.shrink)
    sums = _sums(mine, theirs)
    formula = {"msd": _msd, "pearson": _pearson, "cosine-ratings": _cosine}[model.settings.similarity]
    return np.where(sums["n"] > 0, formula(sums), 0.0)


def _sums(mine: sparse.csr_array, theirs: sparse.csr_array) -> dict[str, np.ndarray]:
    """Over the common titles of each pair: their number n, xy, xx, yy, x, y (people x users)."""
    here, there = like(mine, np.ones(mine.nnz)), like(theirs, np.ones(theirs.nnz)).T
    squares, their_squares = like(mine, mine.data**2), like(theirs, theirs.data**2).T
    return {
        "n": (here @ there).toarray(),
        "xy": (mine @ theirs.T).toarray(),
        "xx": (squares @ there).toarray(),
        "yy": (here @ their_squares).toarray(),
        "x": (mine @ there).toarray(),
        "y": (here @ theirs.T).toarray(),
    }


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide top by bottom, 0 where the bottom is not above 0."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _msd(sums: dict[str, np.ndarray]) -> np.ndarray:
    return 1 / (_ratio(sums["xx"] + sums["yy"] - 2 * sums["xy"], sums["n"]) + 1)


def _cosine(sums: dict[str, np.ndarray]) -> np.ndarray:
    return _ratio(sums["xy"], np.sqrt(sums["xx"] * sums["yy"]))


def _pearson(sums: dict[str, np.ndarray]) -> np.ndarray:
    n = sums["n"]
    spread = (n * sums["xx"] - sums["x"] ** 2) * (n * sums["yy"] - sums["y"] ** 2)
    return _ratio(n * sums["xy"] - sums["x"] * sums["y"], np.sqrt(np.maximum(spread, 0)))


def _shrunk(sums: dict[str, np.ndarray], shrink: float) -> np.ndarray:
    fewer = sums["n"] - 1
    return np.where(fewer >= 1, _cosine(sums) * _ratio(fewer, fewer + shrink), 0.0)
