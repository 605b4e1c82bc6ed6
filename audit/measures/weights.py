"""Browsing models: how much attention a place in a list gets. One definition feeds every exposure number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data.errors import NotFound

BROWSING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "log": lambda r: 1 / np.log2(r + 1),
    "log-clipped": lambda r: 1 / np.log2(np.maximum(r, 2)),
    "rbp": lambda r: 0.85 ** (r - 1),
    "inverse": lambda r: 1 / r,
    "flat": np.ones_like,
}
DEFAULT = "log"


def weights(model: str, ranks: np.ndarray) -> np.ndarray:
    """Attention at each rank (from 1), float64 in (0, 1].

    `log` 1/log2(r+1) (Singh & Joachims 2018), `log-clipped` 1/log2(max(r, 2)) (LensKit's default: ranks 1 and 2 are
    equal), `rbp` .85^(r-1) (Moffat & Zobel 2008), `inverse` 1/r, `flat` 1. Results are sensitive to this choice, so
    every number that depends on it names it.
    """
    if model not in BROWSING:
        raise NotFound("browsing model", model, tuple(BROWSING))
    return np.asarray(BROWSING[model](np.asarray(ranks, dtype=np.float64)), dtype=np.float64)
