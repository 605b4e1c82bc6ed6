"""What stands beside the group tables of a report and of the audit page: the same text for both."""

from __future__ import annotations

from audit.report.drawn import heatmap
from audit.report.impact import impact_section
from audit.report.tables import Column, Document, Section, people, section, value
from audit.report.text import DASH, between, line, metric_title, named, number, percent, probability
from audit.report.worst import worst_section

ADJUSTED = (
    "The adjusted gap compares people with about equally long histories: the mean of the gaps within strata of activity, "
    "each stratum weighing as many people as it has. It says how much of a gap is left when activity is alike. It does not "
    "say that the rest is nobody's concern: activity may itself be a result of how a group is served."
)


def sections(document: Document) -> tuple[Section, ...]:
    """Every section that the document has rows for, in order; none for runs from before there were any."""
    makers = (_directions, _unknowns, _equivalence, _intersections, impact_section, worst_section)
    return tuple(made for make in makers if (made := make(document)) is not None)


def turned(document: Document) -> list[str]:
    """A sentence for every comparison whose direction changes with the view; the banner of page and report."""
    return [
        f"{line(row['attribute'])} {named(row['group'])}, {metric_title(row['metric'])}: {line(row['reason'])}"
        for row in document.get("directions") or ()
        if row["changes"]
    ]


def _directions(document: Document) -> Section | None:
    reading = (
        "One comparison in three views. Pooled: every held-out choice counts the same, so active people count more. Per "
        "person: everybody counts the same; this is the gap of the tables above. Stratified: people with equally long "
        "histories are compared. The direction changes where two views of at least the threshold have opposite signs, and the "
        "interval of one of them, and that of their difference, do not hold 0; else it may be chance. Left out: every other "
        "reason for which people differ."
    )
    columns: list[Column] = [
        *_group_columns(),
        value("Pooled", "pooled_gap", signed=True),
        _view_ends("pooled"),
        value("Per person", "person_gap", signed=True),
        _view_ends("person"),
        value("Stratified", "stratified_gap", signed=True),
        _view_ends("stratified"),
        ("What it says", False, lambda row: line(row["reason"])),
    ]
    return section("directions", "Direction check", reading, document.get("directions") or (), columns)


def _view_ends(view: str) -> Column:
    """The interval of one view; a dash for runs from before every view had one."""
    head = f"Interval, {view.replace('person', 'per person')}"  # heads of one table must differ
    return head, True, lambda row: between(row.get(f"{view}_low"), row.get(f"{view}_high"), signed=True)


def _unknowns(document: Document) -> Section | None:
    rows = [row for row in document.get("unknowns") or () if row["n_unknown"] != 0]
    reading = (
        "When some people's group is unknown, the gap over the known ones is only one possibility. The bounds are the "
        "least and the greatest gap over every way to give the unlabelled people to the group or to everybody else, with "
        "their own values. They are limits of what is known, not an interval of chance. Fewer unlabelled people than the least "
        "cell count among everybody else, and their values, and what would tell them, are not shown. Left out: wrong labels."
    )
    columns: list[Column] = [
        *_group_columns(counted=False),
        people("Known", "n_known"),
        people("Unknown", "n_unknown"),
        ("Unknown share", True, lambda row: percent(row["unknown_share"])),
        value("Gap of the known", "gap", signed=True),
        ("Bounds", True, lambda row: between(row["lower"], row["upper"], signed=True)),
        ("What it says", False, lambda row: line(row["reason"])),
    ]
    return section("unknowns", "Missing group labels", reading, rows, columns)


def _equivalence(document: Document) -> Section | None:
    reading = (
        "The plan asks whether a gap is shown to be smaller than what matters. Two one-sided tests: it is shown where the "
        "whole interval lies inside plus or minus the threshold. Not shown is no evidence of a gap. Left out: no "
        "correction is made for the number of groups."
    )
    columns: list[Column] = [
        *_group_columns(),
        value("Gap", "gap", signed=True),
        ("Level", True, lambda row: DASH if row["level"] is None else f"{100 * row['level']:g} %"),
        ("Interval", True, lambda row: between(row["low"], row["high"], signed=True)),
        ("Threshold", True, lambda row: number(row["threshold"])),
        ("Answer", False, lambda row: line(row["answer"] or "not shown")),
        ("Reason", False, lambda row: line(row["reason"])),
    ]
    return section("equivalence", "Shown to be small", reading, document.get("equivalence") or (), columns)


def _intersections(document: Document) -> Section | None:
    reading = (
        "Every cell of two crossed attributes, also the empty and the small ones. The gap is the cell's mean minus the mean "
        "of everybody else whose two groups are known. Exploratory: the rows decide nothing, and p is corrected over all of "
        "them by Benjamini-Hochberg. A dash: the number is not shown. Left out: crossings of three attributes."
    )
    columns: list[Column] = [
        ("First group", False, lambda row: line(row["first_group"])),
        ("Second group", False, lambda row: line(row["second_group"])),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        people("People", "n"),
        ("Value", True, lambda row: number(row["value"])),
        ("Interval", True, lambda row: between(row["low"], row["high"])),
        value("Gap", "gap", signed=True),
        ("Interval of the gap", True, lambda row: between(row["gap_low"], row["gap_high"], signed=True)),
        ("Adjusted p", True, lambda row: probability(row["p_adjusted"])),
        ("Reason", False, lambda row: line(row["reason"])),
    ]
    return section(
        "intersections",
        "Intersections",
        reading,
        document.get("intersections") or (),
        columns,
        by=("first", "second"),
        chart=lambda rows: heatmap(rows, document["plan"]),
    )


def _group_columns(counted: bool = True) -> list[Column]:
    columns: list[Column] = [
        ("Attribute", False, lambda row: line(row["attribute"])),
        ("Group", False, lambda row: line(row["group"])),
        ("Measure", False, lambda row: metric_title(row["metric"])),
    ]
    return [*columns, people("People", "n")] if counted else columns
