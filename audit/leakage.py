"""Privacy of the audited: what histories, lists, embeddings and model inputs give away about people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from audit.guessing import FOLDS, chance_p, counts, guess, largest_pair, one_against_rest
from audit.inference.families import adjust
from audit.leakage_sources import (
    CHANCE,
    DIRECTIONS,
    EMBEDDINGS,
    HISTORY,
    LISTS,
    RANDOM,
    aligned,
    behaviour,
    one_hot,
    sample,
    sources,
)
from audit.measures.coded import Coded
from audit.plan import Plan
from data.columns import Kind
from data.ids import Ids

_MOST_DRAWS = 500
_ORDER = (HISTORY, LISTS, RANDOM, EMBEDDINGS)


@dataclass(frozen=True, eq=False)
class Leakage:
    """`inference`: a row per attribute and source. `proxies`: a row per attribute and input column, best guess first."""

    inference: pd.DataFrame
    proxies: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """Plain values; NaN is left to the caller."""
        tables = {"inference": self.inference, "proxies": self.proxies}
        return {**{name: table.to_dict("records") for name, table in tables.items()}, "notes": list(self.notes)}


def leakage(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    groups: Mapping[str, pd.Series],
    plan: Plan,
    *,
    inputs: Mapping[str, pd.Series] | None = None,
    embeddings: pd.DataFrame | None = None,
) -> Leakage:
    """Guess every attribute from what the system knows and shows; AUC of out-of-fold scores, users bootstrapped.

    `auc`: each class against the rest, weighed by people: .5 tells nothing. `lift` (lists only): AUC(lists) minus
    AUC(random lists of the same length, three draws), the interval paired by person. `p`: against permuted labels, for
    what has its interval above .5, else 1, and none for random lists; `p_adjusted` by Benjamini-Hochberg over the table.
    `tells`: p_adjusted < alpha, and for lists a lift above 0 too. `proxies`: the same for one input column at a time;
    `pair_auc` between the two largest groups. At most 2,000 people and 500 resamples; histories and lists by their 50
    main directions. Small groups are left out, and then the number of people is held back: it would tell their size.
    """
    people = sample(coded, plan.seed)
    found = sources(coded, people, embeddings, plan.seed)
    columns = {**(inputs or {})}
    scanned = {name: one_hot(column, coded.users.values[people]) for name, column in columns.items()}
    scanned |= behaviour(coded, items, kinds, people)
    inference: list[dict[str, Any]] = []
    proxies: list[dict[str, Any]] = []
    for name, column in groups.items():
        target = _Target.of(name, column, coded.users.values[people], plan)
        if target.reason:
            inference.append({"attribute": name, "source": HISTORY, "reason": target.reason})
            continue
        weight = counts(len(target.rows), min(plan.draws, _MOST_DRAWS), plan.seed)
        inference += _inferred(target, found, weight, plan)
        proxies += [
            _proxied(target, source, features, weight, plan) for source, features in scanned.items() if source != name
        ]
    table = _judged(pd.DataFrame(proxies, columns=[*_PROXY]), plan)
    table = table.sort_values("auc", ascending=False, kind="stable", ignore_index=True)
    return Leakage(_judged(pd.DataFrame(inference, columns=[*_INFERENCE]), plan), table, _notes(coded, people, plan))


_SHARED = ("attribute", "n", "groups", "auc", "low", "high", "p")
_INFERENCE = ("source", *_SHARED, "lift", "lift_low", "lift_high", "reason")
_PROXY = ("input", *_SHARED, "pair", "pair_auc", "pair_low", "pair_high")


@dataclass(frozen=True, eq=False)
class _Target:
    """One attribute among the sampled people: `rows` who has a group large enough, and their `codes`."""

    name: str
    rows: np.ndarray
    codes: np.ndarray
    names: list[str]
    reason: str = ""
    whole: bool = True  # nobody is left out for being in a small group, so their number tells of none

    @property
    def n(self) -> int | None:
        """The people that are guessed; None where their number would tell how many are in the small groups."""
        return len(self.rows) if self.whole else None

    @classmethod
    def of(cls, name: str, column: pd.Series, users: np.ndarray, plan: Plan) -> _Target:
        text = aligned(column, users)
        size = text.value_counts()
        least = max(FOLDS, plan.minimum_cell)
        kept = Ids(size.index[size >= least])
        if len(kept) < 2:
            return cls(
                name, np.empty(0, int), np.empty(0, int), [], f"Fewer than two groups of {least} people or more."
            )
        codes = kept.codes(text.where(text.notna(), ""))
        rows = np.flatnonzero(codes >= 0)
        whole = len(rows) == int(text.notna().sum())
        return cls(name, rows, codes[rows].astype(np.int64), [str(each) for each in kept.values], whole=whole)


def _judged(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The table with p adjusted over all its rows, and the answer."""
    adjusted = adjust(table["p"].to_numpy(dtype=np.float64), "benjamini-hochberg")
    tells = adjusted < plan.alpha
    if "lift_low" in table:
        tells &= ~(table["lift_low"].to_numpy(dtype=np.float64) <= 0)
    return table.astype({"n": "Int64"}).assign(p_adjusted=adjusted, tells=tells)


