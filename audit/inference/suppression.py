"""Which counts may be shown: small cells are held back, and so are enough others that none can be worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audit.inference.cells import SLACK, Cells, Component, components

_EASED = 100  # hidden cells that are tried to be shown again
_UNKNOWN, _TOTAL = 2, 3


def hidden_cells(cells: Cells, minimum: int, preferred: np.ndarray | None = None) -> np.ndarray:
    """Mask of the cells to hold back; one rule for page, tables and report.

    A cell under `minimum` people is hidden, an empty one too. Others are hidden until every hidden count can take more
    than `minimum` values for a reader who knows every shown count, every sum, and which `told` cells are not small;
    `Component.ends` gives the least and the greatest. Which others: `preferred` ones first (cells hidden in a sister table), then
    the smallest; what turns out not to be needed is shown again. A group is hidden for a cell of two crossed
    attributes only where whole rows and columns of crossed cells are hidden and do not do. Where nothing is left to hide,
    a cell may stay open to that calculation: a table of a single group under a public total is one.
    """
    small = (cells.counts < minimum) & (cells.rank < _UNKNOWN)
    order = np.lexsort((cells.counts, ~(np.zeros(len(small), bool) if preferred is None else preferred), cells.rank))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    if not small.any():
        return small
    groups = [(whole, parts) for whole, parts in cells.relations if cells.rank[parts].min(initial=_TOTAL) > 0]
    alone = replace(cells, relations=groups)
    hidden = small & (cells.rank > 0)
    any_, crossed = cells.rank < _TOTAL, cells.rank <= 0
    # groups by themselves first: they matter most, and are hidden for crossed cells only where nothing else is left
    for table, more, spare in ((alone, hidden, any_), (cells, small, crossed), (cells, small, any_)):
        hidden = hidden | more
        while chosen := _chosen(table, hidden, spare, place, minimum):
            hidden[chosen] = True
        while table is cells and len(wider := _wider(cells, hidden, minimum)):
            hidden[wider] = True
    return _eased(cells, hidden, small, place, minimum)


def _wider(cells: Cells, hidden: np.ndarray, minimum: int) -> np.ndarray:
    """All crossed cells of the sums that hold a cell which is still open to calculation; empty where that changes nothing."""
    weak = [cell for cell in _exposed(cells, hidden, minimum) if cells.rank[cell] == 0]
    near = [np.append(parts, whole) for whole, parts in cells.relations]
    more = np.zeros(len(hidden), dtype=bool)
    for each in near:
        if np.isin(weak, each).any():
            more[each] = True
    return np.flatnonzero(more & ~hidden & (cells.rank == 0))


def feasible(cells: Cells, hidden: np.ndarray, minimum: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of every cell that agrees with all that is shown; a shown cell has its count twice."""
    low, high = cells.counts.astype(np.float64), cells.counts.astype(np.float64)
    for part in components(cells, hidden, minimum):
        low[part.cells], high[part.cells] = part.ends(None)
    return low, high


def sticky(earlier: np.ndarray, later: np.ndarray, minimum: int) -> np.ndarray:
    """The later of two releases of one table of counts, safe to stand beside the earlier one.

    A count that changed by fewer than `minimum` people is released as it was, so that no difference of two releases tells
    what one person, or a few, added or took away.
    """
    return np.where(np.abs(later - earlier) < minimum, earlier, later)


def _chosen(cells: Cells, hidden: np.ndarray, spare: np.ndarray, place: np.ndarray, minimum: int) -> list[int]:
    """More cells to hide; none where every hidden cell is safe, or nothing helps."""
    sums = [np.append(parts, whole) for whole, parts in cells.relations]
    tried, helped = hidden.copy(), np.zeros(len(hidden), dtype=bool)
    groups: list[int] = []
    for cell in _exposed(cells, hidden, minimum):
        if (
            helped[cell] or cells.rank[cell] < 0
        ):  # a partner of another cell may do for this one too: the next round tells
            continue
        partner = _partner(cell, sums, tried, spare, place)
        if partner is not None and cells.rank[partner] > 0:
            groups.append(partner)
        elif partner is not None:
            tried[partner] = True
            for each in sums:
                helped[each] |= partner in each
    crossed = np.flatnonzero(tried & ~hidden).tolist()
    return crossed or sorted(groups, key=lambda cell: place[cell])[:1]  # a whole group only where no crossed cell helps


def _eased(cells: Cells, hidden: np.ndarray, small: np.ndarray, place: np.ndarray, minimum: int) -> np.ndarray:
    """Shows again what need not be hidden, the largest counts first."""
    extra = np.flatnonzero(hidden & ~small)
    for cell in extra[np.argsort(-place[extra])][:_EASED]:
        near = np.zeros(len(hidden), dtype=bool)  # only what hangs together with the cell can be exposed by it
        for part in components(cells, hidden, minimum):
            near[part.cells] = cell in part.cells
        before = _exposed(cells, near, minimum)
        near[cell] = False
        if len(_exposed(cells, near, minimum)) <= len(before):
            hidden[cell] = False
    return hidden


def _exposed(cells: Cells, hidden: np.ndarray, minimum: int) -> list[int]:
    """Hidden cells with too few possible values."""
    weak: list[int] = []
    for part in components(cells, hidden, minimum):
        key = minimum, part.cells.tobytes()
        if key not in cells.answered:
            cells.answered[key] = _weak(part, minimum)
        weak += cells.answered[key]
    return weak


def _weak(part: Component, minimum: int) -> list[int]:
    low, high = part.ends(minimum)
    return list(map(int, part.cells[high - low < minimum - SLACK]))


def _partner(
    cell: int, sums: Sequence[np.ndarray], hidden: np.ndarray, spare: np.ndarray, place: np.ndarray
) -> int | None:
    """The cell to hide beside this one, out of the sum where it is most alone.

    First one that leaves the fewest other sums with a single hidden cell, then the first in order.
    """
    own = [each for each in sums if cell in each and (~hidden[each] & spare[each]).any()]
    if not own:
        return None
    alone = np.zeros(len(hidden), dtype=np.int64)  # sums of a cell in which nothing is hidden yet
    for each in sums:
        if not hidden[each].any():
            alone[each] += 1
    group = min(own, key=lambda each: int(hidden[each].sum()))
    shown = group[~hidden[group] & spare[group]]
    return int(shown[np.lexsort((place[shown], alone[shown]))[0]])
