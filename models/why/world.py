"""A small seeded world for the self-test, and the models fitted on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import Kind
from data.ids import Ids
from models.base import Recommender
from models.content.model import Content
from models.counted.linear import Linear
from models.histories import Profiles, Training

PEOPLE, TITLES = 300, 80
GENRES = np.array(["action", "comedy", "drama", "horror"])


class World:
    """A seeded world of two tastes with ratings and three content columns, and the models fitted on it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        genre, taste = rng.integers(0, 4, TITLES), rng.integers(0, 2, PEOPLE)
        likes = np.where((genre // 2)[None, :] == taste[:, None], 0.35, 0.1) * rng.uniform(0.4, 1.6, TITLES)
        table = (rng.random((PEOPLE, TITLES)) < likes) * rng.integers(1, 6, (PEOPLE, TITLES)).astype(np.float64)
        table[0] = 0.0
        table[0, rng.choice(TITLES, 8, replace=False)] = 4.0  # few enough to try all 256 subsets of their history
        content = pd.DataFrame(
            {
                "genre": GENRES[genre],
                "year": 1990.0 + rng.integers(0, 30, TITLES),
            },
            index=[f"t{number:02}" for number in range(TITLES)],
        )
        kinds = {"genre": Kind.CATEGORY, "year": Kind.NUMBER}
        people, items = Ids([f"p{number:03}" for number in range(PEOPLE)]), Ids(list(content.index))
        self.training = Training(people, items, sparse.csr_array(table), content, kinds, True)
        self.longest = int(np.argmax(np.diff(self.training.matrix.indptr)))

    @cached_property
    def linear(self) -> Linear:
        """The linear model of this world."""
        return Linear(regularization=20).fit(self.training)

    @cached_property
    def content(self) -> Content:
        """The content model of this world."""
        return Content().fit(self.training)

    def pairs(self, model: Recommender) -> Iterator[tuple[Profiles, int]]:
        """Ten people with a title of their list each."""
        for person in range(0, PEOPLE, PEOPLE // 10):
            one = model.profiles(np.array([person]))
            yield one, int(model.recommend(one, 1).items[0, 0])
