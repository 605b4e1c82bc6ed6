"""Every number of the exposure family from one scan, of everybody and of each user group, with its interval.

Intervals are of the users: a number's slope by the counts turns the sum of each bucket of users into one draw (batch
means of the linearised number, to first order the delete-a-group jackknife), with Student's t for buckets - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from audit.engine.facts import Facts, Weight, attention
from audit.engine.parts import Group, groups_of
from audit.engine.scan import Scan
from audit.measures.concentration import gini
from audit.measures.counts import Table
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
    chosen = attention(scan, models or (DEFAULT,))
    means = _of_lists(scan, facts, head, share)
    rows = at_once(lambda group: list(_statistics(scan, facts, group, chosen, means, level)), groups_of(scan))
    columns = ["attribute", "group", "metric", "browsing", "value", "se", "low", "high", "n_lists"]
    return pd.DataFrame(chain.from_iterable(rows), columns=columns)


def list_statistics(
    scan: Scan, facts: Facts, model: Weight = DEFAULT, *, head: Head = "interactions", share: float | None = None
) -> ListStatistics:
    """The same numbers of everybody, as the audit of tables in memory has them."""
    everybody, means = next(groups_of(scan)), _of_lists(scan, facts, head, share)
    return _values(scan, facts, everybody, attention(scan, (model,))[str(model)], means)


def _of_lists(scan: Scan, facts: Facts, head: Head, share: float | None) -> np.ndarray:
    """Parts x 2: sum over lists of their mean popularity and of their share of tail items."""
    tail = ~short_head(facts, head, share)
    return scan.counts.of_lists(np.column_stack([facts.popularity, tail]).astype(np.float64))


def _values(scan: Scan, facts: Facts, group: Group, exposed: Table, means: np.ndarray) -> ListStatistics:
    counts = scan.counts
    lists = int(counts.lists[group.parts].sum())
    known = lists and facts.popularity.any()
    popularity, tail = map(float, means[group.parts].sum(axis=0) / lists if known else (np.nan, np.nan))
    shown = group.total(counts.distinct)
    return statistics(shown, group.total(exposed), facts.catalogue, lists, counts.k, popularity, tail)


def _statistics(
    scan: Scan, facts: Facts, group: Group, chosen: Mapping[str, Table], means: np.ndarray, level: float
) -> Iterator[tuple[object, ...]]:
    (_, first), *_ = chosen.items()
    values = _values(scan, facts, group, first, means)
    draws = _draws(scan, facts, group, means, values)
    for metric, value in vars(values).items():
        if metric not in ("n_lists", "n_items", "gini_exposure"):
            yield _row(scan, group, metric, "", value, draws.get(metric), values.n_lists, level)
    for name, table in chosen.items():
        exposed = group.total(table)[facts.catalogue]
        slope = gini_slope(exposed) if exposed.sum() and len(exposed) > 1 else None
        drawn = None if slope is None else _along(group.rows(table), [slope], facts)[0]
        yield _row(scan, group, "gini_exposure", name, gini(exposed), drawn, values.n_lists, level)


def _row(
    scan: Scan, group: Group, metric: str, browsing: str, value: float, draws: np.ndarray | None, n: int, level: float
) -> tuple[object, ...]:
    se, t = (np.nan, np.nan) if draws is None else group.error(draws, scan.counts.lists, level)
    low, high = value - t * se, value + t * se
    if metric not in ("entropy", "average_popularity"):
        low, high = np.clip([low, high], 0, 1)
    return group.attribute, group.name, metric, browsing, value, se, low, high, n


def _draws(scan: Scan, facts: Facts, group: Group, means: np.ndarray, values: ListStatistics) -> dict[str, np.ndarray]:
    """The linearised sum in every part of the group, by metric; none where the number is undefined."""
    counts, inside = scan.counts, facts.catalogue
    lists, distinct = counts.lists[group.parts], group.rows(counts.distinct)
    x, total = group.total(counts.distinct), int(lists.sum())
    slopes: dict[str, np.ndarray] = {}
    if (shown := x[inside]).sum():
        if inside.sum() > 1:
            entropy = shannon_slope(shown)
            slopes |= {"gini": gini_slope(shown), "entropy": entropy, "entropy_share": entropy / np.log2(inside.sum())}
        slopes |= {"hhi_diversity": hhi_slope(shown), "top_item_share": top_slope(shown)}
    draws = dict(zip(slopes, _along(distinct, list(slopes.values()), facts), strict=True))
    if total > 1:
        of_items, of_lists = list_diversity_slopes(x, total, counts.k)
        draws["inter_list_diversity"] = distinct @ of_items + of_lists * lists
    for name, sums in zip(("average_popularity", "tail_share"), means[group.parts].T, strict=True):
        if np.isfinite(mean := getattr(values, name)):
            draws[name] = (sums - mean * lists) / total
    return draws


def _along(table: Table, slopes: Sequence[np.ndarray], facts: Facts) -> np.ndarray:
    """Slopes x parts: sum of slope times count over the catalogue."""
    full = np.zeros((table.shape[1], len(slopes)))
    for column, slope in zip(full.T, slopes, strict=True):
        column[facts.catalogue] = slope
    return np.asarray(table @ full).T
