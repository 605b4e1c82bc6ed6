"""The names of the recommenders and how each is made."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from data.errors import NotFound
from models.base import Recommender

_COUNTS = {
    "linear": "models.counted.linear:Linear",
    "popularity": "models.popularity:Popularity",
    "random": "models.chance:Chance",
    "item-neighbours": "models.counted.item_neighbours:ItemNeighbours",
    "user-neighbours": "models.counted.user_neighbours:UserNeighbours",
    "svd": "models.rated.svd:SVD",
    "content": "models.content.model:Content",
    "hybrid": "models.hybrid.model:Hybrid",
}
_RATINGS = {
    "item-neighbours": "models.rated.neighbours:RatingItemNeighbours",
    "user-neighbours": "models.rated.neighbours:RatingUserNeighbours",
}
_COUNT_SIMILARITIES = ("jaccard", "dice", "cosine")

NAMES = tuple(_COUNTS)
_SEEDS = 2**31  # seeds that every model takes


def recommender_class(name: str, similarity: str | None = None) -> type[Recommender]:
    """The class of a model name; neighbour models with a Surprise similarity learn from ratings, others from counts."""
    if name not in _COUNTS:
        raise NotFound("model", name, NAMES)
    by_ratings = name in _RATINGS and similarity not in (None, *_COUNT_SIMILARITIES)
    module, _, attribute = (_RATINGS if by_ratings else _COUNTS)[name].partition(":")
    found: type[Recommender] = getattr(import_module(module), attribute)
    return found


def create(name: str, **settings: Any) -> Recommender:
    """A recommender that is not fitted yet."""
    return recommender_class(name, settings.get("similarity"))(**settings)


def reseeded(name: str, settings: dict[str, Any], by: int) -> dict[str, Any]:
    """The settings of a model with the seed of its own draws moved on by so many; the same where it draws nothing."""
    own = recommender_class(name, settings.get("similarity")).seed_setting
    if by == 0 or own is None:
        return settings
    return {**settings, own: (create(name, **settings).settings.model_dump()[own] + by) % _SEEDS}
