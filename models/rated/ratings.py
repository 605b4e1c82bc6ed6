"""The bridge to scikit-surprise, and what its rating models share: levels, fixed point, changed histories."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from data.errors import BadInput
from models.histories import Profiles, Training

if TYPE_CHECKING:
    from surprise import Trainset

LEVEL_SHRINKAGE = 15  # surprise's reg_u of the ALS baselines


def check_ratings(training: Training, what: str, fix: str) -> None:
    """Refuse data without ratings: `what` cannot be computed, `fix` says what to do instead."""
    if not training.explicit:
        raise BadInput(f"{what} compares ratings, and this data only says who chose what", fix=fix)


def trainset(training: Training) -> Trainset:
    """The training view as Surprise holds it; its raw ids are our codes.

    As in Surprise's own construction, only people and items that have a rating are known. Surprise wants a list of
    (code, rating) pairs for each person and for each item; one pass makes all pairs and the lists are cut from it.
    """
    from surprise import Trainset

    matrix = training.matrix
    users, items = rated(matrix)
    known = sparse.csr_array(matrix[users][:, items])
    scale = (float(matrix.data.min()), float(matrix.data.max()))
    raw_users = dict(zip(users.tolist(), range(len(users)), strict=True))
    raw_items = dict(zip(items.tolist(), range(len(items)), strict=True))
    by_user, by_item = _pairs(known), _pairs(sparse.csc_array(known))
    return Trainset(by_user, by_item, len(users), len(items), known.nnz, scale, raw_users, raw_items)


def rated(matrix: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the people and of the items that have at least one rating; their order is Surprise's inner ids."""
    users = np.flatnonzero(np.diff(matrix.indptr))
    items = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]))
    return users, items


def _pairs(table: sparse.csr_array | sparse.csc_array) -> dict[int, list[tuple[int, float]]]:
    pairs = list(zip(table.indices.tolist(), table.data.tolist(), strict=True))
    return {row: pairs[start:stop] for row, (start, stop) in enumerate(pairwise(table.indptr.tolist()))}


def spread(values: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """`values` at their places on the first axis of an array of `size`, 0 elsewhere."""
    full = np.zeros((size, *values.shape[1:]))
    full[places] = values
    return full


def deviations(matrix: sparse.csr_array, mean: float, item_level: np.ndarray) -> sparse.csr_array:
    """Rating minus the average minus the level of the item, at the places of the ratings."""
    return like(matrix, matrix.data - mean - item_level[matrix.indices])


def user_levels(matrix: sparse.csr_array, mean: float, item_level: np.ndarray) -> np.ndarray:
    """b_u = sum of deviations / (15 + number of ratings): the last half step of Surprise's ALS baselines.

    Rating points above (+) or below (-) the average; 0 for an empty history. Koren 2010, section 2.1.
    """
    totals = deviations(matrix, mean, item_level) @ np.ones(matrix.shape[1])
    return totals / (LEVEL_SHRINKAGE + np.diff(matrix.indptr))


def like(matrix: sparse.csr_array, data: np.ndarray) -> sparse.csr_array:
    """A matrix with other values at the same places."""
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def unchanged(training: Training, profiles: Profiles) -> np.ndarray:
    """Which people are stored ones whose history is what the model learned from, to the last rating."""
    same = profiles.users >= 0
    stored = training.matrix[np.where(same, profiles.users, 0)]
    same &= np.diff(stored.indptr) == np.diff(profiles.matrix.indptr)
    rows = np.flatnonzero(same)
    mine, theirs = sparse.csr_array(profiles.matrix[rows]), sparse.csr_array(stored[rows])
    differs = (mine.indices != theirs.indices) | (mine.data != theirs.data)
    row_of = np.repeat(rows, np.diff(mine.indptr))
    same[row_of[differs]] = False
    return same


def products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Multiply matrices, each row summed in one order of its own: unlike in BLAS, no row depends on the batch."""
    return sparse.csr_array(left) @ np.ascontiguousarray(right)


def fixed_point(training: Training) -> dict[str, np.ndarray]:
    """The ratings as integers (thousandths) with their places: what a model trained on single ratings is made of."""
    matrix = training.matrix
    return {
        "pointers": matrix.indptr.astype(np.int64),
        "items": matrix.indices.astype(np.int64),
        "thousandths": np.rint(matrix.data * 1000).astype(np.int64),
    }
