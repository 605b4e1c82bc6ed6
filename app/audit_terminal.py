"""An audit for a person at a terminal: what was found, then every table of the report, one line a row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.text import short
from audit.report.contents import Contents, contents, sampling
from audit.report.tables import Section
from data.errors import Cancelled

_WIDE = 200  # columns where there is no terminal, so that a file has whole tables
_MOST = 12  # rows of one table
_TEXT = 48  # characters of one cell


def show_audit(told: dict[str, Any]) -> None:
    """Print an audit: the words first, tables cut to twelve rows, and where the rest is."""
    report = contents(told)
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    console.print(f"{report.title}: {_whole(report.subtitle)}\n")
    for sentence in report.found:
        console.print(f"- {_whole(sentence)}")
    for fact in sampling(told):
        console.print(f"- {fact.name}: {_whole(fact.value)} ({fact.meaning})")
    _overall(console, report)
    _groups(console, report)
    for section in report.closer:
        _section(console, section)
    _providers(console, report)
    for section in report.sides:
        _section(console, section)
    console.print("\nNotes")
    for note in report.notes:
        console.print(f"- {_whole(note)}")
    if told.get("sample"):
        console.print(
            f"\nSample of {told['sample']['rows']:,} rows in {told['sample']['path']}. {told['sample']['what']}"
        )
    console.print(f"\nRun {told['run_id']}; every row is in {told['path']}." if told.get("path") else "")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on the terminal's error stream, nothing where that is no terminal; an interrupt ends with `Cancelled`."""
    console = Console(stderr=True)
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task(what, total=1.0)
            yield lambda done: bar.update(task, completed=done)
    except KeyboardInterrupt as interrupt:
        raise Cancelled("audit") from interrupt


def _overall(console: Console, report: Contents) -> None:
    heads = ("Measure", "Value", "Interval", "n", *report.compared)
    rows = [(row.title, row.value, row.interval, row.people, *row.others) for row in report.overall]
    _table(console, "Overall numbers", heads, rows, most=len(rows))


def _groups(console: Console, report: Contents) -> None:
    heads = ("Group", "People", "Value", "Gap", "Interval", "Adjusted gap", "Its interval", "Adjusted p", "Answer")
    for attribute in report.attributes:
        for table in attribute.tables:
            if not table.family.startswith("Confirmatory"):
                continue
            names = (
                "group",
                "people",
                "value",
                "gap",
                "gap_interval",
                "adjusted",
                "adjusted_interval",
                "p_adjusted",
                "answer",
            )
            rows = [tuple(getattr(row, name) for name in names) for row in table.rows]
            _table(console, f"{table.title} by {attribute.name}", heads, rows, most=len(rows))
            console.print(_whole(table.spread))
    if report.attributes:
        console.print("Exploratory measures are in groups-*.csv, and in the report.")


def _providers(console: Console, report: Contents) -> None:
    heads = (
        "Provider",
        "Items",
        "Catalogue",
        "Held-out choices",
        "Exposure",
        "Interval",
        "Exposure ÷ held-out",
        "Interval",
    )
    names = ("provider", "items", "catalogue", "merit", "exposure", "interval", "merit_ratio", "merit_ends")
    for table in report.providers:
        rows = [(*(getattr(row, name) for name in names), *row.others, row.answer) for row in table.rows]
        _table(console, f"Providers by {table.column}", (*heads, *report.compared, "Answer"), rows)


def _section(console: Console, section: Section) -> None:
    console.print(f"\n{section.title}\n{_whole(section.reading)}")
    for sentence in section.told:
        console.print(f"- {_whole(sentence)}")
    for table in section.tables:
        _table(console, table.caption, table.heads, table.rows, numeric=table.numeric)


def _table(
    console: Console,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[bool] | None = None,
    most: int = _MOST,
) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, head in enumerate(heads):
        right = place > 0 if numeric is None else numeric[place]
        table.add_column(head, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    for row in rows[:most]:
        table.add_row(*(short(cell, _TEXT) for cell in row))
    console.print("")
    console.print(table)
    if len(rows) > most:
        console.print(f"… and {len(rows) - most:,} more rows.")


def _whole(sentence: str) -> str:
    return short(sentence, len(sentence))
