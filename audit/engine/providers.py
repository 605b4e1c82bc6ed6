"""Exposure by provider and user group from one scan, with intervals over buckets of users."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from scipy import sparse

from audit.engine.facts import Facts, Weight, browsing
from audit.engine.parts import EVERYBODY, Group, groups_of, student
from audit.engine.scan import Scan
from audit.inference.families import adjust
from audit.inference.providers import COLUMNS, answer
from audit.measures.coded import divide
from audit.measures.counts import Along, Table
from audit.measures.exposure import UNKNOWN, owners, provider_table
from audit.measures.weights import DEFAULT
from audit.plan import Plan
from data.parallel import at_once

_NO_ENDS = "Held-out choices are not counted person by person at this size, so the ratio to them has no interval."


def providers(scan: Scan, facts: Facts, column: str, *models: Weight, level: float = 0.95) -> pd.DataFrame:
    """Exposure of every provider (or category of an item column) in every user group's lists, with intervals.

    The columns of `provider_exposure` but `n_lists`, after `attribute`, `group`, `browsing` and `provider`, under every
    browsing model (default log); `se`, `low` and `high` belong to `exposure_share`. Group by provider is the exposure
    matrix of user groups.
    """
    belongs, names = owners(facts.items, column, scan.items, facts.kinds)

    weights, every = browsing(scan, models or (DEFAULT,)), np.arange(scan.counts.n_parts)
    given = scan.counts.along(*(Along(each, belongs, every) for each in weights.values()))

    def shares(of_group: tuple[str, Table, Group]) -> pd.DataFrame:
        model, shown, group = of_group
        table = _shares(scan, facts, belongs, group, sparse.csr_array(shown), level)
        return table.assign(attribute=group.attribute, group=group.name, browsing=model, provider=names)

    each = [(model, shown, group) for model, shown in zip(weights, given, strict=True) for group in groups_of(scan)]
    tables = at_once(shares, each)
    first = ["attribute", "group", "browsing", "provider"]
    whole = pd.concat(tables, ignore_index=True)
    return whole[[*first, *whole.columns.difference(first, sort=False)]]


def _shares(
    scan: Scan, facts: Facts, belongs: sparse.csr_array, group: Group, given: sparse.csr_array, level: float
) -> pd.DataFrame:
    """The shares of one group; `given`: parts x providers."""
    table = provider_table(belongs, group.total(given), facts.catalogue, facts.popularity, facts.merit)
    table["se"], t = _share_errors(sparse.csr_array(group.rows(given)), group, scan.counts.lists, level)
    value = table["exposure_share"]
    table["low"], table["high"] = (value - t * table["se"]).clip(lower=0), (value + t * table["se"]).clip(upper=1)
    return table


def _share_errors(given: sparse.csr_array, group: Group, lists: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    """Standard errors of the shares of columns: of sum (given_p - share_p given) / total, bucket by bucket."""
    used = np.bincount(group.bucket, weights=lists[group.parts], minlength=group.buckets) > 0
    n = int(used.sum())
    ones = (np.ones(len(group.parts)), (group.bucket, np.arange(len(group.parts))))
    by_bucket = sparse.csr_array(sparse.csr_array(ones, shape=(group.buckets, len(group.parts))) @ given)
    amount = np.asarray(by_bucket.sum(axis=1)).ravel()
    if n < 2 or not amount.sum():
        return np.full(given.shape[1], np.nan), np.nan
    share = _sum(by_bucket) / amount.sum()
    # sum over buckets of (given_bp - share_p amount_b)^2, without a dense table of buckets and providers
    squares = _sum(by_bucket.power(2)) - 2 * share * (amount @ by_bucket) + share**2 * (amount**2).sum()
    return np.sqrt(n / (n - 1) * np.maximum(squares, 0)) / amount.sum(), student(n, level)


def _sum(table: sparse.csr_array) -> np.ndarray:
    return np.asarray(table.sum(axis=0)).ravel()


def judged_providers(table: pd.DataFrame, reached: pd.DataFrame, scan: Scan, plan: Plan) -> pd.DataFrame:
    """Everybody's rows under the planned browsing model as `inference.providers` has them, with an answer by the floor.

    `table`: of `providers`, with `column`; `reached`: of `reach.reach`. p: Student's t of the share under the floor's share.
    """
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    own = table[table["attribute"].eq("") & table["group"].eq(EVERYBODY) & table["browsing"].eq(plan.browsing)]
    rows = own.rename(columns={"low": "exposure_low", "high": "exposure_high"}).reset_index(drop=True)
    share = rows["catalogue_share"].to_numpy()
    for end in ("low", "high"):
        rows[f"ratio_{end}"] = divide(rows[f"exposure_{end}"].to_numpy(), share)
    used = np.unique(np.flatnonzero(scan.counts.lists) % scan.counts.buckets)
    rows["p"] = _under(rows, len(used) - 1, plan.exposure_floor)
    rows["p_adjusted"] = adjust(rows["p"].to_numpy(dtype=np.float64), plan.correction)
    lists = int(scan.counts.lists.sum())
    answers = [answer(cast("dict[str, Any]", row), plan, lists) for row in rows.to_dict("records")]
    rows["state"], rows["reason"] = [state for state, _ in answers], [reason for _, reason in answers]
    rows = rows.assign(merit_ratio_low=np.nan, merit_ratio_high=np.nan, merit_reason=_NO_ENDS)
    return rows.merge(reached, how="left", on=["column", "provider"])[list(COLUMNS)]


def _under(rows: pd.DataFrame, df: int, floor: float | None) -> np.ndarray:
    from scipy.special import stdtr

    asked = ((rows["catalogue_share"] > 0) & (rows["provider"] != UNKNOWN)).to_numpy()
    if floor is None or df < 1:
        return np.full(len(rows), np.nan)
    steps = divide((rows["exposure_share"] - floor * rows["catalogue_share"]).to_numpy(), rows["se"].to_numpy())
    return np.where(asked, stdtr(df, steps), np.nan)
