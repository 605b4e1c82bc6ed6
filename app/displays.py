"""Tables as people read them: plain headings, rounded numbers, an honest dash where a number is undefined."""

from __future__ import annotations

from typing import Any

import pandas as pd

from audit.measures.metrics import METRICS
from audit.report.matrix import titles
from audit.report.providers import merit_ends

_DASH = "–"
_MODES = ("ndcg", "recall", "hit_rate", "coverage", "gini", "tail_share", "novelty", "diversity", "miscalibration_js")


def number(value: float | None, digits: int = 3) -> str:
    """A number as text; a dash where it is undefined."""
    return _DASH if value is None or pd.isna(value) else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage; a dash where it is undefined."""
    return _DASH if value is None or pd.isna(value) else f"{value:.{digits}%}"


def between(low: float | None, high: float | None, digits: int = 3) -> str:
    """An interval as text."""
    return _DASH if pd.isna(low) or pd.isna(high) else f"{number(low, digits)} to {number(high, digits)}"


def group_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Every number of a group table."""
    return pd.DataFrame(
        {
            "group": rows["group"],
            "answer": rows["state"],
            "people": rows["n"],
            "value": rows["value"].map(number),
            "interval": [between(*pair) for pair in zip(rows["low"], rows["high"], strict=True)],
            "gap to everybody else": rows["gap"].map(number),
            "interval of the gap": [between(*pair) for pair in zip(rows["gap_low"], rows["gap_high"], strict=True)],
            "adjusted p": rows["p_adjusted"].map(lambda p: number(p, 4)),
            **_adjusted(rows),
            "p": rows["p"].map(lambda p: number(p, 4)),
            "effect size": [number(value) for value in rows.get("effect_size", [None] * len(rows))],
            "smallest gap this sample could show": rows["detectable_gap"].map(number),
            "reason": rows["reason"],
        }
    )


def _adjusted(rows: pd.DataFrame) -> dict[str, Any]:
    """The gap among people with equally long histories; nothing for runs from before it was measured."""
    if "adjusted_gap" not in rows:
        return {}
    ends = zip(rows["adjusted_low"], rows["adjusted_high"], strict=True)
    return {
        "gap, activity alike": rows["adjusted_gap"].map(number),
        "interval, activity alike": [between(*pair) for pair in ends],
    }


def provider_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Every provider with its shares."""
    return pd.DataFrame(
        {
            "provider": rows["provider"],
            **({"answer": rows["state"].fillna("")} if rows["state"].notna().any() else {}),
            "titles": rows["n_items"],
            "share of the catalogue": rows["catalogue_share"].map(percent),
            "share of exposure": rows["exposure_share"].map(percent),
            "interval": [
                f"{percent(low)} to {percent(high)}"
                for low, high in zip(rows["exposure_low"], rows["exposure_high"], strict=True)
            ],
            "share of held-out choices": rows["merit_share"].map(percent),
            "exposure ÷ catalogue": rows["exposure_ratio"].map(lambda value: number(value, 2)),
            "exposure ÷ held-out choices": rows["merit_ratio"].map(lambda value: number(value, 2)),
            "its interval": _merit_ends(rows),
            "lists that show it": rows["n_lists"],
            **({"reason": rows["reason"]} if rows["state"].notna().any() else {}),
        }
    )


def _merit_ends(rows: pd.DataFrame) -> list[str]:
    plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [merit_ends({str(name): value for name, value in row.items()}) for row in plain]


def matrix_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """User group by item group: every share, the joined ones last in each group."""
    return pd.DataFrame(
        {
            "group": row["group"],
            "people": _DASH if row["people"] is None else f"{row['people']:,}",
            "titles": titles(row),
            "share of the catalogue": percent(row["catalogue_share"]),
            "share of exposure": percent(row["share"]),
            "interval": _DASH if row["low"] is None else f"{percent(row['low'])} to {percent(row['high'])}",
            "reason": row["reason"],
        }
        for row in rows
    )


def modes_table(document: dict[str, Any], other: dict[str, Any]) -> pd.DataFrame:
    """Both kinds of list, measure by measure, each with its interval where it has one."""
    rows = []
    for name in _MODES:
        if name not in document["overall"] or name not in other["overall"]:
            continue
        with_profile, without = document["overall"][name], other["overall"][name]
        rows.append((METRICS[name].title, _with_interval(with_profile), _with_interval(without), METRICS[name].meaning))
    return pd.DataFrame(rows, columns=["measure", "with a profile", "without a profile", "what it says"])


def trade_off_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row per kind of list: label, nDCG with its interval and n, and how concentrated exposure is."""
    table = pd.DataFrame(rows).set_index(["label", "metric"])
    quality = table.xs("ndcg", level="metric")[["value", "low", "high", "n"]].astype(float)
    sums = {"concentration": "gini_exposure", "coverage": "coverage", "tail_share": "tail_share"}
    for column, metric in sums.items():
        quality[column] = table.xs(metric, level="metric")["value"].astype(float)
    return quality.rename_axis("label").reset_index()


