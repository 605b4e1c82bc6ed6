"""Names on the axis of a chart: short enough to leave room for the chart on a phone, each told from every other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from textwrap import wrap

from app.text import short

_LINE, _LINES = 20, 2  # signs in a line of a label, and its lines: all of a name is in the table


def labels(names: Iterable[object], tails: Iterable[str] = ()) -> list[str]:
    """Names for an axis, each in at most two short lines; two names that are cut to the same are told apart by a number."""
    given = list(names)
    cut = [_label(*pair) for pair in zip(given, list(tails) or [""] * len(given), strict=True)]
    seen: Counter[str] = Counter()
    told = []
    for each in cut:
        seen[each] += 1
        told.append(each if seen[each] == 1 else f"{each} ({seen[each]})")
    return told


def _label(name: object, tail: str) -> str:
    """The longest start of a name that fits the lines with what follows it."""
    fitting = (wrap(short(name, most) + tail, _LINE) for most in range(_LINE * _LINES, 0, -1))
    return "<br>".join(escaped(line) for line in next((lines for lines in fitting if len(lines) <= _LINES), []))


def escaped(text: str) -> str:
    """Plotly reads <b> and the like in labels: data is shown as written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
