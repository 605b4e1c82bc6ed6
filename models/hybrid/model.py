"""Several readable signals weighed together: choices of others, content, popularity, newness, own categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from models.base import Recommender, Settings
from models.content.model import Content
from models.counted.linear import Linear
from models.evidence import Evidence
from models.explanation import Breakdown, Exactness, Part
from models.histories import Profiles, Training, history
from models.hybrid.learners import COMBINATIONS, Combination
from models.hybrid.learning import make_lesson, signal_rows
from models.hybrid.signals import Signals
from models.rated.ratings import fixed_point
from models.why.parameters import Parameter


class HybridSettings(Settings):
    """`learner`: how signals are weighed; `regularization`: λ of the linear model behind the first signal.

    `holdout`: share of each history that teaches the weights; `negatives`: unseen titles drawn for each held-out one;
    `background`: pairs that an explanation compares with.
    """

    learner: Literal["logistic", "trees"] = "logistic"
    regularization: float = Field(default=500, gt=0, allow_inf_nan=False)
    holdout: float = Field(default=0.2, gt=0, lt=1)
    negatives: int = Field(default=4, ge=1, le=100)
    background: int = Field(default=500, ge=10, le=10_000)
    random_state: int = Field(default=0, ge=0, lt=2**32)


class Hybrid(Recommender):
    """score = log-odds, learned by scikit-learn, that a title with these signals is chosen rather than left.

    0 is as likely as not among the pairs it learned from, where each chosen title stands beside `negatives` unseen
    ones. The weights are learned on choices held out of each history, with all signals computed from the rest; then
    the signals are fitted again on everything. An explanation gives each signal's Shapley value against sampled pairs.
    """

    name: ClassVar[str] = "hybrid"
    title: ClassVar[str] = "Hybrid of readable signals"
    kind: ClassVar[Exactness] = Exactness.SHAP
    seed_setting: ClassVar[str | None] = "random_state"
    settings_class: ClassVar[type[Settings]] = HybridSettings
    settings: HybridSettings
    signals: Signals
    combination: Combination

    def _fit(self, training: Training) -> None:
        chosen = self.settings
        lesson = make_lesson(training, chosen.holdout, chosen.negatives, chosen.random_state)
        content = content_of(training)
        rows = signal_rows(Signals.of(lesson.rest, self._linear(lesson.rest), content), lesson)
        learner = COMBINATIONS[chosen.learner]
        arrays = learner.learn(rows, lesson.chosen, chosen.random_state)
        sample = np.random.default_rng(chosen.random_state).permutation(len(rows))[: chosen.background]
        self.combination = learner(arrays, rows[np.sort(sample)])
        self.signals = Signals.of(training, self._linear(training), content)

    def _linear(self, training: Training) -> Linear:
        return Linear(regularization=self.settings.regularization).fit(training)

    def _scores(self, profiles: Profiles) -> np.ndarray:
        return self.combination.scores(self.signals, profiles)

    def _attribute(self, one: Profiles, item: int) -> tuple[float, list[Part], dict[str, Any]]:
        row = self.signals.at(one, np.zeros(1, dtype=np.int64), np.array([item]))[0]
        base, values = self.combination.explain(row)
        parts = [
            Part("signal", name, title, float(value))
            for (name, title), value in zip(self.signals.titles.items(), values, strict=True)
        ]
        pairs = len(self.combination.background)
        extra = {"background": f"the average of {pairs} sampled pairs of a person and a title"}
        return base, parts, extra | {"within": tuple(self._own(one, item))}

    def _own(self, one: Profiles, item: int) -> Iterator[Breakdown]:
        """The signals that add up over the person's own titles, each split over them in its own unit."""
        for name, model in (("collaborative", self.signals.linear), ("content", self.signals.content)):
            if model is not None:
                told = model.explain(one, item)
                yield Breakdown(name, self.signals.titles[name], told.score, told.parts, told.base, unit="signal")

    def contributions(self, one: Profiles, targets: np.ndarray) -> np.ndarray:
        """History items x targets: how much the log-odds fall when the item alone is taken out, by scoring again."""
        owned = history(one)[0]
        if not len(owned):
            return np.zeros((0, len(targets)))
        return self.scores(one.rows(0, 1))[0, targets] - self.scores(one.each_without(owned[:, None]))[:, targets]

    def evidence(self, one: Profiles, item: int) -> Evidence:
        """That of the collaborative signal."""
        return self.signals.linear.evidence(one, item)

    def parameters(self) -> tuple[Parameter, ...]:
        """Each readable signal is a parameter."""
        from models.hybrid.parameters import hybrid_parameters

        return hybrid_parameters(self)

    # -- keeping -------------------------------------------------------------------------------

    def statistics(self) -> dict[str, np.ndarray]:
        """The choices in thousandths: which of them are held out depends on single ones."""
        return fixed_point(self.training)

    def _state(self) -> dict[str, np.ndarray]:
        state = {"background": self.combination.background}
        state |= {f"learner.{name}": array for name, array in self.combination.arrays.items()}
        state |= {f"linear.{name}": array for name, array in self.signals.linear._state().items()}
        if self.signals.content is not None:
            state |= {f"content.{name}": array for name, array in self.signals.content._state().items()}
        return state

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        linear = Linear(regularization=self.settings.regularization)
        content = Content() if "content.names" in state else None
        for model, prefix in ((linear, "linear."), (content, "content.")):
            if model is not None:
                model.training = self.training
                model._restore(_under(state, prefix))
        self.signals = Signals.of(self.training, linear, content)
        self.combination = COMBINATIONS[self.settings.learner](_under(state, "learner."), state["background"])


def content_of(training: Training) -> Content | None:
    """The content model, where items have content columns that say something."""
    spoken = [name for name in training.kinds if training.content[name].notna().any()]
    return Content().fit(training) if spoken else None


def _under(state: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
