"""The contract of every recommender: fit, score, recommend, explain, erase, save and load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy import sparse

from data.errors import BadInput
from models.evidence import Evidence
from models.explanation import Exactness, Explanation, ItemParts, Part
from models.histories import Profiles, Training, history
from models.ranking import Lists, top_k
from models.why import parameters as register
from models.why.parameters import Parameter

_LIKELY = 40


class Settings(BaseModel):
    """Settings of a model: checked, frozen, no unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Recommender(ABC):
    """Template of a recommender: this class checks, masks, ranks and erases; a model fits, scores and attributes.

    A model implements `_fit`, `_scores`, `_attribute`, `_state` and `_restore`.
    """

    name: ClassVar[str]
    title: ClassVar[str]  # plain words
    kind: ClassVar[Exactness]
    erasure: ClassVar[str] = "retrained"  # or "exact": equal to a retrain by subtraction of integer counts
    profiled: ClassVar[bool] = True  # whether a list depends on the person
    seed_setting: ClassVar[str | None] = None  # the setting that names the model's own draws; None: it draws nothing
    normalised: ClassVar[bool] = False  # whether scores are divided by the size of the history, which keeps their order
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

    def largest_contributions(self, one: Profiles) -> np.ndarray | None:
        """For each own item of the first person a number that |its contribution| to no title exceeds; None: not known."""
        return None

    def person_numbers(self) -> np.ndarray | None:
        """People x numbers that the model learned about each person, which may tell of who they are; None: it keeps none."""
        return None

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """What other people stand behind the score, in sum and never fewer than `MINIMUM_PEOPLE`; and notes about it."""
        return None, ("No other person's choice stands behind this score as a neighbour.",)

    def helpful_choices(self, one: Profiles, item: int, listed: np.ndarray) -> tuple[np.ndarray, bool]:
        """Item codes that, chosen in addition, may lift `item` above one of the `listed`; and whether no other can.

        Here the titles that the choosers of the item chose most often: a guess.
        """
        chosen = self.training.matrix[self.training.choosers(item)]
        together = np.bincount(chosen.indices, minlength=len(self.training.items))
        likely = np.argsort(-together, kind="stable")[:_LIKELY]
        return likely[together[likely] > 0], False

    def parameters(self) -> tuple[Parameter, ...]:
        """The register: what may move a score, and what is said not to, each with the scores without it."""
        return (register.choices(self), register.together(), register.ratings(self))

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
