"""Typed content columns as one sparse, L2-normalised item x feature table, by scikit-learn's encoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import Kind

_KNOTS = 5  # points of a number scale; a value belongs to the one or two points next to it
_WORDS = 5000  # most frequent words kept of a text column

Block = tuple[list[str], sparse.csr_array]


def item_features(content: pd.DataFrame, kinds: dict[str, Kind], weights: dict[str, float]) -> Block:
    """Feature names and F (items x features, float64, rows of length 1, or 0 where an item says nothing).

    Each column is a block with rows of length 1, times its weight (1 by default); then rows are normalised as a whole,
    so F·Fᵀ is the cosine of two items, from 0 nothing in common to 1 the same.
    """
    from sklearn.preprocessing import normalize

    names: list[str] = []
    tables = []
    for column, kind in kinds.items():
        weight = weights.get(column, 1.0)
        if weight == 0:
            continue
        features, table = _ENCODERS[kind](content[column])
        if not features:
            continue
        names += [f"{column}: {feature}" for feature in features]
        tables.append(sparse.csr_array(normalize(table)) * weight)
    if not tables:
        return [], sparse.csr_array((len(content), 0))
    joined = sparse.csr_array(normalize(sparse.hstack(tables, format="csr")))
    joined.sort_indices()
    return names, joined


def shares(content: pd.Series, kind: Kind) -> sparse.csr_array:
    """Items x categories, rows that sum to 1: an item's one category, or its several in equal parts."""
    from sklearn.preprocessing import normalize

    return sparse.csr_array(normalize(_ENCODERS[kind](content)[1], norm="l1"))


def numbers(column: pd.Series, kind: Kind) -> np.ndarray:
    """A number or date column as float64 (dates as years), NaN where missing or unreadable."""
    if kind is Kind.DATE and not pd.api.types.is_numeric_dtype(column):
        read = None if pd.api.types.is_datetime64_any_dtype(column) else "mixed"
        dates = pd.to_datetime(column, errors="coerce", utc=True, format=read)
        return np.asarray(dates.dt.year + (dates.dt.day_of_year - 1) / 366, dtype=np.float64)
    values = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _category(column: pd.Series) -> Block:
    return _listed(column, lambda text: [text.strip()])


def _multi(column: pd.Series) -> Block:
    return _listed(column, lambda text: [name.strip() for name in text.split("|")])


def _listed(column: pd.Series, read: Callable[[str], list[str]]) -> Block:
    """Multi-hot (one-hot where a cell holds one name); blank names and missing cells say nothing."""
    from sklearn.preprocessing import MultiLabelBinarizer

    named = [[name for name in read(str(cell)) if name] if known else [] for cell, known in _cells(column)]
    encoder = MultiLabelBinarizer(sparse_output=True)
    table = sparse.csr_array(encoder.fit_transform(named), dtype=np.float64)
    return [str(name) for name in encoder.classes_], table


def _text(column: pd.Series) -> Block:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [str(cell) if known else "" for cell, known in _cells(column)]
    encoder = TfidfVectorizer(max_features=_WORDS, sublinear_tf=True)
    analyse = encoder.build_analyzer()
    if not any(map(analyse, texts)):
        return [], sparse.csr_array((len(column), 0))
    table = sparse.csr_array(encoder.fit_transform(texts))
    return list(map(str, encoder.get_feature_names_out())), table


def _scaled(column: pd.Series, kind: Kind, show: str) -> Block:
    """A value shared between the two scale points beside it, so that near values have much in common."""
    from sklearn.preprocessing import SplineTransformer

    values = numbers(column, kind)
    present = np.flatnonzero(~np.isnan(values))
    knots = np.unique(np.nanquantile(values, np.linspace(0, 1, _KNOTS))) if len(present) else values[:0]
    if len(knots) < 2:
        table = sparse.coo_array((np.ones(len(present)), (present, present * 0)), shape=(len(values), len(knots)))
        return [format(knot, show) for knot in knots], sparse.csr_array(table)
    encoder = SplineTransformer(degree=1, knots=knots[:, None], extrapolation="constant")
    hats = np.zeros((len(values), len(knots)))
    hats[present] = encoder.fit_transform(values[present, None])
    return [f"near {format(knot, show)}" for knot in knots], sparse.csr_array(hats)


def _number(column: pd.Series) -> Block:
    return _scaled(column, Kind.NUMBER, "g")


def _date(column: pd.Series) -> Block:
    return _scaled(column, Kind.DATE, ".1f")


def _cells(column: pd.Series) -> list[tuple[Any, bool]]:
    return list(zip(column, column.notna(), strict=True))


_ENCODERS: dict[Kind, Callable[[pd.Series], Block]] = {
    Kind.CATEGORY: _category,
    Kind.MULTI: _multi,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
}
