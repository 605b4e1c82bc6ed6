"""The worst-served in a report: tenths of all people, and what the last tenth has in common; nobody is named."""

from __future__ import annotations

from audit.report.drawn import parts
from audit.report.tables import Column, Document, Section, people, table, value
from audit.report.text import between, line, metric_title, number

TRAITS = {
    "history_length": "history length (choices)",
    "profile_popularity": "taste: share of people who chose what they chose",
    "n_relevant": "held-out choices",
}


def worst_section(document: Document) -> Section | None:
    """The section; None for runs from before there was one."""
    spread: list[Column] = [
        ("Measure", False, lambda row: metric_title(row["metric"])),
        ("Tenth of people", True, lambda row: f"{row['decile']}"),
        people("People", "n"),
        ("Mean", True, lambda row: number(row["mean"])),
        ("From", True, lambda row: number(row["lowest"])),
        ("To", True, lambda row: number(row["highest"])),
    ]
    traits: list[Column] = [
        ("Measure", False, lambda row: metric_title(row["metric"])),
        ("What they have in common", False, lambda row: TRAITS.get(row["trait"], line(row["trait"]))),
        people("People", "n"),
        ("Worst-served", True, lambda row: number(row["worst"])),
        ("Others", True, lambda row: number(row["others"])),
        value("Difference", "difference", signed=True),
        ("Interval", True, lambda row: between(row["low"], row["high"], signed=True)),
    ]
    if not document.get("deciles"):
        return None
    reading = (
        "People in ten equal parts by how well their list served them, the worst first, and what the worst-served have in "
        "common: everybody at or below the 10 % quantile. Nobody is named. A trait in common is not a cause. Left out: who "
        "has no held-out choice, and so cannot be judged."
    )
    tables = (
        table("Ten parts of all people", document["deciles"], spread, lambda rows: parts(rows, document["plan"])),
        table("Means of the worst-served and of the others", document.get("worst_traits") or (), traits),
    )
    reasons = {row["metric"]: row.get("reason") for row in document.get("worst_traits") or ()}
    told = tuple(f"{metric_title(name)}: {line(reason)}" for name, reason in reasons.items() if reason)
    return Section(
        "deciles", "The worst-served, without names", reading, tuple(each for each in tables if each.rows), told
    )
