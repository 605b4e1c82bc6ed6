"""Impact ratios in the layout of New York's Local Law 144 (6 RCNY 5-301): a screening rule, never shown alone.

A ratio stands with its n, interval, exact test, shortfall, what one person would change, and the reference by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from audit.inference.answers import State
from audit.inference.families import adjust
from audit.inference.intersections import CROSS
from audit.inference.withheld import Key, Withheld
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan

COLUMNS = (
    *("attribute", "group", "metric", "n", "share", "selected", "rate", "reference", "ratio", "low", "high", "p"),
    *("p_adjusted", "shortfall", "ratio_if_one_moves", "flips", "excluded", "state", "reason"),
)
FOUR_FIFTHS = 0.8
_LEAST_SHARE = 0.02
REST = "everybody else"


def impact_ratios(
    per_user: pd.DataFrame, labels: dict[str, pd.Series], pairs: list[tuple[str, str]], held: Withheld, plan: Plan
) -> pd.DataFrame:
    """A block of rows per attribute and per crossed pair; empty unless the plan asks. See `impact_rows`.

    What is held back elsewhere is held back here, and is no reference.
    """
    metric = plan.impact
    if plan.impact_ratio is None or metric is None:
        return pd.DataFrame(columns=list(COLUMNS))
    chosen = selected(per_user[metric], plan.impact_ratio)
    people = pd.DataFrame({"n": chosen.notna(), "selected": chosen.fillna(0.0)})
    return impact_blocks(people, labels, pairs, held, plan)


def impact_blocks(
    people: pd.DataFrame, labels: dict[str, pd.Series], pairs: list[tuple[str, str]], held: Withheld, plan: Plan
) -> pd.DataFrame:
    """The same from rows of people with one set of labels: how many they are with a value (n), and are selected."""
    metric = str(plan.impact)
    held_back, silent = held.keys.get(metric, frozenset()), held.barred(metric)
    parts = []
    for name, column in labels.items():
        barred, quiet = (_named(keys, (name,)) for keys in (held_back, silent))
        parts.append(impact_rows(_counts(people, column), plan, barred, quiet).assign(attribute=name))
    for first, second in pairs:
        a, b = labels[first], labels[second]
        both = (a + CROSS + b).where((a != UNKNOWN) & (b != UNKNOWN), UNKNOWN)
        barred, quiet = (_named(keys, (first, second)) for keys in (held_back, silent))  # 'unknown' too
        parts.append(
            impact_rows(_counts(people, both), plan, barred, quiet).assign(attribute=f"{first}{CROSS}{second}")
        )
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True).assign(metric=metric)[list(COLUMNS)]
    table.loc[table["reason"] == "", "reason"] = held.sentence
    return table


def selected(values: pd.Series, kind: str) -> pd.Series:
    """1 or 0 per person, NaN without a value: is it above 0 ('selection'), or above the full sample's median ('scoring')."""
    least = 0.0 if kind == "selection" else float(values.median())
    return (values > least).astype(np.float64).where(values.notna())


def _named(keys: frozenset[Key], of: tuple[str, ...]) -> frozenset[str]:
    """The categories of one block among the keys."""
    most = 2 * len(of)
    return frozenset(CROSS.join(key[len(of) :]) for key in keys if key[: len(of)] == of and len(of) < len(key) <= most)


