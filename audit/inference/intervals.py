"""Intervals by resampling users: the user is the unit, never the impression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from audit.measures.coded import divide

Table = np.ndarray | sparse.csr_array

_UNITS = 5_000  # more users than this are dealt at random into so many equal parts, and the parts are resampled
_CELLS = 4_000_000  # counts held at once: 32 MB
_COLUMNS = 512


@dataclass(frozen=True)
class Interval:
    """A value with its percentile interval; low and high are NaN below two users."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Bootstrap:
    """Percentile bootstrap of users (Efron 1979), seeded: the same users meet the same resamples in every call.

    Everything here is a function of sums over users, so a resample is one row of counts and all columns share it. Above
    5,000 users the parts stand for users: each part is a random set of users, so the spread of its sum is theirs.
    """

    draws: int = 2000
    seed: int = 0
    level: float = 0.95

    def sums(self, table: Table) -> np.ndarray:
        """Draws x columns: the sum of the table's rows (users) under each resample."""
        rng = np.random.default_rng(self.seed)
        units = _deal(table, rng)
        n, width = units.shape
        result = np.empty((self.draws, width))
        step = max(1, _CELLS // max(n, 1))
        for start in range(0, self.draws, step):
            stop = min(start + step, self.draws)
            picked = rng.integers(0, n, (stop - start, n)) + np.arange(stop - start)[:, None] * n
            counts = np.bincount(picked.ravel(), minlength=(stop - start) * n).reshape(stop - start, n)
            for column in range(0, width, _COLUMNS):
                block = _dense(units[:, column : column + _COLUMNS])
                result[start:stop, column : column + _COLUMNS] = counts.astype(np.float64) @ block
        return result

    def bounds(self, replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Low and high of every column of draws x columns; undefined draws are left out, NaN where all are."""
        tail = (1 - self.level) / 2
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

    def means(self, values: pd.DataFrame) -> pd.DataFrame:
        """Mean of each column over its users with a value: columns `value`, `low`, `high`, `n`.

        A user without a value (NaN) takes part in the resampling and counts in no mean.
        """
        table = values.to_numpy(dtype=np.float64)
        valid = np.isfinite(table)
        filled = np.where(valid, table, 0.0)
        drawn = self.sums(np.hstack([filled, valid.astype(np.float64)]))
        low, high = self.bounds(divide(*np.hsplit(drawn, 2)))
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
        drawn = self.sums(np.hstack([np.nan_to_num(sides.to_numpy()), valid.astype(np.float64)]))
        means = divide(*np.hsplit(drawn, 2))
        low, high = (float(bound[0]) for bound in self.bounds(means[:, :1] - means[:, 1:]))
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
        drawn = self.sums(pairs)
        low, high = (float(bound[0]) for bound in self.bounds(divide(drawn[:, :1], drawn[:, 1:])))
        return Interval(value, low, high, n)

    def shares(self, by_user: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Low and high of every column's share of the grand total (exposure shares of users x providers)."""
        width = by_user.shape[1]
        if by_user.shape[0] < 2:
            return np.full(width, np.nan), np.full(width, np.nan)
        drawn = self.sums(by_user)
        return self.bounds(divide(drawn, drawn.sum(axis=1, keepdims=True)))


def _deal(table: Table, rng: np.random.Generator) -> Table:
    """Keep the rows, or take the sums of equal random parts of them where there are many."""
    n = table.shape[0]
    if n <= _UNITS:
        return table
    part = rng.permutation(n) % _UNITS
    return sparse.csr_array((np.ones(n), (part, np.arange(n))), shape=(_UNITS, n)) @ sparse.csr_array(table)


def _dense(table: Table) -> np.ndarray:
    return table if isinstance(table, np.ndarray) else table.toarray()
