"""What an explanation is, for every model: a base, parts that add up to the score, and what kind of claim that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, overload

import numpy as np


class Exactness(StrEnum):
    """How far the parts of an explanation may be trusted."""

    EXACT = "exact"  # base + parts is the score, by arithmetic
    GIVEN_NEIGHBOURS = "exact given neighbours"  # exact while the set of neighbours stays as it is
    SHAP = "shap over signals"  # Shapley values of a learned combination of readable signals
    OPAQUE = "partly opaque"  # only the named terms are readable


class Part(NamedTuple):
    """One additive term of a score. `kind` is item, feature, signal, neighbours, slider, policy, boost or term."""

    kind: str
    id: str
    title: str
    value: float


class ItemParts(Sequence[Part]):
    """The parts of a history, strongest first, held as arrays: a part becomes an object when it is looked at.

    A long history has a thousand parts of which a person reads eight.
    """

    def __init__(self, ids: np.ndarray, titles: Sequence[str], codes: np.ndarray, values: np.ndarray) -> None:
        order = np.argsort(-np.abs(values), kind="stable")
        self._ids, self._titles, self._codes, self.values = ids, titles, codes[order], values[order]

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, place: int) -> Part: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Part, ...]: ...
    def __getitem__(self, place: int | slice) -> Part | tuple[Part, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        code = self._codes[place]
        return Part("item", str(self._ids[code]), self._titles[code], float(self.values[place]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True)
class Counterfactual:
    """The smallest set of own history items whose removal takes the item off the list, and the proof by re-scoring."""

    remove: tuple[str, ...]
    rank_before: int
    rank_after: int | None  # None: no longer ranked at all


@dataclass(frozen=True)
class Explanation:
    """Why `item` has its score for `user`: `base + sum(part.value) = score` (to 1e-9 where `kind` is exact)."""

    model: str
    user: str
    item: str
    score: float
    base: float
    parts: Sequence[Part]
    kind: Exactness
    background: str  # compared with what: "an empty history", "the average user" …
    neighbours: dict[str, Any] | None = None
    counterfactual: Counterfactual | None = None
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
        if isinstance(self.parts, ItemParts):
            return float(self.parts.values.sum())
        return sum(part.value for part in self.parts)
