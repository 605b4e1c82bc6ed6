"""The group tables of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.inference.answers import State
from audit.report.findings import threshold
from audit.report.tables import count
from audit.report.text import DASH, between, how_to_read, line, metric_title, named, number, probability

_MOST = 60


@dataclass(frozen=True)
class GroupRow:
    """One group in one metric; `chart` is (gap, low, high), or None where a number is not shown, `words` says it."""

    group: str
    people: str
    value: str
    interval: str
    gap: str
    gap_interval: str
    adjusted: str
    adjusted_interval: str
    p_adjusted: str
    detectable: str
    answer: str
    reason: str
    flagged: bool
    chart: tuple[float, float, float] | None
    words: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class GroupTable:
    """One metric over the groups of one attribute; its charts go from -reach to reach."""

    title: str
    reading: str
    family: str
    spread: str
    left_out: int
    threshold: float
    reach: float
    rows: tuple[GroupRow, ...]


@dataclass(frozen=True)
class Attribute:
    """One user attribute with a table per metric."""

    name: str
    tables: tuple[GroupTable, ...]


def attributes(document: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """A table per attribute and metric, in the order of the document."""
    tables: dict[str, dict[str, list[Any]]] = {}
    for row in document["groups"]:
        tables.setdefault(row["attribute"], {}).setdefault(row["metric"], []).append(row)
    same = [{_key(row): row for row in other["groups"]} for other in others.values()]
    summary = {(row["attribute"], row["metric"]): row for row in document["group_summary"]}
    return tuple(
        Attribute(
            line(name),
            tuple(
                _group_table(rows, summary.get((name, metric)), document["plan"], same)
                for metric, rows in metrics.items()
            ),
        )
        for name, metrics in tables.items()
    )


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["attribute"], row["metric"], row["group"]


def _group_table(
    rows: list[Any], summary: Mapping[str, Any] | None, plan: Mapping[str, Any], same: list[dict[Any, Any]]
) -> GroupTable:
    first = rows[0]
    least = threshold(plan, first["metric"])
    shown = _most(rows)
    ends = [abs(end) for row in shown for end in _chart(row) or ()]
    decides = first["family"] == "confirmatory"
    return GroupTable(
        title=metric_title(first["metric"]),
        reading=how_to_read(first["metric"], plan),
        family="Confirmatory: it decides." if decides else "Exploratory: it is shown, and decides nothing.",
        spread=spread_words(summary),
        left_out=len(rows) - len(shown),
        threshold=least,
        reach=_rounded_up(max([*ends, least])),
        rows=tuple(_group_row(row, same) for row in shown),
    )


def _most(rows: list[Any]) -> list[Any]:
    """The rows that fit a page: flagged groups first, then the largest, in their own order."""
    if len(rows) <= _MOST:
        return rows
    order = sorted(range(len(rows)), key=lambda place: (rows[place]["state"] != State.FLAG, -(rows[place]["n"] or 0)))
    return [rows[place] for place in sorted(order[:_MOST])]


def summary_of(document: Mapping[str, Any], attribute: str, metric: str) -> Mapping[str, Any] | None:
    """The row of the group summary; None where there is none."""
    rows = (row for row in document["group_summary"] if (row["attribute"], row["metric"]) == (attribute, metric))
    return next(rows, None)


def spread_words(summary: Mapping[str, Any] | None) -> str:
    """The lowest against the highest group, with intervals and what chance alone would show, in sentences."""
    if summary is None or summary["difference"] is None:
        return "Fewer than two groups may be shown, so none is compared with another."
    ratio = "" if summary["ratio"] is None else f", ratio {_with_ends(summary, 'ratio')}"
    told = (
        f"Largest difference between the {summary['groups']} known groups that may be shown: "
        f"{_with_ends(summary, 'difference')}{ratio} (lowest {named(summary['lowest'])}, "
        f"highest {named(summary['highest'])})."
    )
    return told + _by_chance(summary)


def _by_chance(summary: Mapping[str, Any]) -> str:
    """What to read a difference of extremes beside; nothing for runs from before it was measured."""
    if summary.get("difference_expected") is None:
        return ""
    ratio = summary.get("ratio_expected")
    both = "" if ratio is None else f" and a ratio of {number(ratio)}"
    return (
        " The lowest and the highest are picked after looking, so the difference is too large on average and its interval "
        "hardly ever reaches equality. Read it beside what is expected under no difference, with labels exchanged at random: "
        f"a difference of {number(summary['difference_expected'])}{both}."
    )


def _with_ends(summary: Mapping[str, Any], name: str) -> str:
    told = between(summary.get(f"{name}_low"), summary.get(f"{name}_high"))
    return number(summary[name]) + (f" (interval {told})" if told != DASH else "")


def _rounded_up(value: float) -> float:
    """The value with two significant digits, never less than it is."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(round(value / step, 9)) * step:.6g}")


def _group_row(row: Mapping[str, Any], same: list[dict[Any, Any]]) -> GroupRow:
    group, gap = line(row["group"]), number(row["gap"], signed=True)
    gap_interval = between(row["gap_low"], row["gap_high"], signed=True)
    return GroupRow(
        group=group,
        people=count(row["n"]),
        value=number(row["value"]),
        interval=between(row["low"], row["high"]),
        gap=gap,
        gap_interval=gap_interval,
        adjusted=number(row.get("adjusted_gap"), signed=True),
        adjusted_interval=between(row.get("adjusted_low"), row.get("adjusted_high"), signed=True),
        p_adjusted=probability(row["p_adjusted"]),
        detectable=number(row["detectable_gap"]),
        answer=_answer(row),
        reason=line(row["reason"]),
        flagged=row["state"] == State.FLAG,
        chart=_chart(row),
        words=f"{group}: gap {gap}, interval {gap_interval}",
        others=tuple(_other_gap(table.get(_key(row))) for table in same),
    )


def _chart(row: Mapping[str, Any]) -> tuple[float, float, float] | None:
    ends = (row["gap"], row["gap_low"], row["gap_high"])
    return None if None in ends else ends


def _answer(row: Mapping[str, Any]) -> str:
    told = "flag for review" if row["state"] == State.FLAG else str(row["state"])
    return told if row["family"] == "confirmatory" else f"{told} (exploratory)"


def _other_gap(row: Mapping[str, Any] | None) -> str:
    return number(None) if row is None else number(row["gap"], signed=True)
