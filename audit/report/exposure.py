"""Concentration of exposure by user group, in the report of a counted audit."""

from __future__ import annotations

from audit.measures.weights import BROWSING
from audit.report.tables import Column, Document, Section, ends, people, section, value
from audit.report.text import DASH, line, metric_title


def exposure_sections(document: Document) -> tuple[Section, ...]:
    """The section where the document has rows for it; audits in memory have none."""
    reading = (
        "How the lists of each group spread attention over the catalogue, under several models of how attention falls from "
        "place to place. Intervals are of the people in the group. A small group shows fewer items for its size alone, so "
        "coverage, Gini and entropy of groups of unequal size do not compare. A dash: not shown, or no interval. Left out: "
        "what the group would have chosen."
    )
    rows = [{**row, "attribute": row["attribute"] or "everybody"} for row in document.get("exposure") or ()]
    columns: list[Column] = [
        ("Group", False, lambda row: line(row["group"])),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        ("Attention", False, lambda row: row["browsing"] if row["browsing"] in BROWSING else DASH),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        people("People", "n_lists"),
    ]
    made = section("exposure", "Concentration of exposure by group", reading, rows, columns, ("attribute",))
    return () if made is None else (made,)
