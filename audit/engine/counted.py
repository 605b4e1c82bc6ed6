"""What a way of counting hands back, and the refusals that both ways share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from audit.measures.counts import Counts
from data.columns import ITEM, RANK, USER
from data.errors import BadInput


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of all lists, and how many lists are odd in which way."""

    counts: Counts
    reached: np.ndarray  # lists that show an item of each owner, in the order of `Showings.belongs`
    rows: int  # showings counted
    above: int  # showings down to rank k, those of who must not be audited too
    short: int
    skipped: int
    ties: int


def refuse_missing(users: int, items: int, ranks: int) -> None:
    """Refuse rows without a user or an item, or whose rank is no whole number from 1: how many there are of each."""
    file = "recommendations"
    for count, column in ((users, USER), (items, ITEM)):
        if count:
            raise BadInput("an id is missing", file=file, column=column, fix="fill it or drop the row")
    if ranks:
        fix = "count the places from 1"
        raise BadInput("a rank must be a whole number from 1", file=file, column=RANK, fix=fix)


def by_part(place: np.ndarray, values: np.ndarray, n_parts: int, n_items: int) -> sparse.csr_array:
    """Parts x items from values at places part x n_items + item; several at one place add up."""
    table = sparse.coo_array((values.astype(np.float64), np.divmod(place, max(n_items, 1))), shape=(n_parts, n_items))
    return sparse.csr_array(table)
