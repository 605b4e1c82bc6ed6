"""How well lists of any size hit what people went on to choose: sums over hits, by group, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

import numpy as np
import pandas as pd

from audit.engine import expressions as ex
from audit.engine.engines import DuckDB, Engine
from audit.engine.family import Group, groups
from audit.engine.showings import Showings
from audit.engine.tables import BUCKETS, Lists, People, Source, item_table
from audit.measures.exposure import rank_weights
from data.columns import ITEM, USER, Table
from data.ids import Ids


@dataclass(frozen=True, eq=False)
class Judged:
    """Per part: users with held-out items, and the sum over them of every accuracy measure."""

    groups: pd.DataFrame
    buckets: int
    lists: np.ndarray  # users with held-out items, one a part
    sums: pd.DataFrame  # parts x (precision, recall, hit_rate, ndcg, reciprocal_rank)

    def table(self) -> pd.DataFrame:
        """Means by user group: attribute, group, metric, value, se, low, high, n; definitions as in `measures.quality`."""
        rows = [row for group in groups(self.groups, self.buckets, self.lists) for row in self._rows(group)]
        return pd.DataFrame(rows, columns=["attribute", "group", "metric", "value", "se", "low", "high", "n"])

    def _rows(self, group: Group) -> Iterator[tuple[object, ...]]:
        users = self.lists[group.parts]
        n = int(users.sum())
        for name, sums in self.sums.iloc[group.parts].items():
            value = float(sums.sum() / n)
            se, t = group.error((sums.to_numpy() - value * users) / n, self.lists)
            yield group.attribute, group.name, name, value, se, *np.clip([value - t * se, value + t * se], 0, 1), n


def judge(
    lists: Source,
    outcomes: Source,
    people: pd.DataFrame | None = None,
    *,
    k: int = 10,
    buckets: int = BUCKETS,
    engine: Engine | None = None,
    cancel: Event | None = None,
) -> Judged:
    """Accuracy of lists against held-out pairs (user_id, item_id), either of any size, by user group and bucket.

    A second scan beside that of exposure: the lists meet the held-out pairs in a join. Users with held-out items and
    no list count as 0; users without held-out items count in nothing. nDCG, recall and precision need only counts of
    hits by rank and number of held-out items; hit rate and reciprocal rank the first hit of each user.
    """
    read, truth = Lists.of(lists), Lists.of(outcomes, Table.OUTCOMES)
    parts = People.of(people, read.types[USER], buckets)
    showings = Showings(read, parts, item_table(Ids([]), read.types[ITEM]), 0, k)
    with engine or DuckDB() as machine:
        machine.hold_lists(ex.LISTS, read)
        machine.hold_lists(ex.OUTCOMES, truth)
        machine.hold(ex.PEOPLE, parts.table())
        held = ex.table(ex.PEOPLE, parts.table().schema)
        pairs = ex.outcomes(ex.table(ex.OUTCOMES, truth.schema), truth.names, showings.given)
        hit = ex.hits(showings.given, pairs, held, parts.unknown, buckets)
        wanted = ex.judged(pairs, held, parts.unknown, buckets)
        tables = [machine.result(each, cancel).to_pandas() for each in (ex.gains(hit), ex.firsts(hit), wanted)]
    return _judged(parts, k, *tables)


def _judged(parts: People, k: int, gains: pd.DataFrame, firsts: pd.DataFrame, wanted: pd.DataFrame) -> Judged:
    weight = rank_weights("log", k)
    ideal = np.cumsum(weight)[np.minimum(gains["wanted"].to_numpy(dtype=np.int64), k) - 1]
    gain = weight[gains["rank"].to_numpy(dtype=np.int64) - 1] / ideal

    def summed(table: pd.DataFrame, value: np.ndarray | float) -> np.ndarray:
        each = table["n"].to_numpy(dtype=np.float64) * value
        return np.bincount(table["part"].to_numpy(dtype=np.int64), weights=each, minlength=parts.n_parts)

    sums = {
        "precision": summed(gains, 1 / k),
        "recall": summed(gains, 1 / gains["wanted"].to_numpy(dtype=np.float64)),
        "hit_rate": summed(firsts, 1.0),
        "ndcg": summed(gains, gain),
        "reciprocal_rank": summed(firsts, 1 / firsts["rank"].to_numpy(dtype=np.float64)),
    }
    return Judged(parts.groups, parts.buckets, summed(wanted, 1.0).astype(np.int64), pd.DataFrame(sums))
