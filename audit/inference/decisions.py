"""Recommending as a decision about every pair of user and item: Fairlearn's rates from a few weighted cells.

A pair is selected when the item is in the user's list, and positive when the user went on to choose it. Millions of
users times thousands of items make four cells a group, and MetricFrame over the cells equals MetricFrame over all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from audit.measures.coded import Coded
from audit.measures.exposure import UNKNOWN
from data.ids import as_text

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

CELLS = ("group", "chosen", "recommended", "n")
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


@dataclass(frozen=True, eq=False)
class Decisions:
    """Rates of "was recommended" by group, and Fairlearn's differences and ratios between groups.

    `by_group`: index group; `selection_rate` recommended pairs / all pairs; `true_positive_rate` chosen pairs that were
    recommended; `false_positive_rate` other pairs that were; NaN where there is no such pair; `pairs`. `between`:
    `demographic_parity_difference` and `_ratio` of the selection rate, `equalized_odds_difference` and `_ratio` over the
    groups with both chosen and other pairs; NaN below two groups. 0 and 1 mean the same rates; none says which is right.
    """

    by_group: pd.DataFrame
    between: dict[str, float]


def decision_cells(coded: Coded, groups: pd.Series) -> pd.DataFrame:
    """Pairs of users with a list or a held-out item and catalogue items, counted: columns group, chosen, recommended, n.

    An item counts once for a user however often it is shown; users without a group are 'unknown'.
    """
    assessed = (coded.length > 0) | (coded.n_truth > 0)
    text = pd.Series(as_text(groups).to_numpy(), index=as_text(pd.Series(groups.index)).to_numpy(), dtype=object)
    label = text.reindex(coded.users.values)
    codes, names = pd.factorize(label.where(label.notna(), UNKNOWN).to_numpy(dtype=object), sort=True)
    shown = coded.first & coded.catalogue[coded.item]
    chooser = np.repeat(np.arange(len(coded.users)), np.diff(coded.truth.indptr))[coded.catalogue[coded.truth.indices]]

    def by_group(users: np.ndarray) -> np.ndarray:
        return np.bincount(codes[users], minlength=len(names))

    users = by_group(np.flatnonzero(assessed))
    counts = (by_group(chooser), by_group(coded.user[shown]), by_group(coded.user[shown & coded.relevant]))
    return cells(names, users * int(coded.catalogue.sum()), *counts)


def cells(
    names: np.ndarray, pairs: np.ndarray, chosen: np.ndarray, recommended: np.ndarray, both: np.ndarray
) -> pd.DataFrame:
    """The four cells of each group from its margins; empty cells are left out."""
    counts = np.stack([both, chosen - both, recommended - both, pairs - chosen - recommended + both], axis=1)
    table = pd.DataFrame(
        {
            "group": np.repeat(np.asarray(names, dtype=object), 4),
            "chosen": np.tile([1, 1, 0, 0], len(names)),
            "recommended": np.tile([1, 0, 1, 0], len(names)),
            "n": counts.ravel(),
        }
    )
    return table[table["n"] > 0].reset_index(drop=True)


def decision_frame(table: pd.DataFrame) -> MetricFrame:
    """MetricFrame of the three rates over weighted cells (or over raw pairs, each with n = 1)."""
    from fairlearn import metrics

    weight = table["n"].to_numpy(dtype=np.float64)
    return metrics.MetricFrame(
        metrics={name: getattr(metrics, name) for name in RATES},
        y_true=table["chosen"].to_numpy(),
        y_pred=table["recommended"].to_numpy(),
        sensitive_features=table["group"].rename("group"),
        sample_params={name: {"sample_weight": weight} for name in RATES},
    )


def decisions(table: pd.DataFrame) -> Decisions:
    """Rates and differences from weighted cells (`decision_cells`), by Fairlearn."""
    margin = table.pivot_table(index="group", columns="chosen", values="n", aggfunc="sum", fill_value=0)
    margin = margin.reindex(columns=[0, 1], fill_value=0)
    frame = decision_frame(table)
    rates = frame.by_group.loc[margin.index].astype(np.float64)
    rates.loc[margin[1] == 0, "true_positive_rate"] = np.nan
    rates.loc[margin[0] == 0, "false_positive_rate"] = np.nan
    whole = rates.dropna().index
    both = frame if len(whole) in (0, 1, len(rates)) else decision_frame(table[table["group"].isin(whole)])
    between = {
        **_between(frame if len(rates) > 1 else None, "demographic_parity", RATES[:1]),
        **_between(both if len(whole) > 1 else None, "equalized_odds", RATES[1:]),
    }
    return Decisions(rates.assign(pairs=margin.sum(axis=1)), between)


def _between(frame: MetricFrame | None, name: str, rates: tuple[str, ...]) -> dict[str, float]:
    """Fairlearn's function of that name, read off a frame that has its rates: the worst of them."""
    if frame is None:
        return {f"{name}_difference": np.nan, f"{name}_ratio": np.nan}
    wanted = list(rates)
    return {
        f"{name}_difference": float(max(frame.difference()[wanted])),
        f"{name}_ratio": float(min(frame.ratio()[wanted])),
    }
