"""Privacy of the audited: what histories, lists, embeddings and model inputs give away about people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from audit.guessing import FOLDS, chance_p, counts, guess, largest_pair, one_against_rest
from audit.inference.families import adjust
from audit.measures.coded import Coded
from audit.measures.content import memberships, share_rows
from audit.plan import Plan
from data.columns import Kind
from data.ids import Ids, as_text

MOST_PEOPLE = 2000
_DIRECTIONS = 50
_MOST_GROUPS = 100  # values of an input column, and categories of a taste
_MOST_DRAWS = 500
HISTORY, LISTS, RANDOM, EMBEDDINGS = "history", "lists", "random lists", "embeddings"
_ORDER = (HISTORY, LISTS, RANDOM, EMBEDDINGS)
_CHANCE = tuple(f"{RANDOM} {draw}" for draw in (1, 2, 3))  # one draw alone would add its own luck to the lift


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
    main directions. Small groups are left out.
    """
    people = _sample(coded, plan.seed)
    sources = _sources(coded, people, embeddings, plan.seed)
    columns = {**(inputs or {})}
    scanned = {name: _one_hot(column, coded.users.values[people]) for name, column in columns.items()}
    scanned |= _behaviour(coded, items, kinds, people)
    inference: list[dict[str, Any]] = []
    proxies: list[dict[str, Any]] = []
    for name, column in groups.items():
        target = _Target.of(name, column, coded.users.values[people], plan)
        if target.reason:
            inference.append({"attribute": name, "source": HISTORY, "reason": target.reason})
            continue
        weight = counts(len(target.rows), min(plan.draws, _MOST_DRAWS), plan.seed)
        inference += _inferred(target, sources, weight, plan)
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

    @classmethod
    def of(cls, name: str, column: pd.Series, users: np.ndarray, plan: Plan) -> _Target:
        text = _aligned(column, users)
        size = text.value_counts()
        least = max(FOLDS, plan.minimum_cell)
        kept = Ids(size.index[size >= least])
        if len(kept) < 2:
            return cls(
                name, np.empty(0, int), np.empty(0, int), [], f"Fewer than two groups of {least} people or more."
            )
        codes = kept.codes(text.where(text.notna(), ""))
        rows = np.flatnonzero(codes >= 0)
        return cls(name, rows, codes[rows].astype(np.int64), [str(each) for each in kept.values])


