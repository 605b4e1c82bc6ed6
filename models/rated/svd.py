"""Matrix factorisation trained by scikit-surprise; new and edited histories are folded in by ridge regression."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from models.base import Recommender, Settings
from models.explanation import Breakdown, Exactness, Part
from models.histories import Profiles, Training, history, item_parts
from models.rated.ratings import check_ratings, deviations, fixed_point, products, rated, spread, trainset, unchanged
from models.why.parameters import Parameter


class SVDSettings(Settings):
    """Surprise's own names: factors, passes over the ratings, step size, penalty, whether levels are learned, seed."""

    n_factors: int = Field(default=100, ge=1, le=1000)
    n_epochs: int = Field(default=20, ge=1, le=1000)
    lr_all: float = Field(default=0.005, gt=0, le=1)
    reg_all: float = Field(default=0.02, ge=0, allow_inf_nan=False)
    biased: bool = True
    random_state: int = Field(default=0, ge=0, lt=2**32)


class SVD(Recommender):
    """score = μ + b_u + b_i + q_i·p_u by stochastic gradient descent (Koren 2010; Surprise's SVD).

    A score is an expected rating, not cut to the rating scale. For a stored person with the stored history the factors
    are the trained ones. For anybody else b_u and p_u come from a ridge regression of the history on fixed b_i and q_i
    with penalty 1/(n_epochs·lr_all) + reg_all·|history|: stopping a descent of step size lr after that many passes acts
    like the first term (Ali, Kolter, Tibshirani 2019), and the second is what the descent itself penalises. This is an
    approximation of a retrain; explanations of stored people say how far the two differ.
    """

    name: ClassVar[str] = "svd"
    title: ClassVar[str] = "Matrix factorisation (SVD)"
    kind: ClassVar[Exactness] = Exactness.OPAQUE
    seed_setting: ClassVar[str | None] = "random_state"
    settings_class: ClassVar[type[Settings]] = SVDSettings
    settings: SVDSettings

    def _fit(self, training: Training) -> None:
        from surprise import SVD as Descent  # noqa: N811

        check_ratings(training, "svd", "choose the model linear, which reads choices")
        users, items = rated(training.matrix)
        n_users, n_items = training.matrix.shape
        descent = Descent(**self.settings.model_dump()).fit(trainset(training))
        self.mean = float(descent.trainset.global_mean) if self.settings.biased else 0.0
        self.user_level, self.item_level = spread(descent.bu, users, n_users), spread(descent.bi, items, n_items)
        self.user_factors, self.item_factors = spread(descent.pu, users, n_users), spread(descent.qi, items, n_items)

    # -- scores --------------------------------------------------------------------------------

    def _scores(self, profiles: Profiles) -> np.ndarray:
        levels, factors = self._person(profiles)
        return self.mean + levels[:, None] + self.item_level + products(factors, self.item_factors.T)

    def _person(self, profiles: Profiles) -> tuple[np.ndarray, np.ndarray]:
        """Levels (n) and factors (n, f): the trained ones where the history is the stored one, else folded in."""
        stored = unchanged(self.training, profiles)
        levels, factors = np.zeros(len(profiles)), np.zeros((len(profiles), self.item_factors.shape[1]))
        codes = profiles.users[stored]
        levels[stored], factors[stored] = self.user_level[codes], self.user_factors[codes]
        other = np.flatnonzero(~stored)
        if len(other):
            levels[other], factors[other] = self.fold_in(Profiles(profiles.users[other], profiles.matrix[other]))
        return levels, factors

    def person_numbers(self) -> np.ndarray | None:
        """The level and the factors of every stored person."""
        return np.column_stack([self.user_level, self.user_factors])

    def fold_in(self, profiles: Profiles) -> tuple[np.ndarray, np.ndarray]:
        """Levels (n) and factors (n, f) by ridge regression of the histories; 0 for an empty history."""
        from models.rated.kernels import ridge_rows

        targets = deviations(profiles.matrix, self.mean, self.item_level)
        biased, epochs = self.settings.biased, self.settings.n_epochs * self.settings.lr_all
        features = self.item_factors
        if biased:
            features = np.column_stack([np.ones(len(features)), features])
        solved = ridge_rows(targets.indptr, targets.indices, targets.data, features, 1 / epochs, self.settings.reg_all)
        return (solved[:, 0], solved[:, 1:]) if biased else (np.zeros(len(profiles)), solved)

    # -- why -----------------------------------------------------------------------------------

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        """The four true terms; within them the history, by folding it in, with the gap to what was trained."""
        levels, factors = self._person(one)
        match = float(products(factors, self.item_factors[[item]].T)[0, 0])
        parts = [
            Part("term", "user-level", "how high you usually rate", float(levels[0])),
            Part("term", "item-level", "how high it is usually rated", float(self.item_level[item])),
            Part("term", "taste-match", "how well it matches your taste", match),
        ]
        if not self.settings.biased:
            parts = parts[2:]
        codes, values = history(one)[0], self.contributions(one, np.array([item]))[:, 0]
        own = Breakdown(
            "taste-match",
            "your taste, and how high you usually rate",
            float(levels[0]) + match,
            item_parts(self.training, codes, values),
        )
        extra = {"background": "the average rating", "within": (own,), "notes": (self._gap_note(one, own.gap),)}
        return self.mean, parts, extra

    def contributions(self, one: Profiles, targets: np.ndarray) -> np.ndarray:
        """History items x targets: z_t·(ZᵀZ + penalty·I)⁻¹·z_j·(r_j − μ − b_j), what each rating adds when folded in.

        Exact and linear in the ratings, given the titles' factors (Hu, Koren, Volinsky 2008). z is the title's factors,
        with a 1 before them for the level of the person where levels are learned.
        """
        codes = history(one)[0]
        z = np.column_stack([np.ones(len(self.item_factors)), self.item_factors])[:, 0 if self.settings.biased else 1 :]
        own, penalty = (
            z[codes],
            1 / (self.settings.n_epochs * self.settings.lr_all) + self.settings.reg_all * len(codes),
        )
        said = deviations(one.rows(0, 1).matrix, self.mean, self.item_level).data
        solved = np.linalg.solve(own.T @ own + penalty * np.eye(own.shape[1]), z[targets].T)
        return (own @ solved) * said[:, None]

    def _gap_note(self, one: Profiles, gap: float) -> str:
        if not unchanged(self.training, one)[0]:
            return "Your factors are worked out from this history with everything else fixed, without a new training."
        return (
            "The split of the taste match over your titles is worked out anew from your ratings. "
            f"It differs from what was trained by {abs(gap):.3f}."
        )

    def parameters(self) -> tuple[Parameter, ...]:
        """Each term of the formula is a parameter."""
        from models.rated.parameters import svd_parameters

        return svd_parameters(self)

    # -- keeping -------------------------------------------------------------------------------

    def statistics(self) -> dict[str, np.ndarray]:
        """The ratings in thousandths: the descent visits single ratings in a fixed order."""
        return fixed_point(self.training)

    def _state(self) -> dict[str, np.ndarray]:
        names = ("user_level", "item_level", "user_factors", "item_factors")
        return {"mean": np.array([self.mean])} | {name: getattr(self, name) for name in names}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.mean = float(state["mean"][0])
        self.user_level, self.item_level = state["user_level"], state["item_level"]
        self.user_factors, self.item_factors = state["user_factors"], state["item_factors"]
