"""Intervals by resampling users: the user is the unit, never the impression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.bca import bca_bounds
from audit.measures.coded import divide
from audit.plan import Plan

Statistic = Callable[[np.ndarray], np.ndarray]  # sums (rows x columns) to values (rows x any)
Table = np.ndarray | sparse.csr_array

_UNITS = 5_000  # more users than this are dealt at random into so many equal parts, and the parts are resampled
_CELLS = 4_000_000  # counts held at once: 32 MB
_COLUMNS = 512


@dataclass(frozen=True)
class Interval:
    """A value with its interval; low and high are NaN below two users."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Resampled:
    """Values of the sample, of every resample (draws x values), and without each unit where the interval is BCa."""

    seen: np.ndarray
    drawn: np.ndarray
    left_out: np.ndarray | None

    def bounds(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Low and high of every value."""
        if self.left_out is None:
            return _percentiles(self.drawn, level)
        return bca_bounds(self.drawn, self.seen, self.left_out, level)

    def split(self, parts: int) -> list[Resampled]:
        """The values in equal parts, in order."""
        return self.at(np.arange(1, parts) * (len(self.seen) // parts))

    def at(self, places: np.ndarray) -> list[Resampled]:
        """The values cut before each of these places."""
        n = len(places) + 1
        left = [None] * n if self.left_out is None else np.split(self.left_out, places, axis=1)
        pairs = zip(np.split(self.seen, places), np.split(self.drawn, places, axis=1), left, strict=True)
        return [Resampled(*pair) for pair in pairs]

    @property
    def spread(self) -> np.ndarray:
        """Standard error of every value: the standard deviation of its defined resamples."""
        return pd.DataFrame(self.drawn).std().to_numpy()


@dataclass(frozen=True)
class Bootstrap:
    """Bootstrap of users (Efron 1979), seeded: the same users meet the same resamples in every call.

    `method` says how an interval is read from the resamples: percentiles, or BCa (`bca_bounds`); shares of a total keep
    percentiles.

    Everything here is a function of sums over users, so a resample is one row of counts and all columns share it. Above
    5,000 users the parts stand for users: each part is a random set of users, so the spread of its sum is theirs.
    """

    draws: int = 2000
    seed: int = 0
    level: float = 0.95
    method: Literal["percentile", "bca"] = "percentile"

    @classmethod
    def of(cls, plan: Plan) -> Bootstrap:
        """The bootstrap that a plan asks for."""
        return cls(plan.draws, plan.seed, plan.level, plan.interval)

    def interval(self, table: Table, statistic: Statistic) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value, low and high of every number that `statistic` makes of the sums of the table's columns."""
        resampled = self.resampled(table, statistic)
        return resampled.seen, *resampled.bounds(self.level)

    def resampled(self, table: Table, statistic: Statistic) -> Resampled:
        """What `statistic` makes of the table's sums, and of those of every resample."""
        seen = statistic(np.asarray(table.sum(axis=0), dtype=np.float64).reshape(1, -1))[0]
        skewed = self.method == "bca" and table.shape[0] > 1
        return Resampled(seen, statistic(self.sums(table)), self._left_out(table, statistic) if skewed else None)

    def _left_out(self, table: Table, statistic: Statistic) -> np.ndarray:
        """Units x values: the statistic without each unit."""
        units = _dealt(table, _resamples(self.seed, self.draws, table.shape[0])[0])
        total = np.asarray(units.sum(axis=0), dtype=np.float64).reshape(1, -1)
        step = max(1, _CELLS // max(units.shape[1], 1))
        parts = [statistic(total - _dense(units[start : start + step])) for start in range(0, units.shape[0], step)]
        return np.concatenate(parts)

    def sums(self, table: Table) -> np.ndarray:
        """Draws x columns: the sum of the table's rows (users) under each resample."""
        part, counts = _resamples(self.seed, self.draws, table.shape[0])
        units = _dealt(table, part)
        width, step = units.shape[1], max(1, _CELLS // max(counts.shape[1], 1))
        result = np.empty((self.draws, width))
        for start in range(0, self.draws, step):
            rows = counts[start : start + step].astype(np.float64)
            for column in range(0, width, _COLUMNS):
                block = _dense(units[:, column : column + _COLUMNS])
                result[start : start + step, column : column + _COLUMNS] = rows @ block
        return result

    def bounds(self, replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Percentiles of every column of draws x columns; undefined draws are left out, NaN where all are."""
        return _percentiles(replicates, self.level)

    def open_bounds(self, replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Percentiles where infinite draws are values: an end is infinite where too many draws are.

        A column with an infinite draw has draws as its ends, outwards: nothing is interpolated with infinity.
        """
        low, high = self.bounds(replicates)
        tail = (1 - self.level) / 2
        for place in np.flatnonzero(np.isinf(replicates).any(axis=0)):
            there = replicates[~np.isnan(replicates[:, place]), place]
            low[place] = np.quantile(there, tail, method="lower")
            high[place] = np.quantile(there, 1 - tail, method="higher")
        return low, high

    def means(self, values: pd.DataFrame) -> pd.DataFrame:
        """Mean of each column over its users with a value: columns `value`, `low`, `high`, `n`.

        A user without a value (NaN) takes part in the resampling and counts in no mean.
        """
        table = values.to_numpy(dtype=np.float64)
        valid = np.isfinite(table)
        filled = np.where(valid, table, 0.0)
        _, low, high = self.interval(np.hstack([filled, valid.astype(np.float64)]), _quotients)
        n = valid.sum(axis=0)
        enough = np.where(n < 2, np.nan, 0.0)
        columns = {"value": divide(filled.sum(axis=0), n), "low": low + enough, "high": high + enough, "n": n}
        return pd.DataFrame(columns, index=values.columns)

    def mean(self, values: np.ndarray) -> Interval:
        """Mean of one column over the users with a value."""
        row = self.means(pd.DataFrame({"value": np.asarray(values, dtype=np.float64)})).iloc[0]
        return Interval(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]))

    def paired_difference(self, a: np.ndarray, b: np.ndarray) -> Interval:
        """Mean of a - b over the users that have both (two models on the same users); equal columns give exactly 0."""
        return self.mean(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))

    def difference(self, values: np.ndarray, member: np.ndarray) -> Interval:
        """Mean of the members minus the mean of everybody else; NaN bounds where a side has fewer than two users."""
        values, member = np.asarray(values, dtype=np.float64), np.asarray(member, dtype=bool)
        sides = pd.DataFrame({"in": np.where(member, values, np.nan), "out": np.where(member, np.nan, values)})
        valid = np.isfinite(sides.to_numpy())
        table = np.hstack([np.nan_to_num(sides.to_numpy()), valid.astype(np.float64)])
        _, *ends = self.interval(table, lambda sums: -np.diff(_quotients(sums)))
        low, high = (float(end[0]) for end in ends)
        value = float(sides["in"].mean() - sides["out"].mean())
        if valid.sum(axis=0).min() < 2:
            low = high = np.nan
        return Interval(value, low, high, int(valid.sum()))

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> Interval:
        """Mean of `top` over mean of `bottom`, a ratio of means over the users that have both."""
        both = np.isfinite(np.asarray(top, dtype=np.float64)) & np.isfinite(np.asarray(bottom, dtype=np.float64))
        pairs = np.where(both[:, None], np.column_stack([top, bottom]), 0.0)
        sums, n = pairs.sum(axis=0), int(both.sum())
        value = float(divide(sums[:1], sums[1:])[0])
        if n < 2:
            return Interval(value, np.nan, np.nan, n)
        _, *ends = self.interval(pairs, _quotients)
        low, high = (float(end[0]) for end in ends)
        return Interval(value, low, high, n)

    def shares(self, by_user: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Low and high of every column's share of the grand total (exposure shares of users x providers)."""
        width = by_user.shape[1]
        if by_user.shape[0] < 2:
            return np.full(width, np.nan), np.full(width, np.nan)
        drawn = self.sums(by_user)
        return self.bounds(divide(drawn, drawn.sum(axis=1, keepdims=True)))


def _percentiles(replicates: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - level) / 2
    finite = np.isfinite(replicates)
    if finite.all():
        low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
        return low, high
    pairs = [
        np.quantile(column[keep], [tail, 1 - tail]) if keep.any() else (np.nan, np.nan)
        for column, keep in zip(replicates.T, finite.T, strict=True)
    ]
    low, high = np.array(pairs).T
    return low, high


def _quotients(sums: np.ndarray) -> np.ndarray:
    """The first half of the columns over the second."""
    return divide(*np.hsplit(sums, 2))


@lru_cache(
    maxsize=12
)  # an audit asks for the same resamples hundreds of times; of 2,000 draws each takes at most 10 MB
def _resamples(seed: int, draws: int, users: int) -> tuple[np.ndarray | None, np.ndarray]:
    """The part of every user, where they are so many that parts are resampled; and draws x units: how often each is drawn."""
    rng = np.random.default_rng(seed)
    part, n = (rng.permutation(users) % _UNITS, _UNITS) if users > _UNITS else (None, users)
    counts = np.empty((draws, n), np.uint16)
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, draws, step):
        rows = len(counts[start : start + step])
        picked = rng.integers(0, n, (rows, n)) + np.arange(rows)[:, None] * n
        counts[start : start + step] = np.bincount(picked.ravel(), minlength=rows * n).reshape(rows, n)
    return part, counts.astype(np.uint8) if counts.max(initial=0) < 256 else counts


def _dealt(table: Table, part: np.ndarray | None) -> Table:
    """The rows, or the sums of those of each part."""
    if part is None:
        return table
    n = len(part)
    return sparse.csr_array((np.ones(n), (part, np.arange(n))), shape=(_UNITS, n)) @ sparse.csr_array(table)


def _dense(table: Table) -> np.ndarray:
    return table if isinstance(table, np.ndarray) else table.toarray()
