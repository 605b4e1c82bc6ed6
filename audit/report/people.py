"""The people side of a report: groups that nobody has to supply, popularity lift, and what can be guessed of people."""

from __future__ import annotations

from audit.report.tables import (
    Column,
    Document,
    Row,
    Section,
    ends,
    people,
    section,
    share,
    share_ends,
    table,
    value,
    words,
)
from audit.report.text import line, metric_title, probability


def people_sections(document: Document) -> tuple[Section, ...]:
    """Every section on people that the document has rows for; none for runs from before there were any."""
    makers = (_segments, _lift, _privacy)
    return tuple(made for make in makers if (made := make(document)) is not None)


def _segments(document: Document) -> Section | None:
    told = document.get("segments") or {}
    reading = (
        "Nobody has to supply these groups: they are read off the histories. The gap is the group's mean minus that of "
        "everybody else; miscalibration is how far the mix of a list is from the mix of the person's own choices, 0 being "
        "the same. Exploratory: p is corrected by Benjamini-Hochberg, and the rows decide no exit code. Left out: who these "
        "people are; activity differs from group to group, so quality can differ with it."
    )
    columns: list[Column] = [
        words("Group", "group"),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        people("People", "n"),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        value("Gap", "gap", signed=True),
        ends("Interval of the gap", "gap_low", "gap_high", signed=True),
        ("Adjusted p", True, lambda row: probability(row["p_adjusted"])),
        ("Answer and reason", False, _answer),
    ]
    lines = [f"{name}: {text}" for part in ("words", "described") for name, text in (told.get(part) or {}).items()]
    lines += told.get("notes") or ()
    return section(
        "segments", "Groups that nobody has to supply", reading, told.get("rows") or (), columns, ("attribute",), lines
    )


def _lift(document: Document) -> Section | None:
    reading = (
        "Popularity of choices is the mean share of people who chose the same items; popularity of lists is that of the "
        "items shown. Lift = lists / choices - 1: 0 % is as popular as people's own taste, 100 % twice as popular (GAP and "
        "its change, Abdollahpouri et al. 2019). People with both a list and a history count; intervals resample them. Left "
        "out: whether people would like less popular items."
    )
    columns: list[Column] = [
        words("Attribute", "attribute"),
        words("Group", "group"),
        people("People", "n"),
        value("Popularity of choices", "profile"),
        value("Popularity of lists", "lists"),
        share("Lift", "lift"),
        share_ends("Interval", "low", "high"),
        words("Reason", "reason"),
    ]
    return section(
        "lift", "How popularity treats each group", reading, document.get("popularity_by_group") or (), columns
    )


def _privacy(document: Document) -> Section | None:
    told = document.get("privacy")
    if not told:
        return None
    reading = (
        "A guesser is trained to tell the group of a person it has not seen, from the history, from the lists, from random "
        "lists, from numbers that the model keeps, or from one input column at a time. AUC: each group against the rest, "
        "weighed by people; .5 tells nothing, 1 tells all. Lift: AUC of lists minus AUC of random lists. It tells where the "
        "adjusted p (Benjamini-Hochberg) is under alpha and, for lists, the lift is above 0. Left out: a better guesser; a "
        "weak one is no proof that nothing can be told."
    )
    shared: list[Column] = [
        people("People", "n"),
        value("AUC", "auc"),
        ends("Interval", "low", "high"),
        ("Adjusted p", True, lambda row: probability(row["p_adjusted"])),
    ]
    inference: list[Column] = [
        words("Attribute", "attribute"),
        words("Guessed from", "source"),
        *shared,
        value("Lift", "lift", signed=True),
        ends("Interval of the lift", "lift_low", "lift_high", signed=True),
        ("Answer and reason", False, lambda row: f"{_tells(row)} {line(row['reason'])}".strip()),
    ]
    proxies: list[Column] = [
        words("Input column", "input"),
        words("Tells of", "attribute"),
        *shared,
        words("Between", "pair"),
        value("AUC between", "pair_auc"),
        ends("Its interval", "pair_low", "pair_high"),
        ("Answer", False, _tells),
    ]
    tables = (
        table("What histories and lists tell", told["inference"], inference),
        table("What one input column tells", told["proxies"], proxies),
    )
    return Section(
        "privacy",
        "What lists and histories give away",
        reading,
        tuple(each for each in tables if each.rows),
        tuple(map(line, told["notes"])),
    )


def _answer(row: Row) -> str:
    told = "flag for review" if row["state"] == "flag" else line(row["state"])
    return f"{told} (exploratory). {line(row['reason'])}"


def _tells(row: Row) -> str:
    return "Tells: flag for review." if row["tells"] else "Not shown to tell."
