"""What other people stand behind a score: in sum, over enough of them, and never one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.explanation import Part

MINIMUM_PEOPLE = 10  # fewer people than this are not described: nobody's data leaks into another's "why"
_GOOD_FROM, _BAD_UPTO = 0.75, 0.25  # of the way from the lowest to the highest rating: 4 and 5 of 5, 1 and 2 of 5
EVERYBODY = "people in all"  # the rule of a score that singles nobody out
_NEAREST = 5  # own items told beside the people

Evidence = tuple[dict[str, Any] | None, tuple[str, ...]]


def evidence(
    rule: str, ratings: np.ndarray, people: int | None, scale: tuple[float, float] | None, own: Sequence[Part] = ()
) -> Evidence:
    """How many of the people whom the rule names chose the title, how they rated it, and the person's own nearest items.

    ratings: what those who chose it gave, one a person; people: how many the rule names, None where that says nothing;
    scale: lowest and highest rating of the data, None where there are no ratings. The histogram groups good (4 and 5 of
    5) and bad (1 and 2 of 5), the display that served users best (Herlocker et al. 2000). Withheld under
    `MINIMUM_PEOPLE`, with the reason as a note.
    """
    nearest = [{"item_id": part.id, "title": part.title, "value": part.value} for part in own[:_NEAREST]]
    if len(ratings) < MINIMUM_PEOPLE:
        note = f"Fewer than {MINIMUM_PEOPLE} {rule} chose this title, so nothing is said about them."
        return None, (note,)
    told: dict[str, Any] = {"rule": rule, "count": len(ratings), "of": people, "own": nearest}
    if scale is None or scale[0] == scale[1]:
        return told, ()
    return {**told, "mean": float(ratings.mean()), "histogram": histogram(ratings, *scale)}, ()


def histogram(ratings: np.ndarray, low: float, high: float) -> dict[str, int]:
    """How many ratings are good (the upper quarter of the scale), bad (the lower quarter), and between."""
    good, bad = ratings >= low + _GOOD_FROM * (high - low), ratings <= low + _BAD_UPTO * (high - low)
    return {"good": int(good.sum()), "between": int((~good & ~bad).sum()), "bad": int((bad & ~good).sum())}
