"""How popular the recommended items are, against the training interactions."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import pandas as pd

from audit.measures.coded import Coded, divide
from data.columns import USER

Head = Literal["interactions", "items"]
SHARES: dict[Head, float] = {"interactions": 0.8, "items": 0.2}


class Chosen(Protocol):
    """Items with how many people chose each: tables in memory, or the facts beside a scan."""

    @property
    def popularity(self) -> np.ndarray:
        """How many people chose each item in training."""


def by_popularity(coded: Chosen) -> np.ndarray:
    """Item codes from the most to the least popular in training; equal counts by the smaller code."""
    return np.argsort(-coded.popularity, kind="stable")


def short_head(coded: Chosen, rule: Head = "interactions", share: float | None = None) -> np.ndarray:
    """Mask of the most popular items; everything else, never-chosen items too, is the tail.

    `interactions`: the fewest most popular items that hold `share` (80 %) of the training interactions (Elliot's
    rule). `items`: the top `share` (20 %, rounded down) of the items with any training interaction (Abdollahpouri
    et al. 2019). Equal counts go by the smaller id.
    """
    share = SHARES[rule] if share is None else share
    order, counts = by_popularity(coded), coded.popularity
    if rule == "items":
        size = int(share * (counts > 0).sum())
    else:
        held = np.cumsum(counts[order])
        wanted = share * counts.sum()
        size = int(np.searchsorted(held, wanted - 1e-9 * max(wanted, 1))) + 1 if wanted > 0 else 0
    head = np.zeros(len(counts), dtype=bool)
    head[order[:size]] = True
    return head


def popularity(coded: Coded, *, head: Head = "interactions", share: float | None = None) -> pd.DataFrame:
    """Popularity of each user's list; rows: users with a list; NaN everywhere without training interactions.

    phi_i = (people who chose i) / people, both in training. Columns: `novelty` mean of -log2 phi_i, where an item
    that nobody chose counts as one person's; `average_popularity` mean number of people who chose the item (ARP);
    `popularity_percentile` mean share of the catalogue that is less popular, ties half (1 = the most popular);
    `tail_share` share of the list outside `short_head`; `unexpectedness` share of the list that is not among the k
    most popular items the user has not seen (RePlay; 0 = the popularity list itself); `list_popularity` mean phi_i of
    the list and `profile_popularity` mean phi_i of the user's own history (NaN without one).
    """
    counts, people = coded.popularity, coded.n_trained
    index = pd.Index(coded.users.values, name=USER, dtype=object)
    listed = coded.length > 0
    if not people:
        return pd.DataFrame(np.nan, index=index[listed], columns=list(_NAMES))
    columns = (
        coded.mean(-np.log2(np.maximum(counts, 1) / people)[coded.item]),
        coded.mean(counts[coded.item].astype(np.float64)),
        coded.mean(percentiles(coded)[coded.item]),
        coded.mean((~short_head(coded, head, share))[coded.item].astype(np.float64)),
        coded.mean(~in_popularity_list(coded)),
        coded.mean((counts / people)[coded.item]),
        divide(coded.history @ (counts / people), np.diff(coded.history.indptr)),
    )
    return pd.DataFrame(dict(zip(_NAMES, columns, strict=True)), index=index)[listed]


def popularity_lift(per_user: pd.DataFrame, groups: pd.Series | None = None) -> pd.Series:
    """Popularity lift dGAP = (GAP_r - GAP_p) / GAP_p per group, a ratio of two means over users.

    Abdollahpouri et al. 2019: GAP_r is the mean of `list_popularity`, GAP_p of `profile_popularity`, over the users
    who have both. 0: lists as popular as tastes; 1: twice as popular; below 0: less popular. Without `groups`, one row
    named 'all'.
    """
    both = per_user[["list_popularity", "profile_popularity"]].dropna()
    labels = pd.Series("all", index=both.index) if groups is None else groups.reindex(both.index)
    means = both.groupby(labels.to_numpy()).mean()
    return (means["list_popularity"] / means["profile_popularity"] - 1).rename("popularity_lift")


def taste_groups(coded: Coded, *, head: Head = "items", share: float | None = None) -> pd.Series:
    """Users by the share of popular items in their history: the lowest fifth niche, the highest blockbuster.

    Everybody between is diverse; a fifth is rounded down; equal shares go by the smaller id (Abdollahpouri et al.
    2019). Index user_id: the users with a history.
    """
    popular = divide(coded.history @ short_head(coded, head, share).astype(np.float64), np.diff(coded.history.indptr))
    trained = np.flatnonzero(np.isfinite(popular))
    fifth = int(0.2 * len(trained))
    names = np.full(len(trained), "diverse", dtype=object)
    order = np.argsort(popular[trained], kind="stable")
    names[order[:fifth]], names[order[len(trained) - fifth :]] = "niche", "blockbuster"
    return pd.Series(names, index=pd.Index(coded.users.values[trained], name=USER, dtype=object), name="taste")


def percentiles(coded: Coded) -> np.ndarray:
    """Share of the catalogue that is less popular than each item, counting half of what is equally popular."""
    ordered = np.sort(coded.popularity[coded.catalogue])
    below, upto = (np.searchsorted(ordered, coded.popularity, side) for side in ("left", "right"))
    return divide((below + upto) / 2, np.full(len(below), len(ordered)))


def in_popularity_list(coded: Coded) -> np.ndarray:
    """Whether each row of the lists is in its user's own popularity list: the k most popular unseen items."""
    place = np.empty(len(coded.items), dtype=np.int64)
    place[by_popularity(coded)] = np.arange(len(place))
    width, pointers = len(place), coded.history.indptr.astype(np.int64)
    owner = np.repeat(np.arange(len(coded.users), dtype=np.int64), np.diff(pointers))
    seen = np.sort(owner * width + place[coded.history.indices])
    mine = place[coded.item]
    ahead = np.searchsorted(seen, coded.user.astype(np.int64) * width + mine) - pointers[coded.user]
    return (mine - ahead < coded.k) & ~coded.seen


_NAMES = (
    "novelty",
    "average_popularity",
    "popularity_percentile",
    "tail_share",
    "unexpectedness",
    "list_popularity",
    "profile_popularity",
)
