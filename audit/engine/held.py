"""Which user groups of counted tables are held back, and their rows without numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from audit.engine.parts import EVERYBODY
from audit.engine.people import UNKNOWN
from audit.inference.suppression import Cells, hidden_cells

Key = tuple[str, ...]  # (attribute, group)
_SHARES = ("exposure_share", "exposure_ratio", "merit_ratio")


def keys_held(table: pd.DataFrame, column: str, minimum: int) -> set[Key]:
    """Groups of fewer than `minimum` people, and who would give them away; `column` counts the people of each group."""
    sizes = table.drop_duplicates(["attribute", "group"])[["attribute", "group", column]]
    total = sizes.loc[sizes["group"].eq(EVERYBODY) & sizes["attribute"].eq(""), column].to_numpy()
    held: set[Key] = set()
    for attribute, each in sizes[sizes["attribute"] != ""].groupby("attribute"):
        counts = np.concatenate([total, each[column].to_numpy()]).astype(np.int64)
        rank = np.concatenate([[3], np.where(each["group"] == UNKNOWN, 2, 1)])
        cells = Cells(counts, [(0, np.arange(1, len(counts)))], rank, np.zeros(len(counts), bool))
        names = each["group"].to_numpy()[hidden_cells(cells, minimum)[1:]]
        held |= {(str(attribute), str(name)) for name in names}
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
