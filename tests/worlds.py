"""Small training worlds for tests of models, made from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data.columns import Kind
from data.ids import Ids
from data.tables import Interactions
from models.histories import Training

GENRES = np.array(["action", "comedy", "drama", "horror"])


def small_training(seed: int = 0, people: int = 60, titles: int = 40, density: float = 0.2) -> Training:
    """Two taste groups over four genres; every person has at least three choices; ratings 1 to 5."""
    rng = np.random.default_rng(seed)
    genre = rng.integers(0, 4, titles)
    taste = rng.integers(0, 2, people)
    likes = np.where((genre[None, :] // 2) == taste[:, None], 1.6, 0.4) * density
    chosen = rng.random((people, titles)) < likes * rng.uniform(0.4, 1.6, titles)[None, :]
    for person in range(people):
        chosen[person, rng.choice(titles, 3, replace=False)] = True
    user, item = np.nonzero(chosen)
    value = np.clip(np.rint(3 + likes[user, item] * 4 + rng.normal(0, 0.8, len(user))), 1, 5)
    users, items = Ids([f"u{n}" for n in range(people)]), Ids([str(n) for n in range(titles)])
    user_codes, item_codes = users.codes([f"u{n}" for n in user]), items.codes([str(n) for n in item])
    interactions = Interactions(users, items, user_codes, item_codes, value.astype(float))
    content = pd.DataFrame(
        {
            "genre": GENRES[genre],
            "year": 1990.0 + rng.integers(0, 30, titles),
            "about": [f"{GENRES[g]} story number {n % 7}" for n, g in enumerate(genre)],
        },
        index=pd.Index(items.values),
    )
    kinds = {"genre": Kind.CATEGORY, "year": Kind.NUMBER, "about": Kind.TEXT}
    return Training(users, items, interactions.matrix(), content, kinds, True)


def published_split(folder: Path) -> tuple[Training, pd.DataFrame]:
    """The MCRec split of MovieLens 100K over its 943 people and 1,682 titles: training and held-out table."""
    names = ["user_id", "item_id"]
    train = pd.read_csv(
        folder / "mcrec.train.rating",
        sep="\t",
        header=None,
        names=[*names, "value"],
        dtype={"user_id": str, "item_id": str},
    )
    test = pd.read_csv(folder / "mcrec.test.rating", sep="\t", header=None, names=names, dtype=str)
    users, items = Ids([str(n) for n in range(1, 944)]), Ids([str(n) for n in range(1, 1683)])
    interactions = Interactions(
        users, items, users.codes(train.user_id), items.codes(train.item_id), train.value.to_numpy(float)
    )
    empty = pd.DataFrame(index=pd.Index(items.values))
    return Training(users, items, interactions.matrix(), empty, {}, True), test


def surprise_literally(training: Training, own: list[int], item: int) -> float:
    """The surprise of an item to somebody with these own items, as it is defined: one pair of items at a time."""
    chosen = training.matrix.toarray() > 0
    people = len(chosen)

    def near(title: int) -> float:
        alike = []
        for other in own:
            both = (chosen[:, title] & chosen[:, other]).sum()
            size = chosen[:, title].sum() * chosen[:, other].sum()
            alike.append(both / np.sqrt(size) if size else 0.0)
        return float(np.mean(alike)) if alike else 0.0

    largest = max(near(title) for title in range(chosen.shape[1]))
    distance = 1 - near(item) / largest if largest else 1.0
    rarity = -np.log2(max(chosen[:, item].sum(), 1) / people) / np.log2(people)
    return float(0.5 * rarity + 0.5 * distance)
