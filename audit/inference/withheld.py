"""Which rows of an audit's tables hold people's numbers back, by the one rule of `suppression`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.answers import State
from audit.inference.cells import Cells, Relation
from audit.inference.groups import SUMMARY, GroupTables, coded
from audit.inference.intersections import crossed_labels
from audit.inference.summed import hidden_values
from audit.inference.suppression import hidden_cells
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan

Key = tuple[str, ...]  # (attribute, group), or (first, second, first_group, second_group)
_PEOPLE = ("n", "n_known", "n_unknown", "unknown_share")


@dataclass(frozen=True)
class Withheld:
    """By metric, the keys of the rows that hold back all numbers, and of those that hold back all but the people counted."""

    minimum: int
    keys: dict[str, frozenset[Key]] = field(default_factory=dict)
    values: dict[str, frozenset[Key]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The reason that stands where the numbers would: the same for a small group and for one that protects it."""
        return f"Not shown: fewer than {self.minimum} people with a value, or a number by which such a group could be worked out."

    def barred(self, metric: str | None) -> frozenset[Key]:
        """The keys without values in one metric, with or without the number of people."""
        return self.keys.get(metric or "", frozenset()) | self.values.get(metric or "", frozenset())

    def rows(self, table: pd.DataFrame, *columns: str) -> np.ndarray:
        """Mask of the rows that hold back all numbers; `columns` spell a row's key."""
        return _among(self.keys, table, columns)

    def silent(self, table: pd.DataFrame, *columns: str) -> np.ndarray:
        """Mask of the rows that hold back every value; some of them tell how many people there are."""
        return self.rows(table, *columns) | _among(self.values, table, columns)

    def apply(self, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """The table without the numbers of held-back rows: NaN, and the sentence as their reason; an answer stays."""
        every, silent = self.rows(table, *columns), self.silent(table, *columns)
        if not silent.any():
            return table
        result = table.copy()
        for name in result.columns.difference([*columns, "metric", "family", "state"]):
            column, mask = result[name], every if name in _PEOPLE else silent
            if not mask.any():
                continue
            if pd.api.types.is_integer_dtype(column):
                result[name] = column.astype("Int64").mask(mask)
            elif pd.api.types.is_bool_dtype(column):
                result[name] = column.astype("boolean").mask(mask)
            else:
                result[name] = column.where(~mask, np.nan if pd.api.types.is_float_dtype(column) else None)
        decided = np.isin(
            result.get("state", pd.Series("", index=result.index)).astype(str), (State.FLAG, State.NO_FLAG)
        )
        result.loc[silent, "reason"] = self.sentence
        result.loc[silent & decided, "reason"] = f"{self.sentence} The answer rests on the numbers that are held back."
        return result

    def groups(self, tables: GroupTables) -> GroupTables:
        """Group tables that may be shown; a spread in which a held-back group took part is that of the shown ones."""
        rows = self.apply(tables.rows, "attribute", "group")
        if rows is tables.rows:
            return replace(tables, extremes={})
        touched = rows[self.silent(rows, "attribute", "group")]
        pairs = pd.MultiIndex.from_frame(touched[["attribute", "metric"]]).unique()
        summary = tables.summary.copy()
        for place in map(int, np.flatnonzero(pd.MultiIndex.from_frame(summary[["attribute", "metric"]]).isin(pairs))):
            name, metric = map(str, summary.loc[place, ["attribute", "metric"]])
            same = rows[(rows["attribute"] == name) & (rows["metric"] == metric) & (rows["group"] != UNKNOWN)]
            shown = same.dropna(subset=["value"])
            ends = tables.extremes[name].ends({metric: sorted(shown["group"])}).to_numpy()[0]
            for column, value in zip(SUMMARY[2:], [*spread(shown), *ends], strict=True):
                summary.loc[place, column] = value
        return replace(tables, rows=rows, summary=summary, extremes={})


def _among(keys: dict[str, frozenset[Key]], table: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    named = zip(table["metric"], zip(*(table[name] for name in columns), strict=True), strict=True)
    return np.array([key in keys.get(metric, ()) for metric, key in named], dtype=bool)


def spread(rows: pd.DataFrame) -> list[Any]:
    """Difference, ratio, lowest, highest, number of the groups that are shown."""
    if len(rows) < 2:
        return [np.nan, np.nan, None, None, len(rows)]
    values = rows.set_index("group")["value"]
    ratio = values.min() / values.max() if values.min() >= 0 and values.max() > 0 else np.nan
    return [values.max() - values.min(), ratio, values.idxmin(), values.idxmax(), len(values)]


def withheld(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], pairs: list[tuple[str, str]], plan: Plan
) -> Withheld:
    """Decide for every metric over all tables that count people: each attribute's groups and every crossed pair.

    The number of people with a value, and of those of unknown group, is always told; the values of few unknown people are
    not, nor what would tell them (`hidden_values`). The confirmatory metrics decide first, and what they hide is preferred
    for the others.
    """
    result = Withheld(plan.minimum_cell)
    seen: dict[bytes, tuple[frozenset[Key], frozenset[Key]]] = {}
    before: frozenset[Key] = frozenset()
    crossed_too = {*plan.metrics, plan.impact}  # intersections and impact ratios show cells of two attributes
    impact = (plan.impact,) if plan.impact is not None and plan.impact in per_user else ()
    for metric in dict.fromkeys((*plan.metrics, *impact, *plan.exploratory)):
        valid = per_user[metric].notna().to_numpy()
        known = valid.tobytes()  # the same people, so the same counts: they are shown or hidden together
        if known not in seen:
            crossed = pairs if metric in crossed_too else []
            seen[known] = held_keys(labels, crossed, valid, plan.minimum_cell, before)
        result.keys[metric], result.values[metric] = seen[known]
        before = before.union(*seen[known])
    return result


def held_keys(
    labels: dict[str, pd.Series],
    pairs: list[tuple[str, str]],
    people: np.ndarray,
    minimum: int,
    before: frozenset[Key] = frozenset(),
) -> tuple[frozenset[Key], frozenset[Key]]:
    """Keys without any number, and keys of which the people are told and no value; `people` as of `exported_cells`."""
    keys, cells = exported_cells(labels, pairs, people)
    preferred = np.array([key in before for key in keys])
    hidden = hidden_cells(cells, minimum, preferred)
    silent = hidden_values(cells, hidden, minimum, preferred) & ~hidden
    return frozenset(keys[n] for n in np.flatnonzero(hidden)), frozenset(keys[n] for n in np.flatnonzero(silent))


def exported_cells(
    labels: dict[str, pd.Series], pairs: list[tuple[str, str]], people: np.ndarray
) -> tuple[list[Key], Cells]:
    """Every count of people with a value that an audit shows, with the sums that tie them; the first is the total.

    `people`: how many have a value behind each label; a mask where each label is one person's.
    """
    keys: list[Key] = [()]
    counts, rank, told = [int(people.sum())], [3], [True]
    relations: list[Relation] = []
    for name, column in labels.items():
        codes, names = coded(column)
        size = _sizes(codes, people, len(names))
        last = len(names) - 1
        there = [n for n in range(len(names)) if n < last or (codes == last).any()]
        relations.append((0, len(keys) + np.arange(len(there))))
        keys += [(name, names[n]) for n in there]
        counts += size[there].tolist()
        rank += [1 + int(n == last) for n in there]
        told += [True] * len(there)
    place: Callable[[Key], int | None] = {key: n for n, key in enumerate(keys)}.get
    for first, second in pairs:
        cell, grid = crossed_labels(labels[first], labels[second])
        start = len(keys) + np.arange(len(grid))
        keys += [(first, second, a, b) for a, b in zip(grid["first_group"], grid["second_group"], strict=True)]
        size = _sizes(cell.to_numpy(), people, len(grid))
        counts += size.tolist()
        rank += np.where((grid == UNKNOWN).all(axis=1), -1, 0).tolist()
        told += [False] * len(grid)
        blank = (grid == UNKNOWN).any(axis=1).to_numpy()
        if blank.any():  # impact ratios tell how many people are of unknown cell
            relations.append((len(keys), start[blank]))
            keys.append((first, second, UNKNOWN))
            counts.append(int(size[blank].sum()))
            rank.append(2)
            told.append(True)
        for name, groups in ((first, grid["first_group"]), (second, grid["second_group"])):
            for group in dict.fromkeys(groups):
                whole = place((name, group))
                if whole is not None:
                    relations.append((whole, start[(groups == group).to_numpy()]))
    return keys, Cells(np.array(counts), relations, np.array(rank), np.array(told))


def _sizes(codes: np.ndarray, people: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(codes, weights=people, minlength=n).astype(np.int64)
