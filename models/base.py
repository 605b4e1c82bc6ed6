"""The contract of every recommender: fit, score, recommend, explain, erase, save and load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy import sparse

from data.columns import Kind
from data.errors import BadInput
from data.ids import Ids
from data.tables import Dataset, Interactions
from models.explanation import Exactness, Explanation, ItemParts, Part
from models.ranking import Lists, top_k


class Settings(BaseModel):
    """Settings of a model: checked, frozen, no unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, eq=False)
class Training:
    """What a model learns from: who chose what, and the content columns of the items."""

    users: Ids
    items: Ids
    matrix: sparse.csr_array  # users x items, float64: rating, or 1
    content: pd.DataFrame  # index item_id in vocabulary order
    kinds: dict[str, Kind]
    explicit: bool
    titles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.titles:
            object.__setattr__(self, "titles", tuple(map(str, self.items.values)))

    @classmethod
    def of(cls, dataset: Dataset, interactions: Interactions | None = None) -> Training:
        """The training view of a data set, or of a part of its interactions."""
        chosen = dataset.interactions if interactions is None else interactions
        kinds = {name: kind for name, kind in dataset.kinds.items() if name in dataset.items}
        titles = tuple(map(str, dataset.titles()))
        content = dataset.items[list(kinds)]
        return cls(chosen.users, chosen.items, chosen.matrix(), content, kinds, chosen.value is not None, titles)

    def without_user(self, user: int) -> Training:
        """The same without one person: their id and their row are gone."""
        users = Ids(np.delete(self.users.values, user))
        rows = self.users.codes(users.values)  # without that id the order of the others may be another one
        return replace(self, users=users, matrix=sparse.csr_array(self.matrix[rows]))


@dataclass(frozen=True, eq=False)
class Profiles:
    """What is known of the people to serve, a row each: stored, edited (opt-outs) or new.

    `users` holds the code of the person in the training vocabulary, -1 for somebody the model has never met.
    """

    users: np.ndarray
    matrix: sparse.csr_array  # rows x items, float64: rating, or 1

    def __len__(self) -> int:
        return len(self.users)

    def without(self, items: np.ndarray) -> Profiles:
        """The same people as if they had never chosen these items (codes)."""
        matrix = self.matrix
        kept = ~np.isin(matrix.indices, items)
        row = np.repeat(np.arange(len(self)), np.diff(matrix.indptr))[kept]
        pointers = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(self)))])
        edited = sparse.csr_array((matrix.data[kept], matrix.indices[kept], pointers), shape=matrix.shape)
        return Profiles(self.users, edited)

    def each_without(self, sets: np.ndarray) -> Profiles:
        """Copies of the first person, a row a set, each without the items (codes) of its row of `sets` (s, m)."""
        start, stop = self.matrix.indptr[:2]
        items, values = self.matrix.indices[start:stop], self.matrix.data[start:stop]
        keep = ~(items[None, None, :] == sets[:, :, None]).any(axis=1)
        _, place = np.nonzero(keep)
        pointers = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
        matrix = sparse.csr_array((values[place], items[place], pointers), shape=(len(sets), self.matrix.shape[1]))
        return Profiles(np.repeat(self.users[:1], len(sets)), matrix)

    def presence(self) -> Profiles:
        """The same with 1 for every chosen item, whatever its value."""
        matrix = self.matrix
        ones = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
        return Profiles(self.users, ones)

    def rows(self, start: int, stop: int) -> Profiles:
        """A slice of the people."""
        return Profiles(self.users[start:stop], self.matrix[start:stop])


