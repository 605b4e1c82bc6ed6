"""What is left of a gap when activity is alike, and who is compared when nobody's attributes are known: in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.inference.answers import State
from audit.report.text import between, line, metric_title, named, number

Document = Mapping[str, Any]
Row = Mapping[str, Any]

CAVEAT = (
    "What activity goes with, and what is left, is no proof of equality and none of harm: activity may itself be a result "
    "of how a group is served, and other reasons are not looked at."
)
_MOST = 4


def without_attributes(document: Document) -> str:
    """Who is compared where no attribute is given or planned; '' where one is."""
    if any(row["family"] == "confirmatory" for row in document["groups"]):
        return ""
    rows = (document.get("segments") or {}).get("rows") or ()
    names = list(dict.fromkeys(line(row["attribute"]) for row in rows))
    if not names:
        return "No user attribute is given or planned, so no group is compared."
    return (
        f"No user attribute is given or planned. Groups read off the histories are compared instead ({', '.join(names)}); "
        "they are exploratory and decide nothing."
    )


def adjusted_words(document: Document) -> list[str]:
    """For every attribute with a flagged gap: how much of its widest one is left when activity is alike."""
    widest: dict[tuple[str, str], Row] = {}
    for row in document["groups"]:
        key = (row["attribute"], row["metric"])
        if _clear(row) and (key not in widest or _width(row) > _width(widest[key])):
            widest[key] = row
    order = sorted(widest.values(), key=lambda row: -abs(row["gap"]))
    told = [_sentence(row, document["plan"]["level"]) for row in order[:_MOST]]
    return [*told, CAVEAT] if told else []


def _clear(row: Row) -> bool:
    """Whether the row decides and is flagged, and both gaps may be shown; no flag, no finding, whatever one interval says."""
    flagged = row["family"] == "confirmatory" and row["state"] == State.FLAG
    return flagged and row["gap"] is not None and row.get("adjusted_gap") is not None


def _width(row: Row) -> tuple[float, float]:
    """Of two groups with mirrored gaps the one that is served worse comes first."""
    return round(abs(row["gap"]), 9), -row["gap"]


def _sentence(row: Row, level: float) -> str:
    gap, left = row["gap"], row["adjusted_gap"]
    interval = between(row.get("adjusted_low"), row.get("adjusted_high"), signed=True)
    return (
        f"{line(row['attribute'])} {named(row['group'])}: the gap of {number(gap, signed=True)} in "
        f"{metric_title(row['metric'])} is {number(left, signed=True)} among people with equally long histories "
        f"({100 * level:g} % interval {interval}). {_part(1 - left / gap)}"
    )


def _part(share: float) -> str:
    """How much of a gap goes with activity; `share` = 1 - adjusted / raw."""
    if share < 0.05:
        return "None of it goes with activity." if share > -0.05 else "It is wider when activity is alike."
    if share > 1.05:
        return "It turns around when activity is alike."
    rough = "About half" if 0.4 <= share <= 0.6 else "A part" if share < 0.95 else "All"
    return f"{rough} of it ({100 * share:.0f} %) goes with activity."
