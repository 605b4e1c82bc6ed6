"""The tables of a data set: checked once at the door, frozen after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import ITEM, TIME, TITLE, USER, VALUE, Kind, Role
from data.ids import Ids


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as a loader read it, under our column names, not yet checked.

    `first_row` is the number that a person would give its first row in `file` (2 under a header line).
    `locate` finds that number for a row by its position, where the file holds blank lines or quoted line breaks.
    """

    frame: pd.DataFrame
    file: str
    first_row: int = 2
    locate: Callable[[int], int] | None = None

    def row(self, position: int) -> int:
        """The number a person would give the row at this position (counted from 0) of the frame."""
        return self.first_row + int(position) if self.locate is None else self.locate(int(position))


@dataclass(frozen=True, eq=False)
class Source:
    """Everything a loader found, before any check."""

    interactions: RawTable
    items: RawTable | None = None
    users: RawTable | None = None
    kinds: dict[str, Kind] = field(default_factory=dict)  # content columns of items
    roles: dict[str, Role] = field(default_factory=dict)  # attributes of users
    title: str = ""
    licence: str = "unknown"
    url: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who chose what: parallel arrays of codes, one entry a (user, item) pair, sorted by user then item."""

    users: Ids
    items: Ids
    user: np.ndarray  # int32 codes into users
    item: np.ndarray  # int32 codes into items
    value: np.ndarray | None = None  # float64, or None when implicit
    timestamp: np.ndarray | None = None  # int64 seconds, or None

    def __post_init__(self) -> None:
        key = self.user.astype(np.int64) * max(len(self.items), 1) + self.item
        sorted_already = bool((key[1:] >= key[:-1]).all())
        order = None if sorted_already else np.argsort(key, kind="stable")
        for name in ("user", "item", "value", "timestamp"):
            array = getattr(self, name)
            if array is not None:
                array = array.copy() if order is None else array[order]
                array.setflags(write=False)
                object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.user)

    def matrix(self) -> sparse.csr_array:
        """Users x items, float64: the value of every pair, 1 where the data is implicit."""
        values = np.ones(len(self)) if self.value is None else self.value
        pointers = np.concatenate([[0], np.cumsum(np.bincount(self.user, minlength=len(self.users)))])
        shape = (len(self.users), len(self.items))
        return sparse.csr_array((values, self.item.astype(np.int32), pointers.astype(np.int32)), shape=shape)

    def take(self, rows: np.ndarray) -> Interactions:
        """The chosen rows (a mask or positions) with the same vocabularies."""
        pick = [None if column is None else column[rows] for column in (self.value, self.timestamp)]
        return Interactions(self.users, self.items, self.user[rows], self.item[rows], *pick)

    def frame(self) -> pd.DataFrame:
        """The table under its public column names, ids as text."""
        columns = {USER: self.users.values[self.user], ITEM: self.items.values[self.item]}
        if self.value is not None:
            columns[VALUE] = self.value
        if self.timestamp is not None:
            columns[TIME] = self.timestamp
        return pd.DataFrame(columns)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rows by id; the same rows give the same hash in whatever order they came."""
        digest = hashlib.sha256()
        for ids in (self.users, self.items):
            digest.update("\x1f".join(map(str, ids.values)).encode() + b"\x1e")
        for array in (self.user, self.item, self.value, self.timestamp):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A checked data set. Sensitive attributes are named here and stored elsewhere (data.keep.sensitive)."""

    name: str
    interactions: Interactions
    items: pd.DataFrame  # index item_id in vocabulary order; columns title, provider?, content columns
    users: pd.DataFrame  # index user_id in vocabulary order; the attributes that are not sensitive
    kinds: dict[str, Kind] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)  # every attribute, sensitive ones too
    title: str = ""
    licence: str = "unknown"
    url: str = ""
    warnings: tuple[str, ...] = ()

    def titles(self) -> pd.Series:
        """Title by item id; the id itself where there is no title."""
        if TITLE not in self.items:
            return pd.Series(self.items.index, index=self.items.index, dtype=object)
        return self.items[TITLE].where(self.items[TITLE].notna(), self.items.index.to_series())

    def attributes(self, *roles: Role) -> list[str]:
        """Names of the user attributes that have one of the roles."""
        return [name for name, role in self.roles.items() if role in roles]
