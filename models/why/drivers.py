"""What drives a model as a whole: which titles of people's histories, and which readable signals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from models.base import Recommender
from models.counted.item_item import ItemItem
from models.evidence import MINIMUM_PEOPLE
from models.histories import Profiles, history
from models.hybrid.model import Hybrid

_CELLS = 4_000_000  # weights gathered at once: 32 MB


def item_totals(model: Recommender, profiles: Profiles, k: int = 10) -> np.ndarray:
    """For each title (code) the sum, over people who chose it and the k titles of their lists, of |what it adds|.

    In the units of the model's score; 0 everywhere for a model whose scores do not come from single titles of a history.
    """
    lists = model.recommend(profiles, k).items
    return _gathered(model, profiles, lists) if isinstance(model, ItemItem) else _asked(model, profiles, lists)


def _gathered(model: ItemItem, profiles: Profiles, lists: np.ndarray) -> np.ndarray:
    """Weights read off the table: each own item of a person meets each title of their list."""
    matrix = model._inputs(profiles).matrix
    person = np.repeat(np.arange(len(profiles)), np.diff(matrix.indptr))
    added = np.empty(matrix.nnz)
    step = max(1, _CELLS // lists.shape[1])
    for start in range(0, matrix.nnz, step):
        own, shown = matrix.indices[start : start + step], lists[person[start : start + step]]
        weights = np.where(shown >= 0, model.weights[own[:, None], np.maximum(shown, 0)], 0.0)
        added[start : start + step] = np.abs(weights).sum(axis=1)
    return np.bincount(matrix.indices, added * np.abs(matrix.data), minlength=matrix.shape[1])


def _asked(model: Recommender, profiles: Profiles, lists: np.ndarray) -> np.ndarray:
    """The model's own contributions, a person at a time: for a sample of people."""
    totals = np.zeros(profiles.matrix.shape[1])
    for row, shown in enumerate(lists):
        one, targets = profiles.rows(row, row + 1), shown[shown >= 0]
        if len(targets):
            totals[history(one)[0]] += np.abs(model.contributions(one, targets)).sum(axis=1)
    return totals


def item_drivers(model: Recommender, profiles: Profiles, k: int = 10, top: int = 20) -> pd.DataFrame:
    """The titles with the largest `item_totals`: item_id, title, people, total, share (of all titles' sum, 0 to 1).

    A title that fewer than `MINIMUM_PEOPLE` of these people chose is not named; its share counts in the whole.
    """
    return named_drivers(model, profiles, item_totals(model, profiles, k), top)


def named_drivers(model: Recommender, profiles: Profiles, totals: np.ndarray, top: int = 20) -> pd.DataFrame:
    """The same from totals that are known already."""
    people = np.bincount(profiles.matrix.indices, minlength=len(totals))
    whole = totals.sum()
    named = np.where(people >= MINIMUM_PEOPLE, totals, 0.0)
    codes = np.argsort(-named, kind="stable")[:top]
    codes = codes[named[codes] > 0]
    return pd.DataFrame(
        {
            "item_id": model.training.items.values[codes],
            "title": [model.title_of(code) for code in codes.tolist()],
            "people": people[codes],
            "total": totals[codes],
            "share": totals[codes] / whole if whole > 0 else totals[codes],
        }
    )


def concentration(totals: np.ndarray, first: int) -> float:
    """The share of all |contribution| that the `first` strongest titles carry, 0 to 1; NaN where nothing adds anything."""
    whole = totals.sum()
    return float(np.sort(totals)[::-1][:first].sum() / whole) if whole > 0 else float("nan")


def signal_drivers(
    model: Hybrid, profiles: Profiles, k: int = 10, *, seed: int = 0, bootstrap: Bootstrap | None = None
) -> pd.DataFrame:
    """Mean |Shapley value| of each signal, in log-odds: id, title, value, low, high, n; the largest first.

    One pair a person: a title drawn evenly from their k best, so that people are the unit of the interval.
    """
    lists = model.recommend(profiles, k).items
    length = (lists >= 0).sum(axis=1)
    row = np.flatnonzero(length)
    place = np.random.default_rng(seed).integers(0, length[row])
    pairs = model.signals.at(profiles, row, lists[row, place])
    explained = model.combination.explainer.shap_values(model.combination.read(pairs))
    values = pd.DataFrame(np.abs(np.asarray(explained, dtype=np.float64)), columns=list(model.signals.titles))
    table = (bootstrap or Bootstrap(draws=1000)).means(values)
    table.insert(0, "title", list(model.signals.titles.values()))
    return table.sort_values("value", ascending=False, kind="stable").rename_axis("id").reset_index()
