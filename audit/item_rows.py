"""One row a group of items: what it gets for its number, its merit and its clicks, with intervals over people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import binomtest

from audit.item_sums import Summed
from audit.measures.coded import Coded, divide
from audit.measures.exposure import item_exposure
from audit.measures.fastar import Tested, fastar
from audit.measures.lorenz import gini_within
from audit.measures.prefixes import shown_counts, skew
from audit.plan import Plan


def group_rows(coded: Coded, summed: Summed, plan: Plan) -> pd.DataFrame:
    """Every number of every kept group, as in `audit.measures.item_metrics`; `reason` says why one is not there."""
    grouping, kept = summed.grouping, summed.kept
    total, drawn = summed.total, summed.drawn
    columns: dict[str, Any] = {
        "column": grouping.column,
        "group": [grouping.names[place] for place in kept],
        "known": summed.known,
        "n_items": grouping.members[kept].astype(np.int64),
        "catalogue_share": grouping.target[kept],
        "merit_share": summed.shares("merit", total)[0],
        "exposure_share": summed.shares("exposure", total)[0],
    }
    columns["exposure_low"], columns["exposure_high"] = summed.bootstrap.bounds(summed.shares("exposure", drawn))
    names = ("dp_ratio", "dtr", "dir")
    for name, value, spread in zip(names, summed.ratios(total), summed.ratios(drawn), strict=True):
        columns[name] = value[0]
        columns[f"{name}_low"], columns[f"{name}_high"] = summed.bootstrap.bounds(spread)
    columns["skew"] = skew(shown_counts(coded, grouping), grouping.target)[kept]
    columns["skew_low"], columns["skew_high"] = summed.bootstrap.open_bounds(summed.skews(drawn))
    for name, rate in (("selection_rate", summed.selection_rate), ("relevant_rate", summed.relevant_rate)):
        columns[name] = rate(total)[0]
        columns[f"{name}_low"], columns[f"{name}_high"] = summed.bootstrap.bounds(rate(drawn))
    exposure = item_exposure(coded, plan.browsing)["exposure"].to_numpy()
    columns["gini_within"] = gini_within(exposure, coded, grouping)[kept]
    table = pd.DataFrame(columns)
    tested = _tested(coded, summed)
    table = table.join(pd.DataFrame([_fastar_row(each, plan.level) for each in tested], index=table.index))
    table["reason"] = [_why(row, each) for row, each in zip(table.to_dict("records"), tested, strict=True)]
    return table


def _tested(coded: Coded, summed: Summed) -> list[Tested]:
    catalogue = np.full(len(summed.kept), coded.catalogue.sum())
    shares = divide(summed.grouping.members[summed.kept], catalogue)
    belongs = sparse.csr_array(summed.grouping.whole[:, summed.kept])
    return fastar(coded, belongs, shares)


def _fastar_row(tested: Tested, level: float) -> dict[str, float]:
    told: dict[str, float] = dict.fromkeys(("fastar_share", "fastar_low", "fastar_high", "fastar_fails"), np.nan)
    told["fastar_lists"] = tested.lists
    if tested.table is not None and tested.lists:
        seen = binomtest(tested.kept, tested.lists)
        bounds = seen.proportion_ci(level, method="wilson")
        told |= {"fastar_share": seen.statistic, "fastar_low": bounds.low, "fastar_high": bounds.high}
        told["fastar_fails"] = tested.table.fails
    return told


def _why(row: dict[Any, Any], tested: Tested) -> str:
    """Why a number of the row is undefined, in sentences; '' where all are there."""
    said = []
    if not row["catalogue_share"] > 0:
        said.append("No catalogue item is of this group, so nothing can be set against its part of the catalogue.")
    elif np.isneginf(row["skew"]):
        said.append("It is never shown, so its skew is minus infinity.")
    elif np.isneginf(row["skew_low"]):
        said.append("So few lists show it that the interval of its skew has no lower end.")
    if not row["merit_share"] > 0:
        said.append("Nobody went on to choose an item of it, so nothing can be set against merit.")
    elif np.isnan([row["dtr"], row["dir"]]).any():
        said.append("No other named group has held-out choices, exposure and hits to set its own against.")
    if row["catalogue_share"] > 0 and np.isnan(row["dp_ratio"]):
        said.append("No other named group is shown, so there is nothing to compare with.")
    if np.isnan(row["gini_within"]):
        said.append("It has one item or none is shown, so there is no Gini inside.")
    if tested.reason:
        said.append(f"FA*IR: {tested.reason}")
    elif not tested.lists:
        said.append("FA*IR: every list is too short for the table to ask for an item of the group.")
    return " ".join(said)
