"""The register of a model's parameters: what may move a score, in plain words, and the model's scores without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from models.base import Recommender
    from models.histories import Profiles

Scores = Callable[["Profiles"], np.ndarray]

CHOICES, RATINGS, OTHERS, CHANCE = "choices", "ratings", "others", "chance"
_WORDS = {
    CHOICES: "your past choices",
    RATINGS: "the ratings you gave",
    OTHERS: "what other people chose, counted",
    CHANCE: "no data: a draw by chance",
}
_COLUMN = "column:"


@dataclass(frozen=True, eq=False)
class Parameter:
    """One row of the register: a parameter that decides a list, or that the operator says does not (DSA Article 27).

    `declared` is the rank of importance that the operator states: 1 is the most important, equal numbers are equally
    important, None is declared as not used. `scores` gives people x items, float64: the model without this parameter.
    `reads` names the inputs behind it: choices, ratings, others, chance, or column:<content column>.
    """

    id: str
    title: str
    reads: tuple[str, ...]
    effect: str  # plain words: what more of it does
    declared: int | None
    scores: Scores

    @property
    def data(self) -> str:
        """Which data it uses, in plain words."""
        return ", ".join(map(input_words, self.reads))


def input_words(name: str) -> str:
    """An input in plain words."""
    return _WORDS.get(name) or f"the column '{name.removeprefix(_COLUMN)}' of titles"


def inputs_words(names: Iterable[str]) -> list[str]:
    """Inputs in plain words, each once, with all columns of titles in one line."""
    seen = list(dict.fromkeys(names))
    columns = [name.removeprefix(_COLUMN) for name in seen if name.startswith(_COLUMN)]
    told = [input_words(name) for name in seen if not name.startswith(_COLUMN)]
    return [*told, f"what is known of titles: {', '.join(columns)}"] if columns else told


def column(name: str) -> str:
    """The input that a content column is."""
    return f"{_COLUMN}{name}"


# -- rows that several models share ----------------------------------------------------------------


def choices(model: Recommender, declared: int | None = 1) -> Parameter:
    """The person's own history; without it the model sees somebody who never chose anything."""

    def ablated(profiles: Profiles) -> np.ndarray:
        return model.scores(without_history(profiles))

    effect = "Titles that go with what you chose move up." if declared else "None: everybody's titles score alike."
    return Parameter("choices", "Your past choices", (CHOICES,), effect, declared, ablated)


def ratings(
    model: Recommender, declared: int | None = None, alike: Callable[[Profiles], Profiles] | None = None
) -> Parameter:
    """How the person rated; without it everything they chose counts alike (`alike`, by default 1 for each)."""

    def ablated(profiles: Profiles) -> np.ndarray:
        return model.scores(alike(profiles) if alike else profiles.presence())

    effect = (
        "What you rated higher counts for more." if declared else "None: a choice counts the same however you rated it."
    )
    return Parameter("ratings", "How you rated them", (RATINGS,), effect, declared, ablated)


def together(declared: int = 2) -> Parameter:
    """What people choose together, for a model that knows nothing else: without it no title has a score above another."""
    effect = "Titles that are often chosen together with yours move up."
    return Parameter("others", "What other people chose", (OTHERS,), effect, declared, nothing)


def others_unread(model: Recommender) -> Parameter:
    """For a model that says it uses nobody else's data: the same model with everybody's choices taken away."""

    def ablated(profiles: Profiles) -> np.ndarray:
        return blind.scores(profiles)

    blind, training = copy(model), model.training
    blind.training = replace(training, matrix=sparse.csr_array(training.matrix.shape, dtype=np.float64))
    effect = "None: what others chose plays no part in a score."
    return Parameter("others", "What other people chose", (OTHERS,), effect, None, ablated)


# -- ways of taking something away -----------------------------------------------------------------


def without_history(profiles: Profiles) -> Profiles:
    """The same people as if they had never chosen anything."""
    return replace(profiles, matrix=sparse.csr_array(profiles.matrix.shape, dtype=np.float64))


def rated_alike(profiles: Profiles) -> Profiles:
    """The same people as if each had given all their titles one and the same rating: their own mean."""
    matrix = profiles.matrix
    lengths = np.diff(matrix.indptr)
    means = (matrix @ np.ones(matrix.shape[1])) / np.maximum(lengths, 1)
    alike = sparse.csr_array((np.repeat(means, lengths), matrix.indices, matrix.indptr), shape=matrix.shape)
    return replace(profiles, matrix=alike)


def nothing(profiles: Profiles) -> np.ndarray:
    """Scores of a model with nothing left to score by: 0 for every title, so that ties go to the smaller id."""
    return np.zeros(profiles.matrix.shape)


def lazily(build: Callable[[], Scores]) -> Scores:
    """Scores of a model that is built when they are first asked for, once."""
    built: list[Scores] = []

    def ablated(profiles: Profiles) -> np.ndarray:
        if not built:
            built.append(build())
        return built[0](profiles)

    return ablated
