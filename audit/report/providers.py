"""The provider tables of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.inference.answers import State
from audit.measures.metrics import METRICS
from audit.report.tables import count
from audit.report.text import DASH, between, line, number, percent, percent_between

_MOST = 200


def exposure_reading(plan: Mapping[str, Any]) -> str:
    """How to read shares of exposure beside shares of the catalogue and of held-out choices."""
    told = METRICS["exposure_share"]
    return (
        f"Exposure weighs each place by the attention it gets ({plan['browsing']} model), over all lists. Formula: "
        f"{told.formula}. {told.convention} Denominator: {told.denominator}. Read it so: where the bar of exposure is longer "
        "than that of the catalogue, the provider is shown more than its part. Which share is right is a choice to be named, "
        f"not a fact. What it leaves out: {told.omits}"
    )


@dataclass(frozen=True)
class ProviderRow:
    """One provider; `chart` is (catalogue, held-out, exposure, low, high) as shares of 1, `words` says it."""

    provider: str
    items: str
    catalogue: str
    training: str
    merit: str
    exposure: str
    interval: str
    ratio: str
    merit_ratio: str
    merit_ends: str
    lists: str
    answer: str
    reason: str
    flagged: bool
    chart: tuple[float, float | None, float, float | None, float | None] | None
    words: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class ProviderTable:
    """All providers of one item column, their bars from 0 to `reach`; `judged` where the plan sets a floor."""

    column: str
    judged: bool
    left_out: int
    reach: float
    rows: tuple[ProviderRow, ...]


def provider_tables(document: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[ProviderTable, ...]:
    """A table per item column, its providers in the order of the document."""
    columns: dict[str, list[Any]] = {}
    for row in document["providers"]:
        columns.setdefault(row["column"], []).append(row)
    same = [{(row["column"], row["provider"]): row for row in other["providers"]} for other in others.values()]
    return tuple(_table(column, rows, same) for column, rows in columns.items())


def _table(column: str, rows: list[Any], same: list[dict[Any, Any]]) -> ProviderTable:
    order = sorted(range(len(rows)), key=lambda place: _weight(rows[place]))
    shown = [rows[place] for place in sorted(order[:_MOST])]
    shares = ("catalogue_share", "merit_share", "exposure_share", "exposure_high")
    reach = max((row[name] or 0.0 for row in shown for name in shares), default=1.0)
    return ProviderTable(
        column=line(column),
        judged=any(row["state"] is not None for row in rows),
        left_out=len(rows) - len(shown),
        reach=reach,
        rows=tuple(_row(row, [table.get((column, row["provider"])) for table in same]) for row in shown),
    )


def merit_ends(row: Mapping[str, Any]) -> str:
    """The interval of the ratio to held-out choices, or why it is not whole; nothing for runs from before there was one."""
    low = row.get("merit_ratio_low")
    told = between(low, row.get("merit_ratio_high"))
    if told != DASH or "merit_reason" not in row:
        return told
    return line(f"from {number(low)}. {row['merit_reason']}" if low is not None else row["merit_reason"])


def _weight(row: Mapping[str, Any]) -> tuple[bool, float]:
    """Flagged ones first, then those with most of the catalogue or of the exposure."""
    return row["state"] != State.FLAG, -max(row["catalogue_share"] or 0.0, row["exposure_share"] or 0.0)


def _row(row: Mapping[str, Any], same: list[Any]) -> ProviderRow:
    catalogue, exposure = row["catalogue_share"], row["exposure_share"]
    ends = (row["exposure_low"], row["exposure_high"])
    flagged = row["state"] == State.FLAG
    provider, merit = line(row["provider"]), percent(row["merit_share"])
    return ProviderRow(
        provider=provider,
        items=f"{row['n_items']:,}",
        catalogue=percent(catalogue),
        training=percent(row["training_share"]),
        merit=merit,
        exposure=percent(exposure),
        interval=percent_between(*ends),
        ratio=number(row["exposure_ratio"]),
        merit_ratio=number(row["merit_ratio"]),
        merit_ends=merit_ends(row),
        lists=count(row["n_lists"]),
        answer="flag for review" if flagged else (row["state"] or ""),
        reason=line(row["reason"]),
        flagged=flagged,
        chart=None if None in (catalogue, exposure) else (catalogue, row["merit_share"], exposure, *ends),
        words=f"{provider}: catalogue {percent(catalogue)}, held-out choices {merit}, exposure {percent(exposure)}",
        others=tuple(percent(None if other is None else other["exposure_share"]) for other in same),
    )
