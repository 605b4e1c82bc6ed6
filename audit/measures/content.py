"""What items are made of: shares of categories, and unit vectors to compare items by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import divide
from data.columns import Kind
from data.errors import BadInput, NotFound
from data.ids import Ids, as_text

_READABLE = (Kind.CATEGORY, Kind.MULTI)


def memberships(
    items: pd.DataFrame, column: str, ids: Ids, kinds: Mapping[str, Kind]
) -> tuple[sparse.csr_array, list[str]]:
    """Items x categories of one column, and the names of the categories in the order of `Ids`.

    An item of m categories belongs 1/m to each (p(g|i) of Steck 2018), so a row sums to 1; a row without a category
    is empty. A column without a declared kind is read as one category per item.
    """
    if column not in items:
        raise NotFound("item column", column, list(map(str, items.columns)))
    if (kind := kinds.get(column, Kind.CATEGORY)) not in _READABLE:
        fix = "choose a category or multi-category column"
        raise BadInput(f"it is declared {kind}, not a category", file="items", column=column, fix=fix)
    text = as_text(items[column])
    rows = pd.Series(text.to_numpy(), index=ids.codes(as_text(items.index.to_series())), dtype=object)
    if kind == Kind.MULTI:
        rows = rows.str.split("|").explode().str.strip()
    rows = rows[rows.notna() & (rows != "") & (rows.index >= 0)]
    names = Ids(rows)
    shape = (len(ids), len(names))
    table = sparse.csr_array(
        sparse.coo_array((np.ones(len(rows)), (rows.index.to_numpy(), names.codes(rows))), shape=shape)
    )
    table.sum_duplicates()
    table.data[:] = 1.0
    return _scaled(table, table.sum(axis=1)), [str(name) for name in names.values]


def content_vectors(
    items: pd.DataFrame, kinds: Mapping[str, Kind], ids: Ids, columns: Sequence[str] | None = None
) -> sparse.csr_array:
    """Items x features, rows of length 1: 0/1 for every category of the columns; a row of zeros has no content.

    By default every column that is declared a category or multi-category; text, numbers and dates are left out.
    """
    chosen = [name for name in kinds if name in items and kinds[name] in _READABLE] if columns is None else columns
    tables = [memberships(items, name, ids, kinds)[0] for name in chosen]
    if not tables:
        return sparse.csr_array((len(ids), 0))
    stacked = sparse.csr_array(sparse.hstack(tables, format="csr"))
    stacked.data[:] = 1.0
    return unit_rows(stacked)


def unit_rows(table: sparse.csr_array) -> sparse.csr_array:
    """Scale the rows to Euclidean length 1; a row of zeros stays."""
    return _scaled(table, np.sqrt(table.multiply(table).sum(axis=1)))


def share_rows(table: sparse.csr_array) -> sparse.csr_array:
    """Scale the rows to sum 1; a row of zeros stays."""
    return _scaled(table, table.sum(axis=1))


def _scaled(table: sparse.csr_array, by: np.ndarray) -> sparse.csr_array:
    factors = np.nan_to_num(divide(np.ones(table.shape[0]), np.asarray(by).ravel()))
    return sparse.csr_array(sparse.diags_array(factors, format="csr") @ table)
