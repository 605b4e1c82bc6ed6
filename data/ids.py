"""Vocabularies of ids: text outside, dense integer codes inside, in the order that breaks ties."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from data.errors import NotFound

_INTEGER = re.compile(r"(0|[1-9][0-9]{0,17})\Z")


class Ids:
    """Distinct text ids in tie order; the code of an id is its place in that order.

    Ids that are all plain whole numbers are ordered as numbers, so that '9' comes before '10'; any others as text.
    Ties between items are broken by the smaller code everywhere.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        values = pd.unique(_objects(ids))
        numbers = all(map(_INTEGER.match, values))
        order = np.argsort(values.astype(np.int64) if numbers else values.astype(str), kind="stable")
        self.values: np.ndarray = values[order]
        self.values.setflags(write=False)

    @classmethod
    def ordered(cls, values: np.ndarray) -> Ids:
        """The vocabulary of distinct ids that are in tie order already (as a store wrote them); nothing is checked."""
        ids = cls.__new__(cls)
        ids.values = _objects(values)
        ids.values.setflags(write=False)
        return ids

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, code: int) -> str:
        return str(self.values[code])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ids) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash((len(self), *self.values[:3]))

    def __contains__(self, value: object) -> bool:
        return value in self._index

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.values, dtype=object)

    def codes(self, ids: Iterable[str] | pd.Series | np.ndarray) -> np.ndarray:
        """int32 codes of the ids (each distinct id is looked up once); -1 for an id that is not here."""
        places, distinct = pd.factorize(_objects(ids))
        found = self._index.get_indexer(pd.Index(distinct, dtype=object)).astype(np.int32)
        return np.append(found, np.int32(-1))[places]

    def code(self, value: str, what: str = "id") -> int:
        """The code of one id; raises `NotFound` naming it, and of people nobody else."""
        found = int(self.codes([str(value)])[0])
        if found < 0 and what in ("user", "person"):
            raise NotFound(what, str(value), fix="check the id")
        if found < 0:
            raise NotFound(what, str(value), [str(v) for v in self.values[:5]])
        return found


def factorize(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Places (int64, one a row, -1 where missing or blank) into the distinct ids as stripped text (object array).

    130, 130.0 and '130' are one id, and so are '130' and ' 130 '; the distinct ids come in order of appearance.
    """
    places, distinct = pd.factorize(_whole(values))
    texts = [str(value).strip() or None for value in distinct.to_numpy(dtype=object)]
    merged, unique = pd.factorize(_objects([*texts, None]))
    return merged[places].astype(np.int64), np.asarray(unique, dtype=object)


def as_text(values: pd.Series) -> pd.Series:
    """Ids as stripped text: 130, 130.0 and '130' are one id; a missing or blank id stays missing (None)."""
    places, distinct = factorize(values)
    return pd.Series(_objects([*distinct, None])[places], index=values.index, name=values.name, dtype=object)


def _whole(values: pd.Series) -> pd.Series:
    if not pd.api.types.is_float_dtype(values):
        return values
    known = values.dropna()
    exact = (known.abs() < 2**53).all() and (known % 1 == 0).all()
    return values.astype("Int64") if exact else values


def _objects(ids: Iterable[object] | pd.Series | np.ndarray) -> np.ndarray:
    if isinstance(ids, pd.Series):
        return ids.to_numpy(dtype=object)
    listed = ids if isinstance(ids, np.ndarray) else list(ids)
    result = np.empty(len(listed), dtype=object)
    result[:] = listed
    return result
