"""One person's list as it is shown: history minus what they withdrew, boosts, the slider, and what they hid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.errors import BadInput
from models.base import Recommender
from models.histories import Profiles, history
from models.ranking import Lists, best, top_k
from models.slider import CANDIDATES, Reranked, budget_of, rerank
from models.surprise import surprise_of

LESS = 0.5  # "less of this" goes so far of the way to the list without it


@dataclass(frozen=True, eq=False)
class Boost:
    """Something that is added to the scores of some items for a stated reason; 0 where it does not apply.

    By the operator; or, where it is `own`, by the person, who said what they like.
    """

    id: str
    title: str
    values: np.ndarray  # (items,) in units of the model's score
    own: bool = False


@dataclass(frozen=True, eq=False)
class Request:
    """What a list is asked for: the person's history as it may be used, their choices, and the operator's boosts."""

    one: Profiles
    k: int = 10
    serendipity: float = 0.0  # slider, 0 (most relevant) to 1
    hidden: np.ndarray | None = None  # item codes never to show
    less: tuple[int, ...] = ()  # own item codes that are to count for less
    boosts: tuple[Boost, ...] = ()
    withdrawn: Profiles | None = None  # the history before items were taken out of it; they are not recommended back

    def __post_init__(self) -> None:
        if not 0 <= self.serendipity <= 1:
            raise BadInput(
                "the slider must be between 0 and 1",
                value=self.serendipity,
                fix="0 is most relevant, 1 most surprising",
            )

    @property
    def plain(self) -> bool:
        """Whether the list is the model's own: nothing added and the slider at 0."""
        return self.serendipity == 0 and not self.less and not self.boosts


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
    """The list of one person, made once for a request. At slider 0 without boosts it is the model's own, byte for byte."""
    kept: tuple[Recommender, Served] | None = request.__dict__.get("_served")
    if kept is None or kept[0] is not model:
        kept = model, _served(model, request)
        request.__dict__["_served"] = kept
    return kept[1]


def _served(model: Recommender, request: Request) -> Served:
    done = _reranked(model, request, request.one)
    there = done.lists.items[0] >= 0
    listed = done.lists.items[0][there]
    return Served(
        listed,
        done.lists.scores[0][there],
        done.relevance[0][there],
        surprise_of(model).at(request.one, listed[None, :])[0],
        float(done.price[0]),
        float(done.kept[0]),
    )


def serve_everybody(
    model: Recommender,
    k: int,
    serendipity: float = 0.0,
    boosts: tuple[Boost, ...] = (),
    people: Profiles | None = None,
) -> Reranked:
    """Everybody's list, or that of some, at one position of the slider, each person within their own budget."""
    profiles = model.profiles() if people is None else people
    return _reranked(model, Request(profiles, k, serendipity, boosts=boosts), profiles)


def shown_scores(model: Recommender, request: Request, profiles: Profiles) -> np.ndarray:
    """Histories x items: the model's scores with boosts, and with what "less of this" takes away; before the slider.

    Less of own item j takes half of s(H) − s(H without j) off every score: half way to the list that is made without it.
    For a model that sums over the history that is half of what j contributes.
    """
    scores = model.scores(profiles)
    table = np.array(scores)
    for boost in request.boosts:
        table += boost.values
    for item in request.less:
        table -= LESS * (scores - model.scores(profiles.without(np.array([item]))))
    return table


def open_scores(model: Recommender, request: Request, profiles: Profiles) -> np.ndarray:
    """`shown_scores`, −inf where an item cannot be on the list: chosen already, also where taken out, or hidden."""
    table = shown_scores(model, request, profiles)
    own = profiles.matrix
    table[np.repeat(np.arange(len(profiles)), np.diff(own.indptr)), own.indices] = -np.inf
    table[:, _never_shown(request)] = -np.inf
    return table


@dataclass(frozen=True, eq=False)
class Standing:
    """How every item stands before the slider: scores (−inf where it cannot be listed), and item codes best first."""

    model: Recommender
    scores: np.ndarray
    order: np.ndarray