class Recommender(ABC):
    """Template of a recommender: this class checks, masks, ranks and erases; a model fits, scores and attributes.

    A model implements `_fit`, `_scores`, `_attribute`, `_state` and `_restore`.
    """

    name: ClassVar[str]
    title: ClassVar[str]  # plain words
    kind: ClassVar[Exactness]
    erasure: ClassVar[str] = "retrained"  # or "exact": equal to a retrain by subtraction of integer counts
    profiled: ClassVar[bool] = True  # whether a list depends on the person
    settings_class: ClassVar[type[Settings]] = Settings

    settings: Settings
    training: Training

    def __init__(self, **settings: Any) -> None:
        try:
            self.settings = self.settings_class(**settings)
        except ValidationError as error:
            raise _setting_error(self.name, type(self).settings_class, error) from error

    # -- what everybody calls ------------------------------------------------------------------

    def fit(self, training: Training) -> Self:
        """Learn from `training`; at least one interaction is needed."""
        if training.matrix.nnz == 0:
            raise BadInput("there is no interaction to learn from", fix="give a table with at least one row")
        self.training = training
        self._fit(training)
        return self

    def profiles(self, users: np.ndarray | None = None) -> Profiles:
        """The stored histories of the users (codes), everybody's by default."""
        codes = np.arange(len(self.training.users)) if users is None else np.asarray(users, dtype=np.int64)
        return Profiles(codes, sparse.csr_array(self.training.matrix[codes]))

    def scores(self, profiles: Profiles) -> np.ndarray:
        """People x items, float64, higher is better. Only for a batch: never for everybody at once."""
        return np.asarray(self._scores(profiles), dtype=np.float64)

    def recommend(self, profiles: Profiles, k: int = 10, *, hidden: np.ndarray | None = None) -> Lists:
        """The k best unseen items of each person; ties go to the smaller item id; `hidden` item codes are left out.

        A person with fewer than k unseen items gets a shorter list (item code -1, score NaN at the end).
        """
        if not k >= 1:
            raise BadInput("the list length k must be at least 1", value=k, fix="ask for k = 10")
        return self._top(profiles, min(k, len(self.training.items)), hidden)

    def explain(self, profiles: Profiles, item: int) -> Explanation:
        """Why the first person of `profiles` gets this score for `item` (a code)."""
        one = profiles if len(profiles) == 1 else profiles.rows(0, 1)
        base, parts, extra = self._attribute(one, item)
        score = self.score_of(one, item)
        user = self.training.users[int(one.users[0])] if one.users[0] >= 0 else ""
        ordered = parts if isinstance(parts, ItemParts) else tuple(sorted(parts, key=lambda part: -abs(part.value)))
        return Explanation(
            self.name, user, self.training.items[item], score, base, ordered, self.kind, **{"background": "", **extra}
        )

    def score_of(self, one: Profiles, item: int) -> float:
        """The score of one item (a code) for the first person."""
        return float(self.scores(one)[0, item])

    def contributions(self, one: Profiles, targets: np.ndarray) -> np.ndarray:
        """History items x targets, float64: what each own item of the first person adds to the score of each target."""
        owned = {self.training.items[code]: place for place, code in enumerate(history(one)[0])}
        table = np.zeros((len(owned), len(targets)))
        for column, target in enumerate(targets):
            for part in self._attribute(one, int(target))[1]:
                if part.kind == "item":
                    table[owned[part.id], column] += part.value
        return table

    def erase(self, user: int) -> Self:
        """The model as if the person (a code) had never been there: equal to a retrain without them."""
        return type(self)(**self.settings.model_dump())._erased(self, user)

    def _erased(self, before: Self, user: int) -> Self:
        return self.fit(before.training.without_user(user))

    def title_of(self, item: int) -> str:
        """The title of an item code, or its id."""
        return self.training.titles[item]

    @property
    def item_counts(self) -> np.ndarray:
        """How many people chose each item, int64."""
        return np.bincount(self.training.matrix.indices, minlength=len(self.training.items)).astype(np.int64)

    # -- what a model brings -------------------------------------------------------------------

    def _top(self, profiles: Profiles, k: int, hidden: np.ndarray | None) -> Lists:
        return top_k(self.scores, profiles, k, hidden)

    @abstractmethod
    def _fit(self, training: Training) -> None: ...

    @abstractmethod
    def _scores(self, profiles: Profiles) -> np.ndarray: ...

    @abstractmethod
    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        """Base, parts and further fields of `Explanation` (background, neighbours, notes) for one person and item."""

    @abstractmethod
    def statistics(self) -> dict[str, np.ndarray]:
        """The integer statistics that the model is a function of; the hash of them is the proof of an erasure."""

    @abstractmethod
    def _state(self) -> dict[str, np.ndarray]:
        """What must be kept to score again, as arrays (no objects, no pickle)."""

    @abstractmethod
    def _restore(self, state: dict[str, np.ndarray]) -> None:
        """Take `_state` back; `training` and `settings` are already set."""


def history(one: Profiles) -> tuple[np.ndarray, np.ndarray]:
    """Item codes (ascending) and values of the first person's history."""
    start, stop = one.matrix.indptr[:2]
    return one.matrix.indices[start:stop], one.matrix.data[start:stop]


def item_parts(training: Training, codes: np.ndarray, values: np.ndarray) -> ItemParts:
    """A part for each own item (code) with what it adds, the strongest first."""
    return ItemParts(training.items.values, training.titles, codes, values)


def _setting_error(model: str, settings: type[Settings], error: ValidationError) -> BadInput:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        fix = f"'{model}' knows {', '.join(settings.model_fields) or 'no settings'}"
        return BadInput(f"unknown setting '{name}' of model '{model}'", fix=fix)
    return BadInput(
        f"setting '{name}' of model '{model}': {first['msg'].lower()}",
        value=first["input"],
        fix="see `sightglass models`",
    )
