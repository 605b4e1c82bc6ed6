"""The linear core: a closed-form item-item model on integer co-occurrence counts (EASE, EDLAE)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.linalg import lapack

from data.errors import BadInput
from models.base import Settings
from models.counted.counts import co_counts
from models.counted.item_item import CountedItems
from models.histories import Training

_BLOCK = 256  # rows mirrored at a time: a square that stays in the cache


class LinearSettings(Settings):
    """`regularization` is the λ added to the diagonal (chosen by validation when not given); `dropout` that of EDLAE."""

    regularization: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Linear(CountedItems):
    """B = I − P·diag(1/diag P), P = (G + Λ)⁻¹, Λ = λI + p/(1−p)·diag G, G = XᵀX; score = x·B.

    G counts how many people chose two titles; λ keeps rare pairs from speaking loudly; p is the dropout. A score is a sum
    over the person's own history, in no unit: only the order and the differences within one person's list mean something.
    Steck 2019 (EASE, p = 0), Steck 2020 (EDLAE).
    """

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear item-item model"
    settings_class: ClassVar[type[Settings]] = LinearSettings
    settings: LinearSettings

    def _fit(self, training: Training) -> None:
        if self.settings.regularization is None:
            from models.selection import choose_regularization

            chosen = choose_regularization(training, self.settings.dropout)
            self.settings = self.settings.model_copy(update={"regularization": chosen})
        self.from_counts(training, co_counts(training.matrix))

    def _weigh(self, counts: np.ndarray) -> np.ndarray:
        return weights_from_counts(counts, float(self.settings.regularization or 0), self.settings.dropout)


def weights_from_counts(counts: np.ndarray, regularization: float, dropout: float = 0.0) -> np.ndarray:
    """The weights B of the linear model, float64, items x items, diagonal 0, by Cholesky (LAPACK potrf, potri)."""
    table = counts.astype(np.float64)  # symmetric, so C and Fortran order are the same table
    diagonal = np.diag_indices_from(table)
    table[diagonal] += regularization + dropout / (1 - dropout) * counts[diagonal]
    factor, failed = lapack.dpotrf(table.T, lower=0, overwrite_a=1, clean=0)
    inverse, singular = (factor, failed) if failed else lapack.dpotri(factor, lower=0, overwrite_c=1)
    if failed or singular:
        raise BadInput(
            "the counts cannot be inverted with so little regularization",
            value=regularization,
            fix="give a larger regularization, such as 100",
        )
    return _normalised(inverse)


def _normalised(upper: np.ndarray) -> np.ndarray:
    """−P / diag P by column with diagonal 0, in place, from the upper triangle of P (Fortran order)."""
    full = upper.T  # C order, its lower triangle is known
    for start in range(0, len(full), _BLOCK):
        stop = min(start + _BLOCK, len(full))
        square = full[start:stop, start:stop]
        square[:] = np.tril(square) + np.tril(square, -1).T
        full[start:stop, stop:] = full[stop:, start:stop].T
    full /= -np.diag(full).copy()
    np.fill_diagonal(full, 0.0)
    return full
