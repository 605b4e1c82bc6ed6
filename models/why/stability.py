"""How steady reasons are: what the model would say had another person never been there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.base import Recommender
from models.counted.item_item import ItemItem
from models.counted.linear import Linear
from models.histories import Profiles
from models.why.deletion import Evidence

REASONS = 5  # strongest positive reasons that are compared


def stability(model: Recommender, evidence: Evidence, removed: np.ndarray, m: int = REASONS) -> np.ndarray:
    """A number a person, 0 to 1: |before ∩ after| / |before ∪ after| of the m strongest positive reasons for the same title.

    The mean over refits, each without one of the people in `removed` (codes): 1 the same reasons, 0 none in common. The
    linear model is updated, any other one erases the person. A refit without the person asked about is left out for
    them; undefined (NaN) where that leaves none, or where nothing speaks for the title before or after.
    """
    if not len(removed):
        return np.full(len(evidence), np.nan)
    before = evidence.strongest(m)
    rows = np.stack([_kept_reasons(evidence, before, _refitted(model, evidence, user), m) for user in removed.tolist()])
    rows[evidence.profiles.users == removed[:, None]] = np.nan
    there = np.isfinite(rows)
    return np.where(there, rows, 0.0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan)


def _kept_reasons(evidence: Evidence, before: np.ndarray, phi: np.ndarray, m: int) -> np.ndarray:
    after = Evidence(evidence.profiles, evidence.titles, phi).strongest(m)
    both, either = (
        np.bincount(evidence.owner[mask], minlength=len(evidence)) for mask in (before & after, before | after)
    )
    return both / np.where(either > 0, either, np.nan)


def _refitted(model: Recommender, evidence: Evidence, user: int) -> np.ndarray:
    """What every own item adds to its person's title in the model without `user`."""
    matrix = evidence.profiles.matrix
    if isinstance(model, Linear):
        return LinearWithout.of(model, user).at(matrix.indices, evidence.titles[evidence.owner])
    erased = model.erase(user)
    names = model.training.users.values[evidence.profiles.users]
    return contributions(erased, Profiles(erased.training.users.codes(names), matrix), evidence.titles)


def contributions(model: Recommender, profiles: Profiles, titles: np.ndarray) -> np.ndarray:
    """What every own item adds to its person's title, beside `profiles.matrix.data`; a model is asked person by person."""
    found = [
        model.contributions(profiles.rows(row, row + 1), titles[row : row + 1])[:, 0] for row in range(len(titles))
    ]
    return np.concatenate([np.zeros(0), *found])


@dataclass(frozen=True, eq=False)
class LinearWithout:
    """The weights of the linear model without one person, any entry of them, with no matrix solved anew.

    With P = (G + Λ)⁻¹ and the person's 0/1 history x, removing them takes UUᵀ from G + Λ: U = x, and with dropout p also
    √(p/(1−p))·e_j for every own item j. Then P' = P + PU(I − UᵀPU)⁻¹UᵀP (Sherman and Morrison 1950, Woodbury 1950) and
    B'_ji = −P'_ji / P'_ii. P comes from the weights: P_ji = −B_ji·P_ii, and 1/P_ii = ((G + Λ)(I − B))_ii.
    """

    weights: np.ndarray  # B
    diagonal: np.ndarray  # of P
    across: np.ndarray  # PU, items x columns of U
    core: np.ndarray  # (I − UᵀPU)⁻¹

    @classmethod
    def of(cls, model: Linear, user: int) -> LinearWithout:
        """The model without the person (a code)."""
        start, stop = model.training.matrix.indptr[user : user + 2]
        own = model.training.matrix.indices[start:stop]
        diagonal = inverse_diagonal(model)
        columns = -model.weights[:, own] * diagonal[own]
        columns[own, np.arange(len(own))] = diagonal[own]
        root = np.sqrt(_extra(model))
        across = columns.sum(axis=1, keepdims=True)
        if root > 0:
            across = np.hstack([across, root * columns])
        inner = np.vstack([across[own].sum(axis=0), *([root * across[own]] if root > 0 else [])])
        return cls(model.weights, diagonal, across, np.linalg.inv(np.eye(len(inner)) - inner))

    def at(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The weights at (own item, title) pairs of codes; 0 on the diagonal."""
        spread = self.across @ self.core
        plain = -self.weights[rows, columns] * self.diagonal[columns]
        entry = plain + (spread[rows] * self.across[columns]).sum(axis=1)
        below = self.diagonal[columns] + (spread[columns] * self.across[columns]).sum(axis=1)
        return np.where(rows == columns, 0.0, -entry / below)


def inverse_diagonal(model: Linear) -> np.ndarray:
    """The diagonal of P = (G + Λ)⁻¹, from the weights and the counts: 1/P_ii = G_ii + Λ_ii − Σ_j G_ij·B_ji."""
    counts, strength = model.integer_counts(), float(model.settings.regularization or 0)
    chosen = np.diag(counts)
    return 1.0 / (chosen + strength + _extra(model) * chosen - np.einsum("ij,ji->i", counts, model.weights))


def _extra(model: Linear) -> float:
    return model.settings.dropout / (1 - model.settings.dropout)


def lipschitz(model: Recommender) -> float:
    """Largest Euclidean norm of a row of the weights: how far one own item can move all contributions together.

    Exact for item-item models, where contributions are x_j·W_ji: max |φ − φ'| / |x − x'| (methods 2.3). NaN for others.
    """
    if not isinstance(model, ItemItem) or not model.weights.size:
        return float("nan")
    return float(np.sqrt(np.einsum("ji,ji->j", model.weights, model.weights).max()))
