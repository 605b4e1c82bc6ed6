"""Compiled loops of the rating models: weighted neighbour sums and ridge fold-in, a person per thread."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from data.parallel import one_at_a_time


@one_at_a_time
@njit(parallel=True, cache=True)
def item_neighbour_means(indptr, indices, deviations, similarity, order, positive, k):
    """People x items: the similarity-weighted mean of the deviations of the k history items most similar to the item.

    indptr, indices, deviations: CSR histories; similarity: items x items; order: its columns by falling similarity, a
    row an item; positive: how many similarities of each row are above 0. Similar ones count only where above 0; ties
    go to the smaller code; 0 where nothing is similar.
    """
    n, n_items = len(indptr) - 1, similarity.shape[0]
    means = np.zeros((n, n_items))
    for row in prange(n):
        mine = np.zeros(n_items, dtype=np.bool_)
        deviation = np.zeros(n_items)
        for place in range(indptr[row], indptr[row + 1]):
            mine[indices[place]] = True
            deviation[indices[place]] = deviations[place]
        few = indptr[row + 1] - indptr[row] <= k
        for item in range(n_items):
            total, weight, found = 0.0, 0.0, 0
            if few:
                for place in range(indptr[row], indptr[row + 1]):
                    near = similarity[item, indices[place]]
                    if near > 0:
                        total += near * deviations[place]
                        weight += near
            else:
                for place in range(positive[item]):
                    other = order[item, place]
                    if mine[other]:
                        near = similarity[item, other]
                        total += near * deviation[other]
                        weight += near
                        found += 1
                        if found == k:
                            break
            if weight > 0:
                means[row, item] = total / weight
    return means


@one_at_a_time
@njit(parallel=True, cache=True)
def user_neighbour_means(similarity, order, indptr, indices, deviations, n_items, k):
    """People x items: the similarity-weighted mean deviation of the k raters of the item who are most similar.

    similarity: people x users; order: its columns by falling similarity; indptr, indices, deviations: CSR ratings of
    the users. Raters count only where their similarity is above 0; ties go to the smaller code; 0 where nobody does.
    """
    n = similarity.shape[0]
    means = np.zeros((n, n_items))
    for row in prange(n):
        weight = np.zeros(n_items)
        found = np.zeros(n_items, dtype=np.int64)
        for place in range(order.shape[1]):
            user = order[row, place]
            near = similarity[row, user]
            if near <= 0:
                break
            for at in range(indptr[user], indptr[user + 1]):
                item = indices[at]
                if found[item] < k:
                    means[row, item] += near * deviations[at]
                    weight[item] += near
                    found[item] += 1
        for item in range(n_items):
            if weight[item] > 0:
                means[row, item] /= weight[item]
    return means


@one_at_a_time
@njit(parallel=True, cache=True)
def ridge_rows(indptr, indices, targets, features, fixed, per_entry):
    """Coefficients (people x f) of a ridge regression for each person: min |t - Z w|² + penalty |w|², no intercept.

    indptr, indices, targets: CSR, the target of every history item; features: items x f; the penalty is
    fixed + per_entry x length of the history, above 0. An empty history gives 0.
    """
    n, f = len(indptr) - 1, features.shape[1]
    solved = np.zeros((n, f))
    for row in prange(n):
        start, stop = indptr[row], indptr[row + 1]
        if stop == start:
            continue
        root = np.zeros((f, f))
        right = np.zeros(f)
        for place in range(start, stop):
            z = features[indices[place]]
            for a in range(f):
                right[a] += z[a] * targets[place]
                for b in range(a + 1):
                    root[a, b] += z[a] * z[b]
        for a in range(f):
            root[a, a] += fixed + per_entry * (stop - start)
        _cholesky(root)
        _solve(root, right)
        solved[row] = right
    return solved


@njit(cache=True)
def _cholesky(root):
    """The lower Cholesky root of a positive definite matrix, in place of its lower triangle."""
    for a in range(root.shape[0]):
        for b in range(a + 1):
            total = root[a, b]
            for c in range(b):
                total -= root[a, c] * root[b, c]
            root[a, b] = np.sqrt(total) if a == b else total / root[b, b]


@njit(cache=True)
def _solve(root, right):
    """Solve L Lᵀ w = right in place."""
    f = len(right)
    for a in range(f):
        for c in range(a):
            right[a] -= root[a, c] * right[c]
        right[a] /= root[a, a]
    for back in range(f):
        a = f - 1 - back
        for c in range(a + 1, f):
            right[a] -= root[c, a] * right[c]
        right[a] /= root[a, a]


@one_at_a_time
@njit(parallel=True, cache=True)
def tree_sums(rows, starts, feature, threshold, left, right, value):
    """The summed leaf values of an ensemble for each row of signals.

    starts: first node of each tree; feature -1 marks a leaf; left and right: node numbers within the tree; a row goes
    left where its signal is at most the threshold.
    """
    n = rows.shape[0]
    sums = np.zeros(n)
    for row in prange(n):
        for tree in range(len(starts)):
            node = starts[tree]
            while feature[node] >= 0:
                child = left[node] if rows[row, feature[node]] <= threshold[node] else right[node]
                node = starts[tree] + child
            sums[row] += value[node]
    return sums
