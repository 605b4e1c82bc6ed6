"""What each user group is shown: the share of its exposure that goes to each provider, or to each category of items."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from audit.inference.groups import coded as coded_labels
from audit.inference.intervals import Bootstrap
from audit.inference.pair_rates import HELD, held_groups
from audit.measures.coded import Coded
from audit.measures.exposure import UNKNOWN, provider_exposure
from audit.plan import Plan
from data.columns import PROVIDER, Kind

COLUMNS = ("column", "attribute", "group", "people", "category", "catalogue_share", "share", "low", "high", "reason")
MOST = 12  # categories with a column of their own: those that all lists together show most


def exposure_matrix(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    labels: Mapping[str, pd.Series],
    plan: Plan,
    hidden: frozenset[tuple[str, str]] = frozenset(),
) -> pd.DataFrame:
    """User group x item group: a row per column of items, attribute, group and category.

    `share`: of all exposure in the group's lists (position-weighted, an item of several categories split), 0 to 1, over all
    categories summing to 1; beside the same share of the catalogue. Intervals resample the group's people. The columns are
    those of the plan, or the provider and every multi-category. Groups are held back as in `pair_rates`.
    """
    tables = [
        _one(coded, items, kinds, column, attribute, each, plan, hidden)
        for column in _columns(items, kinds, plan)
        for attribute, each in labels.items()
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _columns(items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan) -> list[str]:
    if plan.item_groups is not None:
        return list(plan.item_groups)
    multi = [name for name, kind in kinds.items() if kind == Kind.MULTI and name in items]
    return [*([PROVIDER] if PROVIDER in items else []), *multi]


def _one(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    column: str,
    attribute: str,
    labels: pd.Series,
    plan: Plan,
    hidden: frozenset[tuple[str, str]],
) -> pd.DataFrame:
    exposed = provider_exposure(coded, items, kinds, column, plan.browsing)
    top = exposed.table["exposure_share"].fillna(0).to_numpy().argsort(kind="stable")[::-1][:MOST]
    codes, names = coded_labels(labels.reindex(coded.users.values[coded.length > 0]).fillna(UNKNOWN))
    people = np.bincount(codes, minlength=len(names))
    held = held_groups(names, people, {each for name, each in hidden if name == attribute}, plan.minimum_cell)
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    parts = []
    for place, group in enumerate(names):
        if not people[place]:
            continue
        part = pd.DataFrame(
            {"category": exposed.table.index[top], "catalogue_share": exposed.table["catalogue_share"].iloc[top]}
        )
        if group in held:
            part[["catalogue_share", "share", "low", "high"]] = np.nan
            part["people"], part["reason"] = None, HELD
        else:
            mine = exposed.by_user[codes == place]
            total = np.asarray(mine.sum(axis=0)).ravel()
            low, high = bootstrap.shares(mine)
            part["people"], part["share"] = int(people[place]), (total / total.sum())[top]
            part["low"], part["high"], part["reason"] = low[top], high[top], ""
        parts.append(part.assign(column=column, attribute=attribute, group=group))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table.astype({"people": "Int64"})[list(COLUMNS)]
