"""Beyond accuracy, one row per user: diversity, serendipity, calibration, and (in `popularity`) novelty and tail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded, divide
from audit.measures.content import content_vectors, memberships, share_rows
from audit.measures.popularity import Head, popularity
from data.columns import USER, Kind

SMOOTHING = 0.01


def beyond(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    *,
    content: Sequence[str] | None = None,
    calibration: str | None = None,
    head: Head = "interactions",
    share: float | None = None,
) -> pd.DataFrame:
    """Every beyond-accuracy column of every user with a list (index user_id); what is undefined is NaN.

    `content`: the columns items are compared by (default all categories). `calibration`: the column whose shares are
    compared (default `calibration_column`); without one the two miscalibration columns are NaN.
    """
    vectors = content_vectors(items, kinds, coded.items, content)
    column = calibration_column(kinds, items) if calibration is None else calibration
    columns = {"diversity": diversity(coded, vectors), "serendipity": serendipity(coded, vectors)}
    if column is None:
        columns |= dict.fromkeys(("miscalibration_js", "miscalibration_kl"), np.full(len(coded.users), np.nan))
    else:
        shares = memberships(items, column, coded.items, kinds)[0]
        columns |= dict(zip(("miscalibration_js", "miscalibration_kl"), calibrations(coded, shares), strict=True))
    index = pd.Index(coded.users.values, name=USER, dtype=object)
    ours = pd.DataFrame(columns, index=index)[coded.length > 0]
    return ours.join(popularity(coded, head=head, share=share))


def calibration_column(kinds: Mapping[str, Kind], items: pd.DataFrame) -> str | None:
    """Name the first multi-category column of the items, else the first category, else None."""
    for kind in (Kind.MULTI, Kind.CATEGORY):
        for name, declared in kinds.items():
            if declared == kind and name in items:
                return name
    return None


def diversity(coded: Coded, vectors: sparse.csr_array) -> np.ndarray:
    """Intra-list diversity: mean cosine distance over the n(n-1)/2 pairs of each user's list (RecTools, LensKit).

    0: the same content over and over; 1: no content shared (up to 2 where vectors have negative entries). For unit
    vectors the pair sum is (|sum v|^2 - n)/2, so no pair is visited. Items without content are left out; NaN below two
    items with content. `vectors`: items x features, rows of length 1 or 0.
    """
    sums = _over_lists(coded) @ vectors
    squared = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    n = coded.total(_has_content(vectors)[coded.item])
    return np.clip(1 - divide(squared - n, n * (n - 1)), 0, 2)


def serendipity(coded: Coded, vectors: sparse.csr_array) -> np.ndarray:
    """Serendipity A (Auralist, Zhang et al. 2012): mean over the list of relevant x (1 - mean cosine to the history).

    Relevant is 1 for a held-out item, else 0. 0: no hit, or every hit is what the person already chose; 1: every item
    is a hit unlike anything chosen before. Items without content are left out, in the list and in the history. NaN
    without held-out items, or without an item with content in the list or in the history.
    """
    described = _has_content(vectors)
    n_history = coded.history @ described.astype(np.float64)
    hits = np.flatnonzero(coded.relevant & described[coded.item])
    profile = sparse.csr_array(coded.history @ vectors)
    similar = np.zeros(len(coded.user))
    product = vectors[coded.item[hits]].multiply(profile[coded.user[hits]]).sum(axis=1)
    similar[hits] = divide(np.asarray(product).ravel(), n_history[coded.user[hits]])
    value = np.zeros(len(coded.user))
    value[hits] = np.clip(1 - similar[hits], 0, 2)
    defined = (coded.n_truth > 0) & (n_history > 0)
    return np.where(defined, coded.mean(np.nan_to_num(value), described[coded.item]), np.nan)


def calibrations(coded: Coded, shares: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Distance between the category shares of each user's history p and list q, every row of the list weighing 1.

    First the Jensen-Shannon divergence in bits: 0 the same shares, 1 nothing in common. Then C_KL = sum p ln(p/q~),
    q~ = .99 q + .01 p (Steck 2018): 0 the same, at most ln 100 = 4.6. An item of m categories adds 1/m to each; items
    without a category are left out; NaN where history or list has no category at all. `shares`: items x categories.
    """
    p = share_rows(sparse.csr_array(coded.history @ shares))
    q = share_rows(sparse.csr_array(_over_lists(coded) @ shares))
    divergence = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
    smoothed = sparse.csr_array((1 - SMOOTHING) * q + SMOOTHING * p)
    smoothed.data[:] = np.log(smoothed.data, where=smoothed.data > 0, out=np.zeros(len(smoothed.data)))
    cross = np.asarray(p.multiply(smoothed).sum(axis=1)).ravel()
    undefined = (np.diff(p.indptr) == 0) | (np.diff(q.indptr) == 0)
    kl = -_entropy(p) * np.log(2) - cross
    divergence, kl = (np.where(undefined, np.nan, np.maximum(value, 0)) for value in (divergence, kl))
    return divergence, kl


def _entropy(shares: sparse.csr_array) -> np.ndarray:
    table = sparse.csr_array(shares, copy=True)
    table.data[:] = -table.data * np.log2(table.data, where=table.data > 0, out=np.zeros(len(table.data)))
    return np.asarray(table.sum(axis=1)).ravel()


def _over_lists(coded: Coded) -> sparse.csr_array:
    pointers = np.concatenate([[0], np.cumsum(coded.length)])
    shape = (len(coded.users), len(coded.items))
    return sparse.csr_array((np.ones(len(coded.item)), coded.item, pointers), shape=shape)


def _has_content(vectors: sparse.csr_array) -> np.ndarray:
    return np.diff(vectors.indptr) > 0
