"""Sums of the values of one attribute's groups, by stratum and bucket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.engine.crowd import Crowd
from audit.engine.jackknife import left_out
from audit.engine.quality import STRATUM
from audit.inference.groups import against_rest, coded
from audit.inference.stratified import SMALL_SIDE
from audit.inference.summed import few_unknown
from audit.measures.exposure import UNKNOWN
from audit.plan import Plan


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of one attribute's groups, the unknown one last; people without a stratum are in the last stratum."""

    names: list[str]
    sums: np.ndarray  # (sum, count) x metrics x strata x groups x buckets
    squares: np.ndarray  # metrics x strata x groups
    weighed: np.ndarray  # as `sums`, every held-out item counting the same

    @classmethod
    def of(cls, crowd: Crowd, attribute: str, metrics: list[str]) -> Moments:
        """Those of some measures, all of which everybody with held-out items has a value of."""
        judged = crowd.judged
        codes, names = coded(crowd.labels[attribute])
        strata, steps = coded(judged.groups.get(STRATUM, pd.Series(UNKNOWN, index=judged.groups.index)))
        place, size = strata * len(names) + codes[crowd.place], len(steps) * len(names)

        def summed(values: np.ndarray | pd.Series) -> np.ndarray:
            return crowd.in_places(values, place, size).reshape(len(steps), len(names), -1)

        def both(table: pd.DataFrame, people: np.ndarray) -> np.ndarray:
            sums = np.stack([summed(table[name]) for name in metrics])
            return np.stack([sums, np.broadcast_to(summed(people), sums.shape)])

        squares = np.stack([summed(judged.squares[name]) for name in metrics]).sum(axis=-1)
        return cls(names, both(judged.sums, judged.lists), squares, both(judged.weighed, judged.wanted))

    @property
    def people(self) -> np.ndarray:
        """Of every group."""
        return np.asarray(self.sums[1, 0].sum(axis=(0, 2)))

    def few(self, plan: Plan) -> np.ndarray:
        """By measure: whether the people of unknown group are so few that they count among everybody else."""
        return few_unknown(self.sums[1].sum(axis=(1, 3))[:, -1], plan.minimum_cell)

    def left_out(self, weighed: bool = False) -> np.ndarray:
        """Everybody, then without each used bucket: draws x (sum, count) x metrics x strata x groups."""
        return left_out(self.weighed if weighed else self.sums, self.sums[1].sum(axis=(0, 1, 2)) > 0)

    def small(self, plan: Plan) -> np.ndarray:
        """Metrics x groups: whether either side has too few people for a test and an interval of the gap."""
        rest = against_rest(self.sums.sum(axis=(2, 4))[None], self.few(plan))["n_rest"][0]
        return np.minimum(self.people, rest.reshape(-1, len(self.names))) < SMALL_SIDE
