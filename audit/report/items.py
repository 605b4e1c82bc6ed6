"""Groups of items in a report: their shares, their places and chances, and each column of the items as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.measures.item_metrics import ITEM_METRICS
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
    value,
    with_ends,
    words,
)
from audit.report.text import DASH, line, percent, percent_between

COLUMN_METRICS = ("awrf", "awrf_kl", "ndkl", "rsp", "reo", "min_skew", "max_skew", "group_ee_loss")


def item_sections(document: Document) -> tuple[Section, ...]:
    """Every section on groups of items that the document has rows for; none for runs from before there were any."""
    makers = (_shares, _places, _wholes)
    return tuple(made for make in makers if (made := make(document)) is not None)


def _groups(document: Document) -> list[Row]:
    return list((document.get("item_groups") or {}).get("groups") or ())


def _shares(document: Document) -> Section | None:
    reading = (
        "Read each row as one group of items: its part of the catalogue, of held-out choices and of attention, and three "
        "ratios against the items of all other named groups, 1 being equal. DP sets attention against the number of items; "
        "DTR sets attention, and DIR hits, against what people went on to choose (Singh and Joachims 2018; nothing is added "
        "and nothing is logged). An item of several groups is split equally; intervals resample people. The new-item share "
        "is the exposure of the group 'new' under 'age of the item'. Left out: which of the ratios should be 1, which is a "
        "choice to be named."
    )
    columns: list[Column] = [
        words("Group", "group"),
        people("Items", "n_items"),
        share("Catalogue", "catalogue_share"),
        share("Held-out choices", "merit_share"),
        share("Exposure", "exposure_share"),
        share_ends("Interval", "exposure_low", "exposure_high"),
        with_ends("DP ratio", "dp_ratio"),
        with_ends("DTR", "dtr"),
        with_ends("DIR", "dir"),
        words("Undefined, and why", "reason"),
    ]
    told = (document.get("item_groups") or {}).get("notes") or ()
    return section("item_shares", "Groups of items", reading, _groups(document), columns, ("column",), told)


def _places(document: Document) -> Section | None:
    reading = (
        "The same groups by where they stand. Skew is the natural logarithm of the share of places over the share of the "
        "catalogue, 0 being equal (Geyik et al. 2019). Chance: showings among all that could have been, and among held-out "
        "choices. Gini: concentration inside the group, never-shown items included. FA*IR asks of every top of every list "
        "whether chance explains how few of the group it holds (Zehlike et al. 2017, alpha .1 over the whole list); the "
        "share of lists drawn by chance that would pass stands beside it. Left out: too many of a group, which FA*IR never "
        "tests."
    )
    columns: list[Column] = [
        words("Group", "group"),
        with_ends("Skew", "skew", signed=True),
        ("Chance to be shown", True, lambda row: _fine(row["selection_rate"], *_ends(row, "selection_rate"))),
        ("Where chosen later", True, lambda row: _rate(row["relevant_rate"], *_ends(row, "relevant_rate"))),
        value("Gini inside", "gini_within"),
        people("Lists tested", "fastar_lists"),
        share("Pass FA*IR", "fastar_share"),
        share_ends("Interval", "fastar_low", "fastar_high"),
        ("Pass by chance", True, lambda row: percent(None if row["fastar_fails"] is None else 1 - row["fastar_fails"])),
    ]
    return section(
        "item_places", "Places and chances of groups of items", reading, _groups(document), columns, ("column",)
    )


def _wholes(document: Document) -> Section | None:
    reading = (
        "Each column of the items as one number: how far lists are from the goal (AWRF, and along the list NDKL), how "
        "unequal chances are (RSP, REO), the skew of the extremes, and the loss of expected exposure between groups. The "
        "goal is the share of the catalogue. Intervals resample people; those over groups resample the groups, as if these stood "
        "for more of their kind. Formulas, conventions and denominators stand under Measures. Left out: which "
        "goal is right, and which group makes the distance."
    )
    columns: list[Column] = [
        words("Column", "column"),
        ("Measure", False, lambda row: ITEM_METRICS[row["metric"]].title),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        ends("Interval over groups", "groups_low", "groups_high"),
        people("People", "n"),
        words("Group", "group"),
        ("What it says", False, lambda row: f"{ITEM_METRICS[row['metric']].meaning} {line(row['reason'])}".strip()),
    ]
    return section("item_columns", "Item columns as a whole", reading, list(column_rows(document)), columns)


def column_rows(document: Document) -> Iterator[dict[str, Any]]:
    """A row per item column and measure: value, low, high, n, group and reason; what a measure has none of is null."""
    for told in (document.get("item_groups") or {}).get("columns") or ():
        for name in COLUMN_METRICS:
            yield {
                "column": told["column"],
                "metric": name,
                "value": told[name],
                "low": told.get(f"{name}_low"),
                "high": told.get(f"{name}_high"),
                "groups_low": told.get(f"{name}_groups_low"),
                "groups_high": told.get(f"{name}_groups_high"),
                "n": told.get(f"{name}_n"),
                "group": told.get(f"{name}_group", ""),
                "reason": told["reason"] if told[name] is None else "",
            }


def _ends(row: Row, name: str) -> tuple[float | None, float | None]:
    """Low and high; None for runs from before they were measured."""
    return row.get(f"{name}_low"), row.get(f"{name}_high")


def _fine(chance: float | None, low: float | None, high: float | None) -> str:
    told = DASH if chance is None else f"{100 * chance:.2f} %"
    return told if low is None or high is None else f"{told} ({100 * low:.2f} to {100 * high:.2f} %)"


def _rate(rate: float | None, low: float | None, high: float | None) -> str:
    return percent(rate) if low is None or high is None else f"{percent(rate)} ({percent_between(low, high)})"
