"""Top-k of many people at once: seen items masked, ties broken by the smaller item id, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.columns import ITEM, RANK, SCORE, USER
from data.ids import Ids

if TYPE_CHECKING:
    from models.histories import Profiles

_CELLS = 4_000_000  # people x items scored at once: 32 MB


@dataclass(frozen=True, eq=False)
class Lists:
    """Ranked lists, a row a person: item codes (n, k), -1 where a list is shorter; scores (n, k), NaN there."""

    users: np.ndarray
    items: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    def frame(self, users: Ids, items: Ids) -> pd.DataFrame:
        """The recommendations table: user_id, item_id, rank (from 1), score."""
        row, place = np.nonzero(self.items >= 0)
        return pd.DataFrame(
            {
                USER: users.values[self.users[row]],
                ITEM: items.values[self.items[row, place]],
                RANK: (place + 1).astype(np.int32),
                SCORE: self.scores[row, place],
            }
        )


def top_k(
    scores: Callable[[Profiles], np.ndarray], profiles: Profiles, k: int, hidden: np.ndarray | None = None
) -> Lists:
    """The k best unseen items of each person, scoring a bounded block of people at a time."""
    n_items = profiles.matrix.shape[1]
    step = max(1, _CELLS // max(n_items, 1))
    items = np.full((len(profiles), k), -1, dtype=np.int32)
    values = np.full((len(profiles), k), np.nan)
    for start in range(0, len(profiles), step):
        block = profiles.rows(start, start + step)
        table = np.array(scores(block), dtype=np.float64)
        seen = block.matrix
        table[np.repeat(np.arange(len(block)), np.diff(seen.indptr)), seen.indices] = -np.inf
        if hidden is not None and len(hidden):
            table[:, hidden] = -np.inf
        items[start : start + step], values[start : start + step] = best(table, k)
    return Lists(profiles.users, items, values)


def best(table: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Column codes and values of the k largest finite entries of each row; equal values by the smaller code.

    NaN counts as not recommendable, like -inf.
    """
    table = np.where(np.isnan(table), -np.inf, table)
    n, width = table.shape
    if k < width:
        edge = -np.partition(-table, k - 1, axis=1)[:, k - 1 : k]
        surely, maybe = table > edge, table == edge
        # of the entries that tie at the edge, the smallest codes fill what is left
        keep = surely | (maybe & (np.cumsum(maybe, axis=1) <= k - surely.sum(axis=1, keepdims=True)))
        codes = np.nonzero(keep)[1].reshape(n, k)
    else:
        codes = np.broadcast_to(np.arange(width), (n, width))
    values = np.take_along_axis(table, codes, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    codes, values = np.take_along_axis(codes, order, axis=1), np.take_along_axis(values, order, axis=1)
    absent = ~np.isfinite(values)
    return np.where(absent, -1, codes).astype(np.int32), np.where(absent, np.nan, values)
