"""Try: what a position of the slider would change in a person's list, before anything is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.use_cases.personal import PersonalList, at_position
from audit.measures.popularity import short_head
from models.serving import Served, serve
from models.slider import budget_of
from models.surprise import surprise_of

NEW, GONE, UP, DOWN, SAME = "new", "gone", "up", "down", "same"


@dataclass(frozen=True)
class Move:
    """One title and what the slider does with it; a place of None: not on that list."""

    item: str
    title: str
    before: int | None
    after: int | None
    rarity: float  # 0 to 1, as in `models.surprise`
    distance: float
    relevance_lost: float  # of a title that went: its share of the relevance of the former list

    @property
    def change(self) -> str:
        """new, gone, up, down or same."""
        if self.before is None or self.after is None:
            return NEW if self.before is None else GONE
        return SAME if self.before == self.after else UP if self.after < self.before else DOWN


@dataclass(frozen=True)
class Tried:
    """What a position would do to one list. Shares are of 1; `surprise` and `tail_share` are means over the list."""

    position: float
    budget: float  # the largest share of the relevance that may be given up
    given_up: float  # the share that is
    overlap: float  # share of the former list that stays
    surprise: tuple[float, float]  # before, after
    tail_share: tuple[float, float]
    moves: tuple[Move, ...]

    def document(self) -> dict[str, Any]:
        """As plain values."""
        from dataclasses import asdict

        moves = [{**asdict(move), "change": move.change} for move in self.moves]
        return {**asdict(self), "moves": moves}


def try_position(shown: PersonalList, position: float) -> Tried | None:
    """The person's list beside itself at another position of the slider; None where the list is the same for all."""
    if shown.model is None or shown.request is None:
        return None
    other = at_position(shown, position)
    assert other.request is not None  # noqa: S101 - as above
    before, after = serve(shown.model, shown.request), serve(shown.model, other.request)
    tail = ~short_head(_Counts(shown.model.item_counts))
    return Tried(
        position,
        budget_of(position),
        1 - after.kept,
        float(np.isin(before.items, after.items).mean()) if len(before.items) else 1.0,
        (_mean(before.surprise), _mean(after.surprise)),
        (_mean(tail[before.items]), _mean(tail[after.items])),
        tuple(_moves(shown, before, after)),
    )


@dataclass(frozen=True)
class _Counts:
    popularity: np.ndarray


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _moves(shown: PersonalList, before: Served, after: Served) -> list[Move]:
    model, request = shown.model, shown.request
    assert model is not None  # noqa: S101 - the caller's
    assert request is not None  # noqa: S101
    surprise = surprise_of(model)
    distance = surprise.distance(request.one)[0]
    was, now = ({int(code): place + 1 for place, code in enumerate(each.items)} for each in (before, after))
    weight = np.maximum(before.relevance, 0) / max(float(np.maximum(before.relevance, 0).sum()), 1e-12)
    lost = {int(code): float(weight[place]) for place, code in enumerate(before.items) if int(code) not in now}
    codes = [*now, *(code for code in was if code not in now)]
    return [
        Move(
            model.training.items[code],
            model.title_of(code),
            was.get(code),
            now.get(code),
            float(surprise.rarity[code]),
            float(distance[code]),
            lost.get(code, 0.0),
        )
        for code in codes
    ]
