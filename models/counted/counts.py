"""Integer co-occurrence counts: the statistics that the linear core and the neighbour models are functions of."""

from __future__ import annotations

import hashlib

import numpy as np
from scipy import sparse


def co_counts(matrix: sparse.csr_array) -> np.ndarray:
    """G = XᵀX of the 0/1 pattern of a users x items matrix, int32, items x items.

    G[i, j] is how many people chose both i and j; G[i, i] how many chose i. Integer sums: exact, and the same in
    whatever order people come, so that subtracting a person equals never having counted them.
    """
    from models.counted.counting import counted

    by_item = sparse.csc_array(matrix)
    return counted(matrix.indptr, matrix.indices, by_item.indptr, by_item.indices, matrix.shape[1])


def subtract_person(counts: np.ndarray, items: np.ndarray) -> np.ndarray:
    """The counts without one person, whose history is `items` (codes)."""
    left = counts.copy()
    left[np.ix_(items, items)] -= 1
    return left


def statistics_hash(statistics: dict[str, np.ndarray]) -> str:
    """SHA-256 of integer statistics: name, shape and little-endian int64 values; portable between machines."""
    digest = hashlib.sha256()
    for name in sorted(statistics):
        array = np.ascontiguousarray(statistics[name])
        if array.dtype.kind not in "iub":
            raise TypeError(f"statistic '{name}' is {array.dtype}, expected integers; convert to fixed point")
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.astype("<i8").tobytes())
    return digest.hexdigest()
