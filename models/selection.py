"""Settings chosen by validation: what ranks best on choices that were held back from the training data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.quality import evaluate
from data.columns import ITEM, USER
from models.counted.counts import co_counts
from models.histories import Training

GRID = (10.0, 20.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)  # λ, from trusting every pair to trusting common ones
FALLBACK = 100.0  # where nobody has enough history to hold anything back
_SHARE = 0.2
_MOST_PEOPLE = 2_000  # people whose lists are judged; the choice is stable long before


def choose_regularization(training: Training, dropout: float = 0.0, seed: int = 0) -> float:
    """The λ of `GRID` with the best mean nDCG@10 on a seeded fifth of everybody's choices, held back once."""
    from models.counted.linear import Linear

    kept, truth = hold_back(training, seed)
    if truth.nnz == 0 or kept.matrix.nnz == 0:
        return FALLBACK
    judged = np.flatnonzero(np.diff(truth.indptr) > 0)[:_MOST_PEOPLE]
    row, item = truth[judged].nonzero()
    outcomes = _outcomes(training, judged[row], item)
    counts = co_counts(kept.matrix)
    best, chosen = -1.0, FALLBACK
    for strength in GRID:
        model = Linear(regularization=strength, dropout=dropout).from_counts(kept, counts)
        lists = model.recommend(model.profiles(judged), 10).frame(training.users, training.items)
        reached = float(evaluate(lists, outcomes, 10).per_user["ndcg"].mean())
        if reached > best:
            best, chosen = reached, strength
    return chosen


def hold_back(training: Training, seed: int = 0, share: float = _SHARE) -> tuple[Training, sparse.csr_array]:
    """Training without a random share of every person's choices (rounded down), and those choices as a matrix."""
    matrix = training.matrix
    lengths = np.diff(matrix.indptr)
    draw = np.random.default_rng(seed).random(matrix.nnz)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((draw, owner))
    place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], lengths)
    held = np.zeros(matrix.nnz, dtype=bool)
    held[order] = place < np.floor(lengths * share)[owner]
    return replace(training, matrix=_pick(matrix, owner, ~held)), _pick(matrix, owner, held)


def _pick(matrix: sparse.csr_array, owner: np.ndarray, chosen: np.ndarray) -> sparse.csr_array:
    pointers = np.concatenate([[0], np.cumsum(np.bincount(owner[chosen], minlength=matrix.shape[0]))])
    return sparse.csr_array((matrix.data[chosen], matrix.indices[chosen], pointers), shape=matrix.shape)


def _outcomes(training: Training, user: np.ndarray, item: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({USER: training.users.values[user], ITEM: training.items.values[item]})
