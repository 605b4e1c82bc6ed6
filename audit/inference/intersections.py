"""Intersections: every cell of two crossed attributes, listed even where it is empty or too small to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.constant import reaches
from audit.inference.families import adjust, permutation_p
from audit.inference.groups import indicators
from audit.inference.intervals import Bootstrap, Resampled
from audit.inference.summed import few_unknown
from audit.measures.coded import divide
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan
from data.errors import BadInput

COLUMNS = (
    *("first", "second", "first_group", "second_group", "metric", "n", "value", "low", "high", "gap", "gap_low"),
    *("gap_high", "p", "p_adjusted", "reason"),
)
CROSS = " × "
_MOST = 200  # cells of a pair that is crossed without being named in the plan


def planned_pairs(labels: dict[str, pd.Series], plan: Plan) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs to cross, and a sentence on each pair that is left out: those of over 200 cells, unless named."""
    if plan.intersections is not None:
        for name in (each for pair in plan.intersections for each in pair):
            if name not in labels:
                problem = f"the plan crosses the user attribute '{name}', which is not compared"
                raise BadInput(problem, fix=f"choose from: {', '.join(labels) or 'none'}")
        return [(first, second) for first, second in plan.intersections], []
    size = {name: column.nunique() for name, column in labels.items()}
    every = list(combinations(labels, 2))
    chosen = [pair for pair in every if size[pair[0]] * size[pair[1]] <= _MOST]
    left = [
        f"'{a}' and '{b}' are not crossed: {size[a] * size[b]:,} cells, more than {_MOST}; the plan can name them."
        for a, b in every
        if (a, b) not in chosen
    ]
    return chosen, left


def crossed_labels(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.DataFrame]:
    """The cell of every user as a number, and the two groups of every cell at that place.

    There are as many cells as the product of the groups that occur, unknown ones included.
    """
    names = [sorted(set(each), key=lambda name: (name == UNKNOWN, name)) for each in (first, second)]
    places = [pd.Index(name).get_indexer(each) for name, each in zip(names, (first, second), strict=True)]
    cell = pd.Series(places[0] * len(names[1]) + places[1], index=first.index)
    grid = pd.MultiIndex.from_product(names, names=["first_group", "second_group"]).to_frame(index=False)
    return cell, grid


def intersections(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], pairs: list[tuple[str, str]], plan: Plan
) -> pd.DataFrame:
    """Every cell of every pair in every confirmatory metric, as exploratory rows with no answer of their own.

    `n` people with a value, `value` their mean; `gap` its distance to everybody else whose groups are both known (and the
    others, where so few are unknown that their sum must not follow).
    p by permutation of cells, p_adjusted by Benjamini-Hochberg over all pairs. Cells with an unknown group have no gap.
    Numbers of a cell, or of a rest, of fewer than `minimum_cell` people are NaN.
    """
    if not pairs or not len(per_user):
        return pd.DataFrame(columns=list(COLUMNS))
    named = [Crossed.of(labels[first], labels[second]) for first, second in pairs]
    parts = []
    for metric in plan.metrics:
        values = per_user[metric].to_numpy(dtype=np.float64)
        crossed = [each.among(np.isfinite(values), plan.minimum_cell) for each in named]
        resampled = _resampled(values, crossed, plan)
        parts += [
            _table(metric, values, each, found, plan).assign(metric=metric)
            for each, found in zip(crossed, resampled, strict=True)
        ]
    return shown_cells(pd.concat(parts, ignore_index=True), plan)


