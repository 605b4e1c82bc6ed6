"""Group tables: means by MetricFrame over one row per user, with intervals, tests and one of three answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.answers import decide
from audit.inference.constant import Reach, reaches
from audit.inference.extremes import ENDS, Extremes, exchanged
from audit.inference.families import adjust, permutation_p
from audit.inference.frames import metric_frame
from audit.inference.intervals import Bootstrap, Resampled
from audit.inference.summed import few_unknown
from audit.measures.coded import divide
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan
from data.errors import BadInput
from data.ids import Ids, as_text

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

COLUMNS = (
    *("attribute", "group", "metric", "family", "n", "value", "low", "high", "gap", "gap_low", "gap_high"),
    *("effect_size", "detectable_gap", "p", "p_adjusted", "state", "reason"),
)
SUMMARY = ("attribute", "metric", "difference", "ratio", "lowest", "highest", "groups", *ENDS)
_NUMBERS = ["value", "low", "high"]
_GAPS = ["gap", "gap_low", "gap_high", "effect_size", "detectable_gap", "p"]
POWER = 1.959964 + 0.841621  # normal quantiles of a two-sided 5 % test with 80 % power


@dataclass(frozen=True, eq=False)
class GroupTables:
    """`rows` per attribute, group and metric; `summary` per attribute and metric."""

    rows: pd.DataFrame
    summary: pd.DataFrame
    family_size: int  # confirmatory comparisons; the two rows of a two-group attribute are one
    draws: int  # permutations behind every p
    extremes: dict[str, Extremes] = field(default_factory=dict)  # what `summary` is made of, by attribute

    @property
    def hidden(self) -> frozenset[tuple[str, str]]:
        """Attributes and groups whose numbers are held back in some metric: tables of other counts hold them back, too."""
        held = self.rows.loc[self.rows["n"].isna(), ["attribute", "group"]]
        return frozenset(held.itertuples(index=False, name=None))


def group_tables(per_user: pd.DataFrame, groups: dict[str, pd.Series], plan: Plan) -> GroupTables:
    """Compare every group of every planned attribute in every planned metric; `per_user` has a row per user.

    `n` users with a value; `value` their mean; `gap` its distance to everybody else whose group is known (for
    'unknown': to everybody known); where fewer than `plan.minimum_cell` are of unknown group, they are among everybody
    else, see `few_unknown`. p: permutation of labels among those users. p_adjusted: over the row's family, by
    `plan.correction` if confirmatory, by Benjamini-Hochberg if exploratory.
    `effect_size`: the gap in standard deviations (n - 1) of everybody's values.
    `detectable_gap`: what this sample shows
    with 80 % power at 5 % before correction. Numbers of a group under `plan.minimum_cell` are NaN, its n stays.
    `summary`: MetricFrame's difference and ratio between the known groups that may be shown, with intervals and what chance
    alone would show (`Extremes.ends`). `state`: see `decide`.
    """
    labels = planned_labels(groups, per_user.index, plan)
    values = per_user[[*plan.metrics, *plan.exploratory]].astype(np.float64)
    draws = _draws(plan, sum(column.nunique() for column in labels.values()))
    frames = {name: _frames(column, values) for name, column in labels.items()}
    parts = {name: _attribute(column, values, frames[name], plan, draws) for name, column in labels.items()}
    if not parts:
        return GroupTables(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(SUMMARY)), 0, draws)
    rows = corrected(pd.concat([table for table, _ in parts.values()], ignore_index=True), plan)
    extremes = {name: each for name, (_, each) in parts.items()}
    answers = [decide(cast("dict[str, Any]", row), plan) for row in rows.to_dict("records")]
    rows["state"], rows["reason"] = [state for state, _ in answers], [reason for _, reason in answers]
    summaries = [_summary(column, values, frames[name], extremes[name], plan) for name, column in labels.items()]
    family = int((rows["p_adjusted"].notna() & (rows["family"] == "confirmatory") & ~rows["mirror"]).sum())
    return GroupTables(rows[list(COLUMNS)], pd.concat(summaries, ignore_index=True), family, draws, extremes)


def planned_labels(groups: dict[str, pd.Series], users: pd.Index, plan: Plan) -> dict[str, pd.Series]:
    """The group of every user in every planned attribute, as text; 'unknown' where it is not known."""
    return {name: _labels(name, groups[name], users) for name in planned(groups, plan)}


def coded(labels: pd.Series) -> tuple[np.ndarray, list[str]]:
    """The group of every user as a number, and the names; 'unknown' comes last and is there even if nobody is."""
    known = Ids(labels[labels != UNKNOWN])
    codes = known.codes(labels)
    return np.where(codes < 0, len(known), codes), [*map(str, known.values), UNKNOWN]


def planned(groups: dict[str, pd.Series], plan: Plan) -> list[str]:
    """The names of the attributes that the plan compares; one that is not there is refused."""
    chosen = list(groups) if plan.attributes is None else list(plan.attributes)
    if missing := [name for name in chosen if name not in groups]:
        known = ", ".join(groups) or "none"
        problem = f"the plan names the user attribute '{missing[0]}', which is not there"
        raise BadInput(problem, fix=f"choose from: {known}")
    return chosen


def _labels(name: str, column: pd.Series, users: pd.Index) -> pd.Series:
    """Read the group of every user as text; 'unknown' where it is missing or the user is not in the column."""
    index = as_text(pd.Series(column.index))
    if (twice := index[index.duplicated()]).size:
        raise BadInput(f"user '{twice.iloc[0]}' has two values", column=name, fix="give one row per user")
    text = pd.Series(as_text(column).to_numpy(), index=index.to_numpy(), dtype=object).reindex(users)
    return text.where(text.notna(), UNKNOWN).rename(name)


def _draws(plan: Plan, groups: int) -> int:
    """Permutations: as planned, or as many as it takes for the smallest p to survive the correction."""
    family = groups * max(len(plan.metrics), len(plan.exploratory))
    return max(plan.draws, int(np.ceil(2 * family / plan.alpha)))


def _frames(labels: pd.Series, values: pd.DataFrame) -> dict[str, MetricFrame]:
    """One MetricFrame per metric that is defined for anybody."""
    return {
        str(name): metric_frame(column.to_numpy(), labels) for name, column in values.items() if column.notna().any()
    }


def _attribute(
    labels: pd.Series, values: pd.DataFrame, frames: dict[str, MetricFrame], plan: Plan, draws: int
) -> tuple[pd.DataFrame, Extremes]:
    codes, names = coded(labels)
    known, metrics = len(names) - 1, [*map(str, values)]
    array, seed = values.to_numpy(), [plan.seed, crc32(str(labels.name).encode())]
    seen = resampled_gaps(array, codes, len(names), plan)
    reach = reach_of(array, codes, len(names), metrics, plan, plan.level)
    columns = {**_by_group(values, frames, names), **_gaps(array, seen, reach, plan)}
    columns["p"] = _p(array, codes, known, pooled(array, codes, len(names), plan), draws, seed)
    grid = pd.MultiIndex.from_product([values.columns, names], names=["metric", "group"]).to_frame(index=False)
    table = grid.assign(attribute=str(labels.name), **{name: column.ravel() for name, column in columns.items()})
    table["family"] = np.where(table["metric"].isin(plan.metrics), "confirmatory", "exploratory")
    table["mirror"] = (known == 2) & (table["group"] == (names[1] if known == 2 else ""))
    few, alone = table["n"] < plan.minimum_cell, table["n_rest"] < plan.minimum_cell
    table.loc[few, _NUMBERS] = np.nan
    table.loc[few | alone, _GAPS] = np.nan
    extremes = Extremes(metrics, names, seen["value"], reach, exchanged(array, codes, seed), plan.level)
    return table[table["group"].isin(set(labels))], extremes


def _by_group(values: pd.DataFrame, frames: dict[str, MetricFrame], names: list[str]) -> dict[str, np.ndarray]:
    """Metrics x groups: mean and number of users, from MetricFrame."""
    empty = pd.DataFrame({"value": np.nan, "n": 0}, index=pd.Index(names))
    tables = [frames[name].by_group.reindex(names) if name in frames else empty for name in values]
    return {
        "value": np.stack([table["value"].to_numpy(dtype=np.float64) for table in tables]),
        "n": np.stack([table["n"].fillna(0).to_numpy(dtype=np.int64) for table in tables]),
    }


def _gaps(array: np.ndarray, seen: dict[str, Resampled], reach: Reach, plan: Plan) -> dict[str, np.ndarray]:
    """Metrics x groups: gap, the intervals of value and gap, and the gap that could have been detected."""
    low, high = reach.value(seen["value"].seen, *seen["value"].bounds(plan.level))
    gap_low, gap_high = reach.gap(seen["gap"].seen, *seen["gap"].bounds(plan.level))
    detectable = POWER * seen["gap"].spread
    pairs = {"low": low, "high": high, "gap_low": gap_low, "gap_high": gap_high, "detectable_gap": detectable}
    pairs["effect_size"] = divide(
        seen["gap"].seen, np.repeat(pd.DataFrame(array).std().to_numpy(), reach.own_up.shape[1])
    )
    return {"gap": seen["gap"].seen, "n_rest": seen["n_rest"].seen, **pairs}


def resampled_gaps(array: np.ndarray, codes: np.ndarray, n_groups: int, plan: Plan) -> dict[str, Resampled]:
    """`value`, `gap` and `n_rest` of metrics x groups in the sample and in resamples of users."""
    shape = (-1, 2, array.shape[1], n_groups)
    names = ("value", "gap", "n_rest")
    few = pooled(array, codes, n_groups, plan)
    both = Bootstrap.of(plan).resampled(
        indicators(array, codes, n_groups),
        lambda sums: np.hstack([against_rest(sums.reshape(shape), few)[name] for name in names]),
    )
    return dict(zip(names, both.split(len(names)), strict=True))


def reach_of(
    array: np.ndarray, codes: np.ndarray, n_groups: int, metrics: list[str], plan: Plan, level: float
) -> Reach:
    """The bounds beyond what resamples see, for every group (the last is the unknown one) and everybody else."""
    apart = np.zeros((len(metrics), n_groups), dtype=bool)
    apart[:, -1] = ~pooled(array, codes, n_groups, plan)
    return reaches(array, codes, n_groups, metrics, level, apart)


def indicators(
    array: np.ndarray, codes: np.ndarray, n_groups: int, weight: np.ndarray | None = None
) -> sparse.csr_array:
    """Users x (value | has one) x metrics x groups: a user's numbers stand in the columns of the user's own group.

    With a `weight`, a user's numbers count so many times.
    """
    n, width = array.shape
    valid = np.isfinite(array)
    cells = np.hstack([np.where(valid, array, 0.0), valid.astype(np.float64)])
    if weight is not None:
        cells *= weight[:, None]
    columns = np.arange(2 * width) * n_groups + codes[:, None]
    pointers = np.arange(n + 1) * 2 * width
    return sparse.csr_array((cells.ravel(), columns.ravel(), pointers), shape=(n, 2 * width * n_groups))


def pooled(array: np.ndarray, codes: np.ndarray, n_groups: int, plan: Plan) -> np.ndarray:
    """By metric: whether the people of unknown group (the last code) are so few that they count among everybody else."""
    return few_unknown(np.isfinite(array[codes == n_groups - 1]).sum(axis=0), plan.minimum_cell)


def against_rest(sums: np.ndarray, few: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Draws x (metrics x groups), from draws x (sum | count) x metrics x groups with the unknown group last.

    `few`: the metrics in which the unknown group counts among everybody else.
    """
    total, count = sums[:, 0], sums[:, 1]
    own = np.ones(sums.shape[-2:])
    own[:, -1] = False if few is None else few
    rest = {name: (each * own).sum(axis=-1, keepdims=True) - each * own for name, each in (("s", total), ("n", count))}
    value = divide(total, count)
    columns = {"value": value, "gap": value - divide(rest["s"], rest["n"]), "n_rest": rest["n"]}
    return {name: np.asarray(column).reshape(len(sums), -1) for name, column in columns.items()}


