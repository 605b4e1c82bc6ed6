"""The compiled loops that weigh cells; apart, so that importing the engine need not load the compiler."""

import numpy as np
from numba import njit

_ITEMS = 512  # weighed together, so that they and their features stay in the cache


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def along(cells, weight, features):
    """Parts x features: sum over items of attention times feature; `features` has a row each.

    Cells: parts x items x ranks. Not the library of linear algebra: for products this thin it would start threads of its
    own inside ours.
    """
    sums = np.zeros((len(cells), len(features)))
    given = np.empty(_ITEMS)
    for first in range(0, cells.shape[1], _ITEMS):
        last = min(first + _ITEMS, cells.shape[1])
        for row in range(len(cells)):
            _weigh(cells[row, first:last], weight, given)
            for feature in range(len(features)):
                of_feature = 0.0
                for item in range(last - first):
                    of_feature += given[item] * features[feature, first + item]
                sums[row, feature] += of_feature
    return sums


@njit(nogil=True, cache=True)
def attention(cells, weight):
    """Attention of every item; cells: items x ranks."""
    given = np.empty(len(cells))
    for first in range(0, len(cells), _ITEMS):
        _weigh(cells[first : first + _ITEMS], weight, given[first : first + _ITEMS])
    return given


@njit(nogil=True, cache=True)
def _weigh(cells, weight, given):
    given[:] = 0.0
    for rank in range(len(weight)):
        for item in range(len(cells)):
            given[item] += weight[rank] * cells[item, rank]
