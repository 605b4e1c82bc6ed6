"""One person's list as it is shown: history minus what they withdrew, the slider, what they hid, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.errors import BadInput
from models.base import Profiles, Recommender
from models.explanation import Explanation, Part
from models.slider import CANDIDATES, Reranked, budget_of, rerank, self_information
from models.why.counterfactual import smallest_removal


@dataclass(frozen=True, eq=False)
class Request:
    """What a list is asked for: the person's history as it may be used, and their choices."""

    one: Profiles
    k: int = 10
    serendipity: float = 0.0  # slider, 0 (most relevant) to 1
    hidden: np.ndarray | None = None  # item codes never to show

    def __post_init__(self) -> None:
        if not 0 <= self.serendipity <= 1:
            raise BadInput(
                "the slider must be between 0 and 1",
                value=self.serendipity,
                fix="0 is most relevant, 1 most surprising",
            )


@dataclass(frozen=True, eq=False)
class Served:
    """A shown list: item codes in order, their scores, and what the slider added to each (0 when it is at 0)."""

    items: np.ndarray
    scores: np.ndarray
    relevance: np.ndarray
    surprise: np.ndarray
    price: float
    kept: float  # share of relevance kept by the slider

    def slider_term(self, place: int) -> float:
        """What the slider added to the score of the item at a place (from 0)."""
        return float(self.price * self.surprise[place])


def serve(model: Recommender, request: Request) -> Served:
    """The list of one person. At slider 0 it is the model's own list, byte for byte."""
    reranked = _reranked(model, request)
    there = reranked.lists.items[0] >= 0
    return Served(
        reranked.lists.items[0][there],
        reranked.lists.scores[0][there],
        reranked.relevance[0][there],
        reranked.surprise[0][there],
        float(reranked.price[0]),
        float(reranked.kept[0]),
    )


def serve_everybody(model: Recommender, k: int, serendipity: float = 0.0) -> Reranked:
    """Everybody's list at one position of the slider, each person within their own budget."""
    return _reranked(model, Request(model.profiles(), k, serendipity))


def _reranked(model: Recommender, request: Request) -> Reranked:
    depth = request.k if request.serendipity == 0 else max(CANDIDATES, request.k)
    candidates = model.recommend(request.one, depth, hidden=request.hidden)
    surprise = self_information(model.item_counts, len(model.training.users))
    return rerank(candidates, surprise, budget_of(request.serendipity), request.k)


def explain_served(model: Recommender, request: Request, item: int) -> Explanation:
    """Why the item has its score in this person's list: the model's parts, the slider's part, and the counterfactual."""
    if item in request.one.matrix.indices:
        title = model.title_of(item)
        raise BadInput(
            f"'{title}' is already in this person's history, so it is not recommended", fix="ask about another title"
        )
    told = model.explain(request.one, item)
    if request.serendipity > 0:
        told = _with_slider(told, serve(model, request), model, item)
    found = smallest_removal(model, request.one, item, request.k, request.hidden) if _has_item_parts(told) else None
    return replace(told, counterfactual=found)


def _with_slider(told: Explanation, shown: Served, model: Recommender, item: int) -> Explanation:
    bits = self_information(model.item_counts[[item]], len(model.training.users))[0]
    added = Part("slider", "slider", f"less known ({bits:.1f} bits), as the slider asks", float(shown.price * bits))
    return replace(told, score=told.score + added.value, parts=(*told.parts, added))


def _has_item_parts(told: Explanation) -> bool:
    return any(part.kind == "item" for part in told.parts)


def non_profiled(counts: np.ndarray, k: int) -> np.ndarray:
    """Item codes of the list that is the same for everybody: most chosen first, ties to the smaller id.

    It takes counts and nothing else: no person, no history, no choice can reach it.
    """
    return np.argsort(-counts, kind="stable")[:k]
