"""Every number of the exposure family from one scan, of everybody and of each user group, with its interval.

Intervals are of the users: a number's slope by the counts turns the sum of each bucket of users into one draw (batch
means of the linearised number, to first order the delete-a-group jackknife), with Student's t for buckets - 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from scipy import sparse

from audit.engine.scan import Scan
from audit.measures.concentration import gini
from audit.measures.counts import Table
from audit.measures.exposure import ListStatistics, owners, provider_table, rank_weights, statistics
from audit.measures.popularity import Head, short_head
from audit.measures.slopes import gini_slope, hhi_slope, list_diversity_slopes, shannon_slope, top_slope
from audit.measures.weights import DEFAULT
from data.columns import Kind
from data.parallel import at_once

EVERYBODY = "all"
Weight = str | Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of the items of a scan, in the order of its codes."""

    items: pd.DataFrame
    kinds: Mapping[str, Kind]
    catalogue: np.ndarray
    popularity: np.ndarray  # people who chose the item in training
    merit: np.ndarray  # people who went on to choose it

    @classmethod
    def of(
        cls,
        scan: Scan,
        items: pd.DataFrame,
        kinds: Mapping[str, Kind] | None = None,
        popularity: pd.Series | None = None,
        merit: pd.Series | None = None,
    ) -> Facts:
        """Line up counts by item id with the scan; an item without a count has 0."""
        return cls(items, kinds or {}, scan.catalogue, *(_counts(scan, each) for each in (popularity, merit)))


@dataclass(frozen=True, eq=False)
class Group:
    """The parts of one user group: bucket of each row, and the rows of the counts."""

    attribute: str
    name: str
    parts: np.ndarray
    buckets: int

    @property
    def bucket(self) -> np.ndarray:
        """Bucket of every part."""
        return self.parts % self.buckets

    def rows(self, table: Table) -> Table:
        """The group's rows of a table of parts, without a copy where they lie together."""
        first, last = int(self.parts[0]), int(self.parts[-1]) + 1
        if last - first != len(self.parts):
            return table[self.parts]
        if isinstance(table, np.ndarray):
            return table[first:last]
        start, stop = table.indptr[first], table.indptr[last]
        inner = (table.data[start:stop], table.indices[start:stop], table.indptr[first : last + 1] - start)
        return sparse.csr_array(inner, shape=(last - first, table.shape[1]))

    def total(self, table: Table) -> np.ndarray:
        """Sum of the group's rows of a table of parts."""
        return np.asarray(np.ones(len(self.parts)) @ self.rows(table))

    def error(self, draws: np.ndarray, lists: np.ndarray) -> tuple[float, float]:
        """Standard error of a number from its linearised sum in every part, and Student's t for 95 %; NaN below two."""
        used = np.bincount(self.bucket, weights=lists[self.parts], minlength=self.buckets) > 0
        by_bucket = np.bincount(self.bucket, weights=draws, minlength=self.buckets)[used]
        return float(spread(by_bucket[:, None])[0]), student(len(by_bucket))


