"""Tables as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> bytes:
    """The rows as CSV in UTF-8, under a header line; what is missing is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or (list(rows[0]) if rows else []))
    writer.writeheader()
    writer.writerows({name: safe_cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def safe_cell(value: Any) -> Any:
    """The value for a cell: text that a spreadsheet would run as a formula has a single quote before it.

    That is text that begins with = + - @, a tab or a carriage return; numbers stay as they are.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
