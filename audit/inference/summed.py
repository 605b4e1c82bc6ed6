"""Which values may be shown beside public counts: no sum over few people may follow from the others."""

from __future__ import annotations

import numpy as np

from audit.inference.cells import Cells

_GROUP, _UNKNOWN, _TOTAL = 1, 2, 3
_SLACK = 1e-9
_LIGHT = 1e-3  # what it costs to hide a value that a sister table hides


def few_unknown(count: np.ndarray | int, minimum: int) -> np.ndarray:
    """Whether people of unknown group are too few for a number of their own; then they count among everybody else.

    If everybody else were the known only, a group's gap would tell the sum over the known, and the overall mean the rest.
    """
    return np.asarray((np.asarray(count) > 0) & (np.asarray(count) < minimum))


def hidden_values(cells: Cells, hidden: np.ndarray, minimum: int, preferred: np.ndarray | None = None) -> np.ndarray:
    """Mask of the cells whose values are held back: the `hidden` counts, few unknown people, and what protects both.

    The sums of people's values obey the equations of the counts. A reader who knows every shown sum solves them, so a cell
    of few people stays hidden exactly where some change of hidden sums that agrees with all equations moves it. Where none
    does, the cheapest such change is found (a linear program; crossed cells before groups, few people before many), and
    the values it moves are held back, too. An unknown group of `minimum` people or more is not hidden for others: the
    gaps of the known tell it, even where its number is not shown. Where nothing is left to hide, a cell may stay open.
    """
    few = few_unknown(cells.counts, minimum) & (cells.rank < _TOTAL)
    mixed = _mixed(cells, few)
    spoken = (cells.rank == _UNKNOWN) & ~few & ~mixed
    result = (hidden | (few & (cells.rank == _UNKNOWN)) | mixed) & ~spoken
    given = np.zeros(len(few), dtype=bool) if preferred is None else preferred
    weight = (cells.counts + 1.0) * np.where(cells.rank == _GROUP, cells.counts.max(initial=1) + 1.0, 1.0)
    weight = np.where(given, _LIGHT, weight)
    fixed = determined(cells, result)
    for cell in np.flatnonzero(few & result):
        if fixed[cell]:
            result = result | _moved(cells, result, int(cell), weight)
            fixed = determined(cells, result)
    return result | hidden


def _mixed(cells: Cells, few: np.ndarray) -> np.ndarray:
    """The people of unknown cell, as one, of two attributes in which few are unknown in both: their sum would tell the few."""
    grouped = {int(each) for whole, parts in cells.relations if cells.rank[whole] == _TOTAL for each in parts}
    result = np.zeros(len(few), dtype=bool)
    for whole, parts in cells.relations:
        both = few[parts] & (cells.rank[parts] < 0)
        result[whole] |= cells.rank[whole] == _UNKNOWN and whole not in grouped and both.any()
    return result


def determined(cells: Cells, hidden: np.ndarray) -> np.ndarray:
    """Mask of the hidden cells whose sum follows from the shown ones: no solution of the equations alone moves it."""
    places = np.flatnonzero(hidden)
    result = np.zeros(len(hidden), dtype=bool)
    if not len(places):
        return result
    matrix = cells.signs[:, places]
    if not len(matrix):
        return result
    _, size, right = np.linalg.svd(matrix, full_matrices=True)
    free = right[(size > _SLACK).sum() :]
    result[places] = (free**2).sum(axis=0) < _SLACK
    return result


def _moved(cells: Cells, hidden: np.ndarray, cell: int, weight: np.ndarray) -> np.ndarray:
    """The cells of the lightest change that moves `cell` and keeps all sums; none where there is no such change."""
    from scipy.optimize import linprog

    able = hidden | (cells.rank < _UNKNOWN)
    places = np.flatnonzero(able)
    cost = np.where(hidden, 0.0, weight / weight.max())[places]
    signs = cells.signs[:, places]
    one = (places == cell).astype(np.float64)
    found = linprog(  # up and down apart, each at least 0
        np.concatenate([cost, cost]),
        A_eq=np.vstack([np.hstack([signs, -signs]), np.concatenate([one, -one])]),
        b_eq=np.append(np.zeros(len(signs)), 1.0),
        bounds=(0, 1e6),
        method="highs",
    )
    result = np.zeros(len(hidden), dtype=bool)
    if found.status == 0 and found.x is not None:
        up, down = np.split(found.x, 2)
        result[places[np.abs(up - down) > _SLACK]] = True
    return result
