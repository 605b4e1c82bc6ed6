"""Scoring, masking and top-k of a linear item-item model in one pass, for many people, on all cores.

A first pass in float32 finds a few more candidates than asked; a second scores them in float64. The float32 error is
bounded, and a person whose candidates are not separated by more than the bound is scored in float64 throughout, so the
lists are exactly those of float64 scores with ties broken by the smaller item code.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from data.parallel import one_at_a_time

_SLACK = 2
_ROUNDOFF = 2.0**-24  # of float32


def fused_top_k(indptr, indices, values, weights, weights32, hidden, k, largest):
    """Item codes (n, k) and float64 scores (n, k) of the best unseen items; -1 and NaN where a list is shorter.

    indptr, indices, values: CSR histories with sorted indices; weights: items x items (history item, target), C order;
    weights32: the same in float32; hidden: bool mask of items left out; largest: largest absolute weight of each row.
    """
    n = len(indptr) - 1
    items = np.full((n, k), -1, dtype=np.int32)
    scores = np.full((n, k), np.nan)
    _fused(indptr, indices, values, weights, weights32, hidden, k, largest, items, scores)
    return items, scores


@njit(cache=True)
def _push(codes, scores, size, limit, code, score):
    """Insert into a list kept in order of (score down, code up); returns its new size."""
    if size == limit and not (score > scores[size - 1] or (score == scores[size - 1] and code < codes[size - 1])):
        return size
    place = size if size < limit else limit - 1
    while place > 0 and (score > scores[place - 1] or (score == scores[place - 1] and code < codes[place - 1])):
        codes[place], scores[place] = codes[place - 1], scores[place - 1]
        place -= 1
    codes[place], scores[place] = code, score
    return min(size + 1, limit)


@njit(cache=True)
def _accumulate(table, indices, values, start, stop, weights32):
    """Add the weighted rows of a history, eight at a time so that the table is read and written an eighth as often."""
    n = len(table)
    p = start
    while p + 8 <= stop:
        a, b, c, d = (
            weights32[indices[p]],
            weights32[indices[p + 1]],
            weights32[indices[p + 2]],
            weights32[indices[p + 3]],
        )
        e, f, g, h = (
            weights32[indices[p + 4]],
            weights32[indices[p + 5]],
            weights32[indices[p + 6]],
            weights32[indices[p + 7]],
        )
        v, w, x, y = values[p], values[p + 1], values[p + 2], values[p + 3]
        r, s, t, u = values[p + 4], values[p + 5], values[p + 6], values[p + 7]
        for i in range(n):
            table[i] += ((v * a[i] + w * b[i]) + (x * c[i] + y * d[i])) + (
                (r * e[i] + s * f[i]) + (t * g[i] + u * h[i])
            )
        p += 8
    while p < stop:
        a, v = weights32[indices[p]], values[p]
        for i in range(n):
            table[i] += v * a[i]
        p += 1


@njit(cache=True)
def _exact(indices, values, start, stop, weights, codes, size, exact):
    """float64 scores of the first `size` codes, each summed over the history in ascending order."""
    for place in range(size):
        exact[place] = 0.0
    for p in range(start, stop):
        row, value = weights[indices[p]], values[p]
        for place in range(size):
            exact[place] += value * row[codes[place]]


@one_at_a_time
@njit(parallel=True, cache=True)
def _fused(indptr, indices, values, weights, weights32, hidden, k, largest, items, scores):
    n_items = weights.shape[1]
    limit = min(k + _SLACK, n_items)
    values32 = values.astype(np.float32)
    for user in prange(len(indptr) - 1):
        start, stop = indptr[user], indptr[user + 1]
        table = np.zeros(n_items, dtype=np.float32)
        _accumulate(table, indices, values32, start, stop, weights32)
        bound = 0.0
        for place in range(start, stop):
            bound += abs(values[place]) * largest[indices[place]]
            table[indices[place]] = -np.inf
        # sums of eight are added one after the other (Higham 2002, ch. 4): a term meets n/8 + 3 additions, one product,
        # and the rounding of its weight; doubled for what a first-order bound leaves out
        bound *= 2.0 * ((stop - start) / 8 + 13) * _ROUNDOFF
        codes = np.empty(n_items, dtype=np.int32)
        rough = np.empty(limit, dtype=np.float64)
        size, edge = 0, -np.inf
        for item in range(n_items):
            score = table[item]
            if score > edge and not hidden[item]:
                size = _push(codes, rough, size, limit, item, np.float64(score))
                if size == limit:
                    edge = rough[size - 1]
        exact = np.empty(n_items, dtype=np.float64)
        _exact(indices, values, start, stop, weights, codes, size, exact)
        kept = 0
        for place in range(size):
            kept = _push(items[user], scores[user], kept, k, codes[place], exact[place])
        worst = scores[user, kept - 1] if kept else 0.0
        if size == limit and limit < n_items and worst - rough[size - 1] <= bound:
            # the float32 order does not settle who is in: score every item that may be
            size = 0
            for item in range(n_items):
                if table[item] >= worst - bound and not hidden[item] and table[item] > -np.inf:
                    codes[size] = item
                    size += 1
            _exact(indices, values, start, stop, weights, codes, size, exact)
            kept = 0
            for place in range(size):
                kept = _push(items[user], scores[user], kept, k, codes[place], exact[place])
        for place in range(kept, k):
            items[user, place], scores[user, place] = -1, np.nan