def _judged(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The table with p adjusted over all its rows, and the answer."""
    adjusted = adjust(table["p"].to_numpy(dtype=np.float64), "benjamini-hochberg")
    tells = adjusted < plan.alpha
    if "lift_low" in table:
        tells &= ~(table["lift_low"].to_numpy(dtype=np.float64) <= 0)
    return table.assign(p_adjusted=adjusted, tells=tells)


def _inferred(target: _Target, sources: dict[str, np.ndarray], weight: np.ndarray, plan: Plan) -> list[dict[str, Any]]:
    rows = {source: features[target.rows] for source, features in sources.items()}
    drawn = {source: one_against_rest(guess(rows[source], target.codes, seed=plan.seed), weight)[0] for source in rows}
    drawn[RANDOM] = np.mean([drawn.pop(name) for name in _CHANCE], axis=0)
    told = []
    for source in (each for each in _ORDER if each in drawn):
        row = {"attribute": target.name, "source": source, "n": len(target.rows), "groups": len(target.names)}
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
    row = {"attribute": target.name, "input": source, "n": len(target.rows), "groups": len(target.names)}
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


def _sample(coded: Coded, seed: int) -> np.ndarray:
    """Codes of people with a list and a history, at most 2,000 drawn by the seed, in order."""
    there = np.flatnonzero((coded.length > 0) & (np.diff(coded.history.indptr) > 0))
    return np.sort(np.random.default_rng(seed).permutation(there)[:MOST_PEOPLE])


def _sources(coded: Coded, people: np.ndarray, embeddings: pd.DataFrame | None, seed: int) -> dict[str, np.ndarray]:
    shape = (len(coded.users), len(coded.items))
    pointers = np.concatenate([[0], np.cumsum(coded.length)])
    lists = sparse.csr_array((np.ones(len(coded.item)), coded.item, pointers), shape=shape)
    tables = {HISTORY: coded.history, LISTS: lists}
    for number, name in enumerate(_CHANCE):
        drawn = np.random.default_rng([seed, number]).choice(np.flatnonzero(coded.catalogue), len(coded.item))
        tables[name] = sparse.csr_array((np.ones(len(drawn)), drawn, pointers), shape=shape)
    found = {name: _directions(sparse.csr_array(table[people]), seed) for name, table in tables.items()}
    if embeddings is not None:
        index = as_text(embeddings.index.to_series()).to_numpy()
        rows = embeddings.set_axis(index).reindex(coded.users.values[people]).to_numpy(dtype=np.float64)
        found[EMBEDDINGS] = _standardised(np.nan_to_num(rows))
    return found


def _directions(rows: sparse.csr_array, seed: int) -> np.ndarray:
    """The rows by the 50 directions in which they differ most; no label takes part in that."""
    from sklearn.decomposition import TruncatedSVD

    width = min(_DIRECTIONS, min(rows.shape) - 1)
    if width < 1:
        return _standardised(rows.toarray())
    return _standardised(TruncatedSVD(width, random_state=seed).fit_transform(sparse.csr_matrix(rows)))


def _behaviour(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], people: np.ndarray
) -> dict[str, np.ndarray]:
    """What any model can read off a history: its length, and its shares of each column of categories."""
    found = {
        "number of choices": _standardised(np.log1p(np.diff(coded.history.indptr)[people].astype(np.float64))[:, None])
    }
    for name, kind in kinds.items():
        if kind in (Kind.CATEGORY, Kind.MULTI) and name in items:
            table, names = memberships(items, name, coded.items, kinds)
            if 1 < len(names) <= _MOST_GROUPS:
                shares = sparse.csr_array(share_rows(sparse.csr_array(coded.history @ table))[people])
                found[f"taste: {name}"] = _standardised(shares.toarray())
    return found


def _one_hot(column: pd.Series, users: np.ndarray) -> np.ndarray:
    """A column of people as features: a number standardised, missing at the mean and marked; anything else 0/1 a value.

    Of more than 100 values the most frequent have a feature of their own.
    """
    index = as_text(column.index.to_series()).to_numpy()
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > FOLDS:
        values = pd.Series(column.to_numpy(np.float64), index=index).reindex(users)
        return _standardised(np.column_stack([values.fillna(values.mean()), values.isna()]))
    text = _aligned(column, users)
    names = text.value_counts().index[:_MOST_GROUPS]
    return np.column_stack([text.isna(), *((text == name) for name in names)]).astype(np.float64)


def _aligned(column: pd.Series, users: np.ndarray) -> pd.Series:
    index = as_text(column.index.to_series()).to_numpy()
    return pd.Series(as_text(column).to_numpy(), index=index, dtype=object).reindex(users)


def _standardised(rows: np.ndarray) -> np.ndarray:
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _notes(coded: Coded, people: np.ndarray, plan: Plan) -> tuple[str, ...]:
    everybody = int(((coded.length > 0) & (np.diff(coded.history.indptr) > 0)).sum())
    drawn = f"{len(people):,} of {everybody:,} people with a list and a history, drawn by seed {plan.seed}"
    return (
        f"Guesses are out of fold: {FOLDS} folds, class-balanced logistic regression, over {drawn}; histories "
        f"and lists by the {_DIRECTIONS} directions in which they differ most.",
        f"Intervals resample people over their out-of-fold scores ({min(plan.draws, _MOST_DRAWS):,} resamples). They leave "
        "out that another sample would train another guesser, so the answer rests on guessers of permuted labels.",
        "AUC weighs each group against the rest by its people; .5 tells nothing. A weak guesser is no proof that nothing "
        "can be told.",
    )
