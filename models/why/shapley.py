"""Shapley values in four ways: closed form, SHAP's linear and kernel explainers, and the definition itself."""

from __future__ import annotations

from math import factorial

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.histories import Profiles, history


def closed_form(weights: np.ndarray, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    """w·(x − mean of the background): exact for a sum, for any background (methods 2.1)."""
    return weights * (row - background.mean(axis=0))


def linear_explainer(weights: np.ndarray, row: np.ndarray, background: np.ndarray, *, whole: bool = True) -> np.ndarray:
    """SHAP's LinearExplainer for one row; `whole` passes the background so that none of its rows is left out."""
    import shap

    masker = shap.maskers.Independent(background, max_samples=len(background)) if whole else background
    values = shap.LinearExplainer((weights, 0.0), masker).shap_values(row[None, :])
    return np.asarray(values, dtype=np.float64)[0]


def kernel(weights: np.ndarray, row: np.ndarray, **how: object) -> np.ndarray:
    """SHAP's KernelExplainer for one row of a linear score against an empty history."""
    import shap

    explainer = shap.KernelExplainer(lambda rows: rows @ weights, np.zeros((1, len(row))))
    return np.asarray(explainer.shap_values(row[None, :], silent=True, **how), dtype=np.float64)[0]


def enumerated(model: Recommender, one: Profiles, item: int) -> np.ndarray:
    """For each own item sum over subsets S without it of |S|!(n−|S|−1)!/n! · (score with it − score without), by re-scoring.

    2^n scores: for a history of a few items. Shapley 1953.
    """
    codes, values = history(one)
    n = len(codes)
    inside = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    score = model.scores(_subsets(one, codes, values, inside))[:, item]
    sizes = inside.sum(axis=1)
    weight = np.array(
        [factorial(size) * factorial(n - size - 1) / factorial(n) if size < n else 0.0 for size in range(n + 1)]
    )
    added = [score[np.flatnonzero(~inside[:, own]) + 2**own] - score[~inside[:, own]] for own in range(n)]
    return np.array([(weight[sizes[~inside[:, own]]] * gain).sum() for own, gain in enumerate(added)])


def _subsets(one: Profiles, codes: np.ndarray, values: np.ndarray, inside: np.ndarray) -> Profiles:
    place = np.nonzero(inside)[1]
    pointers = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    matrix = sparse.csr_array((values[place], codes[place], pointers), shape=(len(inside), one.matrix.shape[1]))
    return Profiles(np.repeat(one.users[:1], len(inside)), matrix)