def _inferred(target: _Target, sources: dict[str, np.ndarray], weight: np.ndarray, plan: Plan) -> list[dict[str, Any]]:
    rows = {source: features[target.rows] for source, features in sources.items()}
    drawn = {source: one_against_rest(guess(rows[source], target.codes, seed=plan.seed), weight)[0] for source in rows}
    drawn[RANDOM] = np.mean([drawn.pop(name) for name in CHANCE], axis=0)
    told = []
    for source in (each for each in _ORDER if each in drawn):
        row = {"attribute": target.name, "source": source, "n": target.n, "groups": len(target.names)}
        row |= _interval("auc", "low", "high", drawn[source], plan.level)
        if source == LISTS:
            row |= _interval("lift", "lift_low", "lift_high", drawn[LISTS] - drawn[RANDOM], plan.level)
        p = np.nan if source == RANDOM else _p(rows[source], target, row, plan)
        told.append({**row, "p": p, "reason": "What the others are compared with." if source == RANDOM else ""})
    return told


def _proxied(target: _Target, source: str, features: np.ndarray, weight: np.ndarray, plan: Plan) -> dict[str, Any]:
    mine = features[target.rows]
    told = guess(mine, target.codes, seed=plan.seed)
    pair, between = largest_pair(told, weight)
    row = {"attribute": target.name, "input": source, "n": target.n, "groups": len(target.names)}
    row |= _interval("auc", "low", "high", one_against_rest(told, weight)[0], plan.level)
    row["pair"] = " and ".join(target.names[code] for code in pair)
    row |= _interval("pair_auc", "pair_low", "pair_high", between, plan.level)
    return {**row, "p": _p(mine, target, row, plan)}


def _p(features: np.ndarray, target: _Target, row: dict[str, Any], plan: Plan) -> float:
    """Tested only where the interval is above .5: labels that tell nothing need no more work."""
    return chance_p(features, target.codes, row["auc"], seed=plan.seed) if row["low"] > 0.5 else 1.0


def _interval(value: str, low: str, high: str, drawn: np.ndarray, level: float) -> dict[str, Any]:
    tail = (1 - level) / 2
    ends = np.nanquantile(drawn[1:], [tail, 1 - tail])
    return {value: float(drawn[0]), low: float(ends[0]), high: float(ends[1])}


def _notes(coded: Coded, people: np.ndarray, plan: Plan) -> tuple[str, ...]:
    everybody = int(((coded.length > 0) & (np.diff(coded.history.indptr) > 0)).sum())
    drawn = f"{len(people):,} of {everybody:,} people with a list and a history, drawn by seed {plan.seed}"
    return (
        f"Guesses are out of fold: {FOLDS} folds, class-balanced logistic regression, over {drawn}; histories "
        f"and lists by the {DIRECTIONS} directions in which they differ most.",
        f"Intervals resample people over their out-of-fold scores ({min(plan.draws, _MOST_DRAWS):,} resamples). They leave "
        "out that another sample would train another guesser, so the answer rests on guessers of permuted labels.",
        "Groups too small to be shown are left out; the number of people is not shown where it would tell how small.",
        "AUC weighs each group against the rest by its people; .5 tells nothing. A weak guesser is no proof that nothing "
        "can be told.",
    )
