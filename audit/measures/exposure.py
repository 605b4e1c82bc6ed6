"""Who is shown: attention that items and providers get, and how concentrated all lists are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded, divide
from audit.measures.content import memberships
from audit.measures.weights import DEFAULT, weights
from data.columns import ITEM, Kind

UNKNOWN = "unknown"


def item_exposure(coded: Coded, model: str = DEFAULT) -> pd.DataFrame:
    """Exposure of every item: e_i = sum over lists of the weight of its rank, divided by the number of lists.

    Index item_id. Columns: `exposure`; `exposure_share` of all exposure; `n_lists` lists that show it; `training_count`
    people who chose it; `relevant_count` people who went on to choose it; `in_catalogue`. 0: never shown.
    """
    size = len(coded.items)
    attention = np.bincount(coded.item, weights=weights(model, coded.rank), minlength=size)
    return pd.DataFrame(
        {
            "exposure": attention / (coded.length > 0).sum(),
            "exposure_share": attention / attention.sum(),
            "n_lists": np.bincount(coded.item[coded.first], minlength=size),
            "training_count": coded.popularity,
            "relevant_count": np.bincount(coded.truth.indices, minlength=size),
            "in_catalogue": coded.catalogue,
        },
        index=pd.Index(coded.items.values, name=ITEM, dtype=object),
    )


@dataclass(frozen=True, eq=False)
class ProviderExposure:
    """Exposure per provider (or any category of items): the table, and what each user's list gives to each."""

    column: str
    table: pd.DataFrame  # index: name of the provider
    by_user: sparse.csr_array  # users with a list x providers, in the order of the table: weight given


def provider_exposure(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], column: str, model: str = DEFAULT
) -> ProviderExposure:
    """Exposure against catalogue, training and merit for every category of an item column.

    An item of several categories splits equally; an item without one, or outside the items table, counts as 'unknown'.
    Columns: `n_items` catalogue items of the category (whole items); `catalogue_share`, `training_share` (of
    training interactions), `merit_share` (of held-out choices) and `exposure_share`, each summing to 1;
    `exposure_ratio` = exposure_share / catalogue_share (1: as much as its part of the catalogue; NaN without
    catalogue items); `merit_ratio` = exposure_share / merit_share; `n_lists` lists it appears in.
    """
    belongs, names = _with_unknown(*memberships(items, column, coded.items, kinds))
    given = _by_user(coded, belongs, model)
    share = {
        name: _share(counts @ belongs)
        for name, counts in (
            ("catalogue_share", coded.catalogue.astype(np.float64)),
            ("training_share", coded.popularity.astype(np.float64)),
            ("merit_share", np.bincount(coded.truth.indices, minlength=len(coded.items)).astype(np.float64)),
        )
    }
    exposed = _share(np.asarray(given.sum(axis=0)).ravel())
    table = pd.DataFrame(
        {
            "n_items": np.diff(sparse.csc_array(belongs[coded.catalogue]).indptr),
            **share,
            "exposure_share": exposed,
            "exposure_ratio": divide(exposed, share["catalogue_share"]),
            "merit_ratio": divide(exposed, share["merit_share"]),
            "n_lists": np.diff(sparse.csc_array(given).indptr),
        },
        index=pd.Index(names, name=column, dtype=object),
    )
    return ProviderExposure(column, table, given)


@dataclass(frozen=True)
class ListStatistics:
    """How concentrated all lists together are, over the whole catalogue, never-shown items included.

    x_i = lists that show item i. `coverage` share of the catalogue shown at all; `gini` sum (2j-n-1) x_(j) / ((n-1)
    sum x), 0 equal, 1 one item has everything; `gini_exposure` the same of position-weighted exposure; `entropy`
    Shannon, in bits; `entropy_share` of its maximum log2(n); `hhi_diversity` 1 - sum (x_i / sum x)^2;
    `inter_list_diversity` (MIL) mean over pairs of users of 1 - |shared items| / k; `average_popularity` (ARP) and
    `tail_share` means over users of the list's mean; `top_item_share` of all showings that goes to the most shown 1 %
    of the catalogue (rounded up). NaN where there is nothing to divide by. Items outside the catalogue are left out
    of all but the last three per-list means and MIL.
    """

    n_lists: int
    n_items: int
    coverage: float
    gini: float
    gini_exposure: float
    entropy: float
    entropy_share: float
    hhi_diversity: float
    inter_list_diversity: float
    average_popularity: float
    tail_share: float
    top_item_share: float


