"""What could tell of people: histories, lists, random lists, embeddings and input columns, as features of a sample."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from audit.guessing import FOLDS
from audit.measures.coded import Coded
from audit.measures.content import memberships, share_rows
from data.columns import Kind
from data.ids import as_text

MOST_PEOPLE = 2000
DIRECTIONS = 50
_MOST_GROUPS = 100  # values of an input column, and categories of a taste
HISTORY, LISTS, RANDOM, EMBEDDINGS = "history", "lists", "random lists", "embeddings"
CHANCE = tuple(f"{RANDOM} {draw}" for draw in (1, 2, 3))  # one draw alone would add its own luck to the lift


def sample(coded: Coded, seed: int) -> np.ndarray:
    """Codes of people with a list and a history, at most 2,000 drawn by the seed, in order."""
    there = np.flatnonzero((coded.length > 0) & (np.diff(coded.history.indptr) > 0))
    return np.sort(np.random.default_rng(seed).permutation(there)[:MOST_PEOPLE])


def sources(coded: Coded, people: np.ndarray, embeddings: pd.DataFrame | None, seed: int) -> dict[str, np.ndarray]:
    """Features of the people by source: history, lists, three draws of random lists, and embeddings where given."""
    shape = (len(coded.users), len(coded.items))
    pointers = np.concatenate([[0], np.cumsum(coded.length)])
    lists = sparse.csr_array((np.ones(len(coded.item)), coded.item, pointers), shape=shape)
    tables = {HISTORY: coded.history, LISTS: lists}
    for number, name in enumerate(CHANCE):
        drawn = np.random.default_rng([seed, number]).choice(np.flatnonzero(coded.catalogue), len(coded.item))
        tables[name] = sparse.csr_array((np.ones(len(drawn)), drawn, pointers), shape=shape)
    found = {name: _directions(sparse.csr_array(table[people]), seed) for name, table in tables.items()}
    if embeddings is not None:
        index = as_text(embeddings.index.to_series()).to_numpy()
        rows = embeddings.set_axis(index).reindex(coded.users.values[people]).to_numpy(dtype=np.float64)
        found[EMBEDDINGS] = _standardised(np.nan_to_num(rows))
    return found


def _directions(rows: sparse.csr_array, seed: int) -> np.ndarray:
    """The rows by the 50 directions in which they differ most; no label takes part in that."""
    from sklearn.decomposition import TruncatedSVD

    width = min(DIRECTIONS, min(rows.shape) - 1)
    if width < 1:
        return _standardised(rows.toarray())
    with np.errstate(divide="ignore", invalid="ignore"):  # shares of variance, 0 / 0 for equal rows, are unread
        directions = TruncatedSVD(width, random_state=seed).fit_transform(sparse.csr_matrix(rows))
    return _standardised(directions)


def behaviour(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], people: np.ndarray
) -> dict[str, np.ndarray]:
    """What any model can read off a history: its length, and its shares of each column of categories."""
    found = {
        "number of choices": _standardised(np.log1p(np.diff(coded.history.indptr)[people].astype(np.float64))[:, None])
    }
    for name, kind in kinds.items():
        if kind in (Kind.CATEGORY, Kind.MULTI) and name in items:
            table, names = memberships(items, name, coded.items, kinds)
            if 1 < len(names) <= _MOST_GROUPS:
                shares = sparse.csr_array(share_rows(sparse.csr_array(coded.history @ table))[people])
                found[f"taste: {name}"] = _standardised(shares.toarray())
    return found


def one_hot(column: pd.Series, users: np.ndarray) -> np.ndarray:
    """A column of people as features: a number standardised, missing at the mean and marked; anything else 0/1 a value.

    Of more than 100 values the most frequent have a feature of their own.
    """
    index = as_text(column.index.to_series()).to_numpy()
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > FOLDS:
        values = pd.Series(column.to_numpy(np.float64), index=index).reindex(users)
        return _standardised(np.column_stack([values.fillna(values.mean()), values.isna()]))
    text = aligned(column, users)
    names = text.value_counts().index[:_MOST_GROUPS]
    return np.column_stack([text.isna(), *((text == name) for name in names)]).astype(np.float64)


def aligned(column: pd.Series, users: np.ndarray) -> pd.Series:
    """The column as text in the order of the users, missing where it has no value."""
    index = as_text(column.index.to_series()).to_numpy()
    return pd.Series(as_text(column).to_numpy(), index=index, dtype=object).reindex(users)


def _standardised(rows: np.ndarray) -> np.ndarray:
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1))
