"""Provider tables of an audit: shares with intervals over users, and the floor of exposure where the plan sets one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.answers import State
from audit.inference.families import adjust
from audit.inference.intervals import Bootstrap
from audit.measures.coded import Coded, divide
from audit.measures.exposure import UNKNOWN, provider_exposure
from audit.plan import Plan
from data.columns import PROVIDER, Kind

COLUMNS = (
    *("column", "provider", "n_items", "catalogue_share", "training_share", "merit_share"),
    *("exposure_share", "exposure_low", "exposure_high", "exposure_ratio", "ratio_low", "ratio_high", "merit_ratio"),
    *("merit_ratio_low", "merit_ratio_high", "merit_reason", "n_lists", "p", "p_adjusted", "state", "reason"),
)


def provider_tables(coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan) -> pd.DataFrame:
    """Exposure of every provider of every planned item column, with intervals from resampled users.

    Users are resampled, the providers are the whole population. With `plan.exposure_floor`: p is the share of resamples
    in which exposure / catalogue share reaches the floor, corrected over all providers; 'flag' if p_adjusted < alpha
    and the ratio is under the floor, 'no flag' if the interval of the ratio is at or above it, else 'too few to say'.
    Without a floor no state is given. `merit_ratio` resamples both of its sides with the same people, by list and by
    held-out choices; its upper end is infinite where 2.5 % of resamples (at a level of 95 %) hold nobody who went on to
    choose the provider, and `merit_reason` says so.
    """
    default = (PROVIDER,) if PROVIDER in items else ()
    chosen = default if plan.item_groups is None else plan.item_groups
    parts = [_column(coded, items, kinds, name, plan) for name in chosen]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=np.float64), plan.correction)
    lists = int((coded.length > 0).sum())
    answers = [answer(cast("dict[str, Any]", row), plan, lists) for row in table.to_dict("records")]
    table["state"], table["reason"] = [state for state, _ in answers], [reason for _, reason in answers]
    return table[list(COLUMNS)]


def _column(coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], column: str, plan: Plan) -> pd.DataFrame:
    exposed = provider_exposure(coded, items, kinds, column, plan.browsing)
    table = exposed.table.rename_axis("provider").reset_index()
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    table["exposure_low"], table["exposure_high"] = bootstrap.shares(exposed.by_user)
    share = table["catalogue_share"].to_numpy()
    for end in ("low", "high"):
        table[f"ratio_{end}"] = divide(table[f"exposure_{end}"].to_numpy(), share)
    ends = bootstrap.open_bounds(merit_ratios(bootstrap.sums(exposed.given)))
    lonely = exposed.given.shape[0] < 2
    table["merit_ratio_low"], table["merit_ratio_high"] = (
        np.full(len(table), np.nan) if lonely else end for end in ends
    )
    table["merit_reason"] = [_merit_reason(row) for row in table.to_dict("records")]
    table["p"] = _p(bootstrap, exposed.by_user, share, plan.exposure_floor)
    table.loc[table["provider"] == UNKNOWN, "p"] = np.nan
    return table.assign(column=column)


def merit_ratios(sums: np.ndarray) -> np.ndarray:
    """Exposure share / share of held-out choices, from rows of (exposure, held-out choices) by provider.

    Infinite where a provider is shown and never chosen later, NaN where it is neither, or there is nothing to share.
    """
    exposure, merit = (divide(each, each.sum(axis=1, keepdims=True)) for each in np.hsplit(sums, 2))
    return np.where((merit == 0) & (exposure > 0), np.inf, divide(exposure, merit))


def _merit_reason(row: Mapping[Any, Any]) -> str:
    """Why the ratio to held-out choices, or an end of its interval, is not there; '' where all are."""
    if not row["merit_share"] > 0:
        return "Nobody went on to choose it, so nothing can be set against held-out choices."
    if np.isnan(row["merit_ratio"]):
        return "There are no lists, so there is no exposure to set against held-out choices."
    if np.isposinf(row["merit_ratio_high"]):
        return "So few went on to choose it that the interval has no upper end."
    return "" if np.isfinite(row["merit_ratio_low"]) else "There is one person, so there is no interval."


def _p(bootstrap: Bootstrap, by_user: sparse.csr_array, share: np.ndarray, floor: float | None) -> np.ndarray:
    if floor is None:
        return np.full(len(share), np.nan)
    drawn = bootstrap.sums(by_user)
    reached = (divide(drawn, drawn.sum(axis=1, keepdims=True)) >= floor * share).sum(axis=0)
    return np.where(share > 0, (1 + reached) / (1 + bootstrap.draws), np.nan)


def answer(row: Mapping[str, Any], plan: Plan, lists: int) -> tuple[State | None, str]:
    """The answer for one provider, and why, in one sentence; no answer where the plan sets no floor."""
    floor = plan.exposure_floor
    ratio, low, high, p = (row[name] for name in ("exposure_ratio", "ratio_low", "ratio_high", "p_adjusted"))
    if floor is None:
        return None, "The plan sets no floor for exposure."
    if not np.isfinite(p):
        return None, "Not a provider of the catalogue."
    if lists < plan.minimum_cell:
        return State.TOO_FEW, f"{lists} lists, fewer than {plan.minimum_cell}."
    shown = f"Exposure is {ratio:.3f} of the catalogue share, {plan.level:.0%} interval {low:.3f} to {high:.3f}"
    shown = shown if ratio > 0 else "It is never shown"
    if p < plan.alpha and ratio < floor:
        return State.FLAG, f"{shown}: under the floor of {floor:g}."
    if low >= floor:
        return State.NO_FLAG, f"{shown}: at or above the floor of {floor:g}."
    return State.TOO_FEW, f"{shown}: neither clearly under nor above the floor of {floor:g}."
