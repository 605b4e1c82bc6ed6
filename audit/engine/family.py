"""Every number of the exposure family from one scan, of everybody and of each user group, with its interval.

Intervals are of the users: a number's slope by the counts turns the sum of each bucket of users into one draw (batch
means of the linearised number, to first order the delete-a-group jackknife), with Student's t for buckets - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from audit.engine.facts import Facts, Weight, browsing
from audit.engine.parts import Group, groups_of
from audit.engine.scan import Scan
from audit.measures.concentration import gini
from audit.measures.counts import Along, Table
from audit.measures.exposure import ListStatistics, statistics
from audit.measures.popularity import Head, short_head
from audit.measures.slopes import gini_slope, hhi_slope, list_diversity_slopes, shannon_slope, top_slope
from audit.measures.weights import DEFAULT
from data.parallel import at_once


def concentration(
    scan: Scan,
    facts: Facts,
    *models: Weight,
    head: Head = "interactions",
    share: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """The numbers of `ListStatistics` by user group: attribute, group, metric, browsing, value, se, low, high, n_lists.

    Under every browsing model (default log); `browsing` is empty for a number that depends on none. Coverage has no
    interval: it jumps with a single showing, so that no slope describes it.
    """
    chosen = browsing(scan, models or (DEFAULT,))
    means = _of_lists(scan, facts, head, share)
    whole = at_once(lambda group: _Whole.of(scan, facts, group, chosen, means), groups_of(scan))
    told = iter(scan.counts.along(*chain.from_iterable(each.asked(chosen) for each in whole)))
    rows = (each.rows(scan, [next(told) for _ in each.asked(chosen)], means, level) for each in whole)
    columns = ["attribute", "group", "metric", "browsing", "value", "se", "low", "high", "n_lists"]
    return pd.DataFrame(chain.from_iterable(rows), columns=columns)


def list_statistics(
    scan: Scan, facts: Facts, model: Weight = DEFAULT, *, head: Head = "interactions", share: float | None = None
) -> ListStatistics:
    """The same numbers of everybody, as the audit of tables in memory has them."""
    everybody, means = next(groups_of(scan)), _of_lists(scan, facts, head, share)
    (weight,) = browsing(scan, (model,)).values()
    shown, exposed = scan.counts.distinct(everybody.parts), scan.counts.total(weight, everybody.parts)
    return _values(scan, facts, everybody, shown, exposed, means)


def _of_lists(scan: Scan, facts: Facts, head: Head, share: float | None) -> np.ndarray:
    """Parts x 2: sum over lists of their mean popularity and of their share of tail items."""
    tail = ~short_head(facts, head, share)
    return scan.counts.of_lists(np.column_stack([facts.popularity, tail]).astype(np.float64))


def _values(
    scan: Scan, facts: Facts, group: Group, shown: np.ndarray, exposed: np.ndarray, means: np.ndarray
) -> ListStatistics:
    """From lists that show each item, and the attention it gets."""
    lists = int(scan.counts.lists[group.parts].sum())
    known = lists and facts.popularity.any()
    popularity, tail = map(float, means[group.parts].sum(axis=0) / lists if known else (np.nan, np.nan))
    return statistics(shown, exposed, facts.catalogue, lists, scan.counts.k, popularity, tail)


@dataclass(frozen=True, eq=False)
class _Whole:
    """One group's numbers, and how each would answer to one showing more of an item."""

    group: Group
    values: ListStatistics
    slopes: dict[str, np.ndarray]  # metric: of items, by lists that show them
    of_lists: float  # slope of inter-list diversity by the number of lists
    gini: dict[str, float]  # browsing: Gini of exposure
    exposed: dict[str, np.ndarray]  # browsing: its slope of items, by attention; none where it is undefined

    @classmethod
    def of(cls, scan: Scan, facts: Facts, group: Group, chosen: Mapping[str, np.ndarray], means: np.ndarray) -> _Whole:
        shown = scan.counts.distinct(group.parts)
        given = {name: scan.counts.total(each, group.parts) for name, each in chosen.items()}
        values = _values(scan, facts, group, shown, next(iter(given.values())), means)
        inside = {name: x[facts.catalogue] for name, x in given.items()}
        exposed = {name: _inside(gini_slope(x), facts) for name, x in inside.items() if x.sum() and len(x) > 1}
        slopes = _slopes(shown, facts, values.n_lists, scan.counts.k)
        return cls(group, values, *slopes, {name: gini(x) for name, x in inside.items()}, exposed)

    def asked(self, chosen: Mapping[str, np.ndarray]) -> list[Along]:
        """The sums that the sampling errors need."""
        every, parts = np.ones(len(next(iter(chosen.values())))), self.group.parts
        mine = [Along(every, np.column_stack(list(self.slopes.values())), parts)] if self.slopes else []
        return mine + [Along(chosen[name], slope[:, None], parts) for name, slope in self.exposed.items()]

    def rows(self, scan: Scan, sums: list[Table], means: np.ndarray, level: float) -> Iterator[tuple[object, ...]]:
        """Rows of `concentration`, from the sums that were asked for."""
        exposed = dict(zip(self.exposed, sums[len(sums) - len(self.exposed) :], strict=True))
        draws = self._draws(scan, sums[0] if self.slopes else None, means)
        for metric, value in vars(self.values).items():
            if metric not in ("n_lists", "n_items", "gini_exposure"):
                yield _row(scan, self.group, metric, "", value, draws.get(metric), self.values.n_lists, level)
        for name, value in self.gini.items():
            drawn = np.asarray(exposed[name])[:, 0] if name in exposed else None
            yield _row(scan, self.group, "gini_exposure", name, value, drawn, self.values.n_lists, level)

    def _draws(self, scan: Scan, shown: Table | None, means: np.ndarray) -> dict[str, np.ndarray]:
        """The linearised sum in every part of the group, by metric; none where the number is undefined."""
        lists, draws = scan.counts.lists[self.group.parts], {}
        if shown is not None:
            features = np.column_stack(list(self.slopes.values()))
            distinct = shown - scan.counts.repeats_along(features, self.group.parts)
            draws = dict(zip(self.slopes, distinct.T, strict=True))
        if "inter_list_diversity" in draws:
            draws["inter_list_diversity"] = draws["inter_list_diversity"] + self.of_lists * lists
        for name, sums in zip(("average_popularity", "tail_share"), means[self.group.parts].T, strict=True):
            if np.isfinite(mean := getattr(self.values, name)):
                draws[name] = (sums - mean * lists) / self.values.n_lists
        return draws


