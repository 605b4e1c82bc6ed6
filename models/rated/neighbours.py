"""Neighbours by similarity of ratings: scikit-surprise's KNNBaseline, scored for everybody at once."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from data.errors import BadInput
from models.base import Recommender, Settings
from models.evidence import EVERYBODY, Evidence, evidence
from models.explanation import Exactness, Part
from models.histories import Profiles, Training, history
from models.rated.ratings import (
    check_ratings,
    deviations,
    fixed_point,
    like,
    rated,
    spread,
    trainset,
    unchanged,
    user_levels,
)
from models.rated.similarity import similarities_to
from models.why.parameters import Parameter

SIMILARITIES = ("msd", "pearson", "pearson_baseline", "cosine-ratings")

_COUNTED = "choose a similarity of counts, such as jaccard"


class RatingNeighbourSettings(Settings):
    """`shrink` is used by pearson_baseline only: a similarity on n common ratings is times (n - 1)/(n - 1 + shrink)."""

    similarity: Literal["msd", "pearson", "pearson_baseline", "cosine-ratings"] = "pearson_baseline"
    neighbours: int = Field(default=40, ge=1, le=10_000)
    shrink: float = Field(default=100, ge=0, allow_inf_nan=False)


class RatingNeighbours(Recommender):
    """score = b_ui + sum over neighbours of s (r - b) / sum of s, b_ui = μ + b_u + b_i (Koren 2010, formula 3).

    Item-based, the neighbours are the k titles of the person's history most similar to the title; user-based, the k
    people most similar to the person who rated the title. Only similarities above 0 count; ties go to the smaller code.
    A score is an expected rating, not cut to the rating scale; without a neighbour it is the baseline b_ui.
    Similarities and levels are Surprise's. An edited or new history gets the similarities of that history.
    """

    user_based: ClassVar[bool]
    kind: ClassVar[Exactness] = Exactness.GIVEN_NEIGHBOURS
    settings_class: ClassVar[type[Settings]] = RatingNeighbourSettings
    settings: RatingNeighbourSettings

    def _fit(self, training: Training) -> None:
        check_ratings(training, f"the similarity '{self.settings.similarity}'", _COUNTED)
        algorithm = self._algorithm()
        users, items = rated(training.matrix)
        try:
            algorithm.fit(trainset(training))
        except ZeroDivisionError as error:
            raise BadInput(
                f"the similarity '{self.settings.similarity}' is undefined where all ratings agree", fix=_COUNTED
            ) from error
        n_users, n_items = training.matrix.shape
        places, size = (users, n_users) if self.user_based else (items, n_items)
        similarity = np.zeros((size, size))
        similarity[np.ix_(places, places)] = np.nan_to_num(algorithm.sim, nan=0.0)
        mean, item_level = float(algorithm.trainset.global_mean), spread(algorithm.bi, items, n_items)
        self._set(mean, item_level, spread(algorithm.bu, users, n_users), similarity)

    def _algorithm(self) -> Any:
        from surprise import KNNBaseline

        name = {"cosine-ratings": "cosine"}.get(self.settings.similarity, self.settings.similarity)
        options = {"name": name, "user_based": self.user_based}
        if name == "pearson_baseline":
            options["shrinkage"] = self.settings.shrink
        return KNNBaseline(k=self.settings.neighbours, sim_options=options, verbose=False)

    def _set(self, mean: float, item_level: np.ndarray, user_level: np.ndarray, similarity: np.ndarray) -> None:
        self.mean, self.item_level, self.user_level, self.similarity = mean, item_level, user_level, similarity
        if self.user_based:
            ratings = deviations(self.training.matrix, mean, item_level)
            self.rated = like(ratings, ratings.data - np.repeat(user_level, np.diff(ratings.indptr)))
        else:
            self.order = np.argsort(-similarity, axis=1, kind="stable").astype(np.int32)
            self.positive = (similarity > 0).sum(axis=1)

    # -- scores --------------------------------------------------------------------------------

    def _scores(self, profiles: Profiles) -> np.ndarray:
        levels = user_levels(profiles.matrix, self.mean, self.item_level)
        means = self._user_means(profiles) if self.user_based else self._item_means(profiles, levels)
        return self._baseline(levels[:, None], self.item_level) + means

    def _baseline(self, level: Any, item_level: Any) -> Any:
        return self.mean + level + item_level

    def _item_means(self, profiles: Profiles, levels: np.ndarray) -> np.ndarray:
        from models.rated.kernels import item_neighbour_means

        own = self._own_deviations(profiles, levels)
        k = self.settings.neighbours
        return item_neighbour_means(own.indptr, own.indices, own.data, self.similarity, self.order, self.positive, k)

    def _own_deviations(self, profiles: Profiles, levels: np.ndarray) -> sparse.csr_array:
        own = deviations(profiles.matrix, self.mean, self.item_level)
        return like(own, own.data - np.repeat(levels, np.diff(own.indptr)))

    def _user_means(self, profiles: Profiles) -> np.ndarray:
        from models.rated.kernels import user_neighbour_means

        near = self.similar_people(profiles)
        order = np.argsort(-near, axis=1, kind="stable").astype(np.int32)
        ratings, k = self.rated, self.settings.neighbours
        n_items = len(self.item_level)
        return user_neighbour_means(near, order, ratings.indptr, ratings.indices, ratings.data, n_items, k)

    def similar_people(self, profiles: Profiles) -> np.ndarray:
        """People x stored users: Surprise's similarities, computed anew where the history is not the stored one.

        A person whose history was edited is no neighbour of their own: nothing of what was taken out may come back.
        """
        stored = unchanged(self.training, profiles)
        near = np.empty((len(profiles), len(self.user_level)))
        near[stored] = self.similarity[profiles.users[stored]]
        other = np.flatnonzero(~stored)
        if len(other):
            near[other] = self.computed_similarities(Profiles(profiles.users[other], profiles.matrix[other]))
        return near

    def computed_similarities(self, profiles: Profiles) -> np.ndarray:
        """Surprise's similarity formula between histories and the stored users; 0 with oneself."""
        near = similarities_to(self, profiles.matrix)
        met = np.flatnonzero(profiles.users >= 0)
        near[met, profiles.users[met]] = 0
        return near

    # -- why -----------------------------------------------------------------------------------

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        levels = user_levels(one.matrix, self.mean, self.item_level)
        base = float(self._baseline(levels[0], self.item_level[item]))
        extra = {"background": "the average rating with your level and the level of this title"}
        if self.user_based:
            return self._people_part(one, item, base, extra)
        return base, self._item_parts(one, item, levels), extra

    def _item_parts(self, one: Profiles, item: int, levels: np.ndarray) -> list[Part]:
        codes, _ = history(one)
        chosen, weights = nearest(self.similarity[item, codes], self.settings.neighbours)
        values = weights * self._own_deviations(one, levels).data[chosen]
        return [
            Part("item", self.training.items[code], self.title_of(code), float(value))
            for code, value in zip(codes[chosen].tolist(), values, strict=True)
        ]

    def _people_part(
        self, one: Profiles, item: int, base: float, extra: dict[str, Any]
    ) -> tuple[float, list[Part], dict[str, Any]]:
        raters, weights, said = self._raters(one, item)
        if not len(raters):
            return base, [], extra | {"notes": ("Nobody similar has rated this title, so the score is the baseline.",)}
        return base, [Part("neighbours", "neighbours", "people who rate as you do", float(weights @ said))], extra

    def _raters(self, one: Profiles, item: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The neighbours who rated the item (user codes), their weights, and how far from their baseline they rated."""
        column = sparse.csc_array(self.rated[:, [item]])
        chosen, weights = nearest(self.similar_people(one)[0][column.indices], self.settings.neighbours)
        return column.indices[chosen], weights, column.data[chosen]

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """The people, or the titles of the person's own, whose ratings made the score."""
        if self.user_based:
            ratings = self.training.ratings_of(item, self._raters(one, item)[0])
            return evidence("people who rate most like you", ratings, None, self.training.scale)
        own = sorted(self._attribute(one, item)[1], key=lambda part: -part.value)
        people = self.training.choosers(item)
        ratings = self.training.ratings_of(item, people)
        return evidence(EVERYBODY, ratings, None, self.training.scale, own)

    def parameters(self) -> tuple[Parameter, ...]:
        """The neighbours and the level of a title are parameters."""
        from models.rated.parameters import neighbour_parameters

        return neighbour_parameters(self)

    # -- keeping -------------------------------------------------------------------------------

    def statistics(self) -> dict[str, np.ndarray]:
        """The ratings in thousandths: levels and similarities are a function of them."""
        return fixed_point(self.training)

    def _state(self) -> dict[str, np.ndarray]:
        return {
            "mean": np.array([self.mean]),
            "item_level": self.item_level,
            "user_level": self.user_level,
            "similarity": self.similarity,
        }

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._set(float(state["mean"][0]), state["item_level"], state["user_level"], state["similarity"])


class RatingItemNeighbours(RatingNeighbours):
    """Neighbours are titles of the person's own history."""

    name: ClassVar[str] = "item-neighbours"
    title: ClassVar[str] = "Similar titles (ratings)"
    user_based: ClassVar[bool] = False


class RatingUserNeighbours(RatingNeighbours):
    """Neighbours are people; they are told of only in sum."""

    name: ClassVar[str] = "user-neighbours"
    title: ClassVar[str] = "People who rate like you"
    user_based: ClassVar[bool] = True


def nearest(similarity: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the k largest similarities above 0 (ties: the first) and their shares of the sum."""
    chosen = np.argsort(-similarity, kind="stable")[:k]
    chosen = chosen[similarity[chosen] > 0]
    return chosen, similarity[chosen] / similarity[chosen].sum()
