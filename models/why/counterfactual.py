"""What would have to be missing from a person's history for a title to lose its place, proven by scoring again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from models.base import Recommender
from models.explanation import Counterfactual, Exactness
from models.histories import Profiles, history
from models.serving import LESS, Request, open_scores, places, ranks, standing_of
from models.why.covering import LARGEST, Cover, covers

_NEAREST = 60  # titles nearest behind the item that are first tried as the ones that pass it
_AT_ONCE = 256  # histories scored in one go where every one is a guess
_CERTAIN = 1  # and where arithmetic has shown already that they do it


def off_the_list(model: Recommender, request: Request, item: int) -> Counterfactual | None:
    """The smallest set found whose removal takes `item` off the person's list; None if it is not on it, or none is found.

    To leave a list of k, k titles must come before the item. For a title r, own item j is worth c_j = phi_j(item) −
    phi_j(r), and r comes first once the removed c_j add up to more than the gap s(item) − s(r) (methods 2.4). `at_least`
    is a proven bound: the k-th smallest of the sizes that single titles need. `minimal` where the set found is of that
    size. Every set is scored again before it is told; removed items are not recommended back.
    """
    return _Case(model, request, item).behind(request.k)


def overtaken(model: Recommender, request: Request, item: int) -> Counterfactual | None:
    """The smallest set of own items whose removal costs `item` its place, and the title that comes before it instead.

    For the first title of a list this is the counterfactual of methods 2.4: without these, another title would be first.
    For a model that adds up over the history it is then exactly the smallest. The slider is taken at 0.
    """
    plain = request if request.serendipity == 0 else replace(request, serendipity=0.0)
    case = _Case(model, plain, item)
    return case.behind(case.before)


def counterfactuals(
    model: Recommender, request: Request, item: int
) -> tuple[Counterfactual | None, Counterfactual | None]:
    """`off_the_list` and `overtaken` (None with the slider up), the arithmetic that they share done once."""
    case = _Case(model, request, item)
    overtaken = case.behind(case.before) if request.serendipity == 0 else None
    same = request.serendipity == 0 and case.before == request.k
    return overtaken if same else case.behind(request.k), overtaken


@dataclass(frozen=True, eq=False)
class _Case:
    """One item of one list, and the questions about which own items hold it there."""

    model: Recommender
    request: Request
    item: int

    def behind(self, k: int) -> Counterfactual | None:
        """The smallest removal found after which the item stands behind place k; None if it does so already."""
        if self.before > min(k, self.request.k) or not len(self.owned):
            return None
        cover = replace(self.cover, need=k)
        proposed = covers(cover) if self.additive else _guesses(cover, len(self.owned))
        for size, sets, at_least in proposed:
            found = self._proven(self.owned[sets], k)
            if found is not None:
                chosen, after, by = found
                removed = tuple(self.model.training.items[code] for code in chosen)
                return Counterfactual(removed, self.before, after, size <= at_least, at_least, by)
        return None

    @cached_property
    def owned(self) -> np.ndarray:
        return history(self.request.one)[0]

    @cached_property
    def before(self) -> int:
        """The place now."""
        if self.request.serendipity > 0:
            return int(ranks(self.model, self.request, self.request.one, np.array([self.item]))[0, 0])
        return int(np.flatnonzero(standing_of(self.model, self.request).order == self.item)[0]) + 1

    @property
    def additive(self) -> bool:
        """Whether removing items subtracts their terms, up to a factor that is the same for all titles."""
        added = bool(self.request.less or self.request.boosts)
        exact = self.model.kind is Exactness.EXACT and not (self.model.normalised and added)
        return exact and self.request.serendipity == 0

    @cached_property
    def cover(self) -> Cover:
        """What each own item is worth against the titles that may pass: the nearest, and any other within reach."""
        near, effects = _nearest(self.model, self.request)
        standing = standing_of(self.model, self.request)
        gaps = standing.scores[self.item] - standing.scores
        other, mine = near != self.item, self._mine(near, effects)
        cover = Cover.of(mine[:, None] - effects[:, other], gaps[near[other]], self.request.k)
        far = standing.order[len(near) :]
        far = far[(gaps[far] <= self._reach(mine, cover.at_least - 1)) & (far != self.item)]
        if not len(far):
            return cover
        return cover.and_of(mine[:, None] - _effects(self.model, self.request, far), gaps[far])

    def _mine(self, near: np.ndarray, effects: np.ndarray) -> np.ndarray:
        place = np.flatnonzero(near == self.item)
        table = effects[:, place] if len(place) else _effects(self.model, self.request, np.array([self.item]))
        return table[:, 0]

    def _reach(self, mine: np.ndarray, size: int) -> float:
        """A gap that `size` removals surely cannot close, whatever the title."""
        bound = self.model.largest_contributions(self.request.one)
        if bound is None:
            return np.inf
        return float(np.sort(mine + bound)[::-1][:size].clip(min=0).sum()) if size > 0 else -np.inf

    def _proven(self, sets: np.ndarray, k: int) -> tuple[np.ndarray, int, str | None] | None:
        """Of the first block of sets that has one: the set that puts the item lowest, its place then, and who came before.

        The title that came before is told where the slider is at 0: there places are those of the scores.
        """
        step = _CERTAIN if self.additive else _AT_ONCE
        for start in range(0, len(sets), step):
            block = sets[start : start + step]
            edited = self.request.one.each_without(block)
            after, tables = self._places(edited)
            lowest = int(np.argmax(after))
            if after[lowest] > k:
                by = None if tables is None else self._newcomer(tables[lowest])
                return block[lowest], int(after[lowest]), by
        return None

    def _places(self, edited: Profiles) -> tuple[np.ndarray, np.ndarray | None]:
        items = np.array([self.item])
        if self.request.serendipity > 0:
            return ranks(self.model, self.request, edited, items)[:, 0], None
        tables = open_scores(self.model, self.request, edited)
        return places(tables, items)[:, 0], tables

    def _newcomer(self, now: np.ndarray) -> str | None:
        """The best placed title that has come before the item."""
        was, codes = standing_of(self.model, self.request).scores, np.arange(len(now))
        was_ahead, is_ahead = ((s > s[self.item]) | ((s == s[self.item]) & (codes < self.item)) for s in (was, now))
        came = np.flatnonzero(is_ahead & ~was_ahead)
        return self.model.training.items[int(came[np.argmax(now[came])])] if len(came) else None


def _nearest(model: Recommender, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """The best titles (codes) and what each own item adds to them, worked out once for all questions about one list."""
    kept: tuple[Recommender, np.ndarray, np.ndarray] | None = request.__dict__.get("_nearest")
    if kept is None or kept[0] is not model:
        near = standing_of(model, request).order[: request.k + _NEAREST + 1]
        kept = model, near, _effects(model, request, near)
        request.__dict__["_nearest"] = kept
    return kept[1:]


def _effects(model: Recommender, request: Request, targets: np.ndarray) -> np.ndarray:
    """Own items x targets: what each adds to the shown score, "less of this" included."""
    table = model.contributions(request.one, targets)
    if request.less:
        owned = history(request.one)[0]
        table = table * np.where(np.isin(owned, request.less), 1 - LESS, 1.0)[:, None]
    return table


def _guesses(cover: Cover, owned: int) -> Iterator[tuple[int, np.ndarray, int]]:
    """For models that do not add up: every single item, then the most telling ones together."""
    yield 1, np.arange(owned)[:, None], 1
    order = np.argsort(-cover.worth, axis=0, kind="stable").T
    for size in range(2, min(LARGEST, owned) + 1):
        yield size, np.unique(np.sort(order[:, :size], axis=1), axis=0), 2
