"""What a report says of people who opted out: how many by group, what it costs, and how they are served."""

from __future__ import annotations

from collections.abc import Sequence

from audit.report.tables import (
    Column,
    Document,
    Row,
    Section,
    Table,
    count,
    ends,
    people,
    share,
    share_ends,
    table,
    value,
    words,
)
from audit.report.text import between, number

TITLE = "What opting out costs"
READING = (
    "First the share of each group that switched personal lists off, with a 95 % Wilson interval. Then what opting out "
    "would cost the others: nDCG of the list that is the same for all minus nDCG of their own list, the same people on both "
    "sides; below 0 it costs. Last how those are served who opted out. Left out: a personal list of anybody who opted out, "
    "since none is made of them, and whether who opts out would have been served well otherwise."
)


def opted_section(document: Document) -> Section | None:
    """The section; None for lists that are not of a model of ours."""
    from audit.opt_outs import NOBODY

    told = document.get("opt_outs")
    if not told:
        return None
    if NOBODY in told["notes"]:
        return Section("opt_outs", TITLE, _nobody(told["cost"]), ())
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
    return Section("opt_outs", TITLE, READING, tables, tuple(told["notes"]))


def _nobody(cost: Sequence[Row]) -> str:
    """One sentence, with what opting out would cost everybody on average; what it would cost a group is in the tables."""
    from audit.opt_outs import EVERYBODY

    said = "Nobody opted out"
    row = next((row for row in cost if row["attribute"] == EVERYBODY and row["difference"] is not None), None)
    if row is None:
        return f"{said}."
    return (
        f"{said}; the list that is the same for all would change nDCG by {number(row['difference'], signed=True)} on average "
        f"(95 % interval {between(row['low'], row['high'], signed=True)}, n = {count(row['n'])})."
    )
