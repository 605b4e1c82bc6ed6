"""Evaluate: held-out quality of a kind of model, with the protocol printed beside every number."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd

from app.workspace import Workspace
from audit.measures.quality import evaluate as quality
from data.columns import ITEM, USER
from data.errors import BadInput
from data.keep.events import Kind
from data.splits import random_split, read_pair
from data.tables import Dataset, Interactions
from models.base import Recommender
from models.histories import Training
from models.registry import create
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
) -> dict[str, Any]:
    """Fit on one part of the choices, rank all unseen items, judge against the other part.

    It judges a kind of model: boosts, which belong to a stored one, play no part.
    """
    dataset = workspace.catalog.open(data)
    part, outcomes, split = _parts(dataset, train, test)
    recommender = create(model, **(settings or {}))
    started = time.perf_counter()
    recommender.fit(Training.of(dataset, part))
    fitted = time.perf_counter()
    recommendations = everybody(recommender, k)
    ranked = time.perf_counter()
    judged = quality(recommendations, outcomes, k)
    metrics = {name: float(value) for name, value in judged.per_user.mean(numeric_only=True).items()}
    told = {
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
        "seconds": {"fit": round(fitted - started, 3), "recommend": round(ranked - fitted, 3)},
    }
    workspace.log.append(Kind.EVALUATE, "operator", {"data": data, "model": model, "params": told["params"], "k": k})
    return told


def everybody(recommender: Recommender, k: int, boosts: tuple[Boost, ...] = ()) -> pd.DataFrame:
    """The recommendations table of all people of the training data, with the operator's boosts where any are given."""
    lists = serve_everybody(recommender, k, boosts=boosts).lists
    return lists.frame(recommender.training.users, recommender.training.items)


def held_out(dataset: Dataset) -> tuple[Interactions, pd.DataFrame, str]:
    """The standing split of a data set: a seeded fifth of each person's choices is the truth."""
    part, rest = random_split(dataset.interactions, SPLIT_SHARE, SPLIT_SEED)
    told = f"random {SPLIT_SHARE:.0%} of each person's choices held out, seed {SPLIT_SEED}"
    return part, rest.frame()[[USER, ITEM]], told


def _parts(dataset: Dataset, train: Path | None, test: Path | None) -> tuple[Interactions, pd.DataFrame, str]:
    if train is None and test is None:
        return held_out(dataset)
    if train is None or test is None:
        raise BadInput("a given split needs both parts", fix="give --train FILE and --test FILE")
    part, outcomes = read_pair(train, test, dataset)
    return part, outcomes, f"given: {train.name} and {test.name}"
