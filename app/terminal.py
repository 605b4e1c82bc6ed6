"""Results for a person at a terminal."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

_MOST_ROWS = 40
_IDS = ("user", "case", "name", "data", "model", "run", "item", "id")  # columns that a next command takes
_WORD = 12  # letters of other text that stay together
_FRAME = 3  # a line and a space on either side of every column


def show(told: Any) -> None:
    """Print a result: plain values line by line, lists of rows as tables. Data is printed as text, never as markup.

    No value is shortened or broken: what a next command needs can be copied from here at any width.
    """
    console = Console(markup=False, highlight=False)
    if isinstance(told, list):
        _rows(console, "", told)
        return
    for name, value in told.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            _rows(console, name, value)
        elif isinstance(value, dict):
            _line(console, f"{name}:")
            for key, inner in value.items():
                _line(console, f"  {key}: {_text(inner)}")
        else:
            _line(console, f"{name}: {_text(value)}")


def _rows(console: Console, name: str, rows: list[dict[str, Any]]) -> None:
    """A table, or a block a row where an id would not stay whole in a table of this width."""
    if not rows:
        _line(console, "nothing yet")
        return
    shown = [{str(column): _text(row.get(column)) for column in rows[0]} for row in rows[:_MOST_ROWS]]
    table = Table(title=name or None, title_justify="left")
    for column in shown[0]:
        table.add_column(column, no_wrap=_is_id(column), overflow="fold")
    if _fits(shown, console.width):
        for row in shown:
            table.add_row(*row.values())
        console.print(table)
    else:
        _blocks(console, name, shown)
    if len(rows) > _MOST_ROWS:
        _line(console, f"… and {len(rows) - _MOST_ROWS} more rows; --json prints them all.")


def _fits(shown: list[dict[str, str]], width: int) -> bool:
    """Whether every id, and every other word up to `_WORD` letters, has room on one line, with the lines around them."""
    needed = 1
    for column in shown[0]:
        texts = [column, *(row[column] for row in shown)]
        words = texts if _is_id(column) else [word for text in texts for word in text.split()]
        longest = max((cell_len(word) for word in words), default=0)
        needed += _FRAME + (longest if _is_id(column) else min(longest, _WORD))
    return needed <= width


def _blocks(console: Console, name: str, shown: list[dict[str, str]]) -> None:
    if name:
        _line(console, f"{name}:")
    for place, row in enumerate(shown):
        if place:
            _line(console, "")
        for column, text in row.items():
            _line(console, f"  {column}: {text}")


def _is_id(column: str) -> bool:
    return column in _IDS or column.endswith("_id")


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True)  # the terminal wraps it, so that what is copied is one line


def _text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(each, float) for each in value):
        return " ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)
