"""The register rows of the rating models: the history, its ratings, and the terms of the formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.rated.ratings import products, user_levels
from models.why.parameters import CHOICES, OTHERS, RATINGS, Parameter, Scores, choices, rated_alike, ratings

if TYPE_CHECKING:
    from models.histories import Profiles
    from models.rated.neighbours import RatingNeighbours
    from models.rated.svd import SVD

_PERSON, _TITLE, _TASTE = "user-level", "item-level", "taste-match"


def svd_parameters(model: SVD) -> tuple[Parameter, ...]:
    """The person's own data, and the terms of μ + b_u + b_i + q·p: each is left out of the sum.

    The level of the title decides most lists; the person's own data speak through the taste match alone, since their
    level moves all their scores alike.
    """
    rows = (
        choices(model, 2 if model.settings.biased else 1),
        Parameter(
            _TASTE,
            "Taste match",
            (CHOICES, RATINGS, OTHERS),
            "Titles whose hidden factors fit yours move up.",
            2 if model.settings.biased else 1,
            _without(model, _TASTE),
        ),
        ratings(model, 2 if model.settings.biased else 1, rated_alike),
    )
    if not model.settings.biased:
        return rows
    effect = "All your scores move up by the same amount, so the order of a list does not change."
    level = Parameter(_PERSON, "Your rating level", (CHOICES, RATINGS), effect, 5, _without(model, _PERSON))
    return (_title_level(1, _without(model, _TITLE)), *rows, level)


def _without(model: SVD, term: str) -> Scores:
    """The sum of the terms but one."""

    def ablated(profiles: Profiles) -> np.ndarray:
        levels, factors = model._person(profiles)
        terms: dict[str, np.ndarray] = {_PERSON: levels[:, None], _TITLE: model.item_level}
        if term != _TASTE:
            terms[_TASTE] = products(factors, model.item_factors.T)
        total = np.full(profiles.matrix.shape, model.mean)
        for name, table in terms.items():
            if name != term:
                total += table
        return total

    return ablated


def neighbour_parameters(model: RatingNeighbours) -> tuple[Parameter, ...]:
    """The person's own data, what the neighbours add and the level of the title.

    Item-based, a handful of the person's own ratings speaks for each title, so all four are declared equally important;
    user-based, dozens of people do, and who they are decides.
    """

    def levels_only(profiles: Profiles) -> np.ndarray:
        levels = user_levels(profiles.matrix, model.mean, model.item_level)
        return model.mean + levels[:, None] + model.item_level

    def no_title_level(profiles: Profiles) -> np.ndarray:
        return model.scores(profiles) - model.item_level

    near = "people" if model.user_based else "titles"
    effect = f"A title for which similar {near} speak moves up."
    reads = (CHOICES, RATINGS, OTHERS)
    return (
        choices(model),
        Parameter("neighbours", f"The most similar {near}", reads, effect, 1, levels_only),
        ratings(model, 3 if model.user_based else 1, rated_alike),
        _title_level(4 if model.user_based else 1, no_title_level),
    )


def _title_level(rank: int, scores: Scores) -> Parameter:
    effect = "Titles that people rate highly move up."
    return Parameter(_TITLE, "This title's own level", (OTHERS,), effect, rank, scores)
