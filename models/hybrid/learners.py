"""The two ways of combining signals into a score, each kept as plain arrays and explained by SHAP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from models.histories import Profiles
from models.hybrid.signals import Signals

_TREE_CELLS = 500_000  # people x items whose signals are held side by side


class Combination(ABC):
    """A learned function of signals: log-odds that a title is chosen rather than left."""

    def __init__(self, arrays: dict[str, np.ndarray], background: np.ndarray) -> None:
        self.arrays, self.background = arrays, background

    @classmethod
    @abstractmethod
    def learn(cls, rows: np.ndarray, chosen: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The arrays of the combination, from pairs x signals and whether each was chosen."""

    @abstractmethod
    def scores(self, signals: Signals, profiles: Profiles) -> np.ndarray:
        """People x items, log-odds."""

    @staticmethod
    def read(rows: np.ndarray) -> np.ndarray:
        """Signals in the precision in which this combination reads them."""
        return rows

    @cached_property
    def masker(self) -> Any:
        """The whole background: both of SHAP's explainers would otherwise take 100 rows of it."""
        import shap

        return shap.maskers.Independent(self.read(self.background), max_samples=len(self.background))

    @cached_property
    @abstractmethod
    def explainer(self) -> Any:
        """SHAP's explainer over the whole background."""

    def explain(self, row: np.ndarray) -> tuple[float, np.ndarray]:
        """Base (the mean score of the background) and the Shapley value of each signal of one row."""
        values = np.asarray(self.explainer.shap_values(self.read(row)[None, :]), dtype=np.float64)
        return float(np.ravel(self.explainer.expected_value)[0]), values.reshape(-1)


class Logistic(Combination):
    """intercept + sum of weight x signal, by logistic regression on standardised signals."""

    @classmethod
    def learn(cls, rows: np.ndarray, chosen: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Weights and intercept in the units of the raw signals."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(rows)
        fitted = LogisticRegression(max_iter=1000, tol=1e-8).fit(scaler.transform(rows), chosen)
        weights = fitted.coef_[0] / scaler.scale_
        return {"weights": weights, "intercept": fitted.intercept_ - weights @ scaler.mean_}

    def scores(self, signals: Signals, profiles: Profiles) -> np.ndarray:
        """Added up table by table, so that the signals are never held together."""
        total = np.full(profiles.matrix.shape, self.arrays["intercept"][0])
        for weight, table in zip(self.arrays["weights"], signals.tables(profiles), strict=True):
            total += weight * table
        return total

    @cached_property
    def explainer(self) -> Any:
        """LinearExplainer against the whole background."""
        import shap

        return shap.LinearExplainer((self.arrays["weights"], float(self.arrays["intercept"][0])), self.masker)


class Trees(Combination):
    """Gradient-boosted trees (scikit-learn's HistGradientBoosting), kept as arrays of nodes.

    SHAP holds thresholds and leaf values in single precision, so that a signal that equals a threshold may take the
    other branch there. Hence signals, thresholds and leaves are numbers of single precision from the start.
    """

    @staticmethod
    def read(rows: np.ndarray) -> np.ndarray:
        """Signals rounded to single precision."""
        return rows.astype(np.float32).astype(np.float64)

    @classmethod
    def learn(cls, rows: np.ndarray, chosen: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Nodes of all trees one after another; `start` is the first node of each, feature -1 a leaf."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        learner = HistGradientBoostingClassifier(
            max_iter=100, max_leaf_nodes=15, early_stopping=False, random_state=seed
        )
        # on busy cores the threads of small trees wait for one another far longer than they work
        with threadpool_limits(limits=1, user_api="openmp"):
            fitted = learner.fit(cls.read(rows), chosen)
        trees = [stage[0].nodes for stage in fitted._predictors]
        nodes = np.concatenate(trees)
        leaf = nodes["is_leaf"].astype(bool)
        return {
            "base": np.ravel(fitted._baseline_prediction).astype(np.float64),
            "start": np.cumsum([0, *map(len, trees)])[:-1].astype(np.int64),
            "feature": np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
            "threshold": _single_below(nodes["num_threshold"]),
            "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
            "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
            "value": cls.read(nodes["value"]),
            "count": nodes["count"].astype(np.float64),
        }

    def scores(self, signals: Signals, profiles: Profiles) -> np.ndarray:
        """A few people at a time, their signals side by side."""
        step = max(1, _TREE_CELLS // profiles.matrix.shape[1])
        blocks = [profiles.rows(start, start + step) for start in range(0, len(profiles), step)]
        tables = [self.predict(signals.rows(block)) for block in blocks]
        return np.concatenate([np.zeros(0), *tables]).reshape(profiles.matrix.shape)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Log-odds of rows of signals."""
        from models.rated.kernels import tree_sums

        names = ("start", "feature", "threshold", "left", "right", "value")
        return self.arrays["base"][0] + tree_sums(self.read(rows), *(self.arrays[name] for name in names))

    @cached_property
    def explainer(self) -> Any:
        """TreeExplainer against the whole background (interventional)."""
        import shap

        return shap.TreeExplainer(self.shap_model, data=self.masker, feature_perturbation="interventional")

    @property
    def shap_model(self) -> dict[str, Any]:
        """The trees as SHAP takes them."""
        stops = np.append(self.arrays["start"][1:], len(self.arrays["value"]))
        return {
            "trees": [self._tree(slice(*span)) for span in zip(self.arrays["start"], stops, strict=True)],
            "base_offset": self.arrays["base"][0],
            "tree_output": "log_odds",
            "internal_dtype": np.float64,
            "input_dtype": np.float64,
        }

    def _tree(self, nodes: slice) -> dict[str, np.ndarray]:
        part = {name: array[nodes] for name, array in self.arrays.items() if name not in ("base", "start")}
        return {
            "children_left": part["left"],
            "children_right": part["right"],
            "children_default": part["left"],
            "features": np.where(part["feature"] < 0, -2, part["feature"]),
            "thresholds": part["threshold"],
            "values": part["value"][:, None],
            "node_sample_weight": part["count"],
        }


def _single_below(thresholds: np.ndarray) -> np.ndarray:
    """The largest numbers of single precision that are not above the thresholds: the same rows go left."""
    single = thresholds.astype(np.float32)
    lower = np.where(single.astype(np.float64) > thresholds, np.nextafter(single, np.float32(-np.inf)), single)
    return lower.astype(np.float64)


COMBINATIONS: dict[str, type[Combination]] = {"logistic": Logistic, "trees": Trees}
