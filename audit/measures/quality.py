"""How well the lists hit what people went on to choose: one row per user, means later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.measures.coded import Coded
from audit.measures.weights import weights
from data.columns import USER


@dataclass(frozen=True, eq=False)
class Quality:
    """Accuracy of every user with held-out items, and who could not be judged."""

    per_user: pd.DataFrame  # index user_id: the users with held-out items
    k: int
    truth_without_list: int  # judged, with 0 hits
    list_without_truth: int  # not judged
    without_truth: int  # everybody in any table who is not judged


def evaluate(recommendations: pd.DataFrame, outcomes: pd.DataFrame, k: int = 10) -> Quality:
    """Accuracy of lists (user_id, item_id, rank) against held-out choices (user_id, item_id)."""
    return quality(Coded.of(recommendations, outcomes, k=k))


def quality(coded: Coded) -> Quality:
    """Accuracy per user, binary relevance, truth from its own table.

    Columns, hits = distinct held-out items within rank k, T = held-out items of the user:
    `precision` hits/k (a list shorter than k still divides by k), `recall` hits/T, `hit_rate` 1 with any hit,
    `ndcg` DCG over the ideal of min(T, k) items with discount 1/log2(r+1), `ndcg_full_ideal` the same DCG over the
    ideal of all T items (Dacrema et al. 2021: lower, never 1 where T > k), `reciprocal_rank` 1/rank of the first hit
    or 0, `n_relevant` T, `list_length`. A user with truth and no list has 0 hits. A user without truth has no row.
    """
    judged = np.flatnonzero(coded.n_truth > 0)
    per_user = pd.DataFrame(_columns(coded), index=pd.Index(coded.users.values, name=USER, dtype=object)).iloc[judged]
    listed = coded.length > 0
    return Quality(
        per_user,
        coded.k,
        int((~listed[judged]).sum()),
        int((listed & (coded.n_truth == 0)).sum()),
        len(coded.users) - len(judged),
    )


def _columns(coded: Coded) -> dict[str, np.ndarray]:
    relevant, wanted = coded.relevant, np.maximum(coded.n_truth, 1)
    hits = coded.total(relevant)
    gain = coded.total(relevant * weights("log", coded.rank))
    ideal = np.cumsum(weights("log", np.arange(1, max(int(wanted.max(initial=1)), coded.k) + 1)))
    best = np.full(len(coded.users), np.inf)
    np.minimum.at(best, coded.user[relevant], coded.rank[relevant])
    return {
        "precision": hits / coded.k,
        "recall": hits / wanted,
        "hit_rate": (hits > 0).astype(np.float64),
        "ndcg": gain / ideal[np.minimum(wanted, coded.k) - 1],
        "ndcg_full_ideal": gain / ideal[wanted - 1],
        "reciprocal_rank": 1 / best,
        "n_relevant": coded.n_truth,
        "list_length": coded.length,
    }
