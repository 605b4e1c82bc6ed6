"""Impact ratios in a report: the layout of Local Law 144, with the words that guard it."""

from __future__ import annotations

from audit.report.tables import Column, Document, Row, Section, people, section
from audit.report.text import DASH, line, number, percent, probability

_REFERENCES = {"best": "the highest rate", "largest": "the largest category", "rest": "everybody else"}


def impact_section(document: Document) -> Section | None:
    """The section; None where the plan asks for no impact ratio."""
    plan = document["plan"]
    scoring = (
        "is above the median of all people with a value" if plan.get("impact_ratio") == "scoring" else "is above 0"
    )
    reading = (
        f"The layout of 6 RCNY 5-301 (Local Law 144): a person counts as selected where the measure {scoring}. Ratio: the "
        f"rate divided by the rate of the reference, here {_REFERENCES.get(plan.get('impact_reference'), '')}. The four-fifths "
        "rule is a rule of thumb for screening and not the law: a ratio under 0.8 shows no wrong, and one over it clears "
        "nothing. Read it with its interval (Katz), Fisher's exact test (Holm), the people missing from an equal rate, and "
        "what one person more would do. Left out: why the rates differ, and whether being selected is good for anybody."
    )
    columns: list[Column] = [
        ("Category", False, lambda row: line(row["group"])),
        people("People", "n"),
        ("Share", True, lambda row: percent(row["share"])),
        people("Selected", "selected"),
        ("Rate", True, lambda row: percent(row["rate"])),
        ("Reference", False, lambda row: line(row["reference"] or DASH)),
        ("Ratio and interval", True, _ratio),
        ("Exact p", True, lambda row: probability(row["p"])),
        ("Adjusted p", True, lambda row: probability(row["p_adjusted"])),
        ("Missing from an equal rate", True, lambda row: number(row["shortfall"])),
        ("Ratio if one moves", True, _flip),
        ("Answer and reason", False, _answer),
    ]
    return section(
        "impact_ratios", "Impact ratios", reading, document.get("impact_ratios") or (), columns, by=("attribute",)
    )


def _ratio(row: Row) -> str:
    if row["ratio"] is None:
        return DASH
    return f"{row['ratio']:.2f}" + ("" if row["low"] is None else f" ({row['low']:.2f} to {row['high']:.2f})")


def _flip(row: Row) -> str:
    if row["ratio_if_one_moves"] is None:
        return DASH
    return f"{row['ratio_if_one_moves']:.2f}" + (", other side of 0.8" if row["flips"] else "")


def _answer(row: Row) -> str:
    told = {"flag": "flag for review: "}.get(row["state"], f"{row['state']}: " if row["state"] else "")
    return f"{told}{line(row['reason'])}"
