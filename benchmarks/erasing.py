"""How soon a list is right after somebody was erased: the update of the weights beside solving them anew."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.clock import Row, in_turns
from models.base import Recommender
from models.counted.instant import without_person
from models.counted.linear import Linear
from models.histories import Training

_GOAL = 0.2  # seconds, on the shape of MovieLens 100K


def rows(training: Training, data: str, *, goals: bool) -> Iterator[Row]:
    """Erase whoever chose most, and make the list of somebody else."""
    model = Linear(regularization=458).fit(training)
    busiest = int(np.diff(training.matrix.indptr).argmax())
    other = np.array([0 if busiest else 1])

    def listed(left: Recommender) -> np.ndarray:
        return left.recommend(left.profiles(other), 10).items

    taken = in_turns(
        {"ours": lambda: listed(without_person(model, busiest)), "solved": lambda: listed(model.erase(busiest))}, 5
    )
    quick, solved = without_person(model, busiest), model.erase(busiest)
    apart = float(np.abs(quick.weights - solved.weights).max())
    ratio = f"{taken['solved'] / taken['ours']:.1f}x faster, weights {apart:.0e} apart"
    met = taken["ours"] < _GOAL if goals else None
    yield Row(
        "erase a person and list for another: rank-one update / solve anew", data, f"{taken['ours'] * 1e3:.0f} ms",
        f"{taken['solved'] * 1e3:.0f} ms", ratio, f"< {_GOAL} s" if goals else "–", met,
    )  # fmt: skip
