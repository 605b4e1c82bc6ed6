"""The measures that a report uses, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.measures.item_metrics import ITEM_METRICS
from audit.measures.metrics import METRICS, Metric

_KNOWN: dict[str, Metric] = {**METRICS, **ITEM_METRICS}


@dataclass(frozen=True)
class Term:
    """One measure of the glossary."""

    name: str
    title: str
    meaning: str
    direction: str
    reading: str


def glossary(document: Mapping[str, Any]) -> tuple[Term, ...]:
    """Every measure that the document names, once, in its order."""
    used = [*document["overall"], *(row["metric"] for row in document["groups"])]
    if document["providers"]:
        used += ["catalogue_share", "training_share", "merit_share", "exposure_share", "exposure_ratio", "merit_ratio"]
    used += [row["metric"] for row in (document.get("segments") or {}).get("rows") or ()]
    if (document.get("item_groups") or {}).get("groups"):
        used += ITEM_METRICS
    return tuple(term(name) for name in dict.fromkeys(used) if name in _KNOWN)


def term(name: str) -> Term:
    """A measure by its name, in words."""
    metric = _KNOWN[name]
    better = {"neither": "Neither direction is better in itself."}
    convention = f"{metric.convention} " if metric.convention else ""
    return Term(
        metric.name,
        metric.title,
        metric.meaning,
        better.get(metric.direction, f"{metric.direction.capitalize()} is better."),
        f"Formula: {metric.formula}. {convention}Denominator: {metric.denominator}. Leaves out: {metric.omits}",
    )