def impact_rows(
    counts: pd.DataFrame, plan: Plan, barred: frozenset[str] = frozenset(), quiet: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """Rows for one attribute from `counts`: index group, columns n and selected; 'unknown' is counted and has no ratio.

    `rate` = selected / n; `ratio` = rate / rate of the reference: the highest rate ('best'), the largest category
    ('largest'), or all other known people together ('rest'). `low`, `high`: Katz log interval at the plan's level. `p`:
    Fisher's exact test against the reference, two-sided, `p_adjusted` by Holm over the block. `shortfall`: people more
    that would have to be selected for the reference's rate, n x rate_ref - selected. `ratio_if_one_moves`: the ratio
    after one selection moves across the gap; `flips`: it then stands on the other side of .8. With `impact_exclude`,
    categories of under 2 % of all people get no ratio and are no reference; they stay listed. NaN where undefined. The
    numbers of `barred` categories are not shown, of `quiet` ones only how many people they are; neither is a reference.
    The others ('rest') hold quiet people of unknown category, whose number selected would follow from a ratio else.

    State: 'flag' where the ratio is under .8 and p_adjusted < alpha, 'no flag' where the whole interval is at or above
    .8, 'too few to say' otherwise; no ratio, no state.
    """
    table = counts.rename_axis("group").reset_index()
    table["share"] = table["n"] / table["n"].sum()
    table["rate"] = table["selected"] / table["n"].where(table["n"] > 0)
    known = table["group"] != UNKNOWN
    table["excluded"] = plan.impact_exclude & known & (table["share"] < _LEAST_SHARE)
    counted = table[known & ~table["excluded"]]
    able = counted[~counted["group"].isin(barred | quiet)]
    others = table[(table["group"] == UNKNOWN) & (UNKNOWN in barred | quiet)]
    told = [_compare(row, _reference(row, able, pd.concat([counted, others]), plan), plan) for row in _records(table)]
    table = pd.concat([table, pd.DataFrame(told, index=table.index)], axis=1)
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=np.float64), "holm")
    answers = [_answer(row, plan) for row in _records(table)]
    table["state"], table["reason"] = [state for state, _ in answers], [reason for _, reason in answers]
    table = table.reindex(columns=list(COLUMNS)).astype({"n": "Int64", "selected": "Int64", "excluded": object})
    hidden = table["group"].isin(barred)
    table.loc[hidden, ["n", "share", "excluded"]] = None
    hidden |= table["group"].isin(quiet)
    table.loc[hidden, ["selected", "rate", "reference"]] = None
    table.loc[hidden, ["state", "reason"]] = [None, ""]
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _counts(people: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    table = people.groupby(labels).sum().astype(np.int64)
    names = [*sorted(set(table.index) - {UNKNOWN}), UNKNOWN]
    return table.reindex(names, fill_value=0)


def _reference(
    row: dict[str, Any], able: pd.DataFrame, counted: pd.DataFrame, plan: Plan
) -> tuple[str | None, int, int]:
    """Name, people and selected of whom a row is compared with; no name where there is no comparison."""
    if row["group"] not in set(able["group"]):
        return None, 0, 0
    if plan.impact_reference == "rest":
        rest = counted[counted["group"] != row["group"]]
        return REST, int(rest["n"].sum()), int(rest["selected"].sum())
    column = "rate" if plan.impact_reference == "best" else "n"
    best: dict[str, Any] = max(_records(able), key=lambda each: each[column])
    return str(best["group"]), int(best["n"]), int(best["selected"])


def _compare(row: dict[str, Any], reference: tuple[str | None, int, int], plan: Plan) -> dict[str, Any]:
    from scipy.stats import fisher_exact, norm

    name, n_ref, k_ref = reference
    n, k = int(row["n"]), int(row["selected"])
    blank = dict.fromkeys(("ratio", "low", "high", "p", "shortfall", "ratio_if_one_moves"), np.nan)
    if name is None or not (n and n_ref and k_ref):
        return {"reference": name, **blank, "flips": None}
    if name == row["group"]:
        return {"reference": name, **blank, "ratio": 1.0, "flips": None}
    ratio = (k / n) / (k_ref / n_ref)
    low = high = np.nan
    if k:
        reach = norm.ppf((1 + plan.level) / 2) * np.sqrt(1 / k - 1 / n + 1 / k_ref - 1 / n_ref)
        low, high = ratio * np.exp(-reach), ratio * np.exp(reach)
    step = 1 if ratio < FOUR_FIFTHS else -1
    able = 0 <= k + step <= n and 0 < k_ref - step <= n_ref
    moved = ((k + step) / n) / ((k_ref - step) / n_ref) if able else np.nan
    return {
        "reference": name,
        "ratio": ratio,
        "low": low,
        "high": high,
        "p": float(fisher_exact(np.array([[k, n - k], [k_ref, n_ref - k_ref]])).pvalue),
        "shortfall": n * k_ref / n_ref - k,
        "ratio_if_one_moves": moved,
        "flips": bool(able and (ratio < FOUR_FIFTHS) != (moved < FOUR_FIFTHS)),
    }


def _answer(row: dict[str, Any], plan: Plan) -> tuple[State | None, str]:
    if note := _note(row):
        return None, note
    told = f"Ratio {row['ratio']:.2f} to {row['reference']}, interval {row['low']:.2f} to {row['high']:.2f}"
    if row["n"] < plan.minimum_cell:
        return State.TOO_FEW, f"{told}: fewer than {plan.minimum_cell} people."
    if row["ratio"] < FOUR_FIFTHS and row["p_adjusted"] < plan.alpha:
        return State.FLAG, f"{told}: under four fifths and hard to put down to chance."
    if row["low"] >= FOUR_FIFTHS:
        return State.NO_FLAG, f"{told}: a ratio under four fifths is ruled out."
    return State.TOO_FEW, f"{told}: a ratio under four fifths is neither shown nor ruled out."


def _note(row: dict[str, Any]) -> str:
    """Why a row has no answer; nothing where it has one."""
    if row["group"] == UNKNOWN:
        return f"{row['n']} people of unknown category are counted here and in no ratio."
    if row["excluded"]:
        return f"Under {_LEAST_SHARE:.0%} of all people: left out of the ratios by the plan, and listed."
    if not np.isfinite(row["ratio"]):
        return "Undefined: nobody in the category, or nobody in the reference is selected."
    return "The reference." if row["reference"] == row["group"] else ""