def list_statistics(coded: Coded, per_user: pd.DataFrame, model: str = DEFAULT) -> ListStatistics:
    """Concentration of all lists; `per_user` is the table of `beyond` (its ARP and tail share are averaged)."""
    table = item_exposure(coded, model)
    shown = table["n_lists"].to_numpy(dtype=np.float64)[coded.catalogue]
    n, entropy = len(shown), shannon(shown)
    top = np.sort(shown)[::-1][: int(np.ceil(0.01 * n))]
    return ListStatistics(
        n_lists=int((coded.length > 0).sum()),
        n_items=n,
        coverage=float(np.mean(shown > 0)) if n else np.nan,
        gini=gini(shown),
        gini_exposure=gini(table["exposure"].to_numpy()[coded.catalogue]),
        entropy=entropy,
        entropy_share=entropy / np.log2(n) if n > 1 else np.nan,
        hhi_diversity=float(1 - (shown**2).sum() / shown.sum() ** 2) if shown.sum() else np.nan,
        inter_list_diversity=inter_list_diversity(coded),
        average_popularity=float(per_user["average_popularity"].mean()),
        tail_share=float(per_user["tail_share"].mean()),
        top_item_share=float(top.sum() / shown.sum()) if shown.sum() else np.nan,
    )


def gini(x: np.ndarray) -> float:
    """Gini concentration sum_j (2j-n-1) x_(j) / ((n-1) sum x), zeros included: 0 equal, 1 one has everything.

    NaN below two values or where all are 0.
    """
    n, ordered = len(x), np.sort(np.asarray(x, dtype=np.float64))
    if n < 2 or not ordered.sum():
        return np.nan
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / ((n - 1) * ordered.sum()))


def shannon(x: np.ndarray) -> float:
    """Shannon entropy of the shares of x, in bits; NaN where all are 0."""
    x = np.asarray(x, dtype=np.float64)
    if not x.sum():
        return np.nan
    shares = x[x > 0] / x.sum()
    return float(-(shares * np.log2(shares)).sum() + 0.0)


def inter_list_diversity(coded: Coded) -> float:
    """MIL: mean over pairs of users of 1 - |L_u & L_v| / k, without visiting pairs; NaN below two lists.

    With x_i lists that show i and n_u different items in the list of u: 1 - (sum x_i^2 - sum n_u) / (k U (U-1)).
    """
    shown = np.bincount(coded.item[coded.first], minlength=len(coded.items)).astype(np.float64)
    lists = int((coded.length > 0).sum())
    if lists < 2:
        return np.nan
    return float(1 - ((shown**2).sum() - shown.sum()) / (coded.k * lists * (lists - 1)))


def _with_unknown(belongs: sparse.csr_array, names: list[str]) -> tuple[sparse.csr_array, list[str]]:
    """Give the rows without a category to 'unknown' (merged with a category of that very name)."""
    homeless = (np.diff(belongs.indptr) == 0).astype(np.float64)
    if not homeless.any():
        return belongs, names
    extra = sparse.csr_array(homeless[:, None])
    if UNKNOWN in names:
        place = sparse.csr_array(([1.0], ([0], [names.index(UNKNOWN)])), shape=(1, len(names)))
        return sparse.csr_array(belongs + extra @ place), names
    return sparse.csr_array(sparse.hstack([belongs, extra], format="csr")), [*names, UNKNOWN]


def _by_user(coded: Coded, belongs: sparse.csr_array, model: str) -> sparse.csr_array:
    """Users with a list x providers: the weight that the list gives; stored only where it shows one."""
    pointers = np.concatenate([[0], np.cumsum(coded.length[coded.length > 0])])
    shape = (len(pointers) - 1, len(coded.items))
    attention = sparse.csr_array((weights(model, coded.rank), coded.item, pointers), shape=shape)
    return sparse.csr_array(attention @ belongs)


def _share(x: np.ndarray) -> np.ndarray:
    return divide(x, np.full(len(x), x.sum()))
