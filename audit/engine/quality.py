"""How well lists of any size hit what people went on to choose: sums over hits, by group, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from audit.engine import expressions as ex
from audit.engine.engines import DuckDB, Engine, Progress
from audit.engine.parts import Group, groups
from audit.engine.people import BUCKETS, People
from audit.engine.showings import Showings
from audit.engine.tables import Lists, Source, item_table
from audit.engine.valued import ACCURACY, alike, squares, values
from audit.measures.exposure import UNKNOWN, rank_weights
from data.columns import ITEM, USER, Table
from data.ids import Ids

if TYPE_CHECKING:
    import ibis.expr.types as ir


STRATUM = "stratum of history length"  # a column of people that is compared within, not between


@dataclass(frozen=True, eq=False)
class Judged:
    """Per part: users with held-out items, the sum over them of every accuracy measure, and of its square.

    `weighed` is the sum in which every held-out item counts the same: a user's value times how many the user has.
    """

    groups: pd.DataFrame
    buckets: int
    lists: np.ndarray  # users with held-out items, one a part
    sums: pd.DataFrame  # parts x ACCURACY
    squares: pd.DataFrame
    weighed: pd.DataFrame
    wanted: np.ndarray  # held-out items of the users of each part
    alike: pd.DataFrame  # users with a hit whose group in some attribute is unknown: group, ACCURACY, n who have these
    listed: int  # users with a list
    met: int  # users with a list and held-out items
    seen: int  # rows that show an item to a user who had chosen it before

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Means by user group: attribute, group, metric, value, se, low, high, n; definitions as in `measures.quality`."""
        rows = [row for group in groups(self.compared, self.buckets, self.lists) for row in self._rows(group, level)]
        return pd.DataFrame(rows, columns=["attribute", "group", "metric", "value", "se", "low", "high", "n"])

    @property
    def people(self) -> int:
        """Users with a list or held-out items."""
        return self.listed + int(self.lists.sum()) - self.met

    @property
    def compared(self) -> pd.DataFrame:
        """The attributes of every group that are compared."""
        return self.groups.drop(columns=STRATUM, errors="ignore")

    def _rows(self, group: Group, level: float) -> Iterator[tuple[object, ...]]:
        users = self.lists[group.parts]
        n = int(users.sum())
        for name, sums in self.sums.iloc[group.parts].items():
            value = float(sums.sum() / n)
            se, t = group.error((sums.to_numpy() - value * users) / n, self.lists, level)
            yield group.attribute, group.name, name, value, se, *np.clip([value - t * se, value + t * se], 0, 1), n


