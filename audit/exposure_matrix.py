"""What each user group is shown: the share of its exposure that goes to each provider, or to each category of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.groups import coded as coded_labels
from audit.inference.intervals import Bootstrap
from audit.inference.pair_rates import HELD, held_groups
from audit.measures.coded import Coded
from audit.measures.exposure import UNKNOWN, ProviderExposure, provider_exposure
from audit.plan import Plan
from data.columns import PROVIDER, Kind

COLUMNS = (
    "column",
    "attribute",
    "group",
    "people",
    "category",
    "joined",
    "catalogue_share",
    "share",
    "low",
    "high",
    "reason",
)
# categories with a row of their own, those that all lists together show most: a column of sellers can have many thousands,
# and each has a row in every group of people
MOST = 200
OTHERS = "all others together"


def exposure_matrix(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    labels: Mapping[str, pd.Series],
    plan: Plan,
    hidden: frozenset[tuple[str, str]] = frozenset(),
) -> pd.DataFrame:
    """User group x item group: a row per column of items, attribute, group and category, most shown categories first.

    `share`: of all exposure in the group's lists (position-weighted, an item of several categories split), 0 to 1, over all
    categories summing to 1; beside the same share of the catalogue. Intervals resample the group's people. The columns are
    those of the plan, or the provider and every multi-category. Groups are held back as in `pair_rates`, in one row.

    Categories after the 200 most shown, and those that fewer than `minimum_cell` people of a shown group see, are joined
    in one last row: `joined` says how many (0: the row is one category). Joined for all groups of an attribute alike,
    so no share of one of them is what others leave over.
    """
    tables = []
    for column in _columns(items, kinds, plan):
        exposed = provider_exposure(coded, items, kinds, column, plan.browsing)
        tables += [_one(coded, exposed, attribute, each, plan, hidden) for attribute, each in labels.items()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _columns(items: pd.DataFrame, kinds: Mapping[str, Kind], plan: Plan) -> list[str]:
    if plan.item_groups is not None:
        return list(plan.item_groups)
    multi = [name for name, kind in kinds.items() if kind == Kind.MULTI and name in items]
    return [*([PROVIDER] if PROVIDER in items else []), *multi]


def _one(
    coded: Coded,
    exposed: ProviderExposure,
    attribute: str,
    labels: pd.Series,
    plan: Plan,
    hidden: frozenset[tuple[str, str]],
) -> pd.DataFrame:
    codes, names = coded_labels(labels.reindex(coded.users.values[coded.length > 0]).fillna(UNKNOWN))
    people = np.bincount(codes, minlength=len(names))
    held = held_groups(names, people, {each for name, each in hidden if name == attribute}, plan.minimum_cell)
    shown = [place for place, group in enumerate(names) if people[place] and group not in held]
    cut = _Cut.of(exposed, codes, shown, plan.minimum_cell)
    given, catalogue = (
        sparse.csr_array(exposed.by_user @ cut.into),
        exposed.table["catalogue_share"].to_numpy() @ cut.into,
    )
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    parts = []
    for place, group in enumerate(names):
        if group in held and people[place]:
            parts.append(pd.DataFrame({"group": [group], "category": [""], "reason": [HELD]}))
        elif people[place]:
            mine = given[codes == place]
            total = np.asarray(mine.sum(axis=0)).ravel()
            low, high = bootstrap.shares(mine)
            numbers = {"catalogue_share": catalogue, "share": total / total.sum(), "low": low, "high": high}
            words = {"group": group, "category": cut.names, "joined": cut.joined, "reason": ""}
            parts.append(pd.DataFrame({**words, **numbers}).assign(people=int(people[place])))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    table = table.assign(column=exposed.column, attribute=attribute).reindex(columns=list(COLUMNS))
    return table.astype({"people": "Int64", "joined": "Int64"})


@dataclass(frozen=True, eq=False)
class _Cut:
    """Which categories have a row of their own: `into` adds up categories x rows, the joined ones in the last row."""

    into: sparse.csr_array
    names: list[str]
    joined: list[int]

    @classmethod
    def of(cls, exposed: ProviderExposure, codes: np.ndarray, shown: list[int], minimum: int) -> _Cut:
        """The most shown categories that enough people of every shown group see, or nobody at all does."""
        share = exposed.table["exposure_share"].fillna(0).to_numpy()
        order = np.argsort(-share, kind="stable")
        seen = sparse.csr_array(exposed.by_user > 0).astype(np.int64)
        one_hot = (np.ones(len(codes), np.int64), (codes, np.arange(len(codes))))
        groups = sparse.csr_array(one_hot, shape=(int(codes.max(initial=0)) + 1, len(codes)))[shown]
        safe = ((groups @ seen).toarray() >= minimum).all(axis=0) | (share == 0)
        own = [int(place) for place in order[:MOST] if safe[place]]
        rest = np.setdiff1d(order, own)
        while len(rest) and own and not _enough(groups, seen, rest, minimum):
            rest = np.append(rest, own.pop())
        row = np.full(len(order), len(own))
        row[own] = np.arange(len(own))
        names, joined = [str(name) for name in exposed.table.index[own]], [0] * len(own)
        if len(rest):
            names, joined = [*names, OTHERS], [*joined, len(rest)]
        shape = (len(order), len(names))
        return cls(sparse.csr_array((np.ones(len(order)), (np.arange(len(order)), row)), shape=shape), names, joined)


def _enough(groups: sparse.csr_array, seen: sparse.csr_array, rest: np.ndarray, minimum: int) -> bool:
    """Whether enough people of every group see one of the joined categories, or nobody at all does."""
    some = np.asarray(seen[:, rest].sum(axis=1)).ravel() > 0
    return not some.any() or bool((groups @ some.astype(np.int64) >= minimum).all())
