"""An explanation as plain values for JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from models.explanation import Breakdown, Counterfactual, Exactness, Explanation, Part


def as_document(told: Explanation) -> dict[str, Any]:
    """The explanation as plain values; `from_document` gives it back."""
    return {
        "model": told.model,
        "user_id": told.user,
        "item_id": told.item,
        "score": told.score,
        "base": told.base,
        "exact": told.exact,
        "kind": str(told.kind),
        "background": told.background,
        "parts": _parts(told.parts),
        "within": [_breakdown(inner) for inner in told.within],
        "residual": told.residual,
        "counterfactual": _counterfactual(told.counterfactual),
        "overtaken": _counterfactual(told.overtaken),
        "neighbours": told.neighbours,
        "notes": list(told.notes),
    }


def from_document(document: Mapping[str, Any]) -> Explanation:
    """The explanation that a document holds; keys that it does not know are left."""
    return Explanation(
        model=document["model"],
        user=document["user_id"],
        item=document["item_id"],
        score=float(document["score"]),
        base=float(document["base"]),
        parts=_read_parts(document["parts"]),
        kind=Exactness(document["kind"]),
        background=document["background"],
        within=tuple(_read_breakdown(inner) for inner in document["within"]),
        neighbours=document["neighbours"],
        counterfactual=_read_counterfactual(document["counterfactual"]),
        overtaken=_read_counterfactual(document["overtaken"]),
        notes=tuple(document["notes"]),
    )


def _parts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [part._asdict() for part in parts]


def _read_parts(rows: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    return tuple(Part(row["kind"], row["id"], row["title"], float(row["value"])) for row in rows)


def _breakdown(inner: Breakdown) -> dict[str, Any]:
    return {
        "of": inner.of,
        "title": inner.title,
        "value": inner.value,
        "base": inner.base,
        "unit": inner.unit,
        "gap": inner.gap,
        "parts": _parts(inner.parts),
    }


def _read_breakdown(row: Mapping[str, Any]) -> Breakdown:
    parts = _read_parts(row["parts"])
    return Breakdown(row["of"], row["title"], float(row["value"]), parts, float(row["base"]), row["unit"])


def _counterfactual(found: Counterfactual | None) -> dict[str, Any] | None:
    return None if found is None else {**asdict(found), "remove": list(found.remove)}


def _read_counterfactual(row: Mapping[str, Any] | None) -> Counterfactual | None:
    return None if row is None else Counterfactual(**{**row, "remove": tuple(row["remove"])})
