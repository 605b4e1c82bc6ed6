"""Small random worlds for the audit's tests, and each metric as its literal, slow definition."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from data.columns import Kind

GENRES = ("action", "drama", "noir", "western")


@dataclass
class World:
    lists: dict[str, list[str]]
    truth: dict[str, set[str]]
    history: dict[str, set[str]]
    genres: dict[str, tuple[str, ...]]
    k: int

    @property
    def recommendations(self) -> pd.DataFrame:
        rows = [(u, i, r) for u, items in self.lists.items() for r, i in enumerate(items, 1)]
        return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])

    @property
    def outcomes(self) -> pd.DataFrame:
        return pairs(self.truth)

    @property
    def train(self) -> pd.DataFrame:
        return pairs(self.history)

    @property
    def items(self) -> pd.DataFrame:
        index = pd.Index(list(self.genres), name="item_id", dtype=object)
        return pd.DataFrame({"genres": ["|".join(g) or None for g in self.genres.values()]}, index=index)

    kinds: ClassVar[dict[str, Kind]] = {"genres": Kind.MULTI}

    def shown(self, user: str) -> list[str]:
        return self.lists.get(user, [])[: self.k]

    def popularity(self) -> Counter[str]:
        return Counter(item for items in self.history.values() for item in items)


def pairs(table: dict[str, set[str]]) -> pd.DataFrame:
    rows = [(u, i) for u, items in table.items() for i in sorted(items)]
    return pd.DataFrame(rows, columns=["user_id", "item_id"], dtype=object)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Users with and without list, truth and history; items with and without genres; lists longer than k too."""
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    n_items, n_users = draw(st.integers(4, 12)), draw(st.integers(2, 6))
    items = [str(i) for i in range(n_items)]
    users = [f"u{i}" for i in range(n_users)]

    def some(most: int) -> list[str]:
        return list(rng.permutation(items)[: rng.integers(0, most + 1)])

    lists = {u: some(n_items) for u in users}
    lists["u0"] = lists["u0"] or [items[0]]
    genres = {i: tuple(sorted(rng.permutation(GENRES)[: rng.integers(0, 3)])) for i in items}
    truth, history = ({u: set(some(n_items)) for u in users} for _ in range(2))
    return World({u: row for u, row in lists.items() if row}, truth, history, genres, draw(st.integers(1, 6)))


def cosine(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    return len(set(a) & set(b)) / math.sqrt(len(a) * len(b))


def discount(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def shares(items: list[str] | set[str], genres: dict[str, tuple[str, ...]]) -> dict[str, float]:
    described = [genres[i] for i in items if genres[i]]
    counted: Counter[str] = Counter()
    for names in described:
        for name in names:
            counted[name] += 1 / len(names) / len(described)  # type: ignore[assignment]
    return dict(counted)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