def trade_off_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Every kind of list with the numbers that are drawn."""
    return pd.DataFrame(
        {
            "lists": rows["label"],
            "people": rows["n"].astype(int),
            "nDCG": rows["value"].map(number),
            "interval": [between(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)],
            "Gini of exposure": rows["concentration"].map(number),
            "catalogue shown": rows["coverage"].map(percent),
            "tail share": rows["tail_share"].map(percent),
        }
    )


def positions_table(overall: pd.DataFrame) -> pd.DataFrame:
    """Every position of the slider with its measures."""
    return pd.DataFrame(
        {
            "slider": [f"{position:g}" for position in overall.index],
            "nDCG": overall["ndcg"].map(number),
            "relevance kept": overall["relevance_kept"].map(percent),
            "surprise (0 to 1)": overall["surprise"].map(lambda value: number(value, 2)),
            "catalogue shown": overall["coverage"].map(percent),
            "tail share": overall["tail_share"].map(percent),
            "Gini of showings": overall["gini"].map(number),
        }
    )


def changes_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The paired change of every group."""
    return pd.DataFrame(
        {
            "group": rows["group"],
            "people": rows["n"],
            "nDCG now": rows["before"].map(number),
            "nDCG as proposed": rows["after"].map(number),
            "change": rows["change"].map(lambda value: number(value, 4)),
            "interval": [between(low, high, 4) for low, high in zip(rows["low"], rows["high"], strict=True)],
        }
    )


def provider_changes_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Every provider's exposure, now and as proposed."""
    return pd.DataFrame(
        {
            "provider": rows["provider"],
            "share of the catalogue": rows["catalogue_share"].map(percent),
            "exposure now": rows["before"].map(percent),
            "exposure as proposed": rows["after"].map(percent),
            "change": rows["change"].map(lambda value: percent(value, 2)),
        }
    )


def boosts_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The boosts that act now, in the words that people read."""
    return pd.DataFrame(
        {
            "boosted": [row["title"] for row in rows],
            "what it is": ["a title" if row["kind"] == "item" else "a provider" for row in rows],
            "titles": [row["titles"] for row in rows],
            "points": [f"{row['amount']:+g}" for row in rows],
            "what people read": [row["label"] for row in rows],
        }
    )


def largest_changes(rows: pd.DataFrame, count: int = 12) -> pd.DataFrame:
    """The providers whose share changes most, losers first."""
    chosen = rows.reindex(rows["change"].abs().nlargest(count).index)
    return chosen.sort_values("change", ignore_index=True)


def policy_metrics(overall: pd.DataFrame, before: float, after: float) -> list[tuple[str, str, str | None, str]]:
    """Title, value as proposed, change from now, and meaning of the four figures that decide."""
    was, now = (overall.loc[position].to_dict() for position in (before, after))
    percents = [
        ("Catalogue shown", "coverage", "Share of all titles that appear in at least one list."),
        (
            "Tail share",
            "tail_share",
            "Share of a list that is not among the most chosen titles (those with 80 % of choices).",
        ),
    ]
    change = {name: float(now[name] - was[name]) for name in now}
    told = [
        (
            "nDCG, held out",
            number(now["ndcg"]),
            _change(f"{change['ndcg']:+.3f}", change["ndcg"]),
            "How well the lists put what people went on to choose near the top. Higher is better.",
        ),
        (
            "Surprise",
            number(now["surprise"]),
            _change(f"{change['surprise']:+.3f}", change["surprise"]),
            "Of 1: half how few people chose a title, half how far it is from what this person chose.",
        ),
    ]
    told += [
        (title, percent(now[name]), _change(f"{100 * change[name]:+.1f} points", change[name]), text)
        for title, name, text in percents
    ]
    return told


def _change(text: str, value: float) -> str | None:
    return text if value else None


def _with_interval(row: dict[str, Any]) -> str:
    if row.get("low") is None:
        return number(row["value"])
    return f"{number(row['value'])} ({between(row['low'], row['high'])})"
