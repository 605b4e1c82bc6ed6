"""Who is shown: attention that items and providers get, and how concentrated all lists are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded, divide
from audit.measures.concentration import coverage, gini, hhi_diversity, list_diversity, shannon, top_share
from audit.measures.content import memberships
from audit.measures.counts import Cells
from audit.measures.weights import DEFAULT, weights
from data.columns import ITEM, Kind
from data.ids import Ids

UNKNOWN = "unknown"


def item_exposure(coded: Coded, model: str = DEFAULT) -> pd.DataFrame:
    """Exposure of every item: e_i = sum over lists of the weight of its rank, divided by the number of lists.

    Index item_id. Columns: `exposure`; `exposure_share` of all exposure; `n_lists` lists that show it; `training_count`
    people who chose it; `relevant_count` people who went on to choose it; `in_catalogue`. 0: never shown.
    """
    counts = Cells.of(coded)
    attention = counts.total(rank_weights(model, coded.k))
    return pd.DataFrame(
        {
            "exposure": attention / counts.lists.sum(),
            "exposure_share": shares(attention),
            "n_lists": counts.distinct().astype(np.int64),
            "training_count": coded.popularity,
            "relevant_count": np.bincount(coded.truth.indices, minlength=len(coded.items)),
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
    given: sparse.csr_array  # people with a list or a held-out choice x providers: weight given, then held-out choices


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
    belongs, names = owners(items, column, coded.items, kinds)
    given = _by_user(coded, belongs, model)
    merit = np.bincount(coded.truth.indices, minlength=len(coded.items))
    table = provider_table(belongs, np.asarray(given.sum(axis=0)).ravel(), coded.catalogue, coded.popularity, merit)
    table["n_lists"] = np.diff(sparse.csc_array(given).indptr)
    both = _lists_and_choices(coded, belongs, given)
    return ProviderExposure(column, table.set_axis(pd.Index(names, name=column, dtype=object)), given, both)


def _lists_and_choices(coded: Coded, belongs: sparse.csr_array, given: sparse.csr_array) -> sparse.csr_array:
    """People with a list or a held-out choice x (what the list gives each provider, held-out choices of it)."""
    listed = np.flatnonzero(coded.length)
    ones = (np.ones(len(listed)), (listed, np.arange(len(listed))))
    everybody = sparse.csr_array(ones, shape=(len(coded.length), len(listed))) @ given
    both = sparse.hstack([everybody, coded.truth @ belongs], format="csr")
    return sparse.csr_array(both)[(coded.length > 0) | (coded.n_truth > 0)]


def owners(items: pd.DataFrame, column: str, ids: Ids, kinds: Mapping[str, Kind]) -> tuple[sparse.csr_array, list[str]]:
    """Items x providers, every row summing to 1, and the providers' names; who has none belongs to 'unknown'."""
    return with_unknown(*memberships(items, column, ids, kinds))


def provider_table(
    belongs: sparse.csr_array,
    attention: np.ndarray,
    catalogue: np.ndarray,
    popularity: np.ndarray,
    merit: np.ndarray,
) -> pd.DataFrame:
    """The shares and ratios of `provider_exposure`, a row per provider, from what each gets (attention) and items do."""
    share = {
        f"{name}_share": shares(of_items.astype(np.float64) @ belongs)
        for name, of_items in (("catalogue", catalogue), ("training", popularity), ("merit", merit))
    }
    exposed = shares(attention)
    return pd.DataFrame(
        {
            "n_items": np.diff(sparse.csc_array(belongs[catalogue]).indptr),
            **share,
            "exposure_share": exposed,
            "exposure_ratio": divide(exposed, share["catalogue_share"]),
            "merit_ratio": divide(exposed, share["merit_share"]),
        }
    )


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
    counts = Cells.of(coded)
    means = (float(per_user[name].mean()) for name in ("average_popularity", "tail_share"))
    attention = counts.total(rank_weights(model, coded.k))
    return statistics(counts.distinct(), attention, coded.catalogue, int(counts.lists.sum()), coded.k, *means)


def statistics(
    shown: np.ndarray,
    attention: np.ndarray,
    catalogue: np.ndarray,
    lists: int,
    k: int,
    average_popularity: float,
    tail_share: float,
) -> ListStatistics:
    """The numbers of `ListStatistics` from lists that show each item, and from the attention each item gets."""
    x = shown[catalogue]
    n, entropy = len(x), shannon(x)
    return ListStatistics(
        n_lists=lists,
        n_items=n,
        coverage=coverage(x),
        gini=gini(x),
        gini_exposure=gini(attention[catalogue]),
        entropy=entropy,
        entropy_share=entropy / np.log2(n) if n > 1 else np.nan,
        hhi_diversity=hhi_diversity(x),
        inter_list_diversity=list_diversity(shown, lists, k),
        average_popularity=average_popularity,
        tail_share=tail_share,
        top_item_share=top_share(x),
    )


def inter_list_diversity(coded: Coded) -> float:
    """MIL of everybody's lists: see `list_diversity`."""
    counts = Cells.of(coded)
    return list_diversity(counts.distinct(), int(counts.lists.sum()), coded.k)


def with_unknown(belongs: sparse.csr_array, names: list[str]) -> tuple[sparse.csr_array, list[str]]:
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


def shares(x: np.ndarray) -> np.ndarray:
    """Each value's part of the sum; NaN where all are 0."""
    return divide(x, np.full(len(x), x.sum()))


def rank_weights(model: str, k: int) -> np.ndarray:
    """Weights of ranks 1 to k under a browsing model."""
    return weights(model, np.arange(1, k + 1))
