"""Groups of items along a list, from its top down: NDKL and skew (Geyik, Ambler, Kenthapadi 2019)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import xlogy

from audit.measures.coded import Coded, divide
from audit.measures.grouping import Grouping, Showings
from data.columns import USER


def ndkl(coded: Coded, grouping: Grouping, goal: np.ndarray | None = None) -> pd.Series:
    """NDKL of each list: mean over its prefixes of KL(shares of the prefix || goal) in nats, weight 1/log2(i+1).

    0: every prefix is as the goal, which is out of reach for short prefixes; larger is further. Index user_id, users with
    a list. Places are counted inside the list. NaN where a list shows a group whose goal is 0 (it would be infinite).

    With c_g items of group g among the first i, KL = (sum c_g ln c_g - c_g ln goal_g)/i - ln i: each row changes one term,
    so no table of prefixes x groups is made.
    """
    goal = grouping.target if goal is None else goal
    shown = Showings.of(coded, grouping.split)
    before = shown.before(shown.part)
    after = before + shown.part
    with np.errstate(divide="ignore"):
        step = xlogy(after, after) - xlogy(before, before) - shown.part * np.log(goal[shown.group])
    starts = np.cumsum(shown.length) - shown.length
    rows = np.bincount(starts[shown.list] + shown.place - 1, weights=step, minlength=int(shown.length.sum()))
    number = np.repeat(np.arange(len(shown.length)), shown.length)
    place = np.arange(len(rows)) - starts[number] + 1.0
    bad = np.bincount(number, weights=~np.isfinite(rows)) > 0
    summed = np.cumsum(np.where(np.isfinite(rows), rows, 0.0))
    summed = summed - (summed - np.where(np.isfinite(rows), rows, 0.0))[starts][number]
    weight = 1 / np.log2(place + 1)
    value = np.bincount(number, weights=(summed / place - np.log(place)) * weight) / np.bincount(number, weights=weight)
    index = pd.Index(coded.users.values[coded.length > 0], name=USER, dtype=object)
    return pd.Series(np.where(bad, np.nan, np.maximum(value, 0)), index=index, name="ndkl")


def skew(counts: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Skew@k of each group: ln(share of the first k places / goal). 0 as the goal, below 0 shown less, above 0 more.

    `counts`: places of each group within rank k, of one list or pooled over lists. -inf for a group that is never shown;
    NaN where nothing is shown or the goal is 0. MinSkew and MaxSkew are the smallest and largest of the groups.
    """
    share = divide(np.asarray(counts, dtype=np.float64), np.full(len(counts), np.sum(counts)))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(divide(share, goal)))


def shown_counts(coded: Coded, grouping: Grouping) -> np.ndarray:
    """Places of each group in all lists together, an item of several groups split."""
    return np.asarray(np.bincount(coded.item, minlength=len(coded.items)).astype(np.float64) @ grouping.split)
