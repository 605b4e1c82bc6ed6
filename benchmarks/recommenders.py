"""Fit, recommend to everybody and explain, beside implicit, Surprise and shap."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from scipy import sparse

from benchmarks.clock import Row, in_turns, percentile, seconds
from models.base import Profiles, Training
from models.registry import create

K = 10
_FACTORS, _ITERATIONS = 64, 15


def rows(training: Training, data: str, *, goals: bool) -> Iterator[Row]:
    """The rows of one data set; the goals of the design are set for the shape of MovieLens 1M."""
    yield from _fit_and_recommend(training, data, goals=goals)
    yield from _neighbours(training, data)
    yield _surprise(training, data)
    yield from _explain(training, data)


def _fit_and_recommend(training: Training, data: str, *, goals: bool) -> Iterator[Row]:
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    plain = _for_implicit(training)
    ours = create("linear", regularization=458)
    als = AlternatingLeastSquares(factors=_FACTORS, iterations=_ITERATIONS, random_state=0)

    def fit_als() -> None:
        with threadpool_limits(1, "blas"):  # as implicit asks for
            als.fit(plain, show_progress=False)

    ours.fit(_small(training))  # compile once
    fit = in_turns({"ours": lambda: ours.fit(training), "als": fit_als}, 2)
    yield _ratio("fit: linear / implicit ALS (64 factors, 15 iterations)", data, fit, "als", 0.5 if goals else None)
    everybody, people = ours.profiles(), np.arange(plain.shape[0])
    ours.recommend(everybody, K)

    def all_als() -> None:
        with threadpool_limits(1, "blas"):
            als.recommend(people, plain, N=K)

    served = in_turns({"ours": lambda: ours.recommend(everybody, K), "als": all_als}, 5)
    yield _throughput(
        "recommend to everybody: linear / implicit ALS", data, served, "als", len(people), 1.2 if goals else None
    )


def _neighbours(training: Training, data: str) -> Iterator[Row]:
    from implicit.nearest_neighbours import CosineRecommender

    plain = _for_implicit(training)
    ours, theirs = create("item-neighbours", similarity="cosine", neighbours=100), CosineRecommender(K=100)
    fit = in_turns({"ours": lambda: ours.fit(training), "cosine": lambda: theirs.fit(plain, show_progress=False)}, 2)
    yield _ratio("fit: item-neighbours cosine / implicit cosine (100 neighbours)", data, fit, "cosine", None)
    everybody, people = ours.profiles(), np.arange(plain.shape[0])
    ours.recommend(everybody, K)
    served = in_turns(
        {"ours": lambda: ours.recommend(everybody, K), "cosine": lambda: theirs.recommend(people, plain, N=K)}, 3
    )
    yield _throughput(
        "recommend to everybody: item-neighbours / implicit cosine", data, served, "cosine", len(people), None
    )


def _surprise(training: Training, data: str) -> Row:
    """Our ranking by Surprise's SVD beside the loop over its `predict` that its users write."""
    from models.rated.ratings import trainset

    few = 5
    ours = create("svd", n_epochs=2).fit(training)
    table = trainset(training)
    import surprise

    algorithm = surprise.SVD(n_epochs=2, random_state=0).fit(table)
    items = list(table.all_items())

    def loop() -> None:
        for user in range(few):
            sorted((algorithm.estimate(user, item) for item in items), reverse=True)[:K]

    everybody = ours.profiles()
    ours.recommend(everybody, K)
    taken = {"ours": seconds(lambda: ours.recommend(everybody, K)) / len(everybody), "loop": seconds(loop) / few}
    factor = taken["loop"] / taken["ours"]
    return Row(
        "rank one person by SVD: ours / loop over Surprise's predict", data, f"{taken['ours'] * 1e3:.3f} ms",
        f"{taken['loop'] * 1e3:.1f} ms", f"{factor:,.0f}x faster", "–", None,
    )  # fmt: skip


def _explain(training: Training, data: str) -> Iterator[Row]:
    import shap

    model = create("linear", regularization=458).fit(training)
    lengths = np.diff(training.matrix.indptr)
    person = int(np.argsort(lengths)[len(lengths) // 2])
    one = model.profiles(np.array([person]))
    targets = model.recommend(one, K).items[0]
    middle, slowest = percentile(lambda n: model.explain(one, int(targets[n % K])), 400)
    target = int(targets[0])
    width = training.matrix.shape[1]
    history = (one.matrix.toarray() > 0).astype(float)
    explainer = shap.KernelExplainer(lambda x: x @ model.weights[:, target], np.zeros((1, width)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = seconds(lambda: explainer.shap_values(history, l1_reg=0, silent=True))
    factor = kernel / middle
    yield Row(
        f"explain one pair: linear / shap.KernelExplainer (history of {len(one.matrix.indices)})", data,
        f"{middle * 1e3:.3f} ms", f"{kernel:.2f} s", f"{factor:,.0f}x faster", "> 10,000x", factor > 10_000,
    )  # fmt: skip
    long = _long_history(width)
    _, tail = percentile(lambda n: model.explain(long, 1 + n % 500), 500)
    yield Row(
        f"explain one pair, history of {long.matrix.nnz}: 95th percentile", data, f"{tail * 1e3:.3f} ms", "–", "–",
        "< 1 ms", tail < 1e-3,
    )  # fmt: skip
    del slowest


def _long_history(width: int) -> Profiles:
    items = np.unique(np.linspace(501, width - 1, 1000).astype(np.int32))
    matrix = sparse.csr_array((np.ones(len(items)), items, np.array([0, len(items)])), shape=(1, width))
    return Profiles(np.array([-1]), matrix)


def _small(training: Training) -> Training:
    from dataclasses import replace

    return replace(training, matrix=sparse.csr_array(training.matrix[:50].sorted_indices()), users=training.users)


def _for_implicit(training: Training) -> sparse.csr_matrix:
    ones = np.ones(training.matrix.nnz, dtype=np.float32)
    return sparse.csr_matrix((ones, training.matrix.indices, training.matrix.indptr), shape=training.matrix.shape)


def _ratio(what: str, data: str, taken: dict[str, float], other: str, goal: float | None) -> Row:
    ratio = taken["ours"] / taken[other]
    met = None if goal is None else ratio <= goal
    goal_text = "–" if goal is None else f"≤ {goal}x the time"
    return Row(what, data, f"{taken['ours']:.2f} s", f"{taken[other]:.2f} s", f"{ratio:.2f}x the time", goal_text, met)


def _throughput(what: str, data: str, taken: dict[str, float], other: str, people: int, goal: float | None) -> Row:
    ours, theirs = people / taken["ours"], people / taken[other]
    met = None if goal is None else ours / theirs >= goal
    goal_text = "–" if goal is None else f"≥ {goal}x the rate"
    return Row(
        what, data, f"{ours:,.0f} people/s", f"{theirs:,.0f} people/s", f"{ours / theirs:.2f}x the rate", goal_text, met
    )
