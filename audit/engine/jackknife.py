"""Errors and tests of numbers that are summed from buckets of users."""

from __future__ import annotations

import numpy as np

from audit.engine.parts import student
from audit.inference.stratified import normal_limit


def left_out(sums: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Everybody, then without each used bucket: draws x ..., from sums whose last axis is the bucket."""
    whole = sums.sum(axis=-1)
    return np.concatenate([whole[None], whole - np.moveaxis(sums[..., used], -1, 0)])


def jackknife(values: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    """Standard error from everybody (first row) and the others without a bucket each, and Student's t; NaN below two."""
    n = len(values) - 1
    if n < 2:
        return np.full(values.shape[1], np.nan), np.nan
    return np.sqrt((n - 1) / n * ((values[1:] - values[1:].mean(axis=0)) ** 2).sum(axis=0)), student(n, level)


def ends(values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of every number of `jackknife`."""
    error, t = jackknife(values, level)
    return values[0] - t * error, values[0] + t * error


def limit_p(size: np.ndarray, total: np.ndarray, squares: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Metrics x groups; `size` strata x groups, `total` and `squares` metrics x strata x groups."""
    people = size.sum(axis=1)
    mean = np.divide(total.sum(axis=-1), people, out=np.zeros(total.shape[:2]), where=people > 0)
    left = np.maximum(squares.sum(axis=-1) - people * mean**2, 0)
    return normal_limit(size, (left / np.maximum(people - 1, 1)).T, np.abs(gap).T).T
