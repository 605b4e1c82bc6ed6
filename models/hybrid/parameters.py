"""The register rows of the hybrid model: the history, each readable signal, and how the history was rated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from models.histories import Profiles, Training
from models.hybrid.signals import Signals, newness_column
from models.why.parameters import CHOICES, OTHERS, RATINGS, Parameter, Scores, choices, column, ratings

if TYPE_CHECKING:
    from models.hybrid.model import Hybrid

_EFFECTS = {
    "collaborative": "Titles that are often chosen together with yours move up.",
    "content": "Titles like those you chose move up.",
    "popularity": "How much a title gains or loses by being widely chosen.",
    "newness": "How much a title gains or loses by being new.",
}
_MAIN, _SUPPORTING = 2, 3
_MATCH = "Titles in the categories that you choose most gain or lose."


@dataclass(frozen=True, eq=False)
class Held(Signals):
    """The signals with one of them held at one value for everybody and every title: it can tell nothing apart."""

    name: str = ""
    value: float = 0.0

    @classmethod
    def at_value(cls, signals: Signals, name: str, value: float) -> Held:
        """The same signals with `name` held at `value`."""
        return cls(**{one.name: getattr(signals, one.name) for one in fields(Signals)}, name=name, value=value)

    def tables(self, profiles: Profiles) -> Iterator[np.ndarray]:
        """One table a signal; the held one is the same everywhere."""
        for name, table in zip(self.titles, super().tables(profiles), strict=True):
            yield np.full(table.shape, self.value) if name == self.name else table


def hybrid_parameters(model: Hybrid) -> tuple[Parameter, ...]:
    """The history first, then what goes with it for others; all else is declared as supporting, equally important.

    How much each signal counts is learned, so that only a measurement can say more.
    """
    signals, training = model.signals, model.training
    rows = [
        Parameter(
            name,
            _capital(title),
            _reads(name, training),
            _EFFECTS.get(name, _MATCH),
            _MAIN if name == "collaborative" else _SUPPORTING,
            _held(model, name),
        )
        for name, title in signals.titles.items()
    ]
    read = training.explicit and signals.content is not None  # only the content signal weighs by the rating
    return (choices(model), *rows, ratings(model, _SUPPORTING if read else None))


def _held(model: Hybrid, name: str) -> Scores:
    """The combination as it was learned, over signals of which one is held at the mean of the background."""
    place = list(model.signals.titles).index(name)

    def ablated(profiles: Profiles) -> np.ndarray:
        mean = float(model.combination.background[:, place].mean())
        return model.combination.scores(Held.at_value(model.signals, name, mean), profiles)

    return ablated


def _reads(name: str, training: Training) -> tuple[str, ...]:
    if name == "collaborative":
        return (CHOICES, OTHERS)
    if name == "content":
        rated = (RATINGS,) if training.explicit else ()
        spoken = [kind for kind in training.kinds if training.content[kind].notna().any()]
        return (CHOICES, *rated, *map(column, spoken))
    if name == "popularity":
        return (OTHERS,)
    if name == "newness":
        return (column(newness_column(training) or ""),)
    return (CHOICES, column(name.removeprefix("match ")))


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
