"""Is the split sound? The popularity of items in the full data, in train and in test, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.measures.coded import divide
from audit.measures.concentration import shannon
from data.columns import ITEM, USER
from data.ids import Ids, as_text


def split_audit(train: pd.DataFrame, test: pd.DataFrame, full: pd.DataFrame | None = None) -> pd.DataFrame:
    """Popularity of items in three tables; rows full, train, test (Dacrema et al. 2021, split audit).

    An item's count is its number of different (user, item) pairs; the catalogue is every item of any table, zeros
    included. Without `full`, it is train and test together. Columns: `interactions`, `items_seen`, `maximum`, `mean`,
    `gini_diversity` (1 equal, 0 concentrated: not the Gini of `exposure`), `shannon` in bits, `kendall_tau` (tau-b)
    to the full counts (1 the same order). A sound random split keeps the three rows close.
    """
    full = pd.concat([train, test]) if full is None else full
    tables = {"full": full, "train": train, "test": test}
    items = Ids(pd.concat([as_text(table[ITEM]) for table in tables.values()]).dropna())
    counts = {name: _counts(table, items) for name, table in tables.items()}
    return pd.DataFrame({name: _card(count, counts["full"]) for name, count in counts.items()}).T


def gini_diversity(x: np.ndarray) -> float:
    """Gini diversity 2 sum_i (n+1-i)/(n+1) x_(i) / sum x, x ascending with zeros (Dacrema's code of record).

    n values all equal give 1; everything on one item gives 2/(n+1). NaN where all are 0.
    """
    n, ordered = len(x), np.sort(np.asarray(x, dtype=np.float64))
    weight = (n + 1 - np.arange(1, n + 1)) / (n + 1)
    return float(2 * divide((weight * ordered).sum(), ordered.sum()))


def _counts(table: pd.DataFrame, items: Ids) -> np.ndarray:
    pairs = pd.DataFrame({USER: as_text(table[USER]).to_numpy(), ITEM: as_text(table[ITEM]).to_numpy()})
    return np.bincount(items.codes(pairs.dropna().drop_duplicates()[ITEM]), minlength=len(items))


def _card(count: np.ndarray, full: np.ndarray) -> dict[str, float]:
    from scipy.stats import kendalltau

    varied = count.min(initial=0) != count.max(initial=0) and np.ptp(count) > 0 and np.ptp(full) > 0
    return {
        "interactions": float(count.sum()),
        "items_seen": float((count > 0).sum()),
        "maximum": float(count.max(initial=0)),
        "mean": float(count.mean()) if len(count) else np.nan,
        "gini_diversity": gini_diversity(count),
        "shannon": shannon(count),
        "kendall_tau": float(kendalltau(count, full).statistic) if varied else np.nan,
    }
