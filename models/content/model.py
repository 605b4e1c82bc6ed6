"""What items say of themselves: a person is shown what resembles their history; nobody else's data is used."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field
from scipy import sparse

from data.errors import BadInput, NotFound
from models.base import Recommender, Settings
from models.content.features import item_features
from models.explanation import Exactness, Part
from models.histories import Profiles, Training, history
from models.why.parameters import Parameter


class ContentSettings(Settings):
    """`weights`: how much each content column counts, 1 where not given, 0 leaves it out."""

    weights: dict[str, float] = Field(default={})


class Content(Recommender):
    """score = sum over history of w_j F_j·F_i / sum of |w_j|: the mean likeness of the item to the history.

    F_j are the L2-normalised features of an item, so a score lies between 0 (nothing in common) and 1 where ratings are
    positive. w is the rating, or 1 where there are none: a title rated 1 of 5 counts a fifth of one rated 5. New items
    are scored like any other.
    """

    name: ClassVar[str] = "content"
    title: ClassVar[str] = "Like what you chose (content)"
    kind: ClassVar[Exactness] = Exactness.EXACT
    erasure: ClassVar[str] = "exact"
    normalised: ClassVar[bool] = True
    settings_class: ClassVar[type[Settings]] = ContentSettings
    settings: ContentSettings

    def _fit(self, training: Training) -> None:
        self._check(training)
        names, table = item_features(training.content, training.kinds, self.settings.weights)
        if table.nnz == 0:
            raise BadInput("the content columns say nothing about any item", fix=_OTHER)
        self._set(names, table)

    def _check(self, training: Training) -> None:
        if not training.kinds:
            raise BadInput("the content model needs content columns of items, and this data has none", fix=_OTHER)
        for column, weight in self.settings.weights.items():
            if column not in training.kinds:
                raise NotFound("content column", column, list(training.kinds))
            if not (np.isfinite(weight) and weight >= 0):
                raise BadInput(
                    f"the weight of '{column}' must be 0 or more", value=weight, fix="give a number such as 1"
                )

    def _set(self, names: list[str], table: sparse.csr_array) -> None:
        self.names, self.features = names, table
        self.across = sparse.csr_array(table.T)

    def _erased(self, before: Self, user: int) -> Self:
        self.training = before.training.without_user(user)
        self._set(before.names, before.features)
        return self

    # -- scores --------------------------------------------------------------------------------

    def _scores(self, profiles: Profiles) -> np.ndarray:
        return (self.taste(profiles) @ self.across).toarray()

    def taste(self, profiles: Profiles) -> sparse.csr_array:
        """People x features: the weighted mean of the features of the history; 0 for an empty history."""
        return history_shares(profiles.matrix) @ self.features

    # -- why -----------------------------------------------------------------------------------

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        codes, _ = history(one)
        values = history_shares(one.matrix).data[: len(codes)] * (self.features[codes] @ self._item(item))
        parts = [
            Part("item", self.training.items[code], self.title_of(code), float(value))
            for code, value in zip(codes.tolist(), values, strict=True)
        ]
        return 0.0, parts, {"background": "an empty history"}

    def largest_contributions(self, one: Profiles) -> np.ndarray:
        """|Share of the own item in the history|: no likeness is above 1."""
        return np.abs(history_shares(one.matrix).data[: len(history(one)[0])])

    def feature_parts(self, one: Profiles, item: int) -> list[Part]:
        """The same score split by content feature instead of by history item; only features the item has."""
        taste = self.taste(one.rows(0, 1)).toarray()[0]
        own = self._item(item)
        return [
            Part("feature", self.names[code], self.names[code], float(taste[code] * own[code]))
            for code in np.flatnonzero(own).tolist()
        ]

    def _item(self, item: int) -> np.ndarray:
        return self.features[[item]].toarray()[0]

    def parameters(self) -> tuple[Parameter, ...]:
        """Each content column is a parameter."""
        from models.content.parameters import content_parameters

        return content_parameters(self)

    # -- keeping -------------------------------------------------------------------------------

    def statistics(self) -> dict[str, np.ndarray]:
        """The item features in millionths: nothing is learned from people."""
        return {
            "pointers": self.features.indptr.astype(np.int64),
            "features": self.features.indices.astype(np.int64),
            "millionths": np.rint(self.features.data * 1e6).astype(np.int64),
        }

    def _state(self) -> dict[str, np.ndarray]:
        table = self.features
        return {
            "names": np.array(self.names, dtype=np.str_),
            "data": table.data,
            "indices": table.indices,
            "indptr": table.indptr,
        }

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        names = [str(name) for name in state["names"]]
        shape = (len(state["indptr"]) - 1, len(names))
        self._set(names, sparse.csr_array((state["data"], state["indices"], state["indptr"]), shape=shape))


_OTHER = "map a genre, text or year column of the items table, or choose the model linear"


def history_shares(matrix: sparse.csr_array) -> sparse.csr_array:
    """Each row divided by the sum of its absolute values: the share of every history item in the person's profile."""
    totals = abs(matrix) @ np.ones(matrix.shape[1])
    shares = matrix.data / np.repeat(np.where(totals > 0, totals, 1.0), np.diff(matrix.indptr))
    return sparse.csr_array((shares, matrix.indices, matrix.indptr), shape=matrix.shape)
