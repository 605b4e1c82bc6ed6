"""Evaluate: held-out quality of a kind of model, with the protocol printed beside every number."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.workspace import Workspace
from audit.measures.quality import Quality
from audit.measures.quality import evaluate as quality
from audit.plan import Plan
from audit.spread import moments
from data.columns import ITEM, USER
from data.errors import BadInput
from data.keep.events import Kind
from data.splits import random_split, read_pair
from data.tables import Dataset, Interactions
from models.base import Recommender
from models.histories import Training
from models.registry import create, recommender_class, reseeded
from models.serving import Boost, serve_everybody

SPLIT_SHARE, SPLIT_SEED = 0.2, 0


def evaluate(
    workspace: Workspace,
    data: str,
    model: str,
    settings: dict[str, Any] | None = None,
    *,
    train: Path | None = None,
    test: Path | None = None,
    k: int = 10,
    seeds: int | None = None,
) -> dict[str, Any]:
    """Fit on one part of the choices, rank all unseen items, judge against the other part.

    It judges a kind of model: boosts, which belong to a stored one, play no part. With `seeds` the result has `spread`, a
    row per metric with its value at every seed, mean, sd (n - 1), least and most; the first seed is that of `metrics`.
    """
    asked = Plan.of({"seeds": seeds}).seeds
    dataset = workspace.catalog.open(data)
    part, outcomes, split = _parts(dataset, train, test, asked)
    recommender = create(model, **(settings or {}))
    judged, seconds = _judged(recommender, Training.of(dataset, part), outcomes, k)
    metrics = _means(judged)
    told: dict[str, Any] = {
        "data": data,
        "model": model,
        "params": recommender.settings.model_dump(),
        "metrics": metrics,
        "protocol": {
            "split": split,
            "k": k,
            "candidates": "every item of the catalogue that is not in the person's training choices",
            "users": len(judged.per_user),
            "users_without_truth": judged.without_truth,
            "ndcg": "binary gain, 1/log2(rank+1), ideal over min(held-out items, k)",
            "ndcg_full_ideal": "the same gain, ideal over all held-out items",
            "average": "mean over users with at least one held-out item",
        },
        "seconds": seconds,
    }
    if asked is not None:
        told["spread"] = _spread(dataset, model, settings or {}, metrics, asked, k)
        told["protocol"]["seeds"] = _spread_words(model, settings or {}, asked)
    about = {"data": data, "model": model, "params": told["params"], "k": k}
    workspace.log.append(Kind.EVALUATE, "operator", {**about, **({} if asked is None else {"seeds": asked})})
    return told


def everybody(recommender: Recommender, k: int, boosts: tuple[Boost, ...] = ()) -> pd.DataFrame:
    """The recommendations table of all people of the training data, with the operator's boosts where any are given."""
    lists = serve_everybody(recommender, k, boosts=boosts).lists
    return lists.frame(recommender.training.users, recommender.training.items)


def held_out(dataset: Dataset, seed: int = SPLIT_SEED) -> tuple[Interactions, pd.DataFrame, str]:
    """The standing split of a data set, or that of another seed: a random fifth of all choices is the truth."""
    part, rest = random_split(dataset.interactions, SPLIT_SHARE, seed)
    told = f"random {SPLIT_SHARE:.0%} of all choices held out, seed {seed}"
    return part, rest.frame()[[USER, ITEM]], told


def seeds_of(number: int) -> range:
    """So many seeds of the split, the standing one first."""
    return range(SPLIT_SEED, SPLIT_SEED + number)


def own_draws(model: str, settings: dict[str, Any], seeds: int) -> str:
    """What a protocol says where the model itself draws: its own seed at every seed of the split."""
    name = recommender_class(model, settings.get("similarity")).seed_setting
    if name is None:
        return ""
    own = [create(model, **reseeded(model, settings, by)).settings.model_dump()[name] for by in range(seeds)]
    return f"; its own {name} goes along: {', '.join(map(str, own))}"


def _judged(
    recommender: Recommender, training: Training, outcomes: pd.DataFrame, k: int
) -> tuple[Quality, dict[str, float]]:
    """The quality of a recommender that is fitted here, and the seconds that took."""
    started = time.perf_counter()
    recommender.fit(training)
    fitted = time.perf_counter()
    recommendations = everybody(recommender, k)
    ranked = time.perf_counter()
    seconds = {"fit": round(fitted - started, 3), "recommend": round(ranked - fitted, 3)}
    return quality(recommendations, outcomes, k), seconds


def _means(judged: Quality) -> dict[str, float]:
    return {str(name): float(value) for name, value in judged.per_user.mean(numeric_only=True).items()}


def _spread(
    dataset: Dataset, model: str, settings: dict[str, Any], first: dict[str, float], seeds: int, k: int
) -> list[dict[str, Any]]:
    """A row per metric over the seeds; `first` are the metrics of the standing one."""
    at = [first]
    for seed in seeds_of(seeds)[1:]:
        part, outcomes, _ = held_out(dataset, seed)
        again = create(model, **reseeded(model, settings, seed - SPLIT_SEED))
        at.append(_means(_judged(again, Training.of(dataset, part), outcomes, k)[0]))
    values = np.array([[each[name] for each in at] for name in first])
    summed = {name: column.tolist() for name, column in moments(values).items()}
    return [
        {
            "metric": metric,
            "value": first[metric],
            **{name: column[n] for name, column in summed.items()},
            "values": row,
        }
        for n, (metric, row) in enumerate(zip(first, values.tolist(), strict=True))
    ]


def _spread_words(model: str, settings: dict[str, Any], seeds: int) -> str:
    return (
        f"seeds {', '.join(map(str, seeds_of(seeds)))}: at each another random {SPLIT_SHARE:.0%} of all choices is held out "
        "and the model is fitted again; what is chosen by validation is chosen again; the parts overlap, so the spread is no "
        f"confidence interval{own_draws(model, settings, seeds)}"
    )


def _parts(
    dataset: Dataset, train: Path | None, test: Path | None, seeds: int | None
) -> tuple[Interactions, pd.DataFrame, str]:
    if seeds is not None and (train is not None or test is not None):
        raise BadInput("a given split is one split, so there are no other seeds", fix="leave --seeds out")
    if train is None and test is None:
        return held_out(dataset)
    if train is None or test is None:
        raise BadInput("a given split needs both parts", fix="give --train FILE and --test FILE")
    part, outcomes = read_pair(train, test, dataset)
    return part, outcomes, f"given: {train.name} and {test.name}"