def groups(table: pd.DataFrame, buckets: int, lists: np.ndarray) -> Iterator[Group]:
    """Everybody, then every group of every attribute that has a list; `lists` by part."""
    every = np.arange(len(lists))
    yield Group("", EVERYBODY, every, buckets)
    for attribute in table.columns:
        labels = table[attribute].to_numpy()
        for name in sorted(set(labels)):
            parts = every[np.isin(every // buckets, np.flatnonzero(labels == name))]
            if lists[parts].any():
                yield Group(str(attribute), str(name), parts, buckets)


def _groups(scan: Scan) -> Iterator[Group]:
    return groups(scan.groups, scan.counts.buckets, scan.counts.lists)


def concentration(
    scan: Scan, facts: Facts, *models: Weight, head: Head = "interactions", share: float | None = None
) -> pd.DataFrame:
    """The numbers of `ListStatistics` by user group: attribute, group, metric, browsing, value, se, low, high, n_lists.

    Under every browsing model (default log); `browsing` is empty for a number that depends on none. Coverage has no
    interval: it jumps with a single showing, so that no slope describes it.
    """
    chosen = _attention(scan, models or (DEFAULT,))
    means = _of_lists(scan, facts, head, share)
    rows = at_once(lambda group: list(_statistics(scan, facts, group, chosen, means)), _groups(scan))
    columns = ["attribute", "group", "metric", "browsing", "value", "se", "low", "high", "n_lists"]
    return pd.DataFrame(chain.from_iterable(rows), columns=columns)


def list_statistics(
    scan: Scan, facts: Facts, model: Weight = DEFAULT, *, head: Head = "interactions", share: float | None = None
) -> ListStatistics:
    """The same numbers of everybody, as the audit of tables in memory has them."""
    everybody, means = next(_groups(scan)), _of_lists(scan, facts, head, share)
    return _values(scan, facts, everybody, _attention(scan, (model,))[str(model)], means)


def providers(scan: Scan, facts: Facts, column: str, *models: Weight) -> pd.DataFrame:
    """Exposure of every provider (or category of an item column) in every user group's lists, with intervals.

    The columns of `provider_exposure` but `n_lists`, after `attribute`, `group`, `browsing` and `provider`, under every
    browsing model (default log); `se`, `low` and `high` belong to `exposure_share`. Group by provider is the exposure
    matrix of user groups.
    """
    belongs, names = owners(facts.items, column, scan.items, facts.kinds)

    def shares(of_model: tuple[str, Table]) -> list[pd.DataFrame]:
        model, attention = of_model
        given = sparse.csr_array(attention @ belongs)
        return [
            _shares(scan, facts, belongs, group, given).assign(
                attribute=group.attribute, group=group.name, browsing=model, provider=names
            )
            for group in _groups(scan)
        ]

    tables = chain.from_iterable(at_once(shares, _attention(scan, models or (DEFAULT,)).items()))
    first = ["attribute", "group", "browsing", "provider"]
    whole = pd.concat(tables, ignore_index=True)
    return whole[[*first, *whole.columns.difference(first, sort=False)]]


def _shares(scan: Scan, facts: Facts, belongs: sparse.csr_array, group: Group, given: sparse.csr_array) -> pd.DataFrame:
    """The shares of one group; `given`: parts x providers."""
    table = provider_table(belongs, group.total(given), facts.catalogue, facts.popularity, facts.merit)
    table["se"], t = _share_errors(sparse.csr_array(group.rows(given)), group, scan.counts.lists)
    value = table["exposure_share"]
    table["low"], table["high"] = (value - t * table["se"]).clip(lower=0), (value + t * table["se"]).clip(upper=1)
    return table


def spread(draws: np.ndarray) -> np.ndarray:
    """Standard error of each column's sum over buckets (rows), the buckets being drawn alike; NaN below two."""
    n = len(draws)
    if n < 2:
        return np.full(draws.shape[1], np.nan)
    return np.sqrt(n / (n - 1) * ((draws - draws.mean(axis=0)) ** 2).sum(axis=0))


def student(buckets: int, level: float = 0.95) -> float:
    """Quantile of Student's t for a two-sided interval; NaN below two buckets."""
    from scipy.special import stdtrit

    return float(stdtrit(buckets - 1, (1 + level) / 2)) if buckets > 1 else np.nan


def _of_lists(scan: Scan, facts: Facts, head: Head, share: float | None) -> np.ndarray:
    """Parts x 2: sum over lists of their mean popularity and of their share of tail items."""
    tail = ~short_head(facts, head, share)
    return scan.counts.of_lists(np.column_stack([facts.popularity, tail]).astype(np.float64))


def _values(scan: Scan, facts: Facts, group: Group, attention: Table, means: np.ndarray) -> ListStatistics:
    counts = scan.counts
    lists = int(counts.lists[group.parts].sum())
    known = lists and facts.popularity.any()
    popularity, tail = map(float, means[group.parts].sum(axis=0) / lists if known else (np.nan, np.nan))
    shown, exposed = group.total(counts.distinct), group.total(attention)
    return statistics(shown, exposed, facts.catalogue, lists, counts.k, popularity, tail)


def _statistics(
    scan: Scan, facts: Facts, group: Group, chosen: Mapping[str, Table], means: np.ndarray
) -> Iterator[tuple[object, ...]]:
    (_, first), *_ = chosen.items()
    values = _values(scan, facts, group, first, means)
    draws = _draws(scan, facts, group, means, values)
    for metric, value in vars(values).items():
        if metric not in ("n_lists", "n_items", "gini_exposure"):
            yield _row(scan, group, metric, "", value, draws.get(metric), values.n_lists)
    for name, attention in chosen.items():
        exposed = group.total(attention)[facts.catalogue]
        slope = gini_slope(exposed) if exposed.sum() and len(exposed) > 1 else None
        drawn = None if slope is None else _along(group.rows(attention), [slope], facts)[0]
        yield _row(scan, group, "gini_exposure", name, gini(exposed), drawn, values.n_lists)


def _row(
    scan: Scan, group: Group, metric: str, browsing: str, value: float, draws: np.ndarray | None, n: int
) -> tuple[object, ...]:
    se, t = (np.nan, np.nan) if draws is None else group.error(draws, scan.counts.lists)
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


def _share_errors(given: sparse.csr_array, group: Group, lists: np.ndarray) -> tuple[np.ndarray, float]:
    """Standard errors of the shares of columns: of sum (given_p - share_p given) / total, bucket by bucket."""
    used = np.bincount(group.bucket, weights=lists[group.parts], minlength=group.buckets) > 0
    n = int(used.sum())
    ones = (np.ones(len(group.parts)), (group.bucket, np.arange(len(group.parts))))
    by_bucket = sparse.csr_array(sparse.csr_array(ones, shape=(group.buckets, len(group.parts))) @ given)
    amount = np.asarray(by_bucket.sum(axis=1)).ravel()
    if n < 2 or not amount.sum():
        return np.full(given.shape[1], np.nan), np.nan
    share = _sum(by_bucket) / amount.sum()
    # sum over buckets of (given_bp - share_p amount_b)^2, without a dense table of buckets and providers
    squares = _sum(by_bucket.power(2)) - 2 * share * (amount @ by_bucket) + share**2 * (amount**2).sum()
    return np.sqrt(n / (n - 1) * np.maximum(squares, 0)) / amount.sum(), student(n)


def _counts(scan: Scan, counts: pd.Series | None) -> np.ndarray:
    if counts is None:
        return np.zeros(len(scan.items), np.int64)
    code = scan.items.codes(counts.index.to_series())
    known = code >= 0
    return np.bincount(code[known], weights=counts.to_numpy()[known], minlength=len(scan.items)).astype(np.int64)


def _attention(scan: Scan, models: Sequence[Weight]) -> dict[str, Table]:
    """Parts x items under every browsing model, in one look at the counts."""
    tables = scan.counts.attention(*(_weight(model, scan.counts.k) for model in models))
    return dict(zip(map(str, models), tables, strict=True))


def _weight(model: Weight, k: int) -> np.ndarray:
    if isinstance(model, str):
        return rank_weights(model, k)
    return np.asarray(model(np.arange(1, k + 1, dtype=np.float64)), dtype=np.float64)


def _sum(table: sparse.csr_array) -> np.ndarray:
    return np.asarray(table.sum(axis=0)).ravel()
