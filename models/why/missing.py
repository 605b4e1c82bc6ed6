"""Why a title is not on a person's list, and the smallest single change that brings it in, proven by scoring again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.base import Recommender
from models.explanation import Part
from models.histories import Profiles, history
from models.serving import Request, ranks, serve
from models.why.contrast import contrast
from models.why.reasons import check_open, explain_served

POSITIONS = tuple(round(step / 20, 2) for step in range(21))  # of the slider that are tried
_LACKING = 3

ChangeKind = Literal["use again", "count in full", "slider", "leave out", "choose"]


@dataclass(frozen=True)
class Change:
    """One change of the person's own that puts the title on the list at `rank`; `id` is an item, or a slider position."""

    kind: ChangeKind
    id: str
    title: str
    rank: int


@dataclass(frozen=True)
class Missing:
    """Where a title stands, what it lacks against the last one on the list, and every kind of single change that helps.

    `gap` is the score it lacks; `lacks` are the parts that the last title of the list has more of. `changes` holds the
    best change of each kind, the smallest kind first. Empty means that no single change brings the title in, where
    `all_tried`, else that none of the likely ones does.
    """

    item: str
    rank: int
    score: float
    last: str
    gap: float
    lacks: tuple[Part, ...]
    changes: tuple[Change, ...]
    all_tried: bool


def why_not(model: Recommender, request: Request, item: int) -> Missing | None:
    """Why `item` is not on the list of the request; None if it is on it.

    Changes tried, smallest first: using again what the person took out, counting in full what counts for less, another
    slider position, leaving out one past choice, and one more choice. Each is scored again as the list would be.
    """
    check_open(model, request, item)
    shown = serve(model, request)
    if item in shown.items or not len(shown.items):
        return None
    last = int(shown.items[-1])
    told, bar = (explain_served(model, request, code, counterfactual=False) for code in (item, last))
    between = contrast(bar, told)
    lacks = tuple(part for part in between.parts if part.value > 0)[:_LACKING]
    names = model.training.items
    rank = int(ranks(model, request, request.one, np.array([item]))[0, 0])
    changes, all_tried = _changes(model, request, item, shown.items)
    return Missing(names[item], rank, told.score, names[last], between.difference, lacks, changes, all_tried)


def _changes(model: Recommender, request: Request, item: int, listed: np.ndarray) -> tuple[tuple[Change, ...], bool]:
    chosen, all_tried = _choose(model, request, item, listed)
    found: dict[ChangeKind, Found] = {
        "use again": _use_again(model, request, item),
        "count in full": _in_full(model, request, item),
        "slider": _slider(model, request, item),
        "leave out": _leave_out(model, request, item),
        "choose": chosen,
    }
    changes = tuple(Change(kind, *reached) for kind, reached in found.items() if reached is not None)
    return changes, all_tried and request.plain


Found = tuple[str, str, int] | None


def _use_again(model: Recommender, request: Request, item: int) -> Found:
    if request.withdrawn is None:
        return None
    taken = np.setdiff1d(history(request.withdrawn)[0], history(request.one)[0])
    edited = [request.withdrawn.without(np.setdiff1d(taken, [code])) for code in taken]
    return _best(model, request, item, taken, stacked(edited))


def _in_full(model: Recommender, request: Request, item: int) -> Found:
    for code in request.less:
        fuller = replace(request, less=tuple(other for other in request.less if other != code))
        rank = int(ranks(model, fuller, fuller.one, np.array([item]))[0, 0])
        if rank <= request.k:
            return model.training.items[code], model.title_of(code), rank
    return None


def _slider(model: Recommender, request: Request, item: int) -> Found:
    for position in sorted(POSITIONS, key=lambda position: abs(position - request.serendipity)):
        shown = serve(model, replace(request, serendipity=position)).items
        if item in shown:
            return f"{position:g}", f"the slider at {position:g}", int(np.flatnonzero(shown == item)[0]) + 1
    return None


def _leave_out(model: Recommender, request: Request, item: int) -> Found:
    owned = history(request.one)[0]
    return _best(model, request, item, owned, request.one.each_without(owned[:, None])) if len(owned) else None


def _choose(model: Recommender, request: Request, item: int, listed: np.ndarray) -> tuple[Found, bool]:
    """One more choice, and whether every choice that could help was tried."""
    helpful, all_tried = model.helpful_choices(request.one, item, listed)
    taken = np.append(history(request.withdrawn or request.one)[0], item)
    codes = helpful[~np.isin(helpful, taken)]
    value = model.training.scale[1] if model.training.scale else 1.0
    return _best(model, request, item, codes, request.one.each_with(codes, value)), all_tried


def _best(model: Recommender, request: Request, item: int, codes: np.ndarray, edited: Profiles) -> Found:
    """The own item (code) whose change puts the title highest, if that is on the list."""
    if not len(codes):
        return None
    reached = ranks(model, request, edited, np.array([item]))[:, 0]
    place = int(np.argmin(reached))
    if reached[place] > request.k:
        return None
    return model.training.items[int(codes[place])], model.title_of(int(codes[place])), int(reached[place])


def stacked(several: list[Profiles]) -> Profiles:
    """Profiles of one row each as one."""
    from scipy import sparse

    if not several:
        return Profiles(np.zeros(0, dtype=np.int64), sparse.csr_array((0, 0)))
    matrix = sparse.csr_array(sparse.vstack([one.matrix for one in several]))
    return Profiles(np.concatenate([one.users for one in several]), matrix)
