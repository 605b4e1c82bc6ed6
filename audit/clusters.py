"""Behavioural segments: people with like profiles of categories, found by k-means and described in words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

LEAST, MOST = 3, 8
_JUDGED = 1000  # people whose silhouette is taken
_FEWEST = 10  # people a cluster must have on average
_NAMED = 3


@dataclass(frozen=True, eq=False)
class Behaviour:
    """`labels` by user; `words` how they were made, with {column} to fill; `described` what the people of each choose."""

    labels: pd.Series
    words: str
    described: dict[str, str]


def behaviour(profiles: sparse.csr_array, names: list[str], index: pd.Index, seed: int) -> Behaviour | None:
    """Cluster people by their shares of categories; None for fewer than 30 different profiles or two categories.

    MiniBatchKMeans over the shares, with k from 3 to 8 where the silhouette (of at most 1,000 people) is largest; seeded.
    A segment is named by its two largest lifts over everybody: the categories that its people choose more than others do.
    """
    known = np.flatnonzero(np.diff(profiles.indptr) > 0)
    rows = profiles[known].toarray()
    distinct = len(np.unique(np.round(rows, 9), axis=0))
    if distinct < LEAST * _FEWEST or rows.shape[1] < 2:
        return None
    cluster, k, silhouette = _best(rows, seed, min(MOST, distinct // _FEWEST))
    everybody = rows.mean(axis=0)
    order = sorted(range(k), key=lambda each: -int((cluster == each).sum()))
    labels = np.empty(len(rows), dtype=object)
    described: dict[str, str] = {}
    for each in order:
        mean = rows[cluster == each].mean(axis=0)
        name = _name(mean, everybody, names, described)
        labels[cluster == each] = name
        described[name] = _describe(mean, everybody, names, int((cluster == each).sum()), len(rows))
    words = (
        f"Segments of people with like shares of '{{column}}': k-means with k = {k}, the best silhouette "
        f"({silhouette:.2f}) among {LEAST} to {MOST}; seed {seed}. A segment is a way to look, not a kind of person."
    )
    return Behaviour(pd.Series(labels, index=index[known], dtype=object), words, described)


def _best(rows: np.ndarray, seed: int, most: int) -> tuple[np.ndarray, int, float]:
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    sample = np.random.default_rng(seed).permutation(len(rows))[:_JUDGED]
    best: tuple[np.ndarray, int, float] | None = None
    for k in range(LEAST, most + 1):
        with warnings.catch_warnings(), threadpool_limits(1):  # little work: threads only wait for each other
            warnings.simplefilter("ignore", ConvergenceWarning)
            cluster = MiniBatchKMeans(k, random_state=seed, n_init=2, batch_size=512).fit_predict(rows)
        found, cluster = np.unique(cluster, return_inverse=True)
        if len(found) < 2 or len(np.unique(cluster[sample])) < 2:
            continue
        judged = float(silhouette_score(rows[sample], cluster[sample]))
        if best is None or judged > best[2]:
            best = cluster, len(found), judged
    return best if best is not None else (np.zeros(len(rows), dtype=np.int64), 1, np.nan)


def _name(mean: np.ndarray, everybody: np.ndarray, names: list[str], taken: dict[str, str]) -> str:
    lift = mean - everybody
    first, second = np.argsort(-lift, kind="stable")[:2]
    parts = [names[first], names[second]] if lift[second] > lift[first] / 2 else [names[first]]
    name = " and ".join(parts) if lift[first] > 0.02 else "a bit of everything"
    same = sum(each == name or each.startswith(f"{name} (") for each in taken)
    return f"{name} ({same + 1})" if same else name


def _describe(mean: np.ndarray, everybody: np.ndarray, names: list[str], people: int, total: int) -> str:
    top = np.argsort(-mean, kind="stable")[:_NAMED]
    told = ", ".join(f"{names[place]} {mean[place]:.0%} (everybody {everybody[place]:.0%})" for place in top)
    return f"{people:,} people, {people / total:.0%}: {told}."
