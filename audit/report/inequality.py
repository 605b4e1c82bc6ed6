"""How unequal exposure is, over items and over providers: Lorenz curves, and expected exposure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.measures.item_metrics import ITEM_METRICS
from audit.report.drawn import lorenz
from audit.report.tables import Column, Document, Section, Table, ends, people, share, table, value
from audit.report.text import line

TENTHS = range(1, 11)


def inequality_section(document: Document) -> Section | None:
    """The section; None for runs from before there were curves."""
    found, overall = curves(document), (document.get("item_groups") or {}).get("overall") or ()
    if not found:
        return None
    reading = (
        "Lorenz curve: sorted from the least shown, the height at each part is the share of all attention that this part "
        "gets; equality would give 10 % to each tenth. Never-shown items are part of it. Expected exposure (Diaz et al. "
        "2020) sets the attention of items against giving equally relevant ones the same. Left out: which items win, and "
        "whether they should."
    )
    rows = [dict(zip(found, row, strict=True)) for row in zip(*map(at_tenths, found.values()), strict=True)]
    heads: list[Column] = [("Least shown", True, lambda row: f"{row['tenth']}0 %")]
    heads += [share(f"Share of exposure, {line(name)}", name) for name in found]
    tenths = [{"tenth": tenth, **row} for tenth, row in zip(TENTHS, rows, strict=True)]
    lorenz_table = table("Lorenz", tenths, heads, lambda _: lorenz(found))
    return Section("inequality", "How unequal exposure is", reading, (lorenz_table, *_expected(overall)))


def _expected(rows: Any) -> tuple[Table, ...]:
    columns: list[Column] = [
        ("Measure", False, lambda row: ITEM_METRICS[row["metric"]].title),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        people("People", "n"),
        ("What it says", False, lambda row: ITEM_METRICS[row["metric"]].meaning),
        ("Convention", False, lambda row: ITEM_METRICS[row["metric"]].convention),
    ]
    return (table("Expected exposure", rows, columns),) if rows else ()


def curves(document: Document) -> dict[str, Mapping[str, list[float]]]:
    """The Lorenz curves that the document has: `part` and `share` by what they run over."""
    lorenz = (document.get("item_groups") or {}).get("lorenz") or {}
    return {name: curve for name, curve in lorenz.items() if curve["part"]}


def at_tenths(curve: Mapping[str, list[float]]) -> list[float]:
    """The share of exposure of the least shown 10 %, 20 %, … 100 %: the last point of the curve at or before each."""
    return [_share_at(curve, tenth / 10) for tenth in TENTHS]


def _share_at(curve: Mapping[str, list[float]], part: float) -> float:
    last = max(place for place, each in enumerate(curve["part"]) if each <= part + 1e-9)
    return curve["share"][last]
