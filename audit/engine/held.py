"""Which user groups of counted tables are held back, and their rows without numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from audit.engine.parts import EVERYBODY
from audit.engine.people import UNKNOWN
from audit.inference.summed import hidden_values
from audit.inference.suppression import Cells, hidden_cells
from audit.inference.withheld import Withheld

Key = tuple[str, ...]  # (attribute, group)
_SHARES = ("exposure_share", "exposure_ratio", "merit_ratio")


def held_back(table: pd.DataFrame, column: str, groups: Withheld) -> tuple[frozenset[Key], frozenset[Key]]:
    """Groups without people and values, and groups whose people are told and whose values are not.

    The first are those of fewer than the minimum of people, and who would give them away; the others few of unknown group,
    and who would tell their values. `column` counts the people of each group. What the tables of `groups` hold back is held
    back here, too: the same people may be counted there.
    """
    hidden, silent = (_named(each) for each in (groups.keys, groups.values))
    found = _held(table, column, groups.minimum, hidden | silent)
    keys = hidden | {key for key, (counted, _) in found.items() if counted}
    return keys, (silent | {key for key, (_, valued) in found.items() if valued}) - keys


def _named(keys: dict[str, frozenset[Key]]) -> frozenset[Key]:
    """The groups of attributes, not of crossed ones, that any measure holds back."""
    return frozenset(key for each in keys.values() for key in each if len(key) == 2)


def _held(table: pd.DataFrame, column: str, minimum: int, before: frozenset[Key]) -> dict[Key, tuple[bool, bool]]:
    """Of every group, whether its people and whether its values are held back; those of `before` rather than others."""
    sizes = table.drop_duplicates(["attribute", "group"])[["attribute", "group", column]]
    total = sizes.loc[sizes["group"].eq(EVERYBODY) & sizes["attribute"].eq(""), column].to_numpy()
    held: dict[Key, tuple[bool, bool]] = {}
    for attribute, each in sizes[sizes["attribute"] != ""].groupby("attribute"):
        counts = np.concatenate([total, each[column].to_numpy()]).astype(np.int64)
        rank = np.concatenate([[3], np.where(each["group"] == UNKNOWN, 2, 1)])
        cells = Cells(counts, [(0, np.arange(1, len(counts)))], rank, np.zeros(len(counts), bool))
        rather = np.array([False, *((str(attribute), str(name)) in before for name in each["group"])])
        counted = hidden_cells(cells, minimum, rather)
        valued = hidden_values(cells, counted, minimum, rather)
        told = zip(each["group"], counted[1:].tolist(), valued[1:].tolist(), strict=True)
        held |= {(str(attribute), str(name)): (people, values) for name, people, values in told}
    return held


def hide(table: pd.DataFrame, held: Iterable[Key], *counts: str) -> pd.DataFrame:
    """The table without the numbers, and the `counts` of people, of the held-back groups."""
    keys = pd.MultiIndex.from_tuples(sorted(held), names=["attribute", "group"])
    result = table.astype(dict.fromkeys(counts, "Int64"))
    if table.empty or not len(keys):
        return result
    mask = pd.MultiIndex.from_frame(table[["attribute", "group"]]).isin(keys)
    numbers = ("value", "se", "low", "high", *_SHARES)
    result.loc[mask, [name for name in (*numbers, *counts) if name in result]] = np.nan
    return result
