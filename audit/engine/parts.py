"""User groups as parts of the counts: their sums, and the error of a number over buckets of users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.engine.scan import Scan
from audit.measures.counts import Table, rows_of

EVERYBODY = "all"


@dataclass(frozen=True, eq=False)
class Group:
    """The parts of one user group: bucket of each row, and the rows of the counts."""

    attribute: str
    name: str
    parts: np.ndarray
    buckets: int

    @property
    def bucket(self) -> np.ndarray:
        """Bucket of every part."""
        return self.parts % self.buckets

    def rows(self, table: Table) -> Table:
        """The group's rows of a table of parts."""
        return rows_of(table, self.parts)

    def total(self, table: Table) -> np.ndarray:
        """Sum of the group's rows of a table of parts."""
        return np.asarray(np.ones(len(self.parts)) @ self.rows(table))

    def error(self, draws: np.ndarray, lists: np.ndarray, level: float) -> tuple[float, float]:
        """Standard error of a number from its linearised sum in every part, and Student's t; NaN below two buckets."""
        used = np.bincount(self.bucket, weights=lists[self.parts], minlength=self.buckets) > 0
        by_bucket = np.bincount(self.bucket, weights=draws, minlength=self.buckets)[used]
        return float(spread(by_bucket[:, None])[0]), student(len(by_bucket), level)


def groups(table: pd.DataFrame, buckets: int, lists: np.ndarray) -> Iterator[Group]:
    """Everybody, then every group of every attribute that has a list; `lists` by part."""
    every = np.arange(len(lists))
    yield Group("", EVERYBODY, every, buckets)
    for attribute in table.columns:
        labels = table[attribute].to_numpy()
        for name in sorted(set(labels)):
            parts = every[np.isin(every // buckets, np.flatnonzero(labels == name))]
            if lists[parts].any():
                yield Group(str(attribute), str(name), parts, buckets)


def groups_of(scan: Scan) -> Iterator[Group]:
    """Everybody and every group of a scan."""
    return groups(scan.groups, scan.counts.buckets, scan.counts.lists)


def spread(draws: np.ndarray) -> np.ndarray:
    """Standard error of each column's sum over buckets (rows), the buckets being drawn alike; NaN below two."""
    n = len(draws)
    if n < 2:
        return np.full(draws.shape[1], np.nan)
    return np.sqrt(n / (n - 1) * ((draws - draws.mean(axis=0)) ** 2).sum(axis=0))


def student(buckets: int, level: float) -> float:
    """Quantile of Student's t for a two-sided interval; NaN below two buckets."""
    from scipy.special import stdtrit

    return float(stdtrit(buckets - 1, (1 + level) / 2)) if buckets > 1 else np.nan
