"""The rows of one scan: which tables they come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
from scipy import sparse

from audit.engine import expressions as ex
from audit.engine.people import People
from audit.engine.tables import Lists

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from audit.engine.engines import Engine


@dataclass(frozen=True, eq=False)
class Showings:
    """The lists, the people and the items of a scan."""

    lists: Lists
    people: People
    items: pa.Table  # item_key, code
    n_items: int
    k: int
    belongs: sparse.csr_array | None = None  # items x owners whose reach is counted

    def hand_to(self, machine: Engine) -> None:
        """Give the engine the tables of people and items that the joins read."""
        machine.hold(ex.PEOPLE, self.people.table())
        machine.hold(ex.ITEMS, self.items)

    @property
    def owned(self) -> sparse.csr_array:
        """Items x owners, none where no reach is asked for."""
        return sparse.csr_array((self.n_items, 0)) if self.belongs is None else self.belongs

    @cached_property
    def rows(self) -> ir.Table:
        """User, given (the item's id), rank, at any rank."""
        return ex.rows(ex.table(ex.LISTS, self.lists.schema), self.lists.names, self.k)

    @property
    def given(self) -> ir.Table:
        """The rows down to rank k."""
        return ex.above(self.rows, self.k)

    @property
    def numbered(self) -> ir.Table:
        """The rows at any rank with ids as whole numbers: text by its hash."""
        return ex.numbered(self.rows, "user", "given")

    @property
    def joined(self) -> ir.Table:
        """User, part, item, rank."""
        people = ex.table(ex.PEOPLE, self.people.table().schema)
        items = ex.table(ex.ITEMS, self.items.schema)
        return ex.joined(self.given, people, items, self.people.unknown, self.people.buckets)

    @property
    def strangers(self) -> ir.Table:
        """Ids of items that the table of items does not have."""
        return ex.strangers(self.given, ex.table(ex.ITEMS, self.items.schema))
