"""Being recommended as a decision on every pair of person and item, by user group: Fairlearn's rates with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.inference.decisions import RATES, cells, decisions
from audit.inference.groups import coded as coded_labels
from audit.inference.groups import indicators
from audit.inference.intervals import Bootstrap
from audit.measures.coded import Coded, divide
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan

GROUPS = ("attribute", "group", "people", "pairs", "rate", "value", "low", "high", "reason")
BETWEEN = ("attribute", "groups", "measure", "value")
HELD = "Not shown: a small group, or one by which such a group could be worked out."


@dataclass(frozen=True, eq=False)
class PairRates:
    """`groups`: a row per attribute, group and rate; `between`: Fairlearn's differences and ratios over known, shown groups.

    Rates as in `decisions.Decisions`; intervals resample people. A group that other tables hold back, or of fewer than
    `minimum_cell` people, has no numbers; where it would be the only one, the next smallest has none either.
    """

    groups: pd.DataFrame
    between: pd.DataFrame


def pair_rates(
    coded: Coded, labels: dict[str, pd.Series], plan: Plan, hidden: frozenset[tuple[str, str]] = frozenset()
) -> PairRates:
    """The rates of every attribute; `labels` as of `planned_labels`, for people with a list or a held-out item."""
    tables = [_attribute(coded, name, column, plan, hidden) for name, column in labels.items()]
    if not tables:
        return PairRates(pd.DataFrame(columns=list(GROUPS)), pd.DataFrame(columns=list(BETWEEN)))
    groups, between = (pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True))
    return PairRates(groups, between)


def _attribute(
    coded: Coded, name: str, labels: pd.Series, plan: Plan, hidden: frozenset[tuple[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    assessed = np.flatnonzero((coded.length > 0) | (coded.n_truth > 0))
    codes, names = coded_labels(labels.reindex(coded.users.values[assessed]).fillna(UNKNOWN))
    people = np.bincount(codes, minlength=len(names))
    held = held_groups(names, people, {group for attribute, group in hidden if attribute == name}, plan.minimum_cell)
    counts = _per_person(coded, assessed)
    size = int(coded.catalogue.sum())
    sums = np.stack([np.bincount(codes, column, minlength=len(names)) for column in counts.T])
    shown = [n for n, group in enumerate(names) if people[n] and group not in held]
    if not shown:
        rows = [
            _row(name, group, 0, size, rate, np.nan, np.nan, np.nan, True) for group in sorted(held) for rate in RATES
        ]
        return pd.DataFrame(rows, columns=list(GROUPS)), pd.DataFrame(columns=list(BETWEEN))
    known = [n for n in shown if names[n] != UNKNOWN] or shown
    found = decisions(cells(np.array(names)[shown], people[shown] * size, *sums[:, shown].astype(np.int64)))
    compared = found
    if len(known) < len(shown):
        compared = decisions(cells(np.array(names)[known], people[known] * size, *sums[:, known].astype(np.int64)))
    low, high = _bounds(counts, codes, len(names), size, plan)
    rows = [
        _row(
            name,
            group,
            people[n],
            size,
            rate,
            found.by_group[rate].get(group, np.nan),
            low[r, n],
            high[r, n],
            group in held,
        )
        for n, group in enumerate(names)
        if people[n]
        for r, rate in enumerate(RATES)
    ]
    between = pd.DataFrame(
        [[name, len(compared.by_group), measure, value] for measure, value in compared.between.items()],
        columns=list(BETWEEN),
    )
    return pd.DataFrame(rows, columns=list(GROUPS)), between


def _row(
    name: str, group: str, people: int, size: int, rate: str, value: float, low: float, high: float, held: bool
) -> tuple[object, ...]:
    if held:
        return name, group, None, None, rate, np.nan, np.nan, np.nan, HELD
    reason = "" if np.isfinite(value) else "No pair to divide by."
    ends = (low, high) if people > 1 and np.isfinite(value) else (np.nan, np.nan)
    return name, group, int(people), int(people) * size, rate, value, *ends, reason


def _per_person(coded: Coded, assessed: np.ndarray) -> np.ndarray:
    """People x (chosen, recommended, both), catalogue items, each item once."""
    shown = coded.first & coded.catalogue[coded.item]
    chooser = np.repeat(np.arange(len(coded.users)), np.diff(coded.truth.indptr))[coded.catalogue[coded.truth.indices]]
    columns = (chooser, coded.user[shown], coded.user[shown & coded.relevant])
    return np.stack([np.bincount(each, minlength=len(coded.users))[assessed] for each in columns], axis=1).astype(float)


def _bounds(
    counts: np.ndarray, codes: np.ndarray, n_groups: int, size: int, plan: Plan
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high, rates x groups."""

    def rates(sums: np.ndarray) -> np.ndarray:
        table = sums.reshape(-1, 2, 3, n_groups)
        chosen, recommended, both = np.moveaxis(table[:, 0], 1, 0)
        people = table[:, 1, 0] * size
        three = (divide(recommended, people), divide(both, chosen), divide(recommended - both, people - chosen))
        return np.stack(three, axis=1).reshape(len(sums), -1)

    _, low, high = Bootstrap.of(plan).interval(indicators(counts, codes, n_groups), rates)
    return low.reshape(3, n_groups), high.reshape(3, n_groups)


def held_groups(names: list[str], people: np.ndarray, hidden: set[str], minimum: int) -> set[str]:
    """Groups without numbers: those held back elsewhere and small ones, never exactly one of them."""
    there = [n for n in np.argsort(people, kind="stable") if people[n]]
    held = {names[n] for n in there if names[n] in hidden or people[n] < minimum}
    others = [names[n] for n in there if names[n] not in held]
    return held | set(others[:1]) if len(held) == 1 else held
