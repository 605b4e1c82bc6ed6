"""Results for a person at a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_MOST_ROWS = 40


def show(told: Any) -> None:
    """Print a result: plain values line by line, lists of rows as tables. Data is printed as text, never as markup."""
    console = Console(markup=False, highlight=False)
    if isinstance(told, list):
        _table(console, "", told)
        return
    for name, value in told.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            _table(console, name, value)
        elif isinstance(value, dict):
            console.print(f"{name}:")
            for key, inner in value.items():
                console.print(f"  {key}: {_text(inner)}")
        else:
            console.print(f"{name}: {_text(value)}")


def _table(console: Console, name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("nothing yet")
        return
    table = Table(title=name or None, title_justify="left")
    for column in rows[0]:
        table.add_column(str(column))
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(_text(row.get(column)) for column in rows[0]))
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"… and {len(rows) - _MOST_ROWS} more rows; --json prints them all.")


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)
