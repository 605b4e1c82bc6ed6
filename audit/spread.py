"""How far an audit's numbers move where other choices are held out: the same measures at several seeds, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.groups import against_rest, coded, indicators, planned_labels, pooled
from audit.inference.withheld import withheld
from audit.plan import Plan
from audit.run import plain

OVERALL = ("metric", "n", "value", "mean", "sd", "least", "most", "values")
GAPS = (
    *("attribute", "group", "metric", "family", "n", "gap", "mean", "sd", "least", "most"),
    *("threshold", "same_sign", "reaches", "reason", "values"),
)
HELD = "Not shown: held back, or undefined, at one of the seeds."
_KEY = ["attribute", "group", "metric"]


@dataclass(frozen=True, eq=False)
class Seen:
    """What lists are worth at one seed: a row per user, and the overall numbers, as of `Audit` or `Measured`."""

    per_user: pd.DataFrame  # index user_id, a column per metric, NaN where undefined
    overall: pd.DataFrame  # index metric: value, n


@dataclass(frozen=True, eq=False)
class Spread:
    """`overall`: a row per measure; `gaps`: a row per attribute, group and metric of the plan.

    `values` has a number per seed, the audit's own first, which `value` and `gap` repeat; mean, sd (n - 1), least and
    most are over the seeds; `n` is the fewest people with a value at any seed. `same_sign`: seeds at which the gap has
    the sign it has in the audit (a gap of exactly 0 agrees with 0 alone); `reaches`: seeds at which it is at least
    `threshold`, up or down; the audit's own seed counts in both. What is undefined at one seed has no mean, and a group
    that is held back at one seed has no number at any: NaN. The seeds draw from the same choices, so this is no
    confidence interval, and it decides no answer.
    """

    seeds: tuple[int, ...]
    overall: pd.DataFrame
    gaps: pd.DataFrame

    def document(self) -> dict[str, Any]:
        """Plain JSON values; NaN is null."""
        tables = {"overall": self.overall, "gaps": self.gaps}
        return dict(plain({"seeds": self.seeds, **{name: table.to_dict("records") for name, table in tables.items()}}))


def spread_over_seeds(
    seen: Mapping[int, Seen], given: Mapping[str, pd.Series], rows: pd.DataFrame, plan: Plan
) -> Spread:
    """The numbers of an audit at every seed, the audit's own first; `given` are its attributes, `rows` its group table.

    People keep the group that they have in the audit. A gap is that of the group table: the group against everybody else.
    """
    return Spread(tuple(seen), _overall(list(seen.values())), _gaps(list(seen.values()), dict(given), rows, plan))


def moments(values: np.ndarray) -> dict[str, np.ndarray]:
    """Rows x seeds to mean, sd (n - 1), least and most of every row; NaN where one of its values is."""
    return {
        "mean": values.mean(axis=1),
        "sd": values.std(axis=1, ddof=1),
        "least": values.min(axis=1),
        "most": values.max(axis=1),
    }


def _overall(seen: list[Seen]) -> pd.DataFrame:
    metrics = seen[0].overall.index
    values, n = (
        np.column_stack([each.overall[name].reindex(metrics).to_numpy(dtype=np.float64) for each in seen])
        for name in ("value", "n")
    )
    columns = {
        "metric": metrics,
        "n": n.min(axis=1),
        "value": values[:, 0],
        **moments(values),
        "values": values.tolist(),
    }
    return pd.DataFrame(columns).astype({"n": np.int64})[list(OVERALL)]


def _gaps(seen: list[Seen], given: dict[str, pd.Series], rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame(columns=list(GAPS))
    keys = pd.MultiIndex.from_frame(rows[_KEY])
    found = [_at_one_seed(each.per_user, given, plan).reindex(keys) for each in seen]
    gap, n = (np.column_stack([each[name].to_numpy(dtype=np.float64) for each in found]) for name in ("gap", "n"))
    held = rows["gap"].isna().to_numpy() | np.isnan(gap).any(axis=1)
    gap[held], n[held] = np.nan, np.nan
    table = rows[[*_KEY, "family"]].reset_index(drop=True)
    table["threshold"] = [plan.threshold(metric) for metric in table["metric"]]
    counts = {
        "n": n.min(axis=1),
        "same_sign": (np.sign(gap) == np.sign(gap[:, :1])).sum(axis=1),
        "reaches": (np.abs(gap) >= table["threshold"].to_numpy()[:, None]).sum(axis=1),
    }
    whole = {name: pd.Series(column).mask(held).astype("Int64") for name, column in counts.items()}
    told: dict[str, Any] = {
        "gap": gap[:, 0],
        **moments(gap),
        **whole,
        "reason": np.where(held, HELD, ""),
        "values": gap.tolist(),
    }
    return table.assign(**told)[list(GAPS)]


def _at_one_seed(per_user: pd.DataFrame, given: dict[str, pd.Series], plan: Plan) -> pd.DataFrame:
    """By attribute, group and metric: the people with a value, and the gap, NaN where this seed alone would hold it back."""
    labels = planned_labels(given, per_user.index, plan)
    values = per_user[[*plan.metrics, *plan.exploratory]].astype(np.float64)
    table = pd.concat([_attribute(column, values, plan) for column in labels.values()], ignore_index=True)
    few = (table[["n", "n_rest"]] < plan.minimum_cell).any(axis=1)
    silent = withheld(per_user, labels, [], plan).silent(table, "attribute", "group")
    return table.assign(gap=table["gap"].mask(few | silent)).set_index(_KEY)


def _attribute(labels: pd.Series, values: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    codes, names = coded(labels)
    array = values.to_numpy()
    sums = np.asarray(indicators(array, codes, len(names)).sum(axis=0)).reshape(1, 2, array.shape[1], len(names))
    found = against_rest(sums, pooled(array, codes, len(names), plan))
    grid = pd.MultiIndex.from_product([values.columns, names], names=["metric", "group"]).to_frame(index=False)
    columns = {"gap": found["gap"][0], "n": sums[0, 1].ravel(), "n_rest": found["n_rest"][0]}
    return grid.assign(attribute=str(labels.name), **columns)