def _row(
    scan: Scan, group: Group, metric: str, browsing: str, value: float, draws: np.ndarray | None, n: int, level: float
) -> tuple[object, ...]:
    se, t = (np.nan, np.nan) if draws is None else group.error(draws, scan.counts.lists, level)
    low, high = value - t * se, value + t * se
    if metric not in ("entropy", "average_popularity"):
        low, high = np.clip([low, high], 0, 1)
    return group.attribute, group.name, metric, browsing, value, se, low, high, n


def _slopes(x: np.ndarray, facts: Facts, lists: int, k: int) -> tuple[dict[str, np.ndarray], float]:
    """Of all items, by metric of lists that show them: what one list more would change; and that of one list's mere being."""
    slopes: dict[str, np.ndarray] = {}
    if (shown := x[facts.catalogue]).sum():
        if len(shown) > 1:
            entropy = shannon_slope(shown)
            slopes |= {"gini": gini_slope(shown), "entropy": entropy, "entropy_share": entropy / np.log2(len(shown))}
        slopes |= {"hhi_diversity": hhi_slope(shown), "top_item_share": top_slope(shown)}
    slopes = {name: _inside(slope, facts) for name, slope in slopes.items()}
    if lists < 2:
        return slopes, 0.0
    slopes["inter_list_diversity"], of_lists = list_diversity_slopes(x, lists, k)
    return slopes, of_lists


def _inside(slope: np.ndarray, facts: Facts) -> np.ndarray:
    """A slope of the catalogue as one of all items: those outside do not count."""
    full = np.zeros(len(facts.catalogue))
    full[facts.catalogue] = slope
    return full
