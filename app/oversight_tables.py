"""Tables of the explanations page: plain headings, rounded numbers, an honest dash where a number is undefined."""

from __future__ import annotations

from typing import Any

import pandas as pd

from app.displays import between, number, percent


def checks_table(told: dict[str, Any]) -> pd.DataFrame:
    """Every check of a self-test, those that do not hold first."""
    rows = sorted(told["checks"], key=lambda row: bool(row["ok"]))
    return pd.DataFrame(
        {
            "holds": ["yes" if row["ok"] else "no" for row in rows],
            "check": [row["name"] for row in rows],
            "figure": [row["figure"] for row in rows],
            "what it means": [row["meaning"] for row in rows],
        }
    )


def parameters_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The register: every parameter, declared beside measured."""
    return pd.DataFrame(
        {
            "parameter": [row["title"] for row in rows],
            "declared": ["not used" if row["declared"] is None else str(row["declared"]) for row in rows],
            "measured": [str(row["measured"]) if row["moves"] else "no effect" for row in rows],
            "list changed without it": [percent(row["changed"]) for row in rows],
            "interval": [_percents(row) for row in rows],
            "answer": [row["answer"] for row in rows],
            "why": [row["why"] for row in rows],
            "data used": [row["data"] for row in rows],
            "what more of it does": [row["effect"] for row in rows],
        }
    )


def operator_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """What the operator adds after the model."""
    return pd.DataFrame(
        {
            "added by the operator": [row["title"] for row in rows],
            "setting": [row["setting"] for row in rows],
            "list changed without it": [percent(row["changed"]) for row in rows],
            "interval": [_percents(row) for row in rows],
        }
    )


def signals_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Every signal with its mean absolute Shapley value."""
    return pd.DataFrame(
        {
            "signal": [row["title"] for row in rows],
            "mean |Shapley value| (log-odds)": [number(row["value"]) for row in rows],
            "interval": [between(row["low"], row["high"]) for row in rows],
            "people": [row["n"] for row in rows],
        }
    )


def items_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The strongest titles of people's histories."""
    return pd.DataFrame(
        {
            "title": [row["title"] for row in rows],
            "share of all that histories add": [percent(row["share"], 2) for row in rows],
            "people who chose it": [row["people"] for row in rows],
        }
    )


def quality_table(rows: list[dict[str, Any]], outcomes: list[dict[str, Any]]) -> pd.DataFrame:
    """Every measure of the explanations: everybody, hits and misses."""
    split = {row["metric"]: row for row in outcomes}
    sides = [split.get(row["metric"], {}) for row in rows]
    return pd.DataFrame(
        {
            "measure": [row["title"] for row in rows],
            "everybody": [_figure(row["value"]) for row in rows],
            "interval": [_interval(row["low"], row["high"]) for row in rows],
            "people": [row["n"] for row in rows],
            "hits": [_figure(side.get("hit")) for side in sides],
            "misses": [_figure(side.get("miss")) for side in sides],
            "hits − misses": [_figure(side.get("gap")) for side in sides],
            "interval of the difference": [_interval(side.get("gap_low"), side.get("gap_high")) for side in sides],
            "what it says": [row["meaning"] for row in rows],
        }
    )


def _percents(row: dict[str, Any]) -> str:
    return f"{percent(row['low'])} to {percent(row['high'])}"


def _figure(value: float | None) -> str:
    """Three decimals, or powers of ten for what they would show as 0."""
    if value is None or pd.isna(value):
        return number(None)
    return f"{value:.1e}" if 0 < abs(value) < 0.0005 else number(value)


def _interval(low: float | None, high: float | None) -> str:
    return (
        number(None)
        if low is None or high is None or pd.isna(low) or pd.isna(high)
        else f"{_figure(low)} to {_figure(high)}"
    )
