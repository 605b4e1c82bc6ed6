"""What is known of items, and how attention falls on them, in the order of a scan's codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.engine.scan import Scan
from audit.measures.exposure import rank_weights
from data.columns import Kind

Weight = str | Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of the items of a scan, in the order of its codes."""

    items: pd.DataFrame
    kinds: Mapping[str, Kind]
    catalogue: np.ndarray
    popularity: np.ndarray  # people who chose the item in training
    merit: np.ndarray  # people who went on to choose it

    @classmethod
    def of(
        cls,
        scan: Scan,
        items: pd.DataFrame,
        kinds: Mapping[str, Kind] | None = None,
        popularity: pd.Series | None = None,
        merit: pd.Series | None = None,
    ) -> Facts:
        """Line up counts by item id with the scan; an item without a count has 0."""
        return cls(items, kinds or {}, scan.catalogue, *(_counts(scan, each) for each in (popularity, merit)))


def browsing(scan: Scan, models: Sequence[Weight]) -> dict[str, np.ndarray]:
    """The weights of ranks 1 to k under every browsing model."""
    return {str(model): _weight(model, scan.counts.k) for model in models}


def _counts(scan: Scan, counts: pd.Series | None) -> np.ndarray:
    if counts is None:
        return np.zeros(len(scan.items), np.int64)
    code = scan.items.codes(counts.index.to_series())
    known = code >= 0
    return np.bincount(code[known], weights=counts.to_numpy()[known], minlength=len(scan.items)).astype(np.int64)


def _weight(model: Weight, k: int) -> np.ndarray:
    if isinstance(model, str):
        return rank_weights(model, k)
    return np.asarray(model(np.arange(1, k + 1, dtype=np.float64)), dtype=np.float64)
