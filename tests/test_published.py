"""Published numbers, to the digit: MovieLens 100K, the split of Dacrema et al. (TOIS 2021), Table 46."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from audit.measures.quality import evaluate
from models.histories import Training
from models.registry import create
from models.slider import CANDIDATES, budget_of, rerank, self_information
from tests.worlds import published_split


@pytest.fixture(scope="module")
def split(ml100k_folder: Path) -> tuple[Training, pd.DataFrame]:
    return published_split(ml100k_folder)


def quality(split: tuple[Training, pd.DataFrame], name: str, **settings: Any) -> dict[str, float]:
    training, test = split
    model = create(name, **settings).fit(training)
    lists = model.recommend(model.profiles(), 10).frame(training.users, training.items)
    return evaluate(lists, test, 10).per_user.mean().to_dict()


# P@10, R@10, nDCG@10 with the ideal over all held-out items, and with the ideal cut at 10
PUBLISHED = [
    ("linear", {"regularization": 458}, (0.3739, 0.2430, 0.2905, 0.4457)),
    ("item-neighbours", {"similarity": "jaccard", "neighbours": 161}, (0.3177, 0.2043, 0.2431, 0.3766)),
    ("item-neighbours", {"similarity": "dice", "neighbours": 179}, (0.3211, 0.2040, 0.2425, 0.3781)),
    ("popularity", {}, (0.1904, 0.1179, 0.1360, 0.2183)),
]


@pytest.mark.parametrize(("name", "settings", "expected"), PUBLISHED, ids=lambda value: str(value)[:40])
def test_the_published_row_is_reproduced(
    split: tuple[Training, pd.DataFrame], name: str, settings: dict[str, Any], expected: tuple[float, ...]
) -> None:
    reached = quality(split, name, **settings)
    got = [reached[metric] for metric in ("precision", "recall", "ndcg_full_ideal", "ndcg")]
    assert got == pytest.approx(expected, abs=1e-4)


def test_user_neighbours_come_within_ties_of_the_published_rows(split: tuple[Training, pd.DataFrame]) -> None:
    # the code of record breaks ties otherwise; the table gives .3430 .2225 .2687 and .3442 .2237 .2692
    for kind, count, expected in (("jaccard", 128, (0.3430, 0.2225, 0.2687)), ("dice", 129, (0.3442, 0.2237, 0.2692))):
        reached = quality(split, "user-neighbours", similarity=kind, neighbours=count)
        got = [reached[metric] for metric in ("precision", "recall", "ndcg_full_ideal")]
        assert got == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("linear", {"regularization": 400}, (0.3739, 0.2430, 0.2905)),
        ("item-neighbours", {"similarity": "jaccard", "neighbours": 120}, (0.3177, 0.2043, 0.2431)),
        ("item-neighbours", {"similarity": "dice", "neighbours": 179, "shrink": 5}, (0.3211, 0.2040, 0.2425)),
    ],
)
def test_a_wrong_constant_breaks_the_row(
    split: tuple[Training, pd.DataFrame], name: str, settings: dict[str, Any], expected: tuple[float, ...]
) -> None:
    reached = quality(split, name, **settings)
    got = [reached[metric] for metric in ("precision", "recall", "ndcg_full_ideal")]
    assert got != pytest.approx(expected, abs=1e-4)


def test_the_slider_reaches_the_measured_points(split: tuple[Training, pd.DataFrame]) -> None:
    training, test = split
    model = create("linear", regularization=458).fit(training)
    candidates = model.recommend(model.profiles(), CANDIDATES)
    surprise = self_information(model.item_counts, len(training.users))
    for budget, ndcg, coverage in (
        (0, 0.4457, 0.193),
        (0.05, 0.4390, 0.295),
        (0.10, 0.4259, 0.473),
        (0.20, 0.3989, 0.589),
    ):
        lists = rerank(candidates, surprise, budget, 10).lists
        table = lists.frame(training.users, training.items)
        assert evaluate(table, test, 10).per_user["ndcg"].mean() == pytest.approx(ndcg, abs=1e-3)
        assert table["item_id"].nunique() / len(training.items) == pytest.approx(coverage, abs=1e-3)


def test_the_slider_position_is_half_its_budget() -> None:
    assert [budget_of(position) for position in (0, 0.1, 1)] == [0, 0.05, 0.5]
