"""What an explanation is, for every model: a base, parts that add up to the score, and what kind of claim that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np


class Exactness(StrEnum):
    """How far the parts of an explanation may be trusted."""

    EXACT = "exact"  # base + parts is the score, by arithmetic
    GIVEN_NEIGHBOURS = "exact given neighbours"  # exact while the set of neighbours stays as it is
    SHAP = "shap over signals"  # Shapley values of a learned combination of readable signals
    OPAQUE = "partly opaque"  # only the named terms are readable


class Part(NamedTuple):
    """One additive term of a score. `kind` is item, feature, signal, neighbours, slider, policy, boost, choice or term."""

    kind: str
    id: str
    title: str
    value: float


class ItemParts(Sequence[Part]):
    """The parts of a history, strongest first, held as arrays: sorted, and made objects, when they are looked at.

    A long history has a thousand parts of which a person reads eight.
    """

    def __init__(self, ids: np.ndarray, titles: Sequence[str], codes: np.ndarray, values: np.ndarray) -> None:
        self._ids, self._titles, self._codes, self._values = ids, titles, codes, values

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def values(self) -> np.ndarray:
        """What each part adds, the strongest first."""
        return self._values[self._order]

    @cached_property
    def _order(self) -> np.ndarray:
        return (-np.abs(self._values)).argsort(kind="stable")

    @overload
    def __getitem__(self, place: int) -> Part: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Part, ...]: ...
    def __getitem__(self, place: int | slice) -> Part | tuple[Part, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        at = self._order[place]
        code = self._codes[at]
        return Part("item", str(self._ids[code]), self._titles[code], float(self._values[at]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True)
class Counterfactual:
    """A set of own history items whose removal changes the item's place, and the proof by scoring again.

    `minimal` says that no smaller set does it; otherwise a set of fewer than `at_least` items certainly does not.
    `by` is the title that takes the place, where the question was which one would.
    """

    remove: tuple[str, ...]
    rank_before: int
    rank_after: int | None  # None: no longer ranked at all
    minimal: bool = False
    at_least: int = 1
    by: str | None = None


@dataclass(frozen=True)
class Breakdown:
    """One part of an explanation, carried on to the person's own items: `value = base + sum(parts) + gap`.

    `unit` is "score" where the value is in units of the score, else the signal's own. `gap` is what the split does not
    reach: 0 up to rounding where it is exact.
    """

    of: str
    title: str
    value: float
    parts: Sequence[Part]
    base: float = 0.0
    unit: str = "score"

    @property
    def gap(self) -> float:
        """Value - base - sum of parts."""
        return self.value - self.base - total(self.parts)


@dataclass(frozen=True)
class Explanation:
    """Why `item` has its score for `user`: `base + sum(part.value) = score` (to 1e-9 where `kind` is exact).

    `background` names what the score is compared with: "an empty history", "the average user" …
    """

    model: str
    user: str
    item: str
    score: float
    base: float
    parts: Sequence[Part]
    kind: Exactness
    background: str
    within: tuple[Breakdown, ...] = ()
    neighbours: dict[str, Any] | None = None
    counterfactual: Counterfactual | None = None  # off the list
    overtaken: Counterfactual | None = None  # another title in its place
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def exact(self) -> bool:
        """Whether the parts are the model's own arithmetic."""
        return self.kind in (Exactness.EXACT, Exactness.GIVEN_NEIGHBOURS)

    @property
    def residual(self) -> float:
        """Score - base - sum of parts; 0 up to rounding where exact."""
        return self.score - self.base - self.total

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return total(self.parts)

    @property
    def own_items(self) -> Sequence[Part]:
        """What the person's own choices add, strongest first: the item parts, or those within another part."""
        direct = (
            self.parts if isinstance(self.parts, ItemParts) else [part for part in self.parts if part.kind == "item"]
        )
        return direct or next((inner.parts for inner in self.within if inner.parts), ())


def total(parts: Sequence[Part]) -> float:
    """The sum of the values of parts, correctly rounded, so that it does not depend on how the parts are held."""
    return math.fsum(parts._values if isinstance(parts, ItemParts) else (part.value for part in parts))
