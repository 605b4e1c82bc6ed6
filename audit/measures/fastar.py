"""FA*IR: whether every prefix of a list holds enough items of a protected group for chance to explain (Zehlike 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.stats import binom

from audit.measures.coded import Coded
from audit.measures.grouping import Showings

ALPHA = 0.1
LONGEST = 200  # places; the tables of longer lists take too long to be made for every group


@dataclass(frozen=True)
class Table:
    """The test's minima. `least[i-1]`: fewest protected items that the first i places may hold.

    `fails`: chance that a list drawn with the protected share p breaks it anywhere; `alpha`: the level of each prefix.
    """

    p: float
    alpha: float
    least: tuple[int, ...]
    fails: float


def least(k: int, p: float, alpha: float) -> np.ndarray:
    """m(i) for i = 1..k: the smallest m with P(Binomial(i, p) <= m) >= alpha."""
    return np.asarray(binom.ppf(alpha, np.arange(1, k + 1), p)).astype(np.int64)


def fail_probability(minima: np.ndarray, p: float) -> float:
    """Chance that a list of independent draws with chance p breaks the minima at any prefix: exact, place by place.

    For k = 20, p = .25, alpha = .1 unadjusted it is .146887188699111; the .11517506930977106 of the Fairsearch library
    drops the block that opens at the last place.
    """
    alive = np.zeros(len(minima) + 2)  # chance of each count, the prefixes so far being kept
    alive[0] = 1.0
    for fewest in minima:
        alive[1:] = alive[1:] * (1 - p) + alive[:-1] * p
        alive[0] *= 1 - p
        alive[:fewest] = 0.0
    return float(1 - alive.sum())


def unadjusted(k: int, p: float, alpha: float = ALPHA) -> Table:
    """The table with alpha at every prefix; it fails more often than alpha over the whole list."""
    minima = least(k, p, alpha)
    return Table(p, alpha, tuple(map(int, minima)), fail_probability(minima, p))


@lru_cache(maxsize=4096)
def adjusted(k: int, p: float, alpha: float = ALPHA) -> Table:
    """The table whose chance to fail over the whole list is nearest to alpha, found by halving (Zehlike et al. 2017).

    Tables are few, so the nearest one may fail a little more often than alpha: its own `fails` says how often. For k = 20,
    p = .25, alpha = .1 the level is .078125 and the chance .10515247355215251.
    """
    low, high = unadjusted(k, p, 0.0), unadjusted(k, p, alpha)
    middle = unadjusted(k, p, alpha / 2)
    while sum(low.least) < sum(high.least) and middle.fails != alpha:
        if middle.fails < alpha:
            low = middle
        else:
            high = middle
        middle = unadjusted(k, p, (low.alpha + high.alpha) / 2)
        steps = sum(low.least), sum(middle.least), sum(high.least)
        if steps[2] - steps[0] <= 1:
            return min(low, high, key=lambda each: abs(each.fails - alpha))
        if steps[1] - steps[0] == 1 and steps[2] - steps[1] == 1:
            return min(low, middle, high, key=lambda each: abs(each.fails - alpha))
        if high.alpha - low.alpha < 1e-12:
            return min(low, high, key=lambda each: abs(each.fails - alpha))
    return middle


def passes(protected: np.ndarray, minima: np.ndarray) -> bool:
    """Whether one list (a mask from the top down) keeps the minima at every prefix."""
    return bool((np.cumsum(protected) >= np.asarray(minima)[: len(protected)]).all())


@dataclass(frozen=True)
class Tested:
    """The test of one group over all lists: `lists` judged, `kept` of them pass; `table` None where it cannot be made."""

    table: Table | None
    lists: int
    kept: int
    reason: str = ""


def fastar(coded: Coded, whole: sparse.csr_array, shares: np.ndarray, alpha: float = ALPHA) -> list[Tested]:
    """Test every list for every group as the protected one; `whole` items x groups of 0/1, `shares` the chance p of each.

    A list passes if its j-th protected item stands no lower than the first place whose minimum is j. Undefined, with the
    reason: p of 0 or 1, lists of more than 200 places, and lists so short that the table asks for nothing.
    """
    shown = Showings.of(coded, whole)
    turn = shown.before(np.ones(len(shown.list))).astype(np.int64)  # how many of the group stand above
    results = []
    bounds = np.searchsorted(np.sort(shown.group), np.arange(len(shares) + 1))
    order = np.argsort(shown.group, kind="stable")
    for group, p in enumerate(shares):
        table, reason = _table(coded.k, float(p), alpha)
        if table is None:
            results.append(Tested(None, 0, 0, reason))
            continue
        rows = order[bounds[group] : bounds[group + 1]]
        kept = _kept(shown, rows, turn[rows], np.asarray(table.least))
        judged = np.asarray(table.least)[np.minimum(shown.length, coded.k) - 1] > 0
        results.append(Tested(table, int(judged.sum()), int((kept & judged).sum())))
    return results


def _table(k: int, p: float, alpha: float) -> tuple[Table | None, str]:
    if not 0 < p < 1:
        return None, "The group is none or all of the catalogue."
    if k > LONGEST:
        return None, f"Lists of more than {LONGEST} places are not tested."
    table = adjusted(k, p, alpha)
    if not table.least[-1]:
        return None, f"A list of {k} is too short for {p:.1%} of the catalogue: none of the group would pass."
    return table, ""


def _kept(shown: Showings, rows: np.ndarray, turn: np.ndarray, minima: np.ndarray) -> np.ndarray:
    """Which lists pass: as many protected items stand high enough as the whole list needs."""
    needed = minima[np.minimum(shown.length, len(minima)) - 1]
    opens = np.searchsorted(minima, np.arange(1, minima[-1] + 1)) + 1  # first place that asks for j
    asked = turn < minima[-1]
    high_enough = np.zeros(len(rows), dtype=bool)
    high_enough[asked] = shown.place[rows][asked] <= opens[turn[asked]]
    high_enough &= turn < needed[shown.list[rows]]
    met = np.bincount(shown.list[rows], weights=high_enough, minlength=len(shown.length))
    return met >= needed
