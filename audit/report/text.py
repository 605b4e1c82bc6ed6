"""Numbers and foreign text as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.measures.metrics import METRICS

DASH = "–"
_ISOLATE, _END = "\u2068", "\u2069"  # what stands between them keeps its own direction and turns nothing else


def line(value: object) -> str:
    """Text of the data on one line; control and direction-changing characters become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())


def named(value: object) -> str:
    """Text of the data inside a sentence: in quotes, and unable to turn the sentence around it."""
    return f"“{_ISOLATE}{line(value)}{_END}”"


def number(value: float | None, *, signed: bool = False) -> str:
    """Three decimals, two from 10 on, one from 100 on; a dash where undefined."""
    if value is None:
        return DASH
    digits = 3 - (abs(value) >= 10) - (abs(value) >= 100)
    return f"{value:{'+' if signed else ''},.{digits}f}"


def percent(value: float | None) -> str:
    """A share in percent with one decimal; a dash where undefined."""
    return DASH if value is None else f"{100 * value:.1f} %"


def probability(value: float | None) -> str:
    """A p value with four decimals; a dash where undefined."""
    return DASH if value is None else f"{value:.4f}"


def between(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval; a dash where undefined."""
    if low is None or high is None:
        return DASH
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def percent_between(low: float | None, high: float | None) -> str:
    """An interval of shares; a dash where undefined."""
    return DASH if low is None or high is None else f"{100 * low:.1f} to {percent(high)}"


def metric_title(name: str) -> str:
    """The title of a metric; its name where this version does not know it."""
    return METRICS[name].title if name in METRICS else name


def how_to_read(metric: str, plan: Mapping[str, Any]) -> str:
    """One measure: what it says, its formula, its denominator, what it leaves out; '' where this version has it not."""
    if metric not in METRICS:
        return ""
    told = METRICS[metric]
    return (
        f"{told.meaning} Formula: {told.formula}. {told.convention} Denominator: {told.denominator}. "
        f"Intervals resample people, {plan['level']:.0%}. What it leaves out: {told.omits}"
    )
