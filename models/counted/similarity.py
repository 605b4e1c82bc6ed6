"""Similarities of two sets from integer counts, and the largest few of every column."""

from __future__ import annotations

from typing import Literal

import numpy as np

CountSimilarity = Literal["jaccard", "dice", "cosine"]
_TINY = 1e-6  # of the published code: an empty set has similarity 0, not 0/0


def similarity(
    kind: CountSimilarity, common: np.ndarray, left: np.ndarray, right: np.ndarray, shrink: float
) -> np.ndarray:
    """Similarity of sets with sizes `left` (rows) and `right` (columns) that share `common` members, from 0.

    jaccard = c/(a + b − c + shrink + 1e-6); dice = c/(a + b + shrink + 1e-6), without the factor 2 of the textbook;
    cosine = c/(√(a·b) + shrink + 1e-6). The rules of the published tables (Dacrema et al. 2021, methods 1.2).
    """
    return common / denominator(kind, common, left, right, shrink)


def denominator(
    kind: CountSimilarity, common: np.ndarray, left: np.ndarray, right: np.ndarray, shrink: float
) -> np.ndarray:
    """What the number in common is divided by; positive."""
    a, b = left[:, None].astype(np.float64), right[None, :].astype(np.float64)
    if kind == "cosine":
        return np.sqrt(a * b) + (shrink + _TINY)
    total = a + b
    if kind == "jaccard":
        total -= common
    return total + (shrink + _TINY)


def keep_largest(table: np.ndarray, count: int) -> np.ndarray:
    """The table with only the `count` largest positive entries of each column; equal ones by the smaller row."""
    from models.ranking import best

    rows, values = best(np.where(table > 0, table, -np.inf).T, min(count, len(table)))
    kept = np.zeros_like(table)
    column, place = np.nonzero(rows >= 0)
    kept[rows[column, place], column] = values[column, place]
    return kept
