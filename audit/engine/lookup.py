"""From an id, a whole number, to what it is counted by: an array for small ids, a hash table for any others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LARGEST = 2**27  # ids up to here may stand in an array


@dataclass(frozen=True, eq=False)
class Lookup:
    """Values from 0 by id; -1 for an id that is not there."""

    values: np.ndarray  # by id from `first` on, or by slot of the hash table
    slots: np.ndarray | None = None
    first: int = 0

    @classmethod
    def of(cls, ids: np.ndarray, values: np.ndarray) -> Lookup:
        """Two columns of one length; ids are distinct."""
        if not len(ids):
            return cls(np.empty(0, np.int32))
        if (
            int(ids[-1]) - int(ids[0]) == len(ids) - 1 and (ids[1:] > ids[:-1]).all()
        ):  # one after the other, as ids often are
            return cls(values.astype(np.int32, copy=False), first=int(ids[0]))
        if ids.dtype != np.uint64 and ids.min() >= 0 and ids.max() < min(_LARGEST, 16 * len(ids) + 1_000_000):
            table = np.full(int(ids.max()) + 1, -1, np.int32)
            table[ids] = values
            return cls(table)
        from audit.engine.tally import fill

        size = 1 << int(2 * len(ids)).bit_length()
        slots, held = np.zeros(size, np.uint64), np.full(size, -1, np.int32)
        if fill(_unsigned(ids), values.astype(np.int32), slots, held):
            raise ValueError("two ids are one number")  # by design once in 10^6 audits of 10^7 people with text ids
        return cls(held, slots)

    def find(self, ids: np.ndarray) -> np.ndarray:
        """int32 values of the ids."""
        from audit.engine.tally import find, look

        if self.slots is not None:
            return np.asarray(find(_unsigned(ids), self.slots, self.values))
        return np.asarray(look(ids, self.values, self.first))


def _unsigned(ids: np.ndarray) -> np.ndarray:
    return ids.view(np.uint64) if ids.dtype == np.uint64 else ids.astype(np.int64).view(np.uint64)
