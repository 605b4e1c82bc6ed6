"""Why one title rather than another: the difference of two explanations, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from models.explanation import Explanation, Part


@dataclass(frozen=True)
class Contrast:
    """`score difference = base + sum(parts)`: above 0 speaks for `item`, below 0 for `other` (methods 2.1, contrastive)."""

    item: str
    other: str
    difference: float
    base: float
    parts: tuple[Part, ...]

    @property
    def residual(self) -> float:
        """Difference - base - sum of parts; 0 up to rounding for exact explanations."""
        return self.difference - self.base - sum(part.value for part in self.parts)


def contrast(told: Explanation, other: Explanation) -> Contrast:
    """What speaks for `told.item` rather than for `other.item`, strongest first.

    Both explanations are of one person and model. Parts are matched by kind and id; one that only one side has counts in
    full. A signal or term that is equal on both sides is left out: it decides nothing between them.
    """
    theirs = {(part.kind, part.id): part for part in other.parts}
    parts = []
    for part in told.parts:
        match = theirs.pop((part.kind, part.id), None)
        parts.append(part._replace(value=part.value - (match.value if match else 0.0)))
    parts += [part._replace(value=-part.value) for part in theirs.values()]
    kept = sorted((part for part in parts if part.value != 0), key=lambda part: -abs(part.value))
    return Contrast(told.item, other.item, told.score - other.score, told.base - other.base, tuple(kept))
