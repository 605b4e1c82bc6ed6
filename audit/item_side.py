"""The item side of an audit: every column of the items in groups, who of them is shown, and how unequal that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from audit.item_rows import group_rows
from audit.item_sums import Summed
from audit.measures.attention import awrf
from audit.measures.coded import Coded
from audit.measures.expected import expected_by_group, expected_per_user
from audit.measures.exposure import item_exposure
from audit.measures.grouping import Grouping
from audit.measures.lorenz import least_for, lorenz
from audit.measures.newness import AGE, FAME, age_groups, arrivals, fame_groups
from audit.measures.prefixes import ndkl
from audit.measures.ratios import spread
from audit.plan import Plan
from data.columns import PROVIDER, Kind

_READABLE = (Kind.CATEGORY, Kind.MULTI)
MOST = 200  # groups of one column that get a row; the others are counted and part of every total


@dataclass(frozen=True, eq=False)
class ItemSide:
    """`groups`: a row per column and group. `columns`: a row per column. `overall`: a row per measure of all items.

    `lorenz`: by 'items' and 'provider', the curve. Numbers as in `audit.measures.item_metrics`.
    """

    groups: pd.DataFrame
    columns: pd.DataFrame
    overall: pd.DataFrame
    lorenz: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Plain values; NaN and infinity are left to the caller."""
        return {
            "groups": self.groups.to_dict("records"),
            "columns": self.columns.to_dict("records"),
            "overall": self.overall.rename_axis("metric").reset_index().to_dict("records"),
            "lorenz": {name: curve.to_dict("list") for name, curve in self.lorenz.items()},
            "notes": list(self.notes),
        }


def item_side(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan, train: pd.DataFrame | None = None
) -> ItemSide:
    """Measure every planned item column (by default provider and all categories), and two that nobody has to supply.

    Those are the age of the item, where a date, a year or the time of the first choice tells it, and its popularity in
    training. Intervals resample people; the spread of chances between groups has a second one that resamples the groups.
    """
    frame, known, notes = _with_derived(coded, items, kinds, plan, train)
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    groupings = [Grouping.of(coded, frame, known, name) for name in _chosen(frame, known, plan)]
    summed = [Summed.of(coded, each, plan.browsing, bootstrap, MOST) for each in groupings]
    rows = [group_rows(coded, each, plan) for each in summed]
    exposure = item_exposure(coded, plan.browsing)["exposure"].to_numpy()
    groups = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["column", "group"])
    columns = pd.DataFrame([_column(coded, each, table, plan) for each, table in zip(summed, rows, strict=True)])
    overall = bootstrap.means(expected_per_user(coded))
    curves = {"items": lorenz(exposure[coded.catalogue])}
    half = least_for(exposure[coded.catalogue])
    if np.isfinite(half):
        notes.append(f"Half of all attention falls on {half:.1%} of the catalogue.")
    for each in groupings:
        if each.column == PROVIDER:
            given = np.asarray(exposure @ each.split)
            curves[PROVIDER] = lorenz(given[(each.size > 0) & each.known])
    left = {each.grouping.column: len(each.grouping.names) - len(each.kept) for each in summed}
    notes += [
        f"'{name}' has {count:,} more groups without a row of their own." for name, count in left.items() if count
    ]
    return ItemSide(groups, columns, overall, curves, tuple(notes))


def _chosen(items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan) -> list[str]:
    if plan.item_groups is not None:
        names = list(plan.item_groups)
    else:
        readable = [name for name, kind in kinds.items() if kind in _READABLE and name in items]
        names = [*([PROVIDER] if PROVIDER in items else []), *readable]
    return list(dict.fromkeys([*names, *(name for name in (AGE, FAME) if name in items)]))


def _with_derived(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan, train: pd.DataFrame | None
) -> tuple[pd.DataFrame, dict[str, Kind], list[str]]:
    """Give the items table the columns that nobody has to supply, with a sentence about each."""
    more, notes = {}, []
    if (told := arrivals(items, kinds, train)) is not None and told[0].nunique() > 1:
        more[AGE] = age_groups(told[0])
        notes.append(f"'{AGE}': new is the newest fifth of the items by {told[1]}; equal dates stay together.")
    else:
        notes.append(f"'{AGE}' is not measured: no date, no year and no time of a choice tells it.")
    if (fame := fame_groups(coded, items, plan.head)) is not None:
        more[FAME] = fame
        notes.append(f"'{FAME}': popular is the plan's head of training choices ({plan.head}); the tail is all else.")
    return items.assign(**more), {**kinds, **dict.fromkeys(more, Kind.CATEGORY)}, notes


def _column(coded: Coded, summed: Summed, rows: pd.DataFrame, plan: Plan) -> dict[str, Any]:
    """One row: the measures of a column as a whole, each with its interval where it is a mean over people."""
    grouping, bootstrap = summed.grouping, summed.bootstrap
    told: dict[str, Any] = {"column": grouping.column, "groups": int(grouping.known.sum())}
    lists = awrf(coded, grouping, plan.browsing).assign(ndkl=ndkl(coded, grouping))
    for name, row in bootstrap.means(lists).iterrows():
        told |= {str(name): row["value"], f"{name}_low": row["low"], f"{name}_high": row["high"], f"{name}_n": row["n"]}
    named = rows[rows["known"] & (rows["catalogue_share"] > 0)]
    for end, name in (("min_skew", "idxmin"), ("max_skew", "idxmax")):
        there = named["skew"].dropna()
        place = getattr(there, name)() if len(there) else None
        told[end] = np.nan if place is None else there[place]
        told[f"{end}_group"] = "" if place is None else named.loc[place, "group"]
    for name, rates in (("rsp", summed.selection_rate), ("reo", summed.relevant_rate)):
        value, drawn = (spread(rates(sums)[:, summed.known]) for sums in (summed.total, summed.drawn))
        low, high = bootstrap.bounds(drawn[:, None])
        told |= {name: float(value[0]), f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}
        ends = over_groups(rates(summed.total)[0, summed.known], bootstrap)
        told |= {f"{name}_groups_low": ends[0], f"{name}_groups_high": ends[1]}
    told["group_ee_loss"] = expected_by_group(coded, grouping).loss
    told["reason"] = _why(grouping, told)
    return told


def over_groups(rates: np.ndarray, bootstrap: Bootstrap) -> tuple[float, float]:
    """Low and high of `spread` when the groups, providers say, are drawn instead of people; NaN below two groups.

    It answers how much the number rests on which groups happen to be there, as if they stood for more of their kind.
    """
    rates = rates[np.isfinite(rates)]
    if len(rates) < 2:
        return np.nan, np.nan
    picked = np.random.default_rng(bootstrap.seed).integers(0, len(rates), (bootstrap.draws, len(rates)))
    low, high = bootstrap.bounds(spread(rates[picked])[:, None])
    return float(low[0]), float(high[0])


def _why(grouping: Grouping, told: Mapping[str, Any]) -> str:
    """Why something is undefined, in sentences; '' where nothing is."""
    said = []
    if grouping.known.sum() < 2:
        said.append("There are fewer than two named groups, so none can be set against the rest.")
    if np.isneginf(told["min_skew"]):
        said.append("A group is never shown, so the smallest skew is minus infinity.")
    if not told["awrf_kl_n"]:
        said.append("Every list shows a group without a catalogue item, so KL and NDKL are infinite.")
    if np.isnan(told["group_ee_loss"]):
        said.append("Nobody has both a list and a held-out choice, so there is no expected exposure.")
    return " ".join(said)