def standing_of(model: Recommender, request: Request) -> Standing:
    """The standing of a request, worked out once for all the questions that are asked about one list."""
    kept: Standing | None = request.__dict__.get("_standing")
    if kept is None or kept.model is not model:
        scores = open_scores(model, request, request.one)[0]
        order = np.argsort(-scores, kind="stable")
        kept = Standing(model, scores, order[np.isfinite(scores[order])])
        request.__dict__["_standing"] = kept
    return kept


def ranks(model: Recommender, request: Request, profiles: Profiles, items: np.ndarray) -> np.ndarray:
    """Histories x len(items): the place that each item would have in the list made from each history, from 1.

    Scored anew, with boosts, hidden items, "less" and the slider as in `request`; items of the history that the request
    was made with are never candidates, also where they were taken out. With the slider up, whoever is not chosen stands
    behind the list in the order of score + price x surprise.
    """
    table = open_scores(model, request, profiles)
    if request.serendipity == 0:
        return places(table, items)
    return _ranks_with_slider(model, request, profiles, table, items)


def places(table: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Rows x len(items): 1 + how many columns come before each item: larger, or equal with a smaller code."""
    mine, before = table[:, items], np.arange(table.shape[1])[:, None] < items[None, :]
    ahead = (table[:, :, None] > mine[:, None, :]) | ((table[:, :, None] == mine[:, None, :]) & before)
    return 1 + ahead.sum(axis=1)


def _ranks_with_slider(
    model: Recommender, request: Request, profiles: Profiles, table: np.ndarray, items: np.ndarray
) -> np.ndarray:
    codes, scores = best(table, max(CANDIDATES, request.k))
    surprise = surprise_of(model).table(profiles)
    theirs = np.take_along_axis(surprise, np.maximum(codes, 0), axis=1)
    done = rerank(Lists(profiles.users, codes, scores), theirs, budget_of(request.serendipity), request.k)
    priced = np.where(codes >= 0, scores + done.price[:, None] * theirs, -np.inf)
    mine = table[:, items] + done.price[:, None] * surprise[:, items]
    behind = 1 + (priced[:, :, None] > mine[:, None, :]).sum(axis=1)
    listed = done.lists.items[:, :, None] == items[None, None, :]
    return np.where(listed.any(axis=1), listed.argmax(axis=1) + 1, np.maximum(behind, request.k + 1))


def _never_shown(request: Request) -> np.ndarray:
    whole = request.withdrawn if request.withdrawn is not None else request.one
    seen = history(whole)[0]
    return seen if request.hidden is None else np.concatenate([seen, request.hidden]).astype(np.int64)


def _reranked(model: Recommender, request: Request, profiles: Profiles) -> Reranked:
    depth = request.k if request.serendipity == 0 else max(CANDIDATES, request.k)
    candidates = candidates_of(model, request, profiles, depth)
    return reranked(model, profiles, candidates, request.serendipity, request.k)


def reranked(model: Recommender, profiles: Profiles, candidates: Lists, serendipity: float, k: int) -> Reranked:
    """The candidates of each history with the slider at a position. At 0 surprise is not asked for: it is NaN."""
    if serendipity == 0:
        plain = rerank(candidates, np.zeros(candidates.items.shape), 0.0, k)
        return replace(plain, surprise=np.full(plain.lists.items.shape, np.nan))
    return rerank(candidates, surprise_of(model).at(profiles, candidates.items), budget_of(serendipity), k)


def candidates_of(model: Recommender, request: Request, profiles: Profiles, depth: int) -> Lists:
    """The best of each history before the slider acts, with boosts and "less" in the scores; hidden items left out."""
    hidden = request.hidden if request.withdrawn is None else _never_shown(request)
    if not request.less and not request.boosts:
        return model.recommend(profiles, depth, hidden=hidden)
    k = min(depth, len(model.training.items))
    return top_k(lambda block: shown_scores(model, request, block), profiles, k, hidden)


def without(request: Request, items: np.ndarray) -> Request:
    """The same request as if these own items (codes) were not in the history; they stay off the list."""
    whole = request.withdrawn if request.withdrawn is not None else request.one
    return replace(request, one=request.one.without(items), withdrawn=whole)


def non_profiled(counts: np.ndarray, k: int) -> np.ndarray:
    """Item codes of the list that is the same for everybody: most chosen first, ties to the smaller id.

    It takes counts and nothing else: no person, no history, no choice can reach it.
    """
    return np.argsort(-counts, kind="stable")[:k]
