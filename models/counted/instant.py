"""The linear model without a person, or with them again, at once: P = (G + Λ)⁻¹ updated instead of solved anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import blas

from models.counted.counts import subtract_person
from models.counted.linear import Linear
from models.why.stability import inverse_diagonal


@dataclass(frozen=True, eq=False)
class Inverse:
    """P, items x items, float64. Each update adds a rounding error of some 1e-16; solving anew takes it away."""

    table: np.ndarray
    odds: float  # p/(1−p) of the dropout p, which a person's counts weigh on the diagonal

    @classmethod
    def of(cls, model: Linear) -> Self:
        """P of a solved model: P_ji = −B_ji·P_ii off the diagonal, and 1/P_ii = ((G + Λ)(I − B))_ii."""
        diagonal = inverse_diagonal(model)
        table = model.weights * -diagonal
        np.fill_diagonal(table, diagonal)
        return cls(table, model.settings.dropout / (1 - model.settings.dropout))

    def without(self, items: np.ndarray) -> Self:
        """P without a person whose history is `items` (codes): (A − UUᵀ)⁻¹ = P + PU(I − UᵀPU)⁻¹UᵀP.

        U is their 0/1 history, and with dropout also √odds·e_j for every own item j (Sherman and Morrison 1950, Woodbury
        1950).
        """
        return self._updated(items, -1.0, self.table.copy())

    def with_again(self, items: np.ndarray) -> Self:
        """P with the person in it again: (A + UUᵀ)⁻¹ = P − PU(I + UᵀPU)⁻¹UᵀP."""
        return self._updated(items, 1.0, self.table.copy())

    def weights(self) -> np.ndarray:
        """B = I − P·diag(1/diag P), C order."""
        return _normalised(self.table.copy())

    def _updated(self, items: np.ndarray, sign: float, table: np.ndarray) -> Self:
        """P after the update, written into `table`, which holds P."""
        rows = table[items]  # P is symmetric: its rows are its columns, and lie together in memory
        across, inner = rows.sum(axis=0), rows[:, items]
        if self.odds == 0:
            blas.dger(-sign / (1.0 + sign * inner.sum()), across, across, a=table.T, overwrite_a=1)
            return type(self)(table, self.odds)
        root = np.sqrt(self.odds)
        wide = np.vstack([across[None, :], root * rows])
        side = root * inner.sum(axis=0, keepdims=True)
        core = np.block([[np.array([[inner.sum()]]), side], [side.T, self.odds * inner]])
        table -= sign * (wide.T @ np.linalg.solve(np.eye(len(core)) + sign * core, wide))
        return type(self)(table, self.odds)


def _normalised(table: np.ndarray) -> np.ndarray:
    """B of P, in its place."""
    table /= -np.diag(table).copy()
    np.fill_diagonal(table, 0.0)
    return table


def without_person(model: Linear, user: int) -> Linear:
    """The model without the person (a code), its weights updated; its counts are exact, its weights to some 1e-15."""
    start, stop = model.training.matrix.indptr[user : user + 2]
    own = model.training.matrix.indices[start:stop]
    left = Linear(**model.settings.model_dump())
    left.training = model.training.without_user(user)
    left.counts = subtract_person(model.integer_counts(), own)
    inverse = Inverse.of(model)  # nobody else has it, so it is updated where it lies
    left._set_weights(_normalised(inverse._updated(own, -1.0, inverse.table).table))
    return left
