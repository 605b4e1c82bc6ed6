"""What stands beside the group tables of a report and of the audit page: the same text for both."""

from __future__ import annotations

from audit.report.tables import Column, Document, Row, Section, people, section, table, value
from audit.report.text import DASH, between, line, metric_title, named, number, percent, probability

ADJUSTED = (
    "The adjusted gap compares people with about equally long histories: the mean of the gaps within strata of activity, "
    "each stratum weighing as many people as it has. It says how much of a gap is left when activity is alike. It does not "
    "say that the rest is nobody's concern: activity may itself be a result of how a group is served."
)
TRAITS = {
    "history_length": "history length (choices)",
    "profile_popularity": "taste: share of people who chose what they chose",
    "n_relevant": "held-out choices",
}


def sections(document: Document) -> tuple[Section, ...]:
    """Every section that the document has rows for, in order; none for runs from before there were any."""
    makers = (_directions, _unknowns, _equivalence, _intersections, _impact, _deciles)
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
        "histories are compared. The direction changes where two views of at least the threshold have opposite signs. Left "
        "out: every other reason for which people differ."
    )
    columns: list[Column] = [
        *_group_columns(),
        value("Pooled", "pooled_gap", signed=True),
        value("Per person", "person_gap", signed=True),
        value("Stratified", "stratified_gap", signed=True),
        ("Interval", True, lambda row: between(row["stratified_low"], row["stratified_high"], signed=True)),
        ("What it says", False, lambda row: line(row["reason"])),
    ]
    return section("directions", "Direction check", reading, document.get("directions") or (), columns)


def _unknowns(document: Document) -> Section | None:
    rows = [row for row in document.get("unknowns") or () if row["n_unknown"] != 0]
    reading = (
        "When some people's group is unknown, the gap over the known ones is only one possibility. The bounds are the "
        "least and the greatest gap over every way to give the unlabelled people to the group or to everybody else, with "
        "their own values. They are limits of what is known, not an interval of chance. Left out: labels that are wrong."
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
        "intersections", "Intersections", reading, document.get("intersections") or (), columns, by=("first", "second")
    )


def _impact(document: Document) -> Section | None:
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


_REFERENCES = {"best": "the highest rate", "largest": "the largest category", "rest": "everybody else"}


def _deciles(document: Document) -> Section | None:
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
        table("Ten parts of all people", document["deciles"], spread),
        table("Means of the worst-served and of the others", document.get("worst_traits") or (), traits),
    )
    return Section("deciles", "The worst-served, without names", reading, tables)


def _group_columns(counted: bool = True) -> list[Column]:
    columns: list[Column] = [
        ("Attribute", False, lambda row: line(row["attribute"])),
        ("Group", False, lambda row: line(row["group"])),
        ("Measure", False, lambda row: metric_title(row["metric"])),
    ]
    return [*columns, people("People", "n")] if counted else columns


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
