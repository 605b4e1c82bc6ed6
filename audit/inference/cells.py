"""Counts of people and the sums that tie them: what a reader of the shown ones can work out about the hidden ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Relation = tuple[int, np.ndarray]  # a cell that is the sum of other cells

SLACK = 1e-6
_ROUGH = 6  # linear programs in any direction before those that ask about one cell


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of people in exported tables as one vector; `relations` say which count is the sum of which.

    `rank` says how reluctantly a cell is hidden to protect another: 0 a cell of two crossed attributes, 1 a group, 2 the
    people of unknown group (whose number every table should tell), 3 a total, which is public. -1 is who is unknown in
    both of two crossed attributes: hidden where small, and not protected, since the numbers of unknown people give it.
    `told` marks cells that still show, when hidden for the sake of others, that they are not small: their row keeps its
    answer.
    """

    counts: np.ndarray
    relations: Sequence[Relation]
    rank: np.ndarray
    told: np.ndarray

    @cached_property
    def signs(self) -> np.ndarray:
        """Sums x cells: 1 for a part, -1 for the cell that is their sum, 0 for any other cell."""
        signs = np.zeros((len(self.relations), len(self.counts)))
        for row, (whole, parts) in enumerate(self.relations):
            signs[row, parts] = 1
            signs[row, whole] = -1
        return signs

    @cached_property
    def answered(self) -> dict[tuple[int, bytes], list[int]]:
        """By minimum and component, its cells with too few possible values: a component is the same whatever else is hidden."""
        return {}


@dataclass(frozen=True, eq=False)
class Component:
    """Hidden cells that hang together, with the sums that bind them."""

    cells: np.ndarray
    matrix: np.ndarray  # sums x cells
    target: np.ndarray
    counts: np.ndarray
    least: np.ndarray  # what a reader knows of each cell by itself

    def ends(self, enough: float | None) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest value of every cell; with `enough`, no better than shows that a span reaches it.

        Where no cells and sums form a ring, intervals passed along the sums are exact; else linear programs.
        """
        low, high = _passed_along(self.matrix, self.target, self.least)
        if np.count_nonzero(self.matrix) < len(self.matrix) + len(self.cells):  # connected, so a tree
            return low, high
        return self._programs(enough, high - low)

    def _programs(self, enough: float | None, widest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """No program is spent on a cell that cannot reach `enough`, since its span is `widest` at most."""
        from scipy.optimize import linprog

        bounds = [(least, None) for least in self.least.tolist()]
        low, high = self.counts.copy(), self.counts.copy()
        n = len(self.cells)
        vain = widest < (-np.inf if enough is None else enough - SLACK)
        any_way = np.random.default_rng(0).random((_ROUGH, n)) if enough is not None else np.empty((0, n))
        for place, goal in enumerate((*any_way, *np.eye(n))):  # every solution shows a value of every cell
            for sign in (1, -1):
                near = vain | (high - low >= (np.inf if enough is None else enough - SLACK))
                if near.all() or (place >= len(any_way) and near[place - len(any_way)]):
                    break
                weights = sign * np.where(near & (place < len(any_way)), 0.0, goal)
                found = linprog(weights, A_eq=self.matrix, b_eq=self.target, bounds=bounds, method="highs")
                if found.status == 0 and found.x is not None:
                    low, high = np.minimum(low, found.x), np.maximum(high, found.x)
                elif place >= len(any_way) and found.status == 3:
                    high[place - len(any_way)] = np.inf
        return low, high


def _passed_along(matrix: np.ndarray, target: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each cell's interval, narrowed by what the others of its sums leave until nothing moves: exact on a tree of sums."""
    positive, inside = matrix > 0, matrix != 0
    low, high = least.copy(), np.full(len(least), np.inf)
    for _ in range(len(matrix) + 1):  # a path through a tree meets each sum once
        bottom = _others(np.where(inside, np.where(positive, low, -high), 0.0))
        top = -_others(-np.where(inside, np.where(positive, high, -low), 0.0))
        room = target[:, None] - top, target[:, None] - bottom  # of the signed cell
        lower = np.where(inside, np.where(positive, room[0], -room[1]), -np.inf).max(axis=0, initial=-np.inf)
        upper = np.where(inside, np.where(positive, room[1], -room[0]), np.inf).min(axis=0, initial=np.inf)
        narrower = np.maximum(low, lower), np.minimum(high, upper)
        if (narrower[0] == low).all() and (narrower[1] == high).all():
            break
        low, high = narrower
    return low, high


def _others(values: np.ndarray) -> np.ndarray:
    """In each row the sum of all other values, which are finite or -inf."""
    endless = np.isneginf(values)
    finite = np.where(endless, 0.0, values)
    rest = finite.sum(axis=1, keepdims=True) - finite
    return np.where(endless.sum(axis=1, keepdims=True) > endless, -np.inf, rest)


def components(cells: Cells, hidden: np.ndarray, minimum: int) -> list[Component]:
    """The hidden cells, parted into those that no chain of shared sums joins."""
    variables = np.flatnonzero(hidden)
    if not len(variables):
        return []
    matrix, target = cells.signs[:, variables], -cells.signs[:, ~hidden] @ cells.counts[~hidden]
    label = _together(matrix != 0)
    known = np.where(cells.told & (cells.counts >= minimum), minimum, 0).astype(np.float64)
    found = []
    for each in np.unique(label):
        inside = np.flatnonzero(label == each)
        rows = np.flatnonzero((matrix[:, inside] != 0).any(axis=1))
        block = variables[inside]
        counts = cells.counts[block].astype(np.float64)
        found.append(Component(block, matrix[np.ix_(rows, inside)], target[rows], counts, known[block]))
    return found


def _together(touched: np.ndarray) -> np.ndarray:
    """A label for each cell, the same for those that a chain of shared sums joins; `touched` is sums x cells."""
    n = touched.shape[1]
    label = np.arange(n)
    while True:
        of_sum = np.where(touched, label, n).min(axis=1, initial=n)
        least = np.minimum(label, np.where(touched, of_sum[:, None], n).min(axis=0, initial=n))
        if (least == label).all():
            return label
        label = least
