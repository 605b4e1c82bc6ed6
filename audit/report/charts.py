"""Charts of a report as text and places from 0 to 1, made once: the page in HTML and the PDF draw the same ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

SHADES = 10
_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """What an axis shows, and its ticks as (place, text): 0 is its low end, 1 its high end."""

    title: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Heatmap:
    """A grid of cells as (text, shade); shade 0 is the lowest cell shown, 9 the highest, None a cell that is not shown."""

    alt: str
    caption: str
    down: tuple[str, ...]
    across: tuple[str, ...]
    cells: tuple[tuple[tuple[str, int | None], ...], ...]
    kind: Literal["heatmap"] = "heatmap"


@dataclass(frozen=True)
class Curves:
    """Named curves as points (place along, place up) in a square; the straight line from (0, 0) to (1, 1) is equality."""

    alt: str
    caption: str
    across: Axis
    up: Axis
    curves: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    kind: Literal["curves"] = "curves"


@dataclass(frozen=True)
class Mark:
    """One mark: its place, and the ends of the interval of its height; None where there is none.

    `label` stands beside it: its letter, or the letters of all marks at this place; '' beside all of those but the first.
    """

    letter: str
    name: str
    label: str
    along: float
    up: float
    ends: tuple[float, float] | None


@dataclass(frozen=True)
class Marks:
    """Marks over two axes; each has a letter, and the legend gives the letter a name."""

    alt: str
    caption: str
    across: Axis
    up: Axis
    marks: tuple[Mark, ...]
    kind: Literal["marks"] = "marks"


@dataclass(frozen=True)
class Bars:
    """Bars that start at 0, as (name, height, text)."""

    alt: str
    caption: str
    across: str
    up: Axis
    bars: tuple[tuple[str, float, str], ...]
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True)
class NotDrawn:
    """Why there is no chart."""

    caption: str
    kind: Literal["none"] = "none"


Chart = Heatmap | Curves | Marks | Bars | NotDrawn


def axis(title: str, values: Sequence[float], *, zero: bool = False) -> tuple[Axis, Callable[[float], float]]:
    """An axis over the values with ticks at 1, 2 or 5 times a power of ten, and the place of a value on it.

    The ends are ticks; `zero` puts the low end at 0 or under. Values that are all equal stand in its middle, or, from 0,
    at its end.
    """
    low, high = min(values), max(values)
    low = min(0.0, low) if zero else low
    if high - low < 1e-12:
        low, high = (low, low + 1.0) if zero else (low - 0.05, high + 0.05)
    step = _step((high - low) / _TICKS)
    first, last = math.floor(round(low / step, 9)), math.ceil(round(high / step, 9))
    digits = max(0, -math.floor(math.log10(step)))
    ticks = tuple(((place - first) / (last - first), f"{place * step:,.{digits}f}") for place in range(first, last + 1))
    return Axis(title, ticks), lambda value: (value / step - first) / (last - first)


def shade(value: float, low: float, high: float) -> int:
    """The tenth of the range from low to high that a value is in, from 0; the middle where all are equal."""
    return min(SHADES - 1, int(round(SHADES * (value - low) / (high - low), 9))) if high > low else SHADES // 2


def _step(least: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that is not under `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= least * (1 - 1e-9))
