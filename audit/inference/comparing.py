"""Audits side by side: several models on the same people, and one audit against an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.families import adjust
from audit.inference.groups import coded, planned_labels
from audit.inference.intersections import planned_pairs
from audit.inference.intervals import Bootstrap
from audit.inference.signs import enough_signs_p
from audit.inference.withheld import Withheld, withheld
from audit.measures.coded import divide
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan

MODELS = (
    "label",
    "against",
    "attribute",
    "group",
    "metric",
    "n",
    "value",
    "base",
    "difference",
    "low",
    "high",
    "p",
    "p_adjusted",
)
EVERYBODY = ""


def compare(
    audits: Mapping[str, pd.DataFrame], groups: Mapping[str, pd.Series], plan: Plan, *, base: str | None = None
) -> pd.DataFrame:
    """Every audit's people against those of `base` (the first), the same people on both sides: paired differences.

    `audits`: label to per-user table (index user_id). Rows: everybody (attribute ''), then each group; what the tables of
    either audit hold back, or this one, has no numbers, so that no count can be worked out by laying them side by side.
    `difference` = mean of value - base over people with both, the interval resamples people,
    `p` exchanges the two models within a person (sign permutation, two-sided; as many draws as it takes for the smallest p
    to survive the correction), `p_adjusted` by the plan's correction over all rows of confirmatory metrics, by
    Benjamini-Hochberg over the others. A model against itself gives exactly 0, p 1.
    """
    first = base or next(iter(audits))
    held = _held(audits, groups, plan)
    draws = _draws(audits, groups, plan)
    parts = [
        _against(label, table, first, audits[first], groups, plan, draws, [held[label], held[first]])
        for label, table in audits.items()
        if label != first
    ]
    if not parts:
        return pd.DataFrame(columns=[*MODELS, "reason"])
    result = pd.concat(parts, ignore_index=True)
    confirmed = result["metric"].isin(plan.metrics)
    for part, method in ((confirmed, plan.correction), (~confirmed, "benjamini-hochberg")):
        result.loc[part, "p_adjusted"] = adjust(result.loc[part, "p"].to_numpy(dtype=np.float64), method)
    return result


def against_last(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> pd.DataFrame:
    """One audit against an earlier one per group, from the two stored documents alone.

    Columns attribute, group, metric, value and gap now and before with their intervals, change = now - before, the states,
    and `reason`. What either document holds back is held back. No interval of the change: the people behind the two
    documents are not known to be the same; `compare` has one where both tables of people are at hand.
    """
    keys = ["attribute", "group", "metric"]
    wanted = [*keys, "n", "value", "low", "high", "gap", "gap_low", "gap_high", "state"]
    now, before = (pd.DataFrame(each["groups"], columns=wanted) for each in (later, earlier))
    both = now.merge(before, on=keys, how="outer", suffixes=("", "_before"), indicator=True)
    order = pd.MultiIndex.from_frame(pd.concat([now[keys], before[keys]]).drop_duplicates())
    both = both.set_index(keys).loc[order].reset_index()
    number = both[["value", "value_before", "gap", "gap_before"]].astype(np.float64)
    both["change"] = number["value"] - number["value_before"]
    both["gap_change"] = number["gap"] - number["gap_before"]
    apart = _apart(later, earlier)
    both["reason"] = [_reason(side, value, apart) for side, value in zip(both["_merge"], both["change"], strict=True)]
    return both.drop(columns="_merge")


def _against(
    label: str,
    table: pd.DataFrame,
    first: str,
    base: pd.DataFrame,
    groups: Mapping[str, pd.Series],
    plan: Plan,
    draws: dict[bool, int],
    held: list[Withheld],
) -> pd.DataFrame:
    users, metrics = base.index.intersection(table.index), [*plan.metrics, *plan.exploratory]
    a, b = (each.reindex(users)[metrics] for each in (table, base))
    labels = planned_labels(dict(groups), users, plan)
    rows: list[dict[str, Any]] = []
    for attribute, group, member in _members(labels, len(users)):
        told = _paired(a[member].to_numpy(dtype=np.float64), b[member].to_numpy(dtype=np.float64), draws, plan)
        about = {"label": label, "against": first, "attribute": attribute, "group": group}
        rows += [{**about, "metric": metric, **each} for metric, each in zip(metrics, told, strict=True)]
    return _shown(rows, [withheld(a - b, labels, [], plan), *held])


def _held(audits: Mapping[str, pd.DataFrame], groups: Mapping[str, pd.Series], plan: Plan) -> dict[str, Withheld]:
    """What each audit holds back in its own tables; decided once for audits that count the same people."""
    metrics, decided, result = [*plan.metrics, *plan.exploratory], {}, {}
    for label, table in audits.items():
        counted = (tuple(table.index), table[metrics].notna().to_numpy().tobytes())
        if counted not in decided:
            labels = planned_labels(dict(groups), table.index, plan)
            decided[counted] = withheld(table, labels, planned_pairs(labels, plan)[0], plan)
        result[label] = decided[counted]
    return result


def _shown(rows: list[dict[str, Any]], held: list[Withheld]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(MODELS)).assign(reason="")
    numbers = list(MODELS[5:])
    mask = np.logical_or.reduce([each.silent(table, "attribute", "group") for each in held])
    uncounted = np.logical_or.reduce([each.rows(table, "attribute", "group") for each in held])
    table["n"] = table["n"].astype("Int64").mask(uncounted)
    table.loc[mask, numbers[1:]] = np.nan
    empty = ~mask & ~np.isfinite(table["difference"].to_numpy(dtype=np.float64))
    table.loc[mask, "reason"] = held[0].sentence
    table.loc[empty, "reason"] = "Undefined: nobody here has a value in both."
    return table


def _members(labels: Mapping[str, pd.Series], n: int) -> list[tuple[str, str, np.ndarray]]:
    found = [(EVERYBODY, EVERYBODY, np.ones(n, dtype=bool))]
    for name, column in labels.items():
        codes, names = coded(column)
        found += [(name, group, codes == code) for code, group in enumerate(names) if group != UNKNOWN]
    return found


def _draws(audits: Mapping[str, pd.DataFrame], groups: Mapping[str, pd.Series], plan: Plan) -> dict[bool, int]:
    """Draws of a confirmatory metric (True) and of another: as planned, or as many as its family of rows needs."""
    users = audits[next(iter(audits))].index
    groups_there = 1 + sum(column.nunique() for column in planned_labels(dict(groups), users, plan).values())
    rows = groups_there * (len(audits) - 1)
    families = {True: rows * len(plan.metrics), False: rows * len(plan.exploratory)}
    return {decides: max(plan.draws, int(np.ceil(2 * n / plan.alpha))) for decides, n in families.items()}


def _paired(a: np.ndarray, b: np.ndarray, draws: dict[bool, int], plan: Plan) -> list[dict[str, Any]]:
    """One row of numbers per column, over the people who have both."""
    both = np.isfinite(a) & np.isfinite(b)
    differences = np.where(both, a - b, np.nan)
    table = Bootstrap.of(plan).means(pd.DataFrame(differences))
    n = both.sum(axis=0)
    means = [divide(np.where(both, each, 0.0).sum(axis=0), n) for each in (a, b)]
    own = len(plan.metrics)
    sides = ((differences[:, :own], draws[True]), (differences[:, own:], draws[False]))
    p = np.concatenate([enough_signs_p(side, many, plan) for side, many in sides])
    columns = {"n": n, "value": means[0], "base": means[1], "difference": table["value"].to_numpy()}
    columns |= {"low": table["low"].to_numpy(), "high": table["high"].to_numpy(), "p": p}
    return [{name: column[place] for name, column in columns.items()} for place in range(len(n))]


def _apart(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> str:
    """What, besides the model, differs between two audits."""
    told = {"plan_hash": "plan", "data_hash": "data", "protocol": "protocol"}
    names = [words for key, words in told.items() if later.get(key) != earlier.get(key)]
    return f"Also different: {', '.join(names)}." if names else ""


def _reason(side: str, change: float, apart: str) -> str:
    if side == "left_only":
        return "New: the earlier audit has no such row."
    if side == "right_only":
        return "Gone: only the earlier audit has this row."
    if not np.isfinite(change):
        return "Not shown in one of the two audits."
    return apart