def shown_cells(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The table without numbers of few people, and with adjusted p; beside its columns it has `n_rest` and `blank`."""
    few = table["n"] < plan.minimum_cell
    table.loc[few, ["value", "low", "high"]] = np.nan
    table.loc[few | (table["n_rest"] < plan.minimum_cell) | table["blank"], ["gap", "gap_low", "gap_high", "p"]] = (
        np.nan
    )
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=np.float64), "benjamini-hochberg")
    return table[list(COLUMNS)]


@dataclass(frozen=True, eq=False)
class Crossed:
    """Two attributes crossed: the cell of every user, the groups of every cell, the cells with an unknown group."""

    cell: np.ndarray
    grid: pd.DataFrame
    blank: np.ndarray
    apart: np.ndarray  # the cells that are in nobody's everybody else

    @classmethod
    def of(cls, first: pd.Series, second: pd.Series) -> Crossed:
        """Cross two labels of the same people, or the same sets of people."""
        cell, grid = crossed_labels(first, second)
        blank = (grid == UNKNOWN).any(axis=1).to_numpy()
        return cls(cell.to_numpy(), grid.assign(first=str(first.name), second=str(second.name)), blank, blank)

    def among(self, people: np.ndarray, minimum: int) -> Crossed:
        """The unknown cells count among everybody else where few are in any of them, or few in the one of no group at all.

        `people`: how many have a value behind each label.
        """
        n = np.bincount(self.cell, weights=people, minlength=len(self.grid))
        neither = (self.grid[["first_group", "second_group"]] == UNKNOWN).all(axis=1).to_numpy()
        few = few_unknown(n[self.blank].sum(), minimum) | few_unknown(n[neither].sum(), minimum)
        return replace(self, apart=self.blank & ~few)

    def rest(self, n: np.ndarray) -> np.ndarray:
        """How many people everybody else of each cell are."""
        known = np.where(self.apart, 0, n)
        return known.sum() - known

    def table(self, n: np.ndarray, **numbers: np.ndarray) -> pd.DataFrame:
        """A row per cell."""
        reason = np.where(self.blank, "A group is unknown, so there is no gap.", "")
        return self.grid.assign(n=n, **numbers, n_rest=self.rest(n), blank=self.blank, reason=reason)


def _resampled(values: np.ndarray, crossed: list[Crossed], plan: Plan) -> list[list[Resampled]]:
    """Value and gap of every cell of every pair, from the same resamples of users."""
    blocks = [indicators(values[:, None], each.cell, len(each.grid)) for each in crossed]
    ends = np.cumsum([block.shape[1] for block in blocks])[:-1]

    def statistic(sums: np.ndarray) -> np.ndarray:
        found = [cell_gaps(part, each.apart) for part, each in zip(np.split(sums, ends, axis=1), crossed, strict=True)]
        return np.hstack(found)

    both = Bootstrap.of(plan).resampled(sparse.csr_array(sparse.hstack(blocks)), statistic)
    places = np.cumsum([2 * len(each.grid) for each in crossed])[:-1]
    return [part.split(2) for part in both.at(places)]


def cell_gaps(sums: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Draws x (values, then gaps) of the cells of one pair, from draws x (sums, then counts)."""
    total, count = np.hsplit(sums, 2)
    own, people = np.where(apart, 0.0, total), np.where(apart, 0.0, count)
    rest = divide(own.sum(axis=1, keepdims=True) - own, people.sum(axis=1, keepdims=True) - people)
    value = divide(total, count)
    return np.hstack([value, value - rest])


def _table(metric: str, values: np.ndarray, crossed: Crossed, resampled: list[Resampled], plan: Plan) -> pd.DataFrame:
    value, gap = resampled
    valid = np.isfinite(values)
    n = np.bincount(crossed.cell[valid], minlength=len(crossed.grid))
    tested = valid & ~crossed.apart[crossed.cell]
    p = np.full(len(n), np.nan)
    if tested.any():
        draws = max(plan.draws, int(np.ceil(2 * len(n) / plan.alpha)))
        seed = [plan.seed, crc32("|".join(crossed.grid.iloc[0][["first", "second"]]).encode())]
        p = permutation_p(values[tested][:, None], crossed.cell[tested], len(n), draws=draws, seed=seed)[:, 0]
    reach = reaches(values[:, None], crossed.cell, len(n), [metric], plan.level, crossed.apart[None])
    low, high = reach.value(value.seen, *value.bounds(plan.level))
    gap_low, gap_high = reach.gap(gap.seen, *gap.bounds(plan.level))
    numbers = {"value": value.seen, "low": low, "high": high, "gap": gap.seen, "gap_low": gap_low, "gap_high": gap_high}
    return crossed.table(n, **numbers, p=p)
