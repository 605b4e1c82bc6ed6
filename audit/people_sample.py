"""The values behind a group table, person by person, for whoever makes its numbers again: no id, nothing held back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from audit.inference.groups import planned_labels
from audit.inference.withheld import Key
from audit.measures.exposure import UNKNOWN
from audit.run import Audit

HELD_BACK = "held back"
COLUMNS = ("attribute", "metric", "person", "group", "value", "averaged")
_NUMBERS = 2**62  # random numbers are below this


def people_sample(audit: Audit) -> pd.DataFrame:
    """A row per person with a value, attribute and measure of the plan, in random order: `COLUMNS`.

    `person` is a random number, new in every row and every call, so that neither two files nor two measures of a person
    can be joined by it: which people of a group have no value may be held back. `group` as in the report; people of groups
    that it holds back are of group 'held back', and have the mean over all of them as their value. So has every person of
    a held-back cell of two attributes the mean over those of the own group (over the whole group, if they are fewer than
    `minimum_cell`): `averaged` marks them. Their sums follow from the shown numbers anyway, and nobody's own value does.

    For every shown row of the group table, over the rows of its attribute and measure: n = rows of the group, value = their
    mean, gap = value - mean of all other rows but 'unknown' ('unknown' itself: of all other rows).
    """
    people = audit.per_user.index
    labels = planned_labels(audit.given, people, audit.plan)
    crossed = _in_held_cells(labels, audit)
    rng = np.random.default_rng()
    parts = [
        part.assign(attribute=name, metric=metric)
        for name, column in labels.items()
        for metric, part in _blocks(name, column, crossed, audit)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    return table.assign(person=rng.integers(_NUMBERS, size=len(table)))[list(COLUMNS)]


def _blocks(attribute: str, labels: pd.Series, crossed: np.ndarray, audit: Audit) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of one attribute, measure by measure."""
    for metric in (*audit.plan.metrics, *audit.plan.exploratory):
        value = audit.per_user[metric].to_numpy(dtype=np.float64)
        there = np.isfinite(value)
        barred = {key[1] for key in audit.closer.held.barred(metric) if len(key) == 2 and key[0] == attribute}
        group = labels.where(~labels.isin(barred), HELD_BACK).to_numpy()[there]
        table = pd.DataFrame({"group": group, "value": value[there]})
        table["averaged"] = (table["group"] == HELD_BACK) | _enough(
            table["group"], crossed[there], audit.plan.minimum_cell
        )
        few = table["group"] == HELD_BACK
        table = table[~few] if few.sum() < audit.plan.minimum_cell else table  # nothing is told of so few
        means = table[table["averaged"]].groupby("group")["value"].transform("mean")
        yield metric, table.assign(value=means.reindex(table.index).fillna(table["value"]))


def _enough(group: pd.Series, crossed: np.ndarray, minimum: int) -> pd.Series:
    """The people whose values are averaged: the `crossed` ones, and all of a group in which these are too few."""
    count = pd.Series(crossed, index=group.index).groupby(group).transform("sum")
    return pd.Series(crossed, index=group.index) | ((count > 0) & (count < minimum))


def _in_held_cells(labels: dict[str, pd.Series], audit: Audit) -> np.ndarray:
    """Mask of the people in a cell of two attributes that is held back in any measure.

    Values tell which rows of two attributes are of the same person, so a cell could be put together from both.
    """
    held = audit.closer.held
    cells = {key for keys in (held.keys, held.values) for each in keys.values() for key in each if len(key) > 2}
    result = np.zeros(len(audit.per_user), dtype=bool)
    for cell in cells:
        result |= _inside(cell, labels)
    return result


def _inside(cell: Key, labels: dict[str, pd.Series]) -> np.ndarray:
    first, second = labels[cell[0]], labels[cell[1]]
    if len(cell) == 3:  # everybody whose cell is unknown, as one
        return ((first == UNKNOWN) | (second == UNKNOWN)).to_numpy()
    return ((first == cell[2]) & (second == cell[3])).to_numpy()
