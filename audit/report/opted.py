"""What a report says of people who opted out: how many by group, what it costs, and how they are served."""

from __future__ import annotations

from audit.report.tables import (
    Column,
    Document,
    Section,
    Table,
    ends,
    people,
    share,
    share_ends,
    table,
    value,
    words,
)

READING = (
    "First the share of each group that switched personal lists off, with a 95 % Wilson interval. Then what opting out "
    "would cost the others: nDCG of the list that is the same for all minus nDCG of their own list, the same people on both "
    "sides; below 0 it costs. Last how those are served who opted out. Left out: a personal list of anybody who opted out, "
    "since none is made of them, and whether who opts out would have been served well otherwise."
)


def opted_section(document: Document) -> Section | None:
    """The section; None for lists that are not of a model of ours."""
    told = document.get("opt_outs")
    if not told:
        return None
    rates: list[Column] = [
        words("Attribute", "attribute"), words("Group", "group"), people("People", "n"), people("Opted out", "opted_out"),
        share("Share", "rate"), share_ends("Interval", "low", "high"),
    ]  # fmt: skip
    cost: list[Column] = [
        words("Attribute", "attribute"), words("Group", "group"), people("People", "n"), value("Own list", "own"),
        value("Same for all", "same_for_all"), value("Difference", "difference", signed=True),
        ends("Interval", "low", "high", signed=True),
    ]  # fmt: skip
    served: list[Column] = [
        words("Who", "who"), people("People", "n"), value("nDCG", "value"), ends("Interval", "low", "high"),
    ]  # fmt: skip
    tables: tuple[Table, ...] = (
        table("Who opted out", told["rates"], rates),
        table("What it would cost the others", told["cost"], cost),
        table("How they are served", told["served"], served),
    )
    return Section("opt_outs", "What opting out costs", READING, tables, tuple(told["notes"]))
