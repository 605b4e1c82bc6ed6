"""What would have to be missing from a person's history for an item to leave their list, proven by re-scoring."""

from __future__ import annotations

import numpy as np

from models.base import Profiles, Recommender, history
from models.explanation import Counterfactual

_REPLACEMENTS = 30  # titles further down the ranking that are tried as the one that takes the place
_LARGEST = 25  # own items; a longer set is no answer that a person can use


def smallest_removal(
    model: Recommender, one: Profiles, item: int, k: int = 10, hidden: np.ndarray | None = None
) -> Counterfactual | None:
    """The smallest set found whose removal takes `item` out of the person's top k; None if it is not in, or none is found.

    For a replacement r, own item j is worth c_j = phi_j(item) − phi_j(r): removing the largest c_j first closes the gap to
    r with the fewest items (methods 2.4). The sets are tried for each r, smallest first, and every one is re-scored: the
    ranks given are those of the model itself. Removed items are not recommended back.
    """
    ranked = model.recommend(one, k + _REPLACEMENTS, hidden=hidden).items[0]
    place = np.flatnonzero(ranked == item)
    if not len(place) or place[0] >= k:
        return None
    owned, _ = history(one)
    targets = np.concatenate([[item], ranked[place[0] + 1 :]])
    targets = targets[targets >= 0]
    phi = model.contributions(one, targets)
    worth = np.column_stack([phi[:, 0], phi[:, :1] - phi[:, 1:]])
    order = np.argsort(-worth, axis=0, kind="stable").T  # a row a replacement: own items, most telling first
    for size in range(1, min(_LARGEST, len(owned)) + 1):
        sets = np.unique(np.sort(order[:, :size], axis=1), axis=0)
        ranks = _ranks_without(model, one, item, owned[sets], hidden)
        if ranks.max() > k:
            chosen = int(np.argmax(ranks))
            removed = tuple(model.training.items[code] for code in owned[sets[chosen]])
            return Counterfactual(removed, int(place[0]) + 1, int(ranks[chosen]))
    return None


def _ranks_without(
    model: Recommender, one: Profiles, item: int, sets: np.ndarray, hidden: np.ndarray | None
) -> np.ndarray:
    """The rank of the item after each set of own items is removed, by scoring anew; ties count the smaller id first."""
    edited = one.each_without(sets)
    table = model.scores(edited)
    seen = one.matrix.indices
    table[:, seen] = -np.inf
    if hidden is not None and len(hidden):
        table[:, hidden] = -np.inf
    mine = table[:, [item]]
    before = np.arange(table.shape[1]) < item
    return 1 + (table > mine).sum(axis=1) + ((table == mine) & before).sum(axis=1)
