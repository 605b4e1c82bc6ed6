"""A section of a report: a heading, how to read it, and tables of text, made from rows of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.report.charts import Chart
from audit.report.text import DASH, between, line, number, percent, percent_between

Row = Mapping[str, Any]
Document = Mapping[str, Any]
Column = tuple[str, bool, Callable[[Row], str]]  # heading, whether its cells are set to the right, text of a cell

MOST = 400  # rows of one table of a report


@dataclass(frozen=True)
class Table:
    """A table as text; `numeric` marks the columns that are set to the right, `chart` draws its rows."""

    caption: str
    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    chart: Chart | None = None


@dataclass(frozen=True)
class Section:
    """A heading, how to read what is under it, its tables, and sentences about single things in it."""

    key: str
    title: str
    reading: str
    tables: tuple[Table, ...]
    told: tuple[str, ...] = ()


def section(
    key: str,
    title: str,
    reading: str,
    rows: Iterable[Row],
    columns: Sequence[Column],
    by: tuple[str, ...] = (),
    told: Iterable[str] = (),
    chart: Callable[[Sequence[Row]], Chart] | None = None,
) -> Section | None:
    """A section with a table, and its chart, per value of the columns `by`; None where there are no rows."""
    blocks: dict[str, list[Row]] = {}
    for row in rows:
        blocks.setdefault(" × ".join(line(row[name]) for name in by) or title, []).append(row)
    if not blocks:
        return None
    tables = tuple(table(name, block, columns, chart) for name, block in blocks.items())
    return Section(key, title, reading, tables, tuple(map(line, told)))


def table(
    caption: str,
    rows: Sequence[Row],
    columns: Sequence[Column],
    chart: Callable[[Sequence[Row]], Chart] | None = None,
) -> Table:
    """The rows as text, at most 400; the caption says how many are left out."""
    told = tuple(tuple(make(row) for _, _, make in columns) for row in rows[:MOST])
    left = f" ({len(rows) - MOST} more rows are in the tables of the run)" if len(rows) > MOST else ""
    return Table(
        caption + left,
        tuple(head for head, _, _ in columns),
        tuple(numeric for _, numeric, _ in columns),
        told,
        chart(rows) if chart is not None and rows else None,
    )


def words(head: str, name: str) -> Column:
    """A column of foreign text; empty where there is none."""
    return head, False, lambda row: line("" if row[name] is None else row[name])


def people(head: str, name: str) -> Column:
    """A column of whole numbers; a dash where one is held back."""
    return head, True, lambda row: count(row[name])


def value(head: str, name: str, *, signed: bool = False) -> Column:
    """A column of numbers; a dash where undefined or held back."""
    return head, True, lambda row: number(row[name], signed=signed)


def share(head: str, name: str) -> Column:
    """A column of shares in percent."""
    return head, True, lambda row: percent(row[name])


def ends(head: str, low: str, high: str, *, signed: bool = False) -> Column:
    """A column of intervals."""
    return head, True, lambda row: between(row[low], row[high], signed=signed)


def share_ends(head: str, low: str, high: str) -> Column:
    """A column of intervals of shares in percent."""
    return head, True, lambda row: percent_between(row[low], row[high])


def with_ends(head: str, name: str, *, signed: bool = False) -> Column:
    """A column of numbers, each with its interval `name_low` to `name_high` behind it where there is one."""

    def told(row: Row) -> str:
        low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
        shown = number(row[name], signed=signed)
        return shown if low is None or high is None else f"{shown} ({between(low, high, signed=signed)})"

    return head, True, told


def count(value: int | None) -> str:
    """A number of people or things; a dash where it is held back."""
    return DASH if value is None else f"{value:,.0f}"
