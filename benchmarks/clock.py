"""Timing that is taken in turns, so that a busy moment of the machine hits every contestant alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """One line of the table: ours beside another, and the goal for the ratio."""

    what: str
    data: str
    ours: str
    other: str
    ratio: str
    goal: str
    met: bool | None

    def markdown(self) -> str:
        """The row as Markdown."""
        answer = {True: "yes", False: "**no**", None: "–"}[self.met]
        cells = (self.what, self.data, self.ours, self.other, self.ratio, self.goal, answer)
        return f"| {' | '.join(cells)} |"


def in_turns(contestants: dict[str, Callable[[], object]], rounds: int = 3) -> dict[str, float]:
    """Seconds of the best of `rounds` runs of each, one after the other in every round."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            taken[name].append(seconds(work))
    return {name: min(each) for name, each in taken.items()}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def percentile(work: Callable[[int], object], times: int, level: float = 95) -> tuple[float, float]:
    """Median and the given percentile of many calls, in seconds."""
    taken = np.array([seconds(lambda n=n: work(n)) for n in range(times)])  # type: ignore[misc]
    return float(np.median(taken)), float(np.percentile(taken, level))
