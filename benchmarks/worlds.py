"""The data that benchmarks run on: MovieLens 100K where it is, and a seeded set of MovieLens 1M's shape."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from data.ids import Ids
from models.histories import Training

USERS, ITEMS, PAIRS = 6_040, 3_706, 1_000_000


def synthetic(seed: int = 0) -> Training:
    """6,040 people, 3,706 titles, 1,000,000 distinct pairs; log-normal activity and popularity, ratings 1 to 5."""
    rng = np.random.default_rng(seed)
    activity, popularity = rng.lognormal(0, 1.0, USERS), rng.lognormal(0, 1.6, ITEMS)
    drawn = [
        rng.choice(n, size=3 * PAIRS, p=w / w.sum()).astype(np.int64)
        for n, w in ((USERS, activity), (ITEMS, popularity))
    ]
    keys = np.sort(rng.choice(np.unique(drawn[0] * ITEMS + drawn[1]), PAIRS, replace=False))
    values = rng.integers(1, 6, PAIRS).astype(np.float64)
    matrix = sparse.csr_array((values, (keys // ITEMS, keys % ITEMS)), shape=(USERS, ITEMS))
    matrix.sort_indices()
    return training(matrix)


def movielens() -> Training | None:
    """MovieLens 100K, or None where it is not here."""
    root = Path(os.environ.get("SIGHTGLASS_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    file = root / "ml-100k" / "u.data"
    if not file.exists():
        return None
    table = pd.read_csv(file, sep="\t", header=None, names=["user", "item", "value", "time"])
    matrix = sparse.csr_array((table.value.to_numpy(float), (table.user - 1, table.item - 1)))
    matrix.sort_indices()
    return training(matrix)


def training(matrix: sparse.csr_array) -> Training:
    """A training set with running numbers as ids."""
    users, items = (Ids([str(n) for n in range(size)]) for size in matrix.shape)
    return Training(users, items, matrix, pd.DataFrame(index=pd.Index(items.values)), {}, True)
