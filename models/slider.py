"""The relevance-serendipity slider: a stated budget of relevance, spent on surprise, for each person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.ranking import Lists

CANDIDATES = 200  # the slider chooses among the best 200 unseen titles
LARGEST_BUDGET = 0.5  # at position 1 a list may give up half of its relevance
_STEPS = 48
_LARGEST_PRICE = 1024.0  # in units of a person's own range of scores per unit of surprise


@dataclass(frozen=True, eq=False)
class Reranked:
    """Lists after the slider, with what it added to each score and what it cost each person."""

    lists: Lists  # most relevant first; scores are relevance + price x surprise
    relevance: np.ndarray  # (n, k) scores of the model itself
    surprise: np.ndarray  # (n, k)
    price: np.ndarray  # (n,) score given for one unit of surprise
    kept: np.ndarray  # (n,) relevance kept, 1 = all; never under 1 - budget


def budget_of(position: float) -> float:
    """The share of relevance that the slider may give up at a position from 0 (none) to 1 (`LARGEST_BUDGET`)."""
    return float(position) * LARGEST_BUDGET


def self_information(counts: np.ndarray, people: int) -> np.ndarray:
    """Surprise of an item in bits: −log2(people who chose it / people); 0 = everybody did.

    A title that nobody chose counts as chosen by one person (RePlay's rule), so that surprise stays finite.
    """
    return -np.log2(np.maximum(counts, 1) / max(people, 1))


def rerank(candidates: Lists, surprise: np.ndarray, budget: float, k: int) -> Reranked:
    """The k of the candidates with the most surprise whose relevance is at least (1 − budget) of the best k.

    surprise: (items,), or (n, c) of each person's candidates; any number that is larger the more surprising a title is.

    Maximises Σ surprise under Σ R ≥ (1 − budget)·Σ best R by its Lagrangian: the top k of R + μ·N with the largest μ on
    a fixed grid of bisection that stays inside the budget (methods 4). R is the model's score, raised by a constant where
    a candidate has a negative one. Promises, for each person: budget 0 is the base list; a larger budget never gives less
    total surprise nor more total relevance; the relevance given up never passes the budget. Lists are shown most relevant
    first; ties in the choice go to the more relevant, then to the smaller item id.
    """
    k = min(k, candidates.items.shape[1])
    there = candidates.items >= 0
    scores = np.where(there, candidates.scores, -np.inf)
    lowest = np.min(np.where(there, candidates.scores, np.inf), axis=1, initial=0.0)[:, None]
    relevance = np.where(there, candidates.scores - np.minimum(lowest, 0.0), 0.0)
    known = surprise if surprise.ndim == 2 else surprise[np.maximum(candidates.items, 0)]
    bits = np.where(there, known, 0.0)
    floor = (1.0 - budget) * relevance[:, :k].sum(axis=1)
    price = _largest_price(scores, relevance, bits, floor, k) if budget > 0 else np.zeros(len(candidates))
    chosen = np.sort(_top(scores, bits, price, k), axis=1)  # candidates come in base order

    def pick(table: np.ndarray) -> np.ndarray:
        return np.take_along_axis(table, chosen, axis=1)

    items = np.where(pick(there), pick(candidates.items), -1).astype(np.int32)
    base = np.where(items >= 0, pick(candidates.scores), np.nan)
    total = base + price[:, None] * pick(bits)
    best = relevance[:, :k].sum(axis=1)
    kept = np.divide(pick(relevance).sum(axis=1), best, out=np.ones(len(candidates)), where=best > 0)
    return Reranked(Lists(candidates.users, items, total), base, pick(bits), price, kept)


def _top(scores: np.ndarray, bits: np.ndarray, price: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k best of scores + price·bits; a stable sort keeps the base order for ties."""
    return np.argsort(-(scores + price[:, None] * bits), axis=1, kind="stable")[:, :k]


def _largest_price(
    scores: np.ndarray, relevance: np.ndarray, bits: np.ndarray, floor: np.ndarray, k: int
) -> np.ndarray:
    """Bisection on a bracket that does not depend on the budget, so that a larger budget never gives a smaller price."""
    spread = np.ptp(relevance, axis=1)
    low, high = np.zeros(len(scores)), spread * _LARGEST_PRICE

    def affordable(price: np.ndarray) -> np.ndarray:
        chosen = _top(scores, bits, price, k)
        return np.take_along_axis(relevance, chosen, axis=1).sum(axis=1) >= floor

    for _ in range(_STEPS):
        middle = (low + high) / 2
        fits = affordable(middle)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low
