"""Tables of the item side, of segments and of privacy as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from app.displays import between, number, percent
from app.text import literal
from audit.measures.item_metrics import ITEM_METRICS
from audit.report.glossary import term

COLUMN_METRICS = ("awrf", "awrf_kl", "ndkl", "rsp", "reo", "min_skew", "max_skew", "group_ee_loss")
_HELD = "held back"


def group_items_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Every group of items of one column."""
    return pd.DataFrame(
        {
            "group": row["group"],
            "titles": row["n_items"],
            "catalogue": percent(row["catalogue_share"]),
            "exposure": percent(row["exposure_share"]),
            "held-out choices": percent(row["merit_share"]),
            **{title: _ratio(row, name) for name, title in _RATIOS.items()},
            "skew": _ratio(row, "skew"),
            "chance to be shown": _chance(row, "selection_rate", 2),
            "chance where chosen later": _chance(row, "relevant_rate", 1),
            "Gini inside": number(row["gini_within"], 2),
            "lists that pass FA*IR": percent(row["fastar_share"]),
            "of lists drawn by chance": percent(None if row["fastar_fails"] is None else 1 - row["fastar_fails"]),
            "what is not there, and why": row["reason"],
        }
        for row in rows
    )


_RATIOS = {"dp_ratio": "exposure of an item (DP)", "dtr": "exposure for merit (DTR)", "dir": "clicks for merit (DIR)"}


def column_table(row: Mapping[str, Any]) -> pd.DataFrame:
    """The measures of one column of items as a whole."""
    told = [
        (
            ITEM_METRICS[name].title,
            number(row[name]),
            between(row.get(f"{name}_low"), row.get(f"{name}_high")) if f"{name}_low" in row else "–",
            between(row[f"{name}_groups_low"], row[f"{name}_groups_high"]) if f"{name}_groups_low" in row else "–",
        )
        for name in COLUMN_METRICS
    ]
    return pd.DataFrame(told, columns=["measure", "value", "interval", "interval over groups"])


def words_table(names: Iterable[str]) -> pd.DataFrame:
    """What measures say, and their formula, convention, denominator and limits, for a table that reads Markdown."""
    terms = [term(name) for name in names]
    told = [(literal(each.title), literal(f"{each.meaning} {each.direction} {each.reading}")) for each in terms]
    return pd.DataFrame(told, columns=["measure", "what it says, and what it leaves out"])


def expected_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Expected exposure over all items."""
    told = [
        (
            ITEM_METRICS[row["metric"]].title,
            number(row["value"]),
            between(row["low"], row["high"]),
            f"{row['n']:,}",
        )
        for row in rows
    ]
    return pd.DataFrame(told, columns=["measure", "value", "interval", "people"])


def reach_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Who is reached by a provider, group by group of one attribute."""
    return pd.DataFrame(
        {
            "group": row["group"],
            "people with a list": _HELD if row["people"] is None else f"{row['people']:,}",
            "reached": _HELD if row["reached"] is None else f"{row['reached']:,}",
            "share": _HELD if row["share"] is None else percent(row["share"]),
        }
        for row in rows
    )


def rank_table(counts: Iterable[int]) -> pd.DataFrame:
    """How many lists show an item of the provider at each rank."""
    return pd.DataFrame({"rank": place, "lists": f"{count:,}"} for place, count in enumerate(counts, 1))


def provider_items_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The provider's most shown items."""
    return pd.DataFrame(
        {
            "title": row["title"],
            "lists": row["lists"],
            "mean rank": number(row["mean_rank"], 1),
            "part of the provider's exposure": percent(row["exposure"]),
        }
        for row in rows
    )


def lorenz_table(curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The Lorenz curves read at every tenth."""
    told: dict[str, list[str]] = {"least shown": [f"{tenth}0%" for tenth in range(1, 11)]}
    for name, curve in curves.items():
        place = [int((curve["part"] <= tenth / 10 + 1e-9).sum()) - 1 for tenth in range(1, 11)]
        told[f"share of exposure, {name}"] = [percent(curve["share"].iloc[each]) for each in place]
    return pd.DataFrame(told)


def lift_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Popularity lift of every group."""
    return pd.DataFrame(
        {
            "attribute": row["attribute"],
            "group": row["group"],
            "people": _HELD if row["n"] is None else f"{row['n']:,}",
            "popularity of choices": number(row["profile"]),
            "popularity of lists": number(row["lists"]),
            "lift": percent(row["lift"]),
            "interval": f"{percent(row['low'])} to {percent(row['high'])}",
            "reason": row["reason"],
        }
        for row in rows
    )


def inference_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """What histories and lists tell about each attribute."""
    return pd.DataFrame(
        {
            "attribute": row["attribute"],
            "guessed from": row["source"],
            "people": _HELD if row["n"] is None else f"{row['n']:,}",
            "AUC": number(row["auc"]),
            "interval": between(row["low"], row["high"]),
            "lift over random lists": number(row["lift"]),
            "interval of the lift": between(row["lift_low"], row["lift_high"]),
            "answer": _tells(row),
            "adjusted p": number(row["p_adjusted"], 4),
            "reason": row["reason"],
        }
        for row in rows
    )


def proxy_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """What each input column tells about each attribute, the best guess first."""
    return pd.DataFrame(
        {
            "input": row["input"],
            "tells of": row["attribute"],
            "people": _HELD if row["n"] is None else f"{row['n']:,}",
            "AUC": number(row["auc"]),
            "interval": between(row["low"], row["high"]),
            "between": row["pair"],
            "AUC between": number(row["pair_auc"]),
            "its interval": between(row["pair_low"], row["pair_high"]),
            "answer": _tells(row),
            "adjusted p": number(row["p_adjusted"], 4),
        }
        for row in rows
    )


def _tells(row: Mapping[str, Any]) -> str:
    return "tells: flag for review" if row["tells"] else "not shown to tell"


def _ratio(row: Mapping[str, Any], name: str) -> str:
    shown, low, high = number(row[name], 2), row.get(f"{name}_low"), row.get(f"{name}_high")
    return shown if low is None or high is None else f"{shown} ({between(low, high, 2)})"


def _chance(row: Mapping[str, Any], name: str, digits: int) -> str:
    shown, low, high = percent(row[name], digits), row.get(f"{name}_low"), row.get(f"{name}_high")
    return shown if low is None or high is None else f"{shown} ({percent(low, digits)} to {percent(high, digits)})"
