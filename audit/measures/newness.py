"""Groups of items that no column names: new and older ones, popular and tail ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from audit.measures.coded import Coded
from audit.measures.popularity import Head, short_head
from data.columns import ITEM, TIME, Kind
from data.ids import as_text

AGE, FAME = "age of the item", "popularity of the item"
NEW, OLDER, HEAD, TAIL = "new", "older", "popular", "tail"
_NEW_SHARE = 0.2
_YEARS = ("year", "release_year", "published")


def arrivals(
    items: pd.DataFrame, kinds: Mapping[str, Kind], train: pd.DataFrame | None
) -> tuple[pd.Series, str] | None:
    """When each item came, as a number that grows with time (missing where unknown), and what tells so.

    The first date column of the items, else a number column called year, else the time of the first training
    interaction; None where nothing tells.
    """
    for name, kind in kinds.items():
        if kind == Kind.DATE and name in items:
            when = pd.to_datetime(items[name], errors="coerce")
            seconds = (when - pd.Timestamp(0)).dt.total_seconds()
            return seconds, f"column '{name}'"
    for name in items.columns:
        if str(name).lower() in _YEARS and pd.api.types.is_numeric_dtype(items[name]):
            return items[name].astype(np.float64), f"column '{name}'"
    if train is not None and TIME in train and train[TIME].notna().any():
        first = train.assign(**{ITEM: as_text(train[ITEM])}).groupby(ITEM)[TIME].min()
        known = as_text(items.index.to_series()).to_numpy()
        return pd.Series(first.reindex(known).to_numpy(np.float64), index=items.index), "the first training choice"
    return None


def age_groups(when: pd.Series) -> pd.Series:
    """'new' for the newest fifth of the dated items, 'older' for the others, missing without a date.

    New is what came after the 80 % quantile of the dates; equal dates share a group, so fewer than a fifth may be new,
    and none is where all came at once.
    """
    edge = when.quantile(1 - _NEW_SHARE, interpolation="lower")
    names = np.where(when > edge, NEW, OLDER).astype(object)
    return pd.Series(names, index=when.index, dtype=object).where(when.notna())


def fame_groups(coded: Coded, items: pd.DataFrame, head: Head) -> pd.Series | None:
    """'popular' for the short head of training popularity, 'tail' for all other catalogue items; None without training."""
    if not coded.popularity.sum():
        return None
    codes = coded.items.codes(as_text(items.index.to_series()))
    return pd.Series(np.where(short_head(coded, head)[codes], HEAD, TAIL).astype(object), index=items.index)
