"""The compiled loop of the co-occurrence counts; apart, so that serving a list need not load the compiler."""

import numpy as np
from numba import njit, prange

from data.parallel import one_at_a_time


@one_at_a_time
@njit(parallel=True, cache=True)
def counted(indptr, indices, item_indptr, item_indices, n):
    """G = XᵀX of a 0/1 matrix given by rows and by columns, indices sorted: int32, n x n."""
    counts = np.zeros((n, n), dtype=np.int32)
    half = (n + 1) // 2
    for pair in prange(half):
        # a short row of the triangle goes with a long one, so that threads finish together
        for side in range(2):
            first = np.int64(pair)
            j = first if side == 0 else n - 1 - first
            if side == 1 and j == first:
                continue
            for place in range(item_indptr[j], item_indptr[j + 1]):
                user = item_indices[place]
                q = indptr[user + 1] - 1
                while q >= indptr[user] and indices[q] >= j:
                    counts[j, indices[q]] += 1
                    q -= 1
    for j in range(n):
        for i in range(j):
            counts[j, i] = counts[i, j]
    return counts