def _p(array: np.ndarray, codes: np.ndarray, known: int, few: np.ndarray, draws: int, seed: list[int]) -> np.ndarray:
    """Metrics x groups; metrics that are defined for the same users share their permutations."""
    result = np.full((array.shape[1], known + 1), np.nan)
    valid = np.isfinite(array)
    for pattern in np.unique(valid, axis=1).T:
        same = np.flatnonzero((valid == pattern[:, None]).all(axis=0))
        groups = known + int(few[same[0]])  # few unknown people are a group that changes labels, too
        inside, everybody = pattern & (codes < groups), np.flatnonzero(pattern)
        if inside.any():
            tested = permutation_p(array[inside][:, same], codes[inside], groups, draws=draws, seed=seed)
            result[same, :known] = tested.T[:, :known]
        if len(everybody):
            unknown = (codes[everybody] == known).astype(np.int64)
            result[same, known] = permutation_p(array[everybody][:, same], unknown, 2, draws=draws, seed=seed)[1]
    return result


def corrected(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Adjust p within each family; the second row of a two-group attribute is the same comparison."""
    rows["p_adjusted"] = np.nan
    for family, method in (("confirmatory", plan.correction), ("exploratory", "benjamini-hochberg")):
        once = (rows["family"] == family) & ~rows["mirror"]
        rows.loc[once, "p_adjusted"] = adjust(rows.loc[once, "p"].to_numpy(), method)
    twin = rows[~rows["mirror"] & (rows["group"] != UNKNOWN)].drop_duplicates(["attribute", "metric"])
    same = rows[["attribute", "metric"]].merge(twin[["attribute", "metric", "p", "p_adjusted"]], how="left")
    for name in ("p", "p_adjusted"):
        rows[name] = rows[name].where(~rows["mirror"] | rows["p"].isna(), same[name].to_numpy())
    return rows


def _summary(
    labels: pd.Series, values: pd.DataFrame, frames: dict[str, MetricFrame], extremes: Extremes, plan: Plan
) -> pd.DataFrame:
    rows, compared = [], {}
    for metric, column in values.items():
        count = column.groupby(labels).count()
        shown = count.index[(count >= plan.minimum_cell) & (count.index != UNKNOWN)]
        kept, compared[str(metric)] = labels.isin(shown).to_numpy(), sorted(shown)
        between: list[object] = [np.nan, np.nan, None, None]
        if len(shown) > 1:
            whole = len(shown) == (count > 0).sum()
            between = _between(frames[str(metric)] if whole else metric_frame(column[kept].to_numpy(), labels[kept]))
        rows.append([labels.name, metric, *between, len(shown)])
    return pd.DataFrame(rows, columns=list(SUMMARY[: -len(ENDS)])).join(extremes.ends(compared), on="metric")


def _between(frame: MetricFrame) -> list[object]:
    means = frame.by_group["value"]
    ratio = float(frame.ratio()["value"]) if means.max() > 0 and means.min() >= 0 else np.nan
    return [float(frame.difference()["value"]), ratio, str(means.idxmin()), str(means.idxmax())]