def judge(
    lists: Source,
    outcomes: Source,
    people: pd.DataFrame | None = None,
    *,
    known: Source | None = None,
    without: Iterable[str] = (),
    k: int = 10,
    buckets: int = BUCKETS,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Judged:
    """Accuracy of lists against held-out pairs (user_id, item_id), either of any size, by user group and bucket.

    A second scan beside that of exposure: the lists meet the held-out pairs, and the `known` choices of the past, in a
    join. Users with held-out items and no list count as 0; users without held-out items, and those of `without`, count
    in nothing. nDCG, recall and precision need only counts of hits by rank and number of held-out items; hit rate and
    reciprocal rank the first hit of each user; their squares one row a user.
    """
    read, truth = Lists.of(lists), Lists.of(outcomes, Table.OUTCOMES)
    past = None if known is None else Lists.of(known, Table.OUTCOMES)
    parts = People.of(people, read.types[USER], buckets, without)
    given = Showings(read, parts, item_table(Ids([]), read.types[ITEM]), 0, k).given
    with engine or DuckDB() as machine:
        machine.hold_lists(ex.LISTS, read)
        machine.hold(ex.PEOPLE, parts.table())
        place = (ex.table(ex.PEOPLE, parts.table().schema), parts.unknown, buckets)
        machine.hold(ex.RANKS, _ranks(k))
        held_out = ex.outcomes(_pairs(machine, ex.OUTCOMES, truth, given))
        hit = ex.hits(given, held_out, *place)
        valued = values(hit, ex.table(ex.RANKS, _ranks(k).schema), k)
        asked = [
            ex.judged(held_out, *place),
            ex.gains(hit),
            ex.firsts(hit),
            squares(valued),
            ex.met(given, held_out, *place),
        ]
        if past is not None:
            asked.append(ex.seen(given, _pairs(machine, ex.KNOWN, past, given), *place))
        told = []
        for number, each in enumerate(asked, 1):
            told.append(machine.result(each, cancel).to_pandas())
            if progress:
                progress(number / (len(asked) + 1))
        same = _alike(machine, valued, parts, told[0], cancel)
        if progress:
            progress(1.0)
    return _judged(parts, k, same, *(table[table["part"] < parts.n_parts] for table in told))


def _alike(
    machine: Engine, valued: ir.Table, parts: People, wanted: pd.DataFrame, cancel: Event | None
) -> pd.DataFrame:
    """The values of users without a group in some attribute; not asked for where there is no such user."""
    attributes = parts.groups.drop(columns=STRATUM, errors="ignore")
    blank = np.flatnonzero((attributes == UNKNOWN).any(axis=1))
    judged = np.unique(wanted["part"].to_numpy(dtype=np.int64) // parts.buckets)
    some = np.intersect1d(blank, judged)
    if not len(some):
        return pd.DataFrame(columns=["group", *ACCURACY, "n"])
    return machine.result(alike(valued, some.tolist(), parts.buckets), cancel).to_pandas()


def _pairs(machine: Engine, name: str, source: Lists, given: ir.Table) -> ir.Table:
    machine.hold_lists(name, source)
    return ex.pairs(ex.table(name, source.schema), source.names, given)


def _ranks(k: int) -> pa.Table:
    weight = rank_weights("log", k)
    return pa.table({"place": np.arange(1, k + 1, dtype=np.int32), "weight": weight, "ideal": np.cumsum(weight)})


def _judged(
    parts: People,
    k: int,
    same: pd.DataFrame,
    wanted: pd.DataFrame,
    gains: pd.DataFrame,
    firsts: pd.DataFrame,
    squared: pd.DataFrame,
    met: pd.DataFrame,
    seen: pd.DataFrame | None = None,
) -> Judged:
    weight = rank_weights("log", k)
    ideal = np.cumsum(weight)[np.minimum(gains["wanted"].to_numpy(dtype=np.int64), k) - 1]
    gain = weight[gains["rank"].to_numpy(dtype=np.int64) - 1] / ideal

    def summed(table: pd.DataFrame, value: np.ndarray | float) -> np.ndarray:
        each = table["n"].to_numpy(dtype=np.float64) * value
        return np.bincount(table["part"].to_numpy(dtype=np.int64), weights=each, minlength=parts.n_parts)

    terms: dict[str, tuple[pd.DataFrame, np.ndarray | float]] = {
        "precision": (gains, 1 / k),
        "recall": (gains, 1 / gains["wanted"].to_numpy(dtype=np.float64)),
        "hit_rate": (firsts, 1.0),
        "ndcg": (gains, gain),
        "reciprocal_rank": (firsts, 1 / firsts["rank"].to_numpy(dtype=np.float64)),
    }
    sums = {name: summed(*term) for name, term in terms.items()}
    weighed = {name: summed(table, value * _wanted(table)) for name, (table, value) in terms.items()}
    squared = squared.set_index("part")[list(sums)].astype(np.float64).reindex(range(parts.n_parts), fill_value=0.0)
    counts = (int(met["listed"].sum()), int(met["judged"].sum()), 0 if seen is None else int(seen["n"].sum()))
    users = summed(wanted, 1.0).astype(np.int64)
    held_out = summed(wanted, _wanted(wanted))
    told = (pd.DataFrame(sums), squared, pd.DataFrame(weighed), held_out, same)
    return Judged(parts.groups, parts.buckets, users, *told, *counts)


def _wanted(table: pd.DataFrame) -> np.ndarray:
    return table["wanted"].to_numpy(dtype=np.float64)
