"""Expected exposure: how far the attention that items get is from giving equally relevant items the same (Diaz 2020)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded
from audit.measures.grouping import Grouping
from data.columns import USER

PATIENCE = 0.85


class Expected(NamedTuple):
    """`loss` EE-L = |eps - target|^2, 0 at the target; `disparity` EE-D = |eps|^2; `relevance` EE-R = 2 eps.target.

    loss = disparity - relevance + |target|^2. Lower loss is nearer to the target; disparity falls as lists are varied.
    """

    loss: float
    disparity: float
    relevance: float


def expected(exposure: np.ndarray, target: np.ndarray) -> Expected:
    """The three numbers of one vector of exposure (over items, or over groups) and its target."""
    disparity, relevance = float(exposure @ exposure), float(2 * exposure @ target)
    return Expected(float(((exposure - target) ** 2).sum()), disparity, relevance)


def rankings_exposure(rankings: np.ndarray, chances: np.ndarray, patience: float = PATIENCE) -> np.ndarray:
    """Expected exposure of every item under rankings (a row each, items by code from the top) and their chances."""
    rankings = np.asarray(rankings)
    attention = patience ** np.arange(rankings.shape[1]) * np.asarray(chances, dtype=np.float64)[:, None]
    return np.bincount(rankings.ravel(), weights=attention.ravel())


def target(relevant: np.ndarray, patience: float = PATIENCE) -> np.ndarray:
    """Exposure of the ideal policy over n items, m of them relevant (a mask): all relevant ones alike, then all others.

    (1-p^m)/(m(1-p)) for a relevant item, (p^m - p^n)/((n-m)(1-p)) for another: the mean weight of their places.
    """
    wanted, other = targets(np.array([relevant.sum()]), len(relevant), patience)
    return np.where(relevant, wanted[0], other[0])


def targets(m: np.ndarray, n: int, patience: float = PATIENCE) -> tuple[np.ndarray, np.ndarray]:
    """Target of a relevant item and of any other, for m relevant ones of n; 0 where there is none of the kind."""
    m, left = np.asarray(m, dtype=np.float64), 1 - patience
    wanted = (1 - patience**m) / np.where(m > 0, m * left, np.inf)
    other = (patience**m - patience**n) / np.where(n > m, (n - m) * left, np.inf)
    return wanted, other


def expected_per_user(coded: Coded, patience: float = PATIENCE) -> pd.DataFrame:
    """EE-L, EE-D and EE-R of each user's list; rows: users with a list and a held-out item of the catalogue.

    One list a user is a policy without chance: eps is the weight patience^(rank-1) of the items shown and 0 elsewhere.
    n is the catalogue; items outside it are left out of list and truth. The places below k hold nothing, so even an
    ideal list has a loss: compare lists of the same k only.
    """
    shown, truth = _attention(coded, patience), _truth(coded)
    m = np.asarray(truth.sum(axis=1)).ravel()
    judged = np.flatnonzero((coded.length > 0) & (m > 0))
    wanted, other = targets(m, int(coded.catalogue.sum()), patience)
    hit = np.asarray(shown.multiply(truth).sum(axis=1)).ravel()
    all_shown = np.asarray(shown.sum(axis=1)).ravel()
    disparity = np.asarray(shown.multiply(shown).sum(axis=1)).ravel()
    relevance = 2 * (wanted * hit + other * (all_shown - hit))
    norm = m * wanted**2 + (coded.catalogue.sum() - m) * other**2
    table = {"ee_loss": disparity - relevance + norm, "ee_disparity": disparity, "ee_relevance": relevance}
    index = pd.Index(coded.users.values, name=USER, dtype=object)
    return pd.DataFrame(table, index=index).iloc[judged]


def expected_by_group(coded: Coded, grouping: Grouping, patience: float = PATIENCE) -> Expected:
    """The same over groups of items and all judged users together; NaN without a judged user.

    Exposure and target are summed over a group's items and averaged over users before they are compared: what a group
    gains with one user makes up for what it loses with another.
    """
    shown, truth = _attention(coded, patience), _truth(coded)
    m = np.asarray(truth.sum(axis=1)).ravel()
    judged = np.flatnonzero((coded.length > 0) & (m > 0))
    if not len(judged):
        return Expected(np.nan, np.nan, np.nan)
    wanted, other = (each[judged] for each in targets(m, int(coded.catalogue.sum()), patience))
    given = np.asarray((shown[judged] @ grouping.split).sum(axis=0)).ravel() / len(judged)
    ideal = other.mean() * grouping.size
    ideal = ideal + np.asarray((wanted - other) @ (truth[judged] @ grouping.split)).ravel() / len(judged)
    return expected(given, ideal)


def _attention(coded: Coded, patience: float) -> sparse.csr_array:
    keep = coded.catalogue[coded.item]
    weight = patience ** (coded.rank[keep] - 1.0)
    shape = (len(coded.users), len(coded.items))
    return sparse.csr_array(sparse.coo_array((weight, (coded.user[keep], coded.item[keep])), shape=shape))


def _truth(coded: Coded) -> sparse.csr_array:
    return sparse.csr_array(coded.truth @ sparse.diags_array(coded.catalogue.astype(np.float64), format="csr"))
