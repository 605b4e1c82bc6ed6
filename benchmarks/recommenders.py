"""Fit and recommend to everybody, beside implicit and Surprise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from benchmarks.clock import Row, in_turns, seconds
from models.histories import Training
from models.registry import create

K = 10
_FACTORS, _ITERATIONS = 64, 15


def rows(training: Training, data: str, *, goals: bool) -> Iterator[Row]:
    """The rows of one data set; the goals of the design are set for the shape of MovieLens 1M."""
    yield from _fit_and_recommend(training, data, goals=goals)
    yield from _neighbours(training, data)
    yield _surprise(training, data)


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
