"""The linear model without a person, or with them again, at once: P = (G + Λ)⁻¹ updated instead of solved anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

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
        return self._updated(items, -1.0)

    def with_again(self, items: np.ndarray) -> Self:
        """P with the person in it again: (A + UUᵀ)⁻¹ = P − PU(I + UᵀPU)⁻¹UᵀP."""
        return self._updated(items, 1.0)

    def weights(self) -> np.ndarray:
        """B = I − P·diag(1/diag P), C order."""
        table = self.table / -np.diag(self.table)
        np.fill_diagonal(table, 0.0)
        return table

    def _updated(self, items: np.ndarray, sign: float) -> Self:
        rows = self.table[items]  # P is symmetric: its rows are its columns, and lie together in memory
        across, inner = rows.sum(axis=0, keepdims=True), rows[:, items]
        if self.odds == 0:
            core = np.array([[1.0 / (1.0 + sign * inner.sum())]])
        else:
            root = np.sqrt(self.odds)
            across = np.vstack([across, root * rows])
            side = root * inner.sum(axis=0, keepdims=True)
            table = np.block([[np.array([[inner.sum()]]), side], [side.T, self.odds * inner]])
            core = np.linalg.inv(np.eye(len(table)) + sign * table)
        return type(self)(self.table - sign * (across.T @ (core @ across)), self.odds)


def without_person(model: Linear, user: int) -> Linear:
    """The model without the person (a code), its weights updated; its counts are exact, its weights to some 1e-15."""
    start, stop = model.training.matrix.indptr[user : user + 2]
    own = model.training.matrix.indices[start:stop]
    left = Linear(**model.settings.model_dump())
    left.training = model.training.without_user(user)
    left.counts = subtract_person(model.integer_counts(), own)
    left._set_weights(Inverse.of(model).without(own).weights())
    return left
