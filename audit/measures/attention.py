"""AWRF: how far the attention that each list gives to groups of items is from a target (Sapiezynski et al. 2019)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import Coded
from audit.measures.grouping import Grouping
from audit.measures.weights import DEFAULT, weights
from data.columns import USER


def distances(shares: sparse.csr_array, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of every row of shares (summing to 1) to the target: half the L1 distance, and KL(row || target) in nats.

    The first is |difference| where there are two groups, 0 the same, 1 nothing in common. The second is 0 the same and
    NaN where a row has a group of target 0 (it would be infinite). No dense table of rows x groups is made.
    """
    goal = target[shares.indices]
    per_entry = np.abs(shares.data - goal) - goal
    absolute = (_row_sums(shares, per_entry) + target.sum()) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares.data > 0, shares.data * np.log(shares.data / goal), 0.0)
    kl = _row_sums(shares, terms)
    return np.maximum(absolute, 0), np.where(np.isfinite(kl), np.maximum(kl, 0), np.nan)


def awrf(coded: Coded, grouping: Grouping, model: str = DEFAULT, goal: np.ndarray | None = None) -> pd.DataFrame:
    """AWRF of each list: columns `awrf` (half L1) and `awrf_kl`, index user_id, the users with a list.

    Group share of a list: sum of the weights of its places over the weights of the whole list; an item of several groups
    splits. `goal`: shares over the groups, default the share of the catalogue.
    """
    listed = np.flatnonzero(coded.length > 0)
    pointers = np.concatenate([[0], np.cumsum(coded.length[listed])])
    weight = weights(model, coded.rank)
    total = np.repeat(np.add.reduceat(weight, pointers[:-1]), coded.length[listed])
    shape = (len(listed), len(coded.items))
    shares = sparse.csr_array((weight / total, coded.item, pointers), shape=shape) @ grouping.split
    absolute, kl = distances(sparse.csr_array(shares), grouping.target if goal is None else goal)
    index = pd.Index(coded.users.values[listed], name=USER, dtype=object)
    return pd.DataFrame({"awrf": absolute, "awrf_kl": kl}, index=index)


def _row_sums(table: sparse.csr_array, values: np.ndarray) -> np.ndarray:
    row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return np.bincount(row, weights=values, minlength=table.shape[0])
