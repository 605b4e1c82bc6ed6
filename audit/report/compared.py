"""What a report says of other audits: the last one of the same lists, and other models on the same people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.measures.metrics import METRICS
from audit.report.drawn import TRADED, trade_off
from audit.report.tables import (
    Column,
    Document,
    Row,
    Section,
    ends,
    people,
    section,
    table,
    value,
    words,
)
from audit.report.text import line, metric_title, probability

LAST = (
    "This audit against the last one of the same lists, group by group: change = value now - value before, and the gap in "
    "each. A row is there if either audit has it; what either holds back is not shown. Left out: an interval of the change, "
    "since the people behind the two audits are not known to be the same; so a small change may be chance."
)
BESIDE = (
    "The same people on both sides: difference = mean over people with both of their value under these lists minus their "
    "value under {base}. The interval resamples people; p exchanges the two lists within a person (sign permutation). "
    "Above 0 the lists serve this group better in a measure where higher is better. Left out: what people would have chosen "
    "had they seen the other list."
)
TRADE_OFF = (
    "Quality against concentration: each kind of list by its nDCG (mean over people with a held-out choice) and by the Gini "
    "of exposure (sum_j (2j-n-1) x_(j) / ((n-1) sum x) over all catalogue items: 0 all get the same attention, 1 one item "
    "has it all). Up is better quality, left is less concentrated; lists down and to the right of others are worse in both. "
    "Left out: who gains and who loses, which the tables of groups and providers say."
)


def compared_sections(document: Document) -> tuple[Section, ...]:
    """The sections that the document has rows for."""
    return tuple(made for make in (_last, _trade_off, _beside) if (made := make(document)) is not None)


def _last(document: Document) -> Section | None:
    told = document.get("against_last")
    if not told:
        return None
    columns: list[Column] = [
        words("Attribute", "attribute"),
        words("Group", "group"),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        people("People before", "n_before"),
        people("People now", "n"),
        value("Before", "value_before"),
        value("Now", "value"),
        value("Change", "change", signed=True),
        value("Gap before", "gap_before", signed=True),
        value("Gap now", "gap", signed=True),
        ("Answers", False, _answers),
        words("What else", "reason"),
    ]
    rows, left = deciding(told["rows"], document)
    about = f"The last audit is run {line(told['run_id'])}, kept at {line(told['at'])[:16].replace('T', ' ')} UTC."
    return section("against_last", "Since the last audit", LAST, rows, columns, (), (about, *told["notes"], *left))


def _beside(document: Document) -> Section | None:
    told = document.get("side_by_side")
    if not told or not told["rows"]:
        return None
    columns: list[Column] = [
        ("Attribute", False, lambda row: line(row["attribute"]) or "everybody"),
        words("Group", "group"),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        people("People", "n"),
        value("Here", "value"),
        value("There", "base"),
        value("Difference", "difference", signed=True),
        ends("Interval", "low", "high", signed=True),
        ("Adjusted p", True, lambda row: probability(row["p_adjusted"])),
        words("Reason", "reason"),
    ]
    reading = BESIDE.format(base=f"“{line(told['base'])}”")
    rows, left = deciding(told["rows"], document)
    pairs = [table(label, [row for row in rows if row["label"] == label], columns) for label in told["labels"]]
    tables = tuple(each for each in pairs if each.rows)
    return Section("side_by_side", "Side by side", reading, tables, (*map(line, told["notes"]), *left))


def _trade_off(document: Document) -> Section | None:
    rows = (document.get("side_by_side") or {}).get("overall") or _drawn_of(document)
    return section("trade_off", "Quality against concentration", TRADE_OFF, rows, _sums(), chart=trade_off)


def kinds_of_list(document: Document) -> list[dict[str, Any]]:
    """The overall rows of the audited lists and of those they are compared with, each with its label."""
    labelled = {document["label"]: document, **(document.get("compared_with") or {})}
    return [{**row, "label": label} for label, told in labelled.items() for row in told["overall"].values()]


def _drawn_of(document: Document) -> list[dict[str, Any]]:
    """The rows that are drawn, where there is more than one kind of list; every measure stands under overall numbers."""
    rows = kinds_of_list(document) if document.get("compared_with") else []
    return [row for row in rows if row["metric"] in TRADED]


def deciding(rows: Sequence[Row], document: Document) -> tuple[list[Row], tuple[str, ...]]:
    """Groups in the confirmatory measures and everybody in all, and a sentence on the rest; all where no plan is given."""
    metrics = (document.get("plan") or {}).get("metrics")
    kept = [row for row in rows if metrics is None or row["metric"] in metrics or not row["attribute"]]
    left = len(rows) - len(kept)
    return kept, (f"{left:,} rows of groups in exploratory measures are in the tables of the run.",) if left else ()


def _sums() -> list[Column]:
    return [
        words("Lists", "label"),
        ("Measure", False, lambda row: metric_title(row["metric"])),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        people("People", "n"),
        ("Denominator", False, lambda row: METRICS[row["metric"]].denominator if row["metric"] in METRICS else ""),
    ]


def _answers(row: Row) -> str:
    before, now = (line(row[name] or "none") for name in ("state_before", "state"))
    return now if before == now else f"{before}, now {now}"
