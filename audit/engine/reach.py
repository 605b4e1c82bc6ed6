"""Reach of providers: how many lists show an item of each, counted while the lists are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from audit.engine import expressions as ex
from audit.engine.batches import Batch
from audit.measures.exposure import owners
from data.columns import Kind
from data.ids import Ids

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from audit.engine.facts import Facts
    from audit.engine.scan import Scan

Belonging = Callable[[Ids], sparse.csr_array]  # items in the order of the ids x owners
OWNERS = "audited_owners"


def belonging(items: pd.DataFrame, kinds: Mapping[str, Kind], columns: Iterable[str]) -> Belonging:
    """Whom every item belongs to in some columns, one column's owners after the other's; a missing column is refused."""
    chosen = list(columns)

    def of(ids: Ids) -> sparse.csr_array:
        tables = [owners(items, column, ids, kinds)[0] for column in chosen]
        return sparse.csr_array(sparse.hstack([*tables, sparse.csr_array((len(ids), 0))]))

    of(Ids(items.index))
    return of


def reach(found: Scan, facts: Facts, columns: Iterable[str]) -> pd.DataFrame:
    """Column, provider, and lists of everybody that show an item of the provider (`n_lists`, from 0 to all lists)."""
    named = [(column, name) for column in columns for name in owners(facts.items, column, found.items, facts.kinds)[1]]
    return pd.DataFrame(named, columns=["column", "provider"]).assign(n_lists=found.reached)


class Reach:
    """The numbers of lists as batches of whole lists come."""

    def __init__(self, belongs: sparse.csr_array) -> None:
        self.lists = np.zeros(belongs.shape[1], np.int64)
        self._first, self._owner = (each.astype(np.int32) for each in (belongs.indptr, belongs.indices))
        self._seen, self._last = np.zeros(belongs.shape[1], np.uint32), np.uint32(0)

    def add(self, batch: Batch) -> None:
        """Count every list once for each owner of what it shows."""
        from audit.engine.tally import reached

        if len(self.lists):
            places = (self._first, self._owner, self._seen, self.lists)
            self._last = np.uint32(reached(batch.starts, batch.item, *places, self._last))


def owner_table(belongs: sparse.csr_array) -> pa.Table:
    """Pairs of item code and owner, as an engine joins them."""
    pairs = sparse.coo_array(belongs)
    return pa.table({"code": pairs.row.astype(np.int32), "owner": pairs.col.astype(np.int32)})


def by_owner(showings: ir.Table, n_parts: int) -> ir.Table:
    """The same numbers by grouping: distinct users by owner, of who may be audited."""
    rows = showings.filter(showings.part < n_parts)
    whose = ex.table(OWNERS, pa.schema([("code", pa.int32()), ("owner", pa.int32())]))
    each = rows.inner_join(whose, rows.item == whose.code).select("user", "owner").distinct()
    return each.group_by("owner").agg(n=each.count())
