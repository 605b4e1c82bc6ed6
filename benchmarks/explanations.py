"""Explain one pair beside shap, and a whole list with its counterfactuals."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import cast

import numpy as np
from scipy import sparse

from benchmarks.clock import Row, percentile, seconds
from models.counted.linear import Linear
from models.histories import Profiles, Training
from models.registry import create
from models.serving import Request
from models.why.reasons import explain_served

K = 10
_PAIRS, _LISTS, _ROUNDS = 400, 200, 3


def rows(training: Training, data: str) -> Iterator[Row]:
    """The rows of one data set."""
    model = cast("Linear", create("linear", regularization=458).fit(training))
    lengths = np.diff(training.matrix.indptr)
    one = model.profiles(np.array([int(np.argsort(lengths)[len(lengths) // 2])]))
    yield _beside_kernel(model, one, data)
    long = _long_history(training.matrix.shape[1])
    _, tail = percentile(lambda n: model.explain(long, 1 + n % 500), _PAIRS)
    yield _limit(f"explain one pair, history of {long.matrix.nnz}: 95th percentile", data, tail, 1e-3)
    yield _limit(
        f"explain a whole list of 10, counterfactuals and people included: 95th percentile of {_LISTS} people (median)",
        data,
        *_lists(model),
    )


def _beside_kernel(model: Linear, one: Profiles, data: str) -> Row:
    """KernelExplainer asked the same question: an empty history as background, every reason kept."""
    import shap

    targets = model.recommend(one, K).items[0]
    middle, _ = percentile(lambda n: model.explain(one, int(targets[n % K])), _PAIRS)
    target, width = int(targets[0]), model.training.matrix.shape[1]
    explainer = shap.KernelExplainer(lambda x: x @ model.weights[:, target], np.zeros((1, width)))
    history = (one.matrix.toarray() > 0).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = min(seconds(lambda: explainer.shap_values(history, l1_reg=0, silent=True)) for _ in range(_ROUNDS))
    factor = kernel / middle
    return Row(
        f"explain one pair: linear / shap.KernelExplainer (history of {one.matrix.nnz})", data,
        f"{middle * 1e3:.4f} ms", f"{kernel:.2f} s", f"{factor:,.0f}x faster", "> 10,000x", factor > 10_000,
    )  # fmt: skip


def _lists(model: Linear) -> tuple[float, float, float]:
    """95th percentile, goal and median of the seconds for one person's list."""
    people = np.random.default_rng(0).choice(len(model.training.users), _LISTS, replace=False)
    profiles = model.profiles(people)
    listed = model.recommend(profiles, K).items

    def explain(row: int) -> None:
        request = Request(profiles.rows(row, row + 1), K)
        for item in listed[row]:
            explain_served(model, request, int(item))

    middle, tail = percentile(explain, _LISTS)
    return tail, 20e-3, middle


def _limit(what: str, data: str, taken: float, goal: float, middle: float | None = None) -> Row:
    told = f"{taken * 1e3:.3g} ms" + ("" if middle is None else f" ({middle * 1e3:.3g})")
    return Row(what, data, told, "–", "–", f"< {goal * 1e3:g} ms", taken < goal)


def _long_history(width: int) -> Profiles:
    items = np.unique(np.linspace(501, width - 1, 1000).astype(np.int32))
    matrix = sparse.csr_array((np.ones(len(items)), items, np.array([0, len(items)])), shape=(1, width))
    return Profiles(np.array([-1]), matrix)
