"""Fairlearn's MetricFrame over users: the engine of every group table, made fast enough for many users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

_ROWS = 400  # more users than this are contracted to weighted cells before MetricFrame sees them
_CELLS = 16  # cells per group


def metric_frame(values: np.ndarray, groups: pd.Series) -> MetricFrame:
    """MetricFrame of one metric, a row per user: `value` the mean and `n` the users of each group.

    MetricFrame takes 0.1 s for 2,000 rows and seconds for 100,000. So many users are first contracted to a few cells per
    group, each with its mean and its number of users as weight; the weighted mean of the
    cells is the mean of the users. Users without a value (NaN) are left out.
    """
    from fairlearn.metrics import MetricFrame

    valid = np.isfinite(values)
    kept, labels = np.asarray(values, dtype=np.float64)[valid], groups[valid]
    means, labels, size = contracted(kept, labels) if len(kept) > _ROWS else (kept, labels, np.ones(len(kept)))
    return MetricFrame(
        metrics={"value": _mean, "n": _users},
        y_true=means,
        y_pred=means,
        sensitive_features=labels,
        sample_params={"value": {"sample_weight": size}, "n": {"sample_weight": size}},
    )


def contracted(values: np.ndarray, groups: pd.Series) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Cells of users of one group: their mean, their group, how many they are."""
    codes, names = pd.factorize(groups)
    cell = codes.astype(np.int64) * _CELLS + np.arange(len(values)) % _CELLS
    size = np.bincount(cell, minlength=len(names) * _CELLS)
    total = np.bincount(cell, weights=values, minlength=len(size))
    used = np.flatnonzero(size)
    labels = pd.Series(np.asarray(names, dtype=object)[used // _CELLS], name=groups.name)
    return total[used] / size[used], labels, size[used].astype(np.float64)


def _mean(_: np.ndarray, values: np.ndarray, sample_weight: np.ndarray) -> float:
    return float(np.average(values, weights=sample_weight))


def _users(_: np.ndarray, values: np.ndarray, sample_weight: np.ndarray) -> float:
    return float(np.sum(sample_weight))
