"""What an audit reads, and what lists are worth before any group is compared with another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.exposure import ListStatistics, list_statistics
from audit.measures.metrics import METRICS
from audit.measures.quality import quality
from audit.plan import Plan
from audit.segment_side import found_segments
from audit.segments import Segments
from data.columns import Kind


@dataclass(frozen=True, eq=False)
class AuditTables:
    """What an audit reads, under the public column names; lists may come from any system."""

    recommendations: pd.DataFrame  # user_id, item_id, rank
    outcomes: pd.DataFrame  # user_id, item_id: held-out truth
    train: pd.DataFrame  # user_id, item_id: what the lists could know
    items: pd.DataFrame  # index item_id: the recommendable catalogue
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    groups: dict[str, pd.Series] = field(default_factory=dict)  # attribute name: group by user_id
    n_users_total: int | None = None  # users of the whole system, if more than the tables name
    profile_sizes: pd.Series | None = None  # history length by user_id, if it is not what `train` holds
    inputs: dict[str, pd.Series] = field(default_factory=dict)  # columns about people that a model may use, by user_id
    embeddings: pd.DataFrame | None = None  # numbers that a model keeps about people, index user_id
    untold: Mapping[str, frozenset[str]] = field(default_factory=dict)  # segmentation: people who must not be put in it


@dataclass(frozen=True, eq=False)
class Measured:
    """What lists are worth to each person and to the catalogue, before anybody is compared with anybody."""

    coded: Coded
    per_user: pd.DataFrame  # index user_id, a column per metric, NaN where undefined
    lists: ListStatistics
    overall: pd.DataFrame  # index metric: value, low, high, n, undefined, and its words
    found: Segments
    given: dict[str, pd.Series]  # the attributes that are given, and the segments that the plan names


def measured(tables: AuditTables, plan: Plan) -> Measured:
    """Measure the lists person by person and as a whole; `run_audit` compares groups on top of it."""
    coded = Coded.of(tables.recommendations, tables.outcomes, tables.train, tables.items, k=plan.k)
    judged = quality(coded)
    shown = beyond(
        coded, tables.items, tables.kinds, content=plan.content, calibration=plan.calibration, head=plan.head
    )
    per_user = judged.per_user.join(shown, how="outer").reindex([*judged.per_user, *shown], axis=1)
    lists = list_statistics(coded, shown, plan.browsing)
    found = found_segments(coded, tables.items, tables.kinds, tables.train, tables.groups, plan)
    found = replace(found, groups={name: _left(of, tables.untold.get(name)) for name, of in found.groups.items()})
    given = _given(tables, found.groups, plan)
    return Measured(coded, per_user, lists, _overall(per_user, lists, plan), found, given)


def _left(labels: pd.Series, untold: frozenset[str] | None) -> pd.Series:
    return labels[~labels.index.isin(list(untold))] if untold else labels


def _given(tables: AuditTables, found: dict[str, pd.Series], plan: Plan) -> dict[str, pd.Series]:
    """The attributes that are given, and the groups read off histories that the plan names among them."""
    return {**tables.groups, **{name: labels for name, labels in found.items() if name in (plan.attributes or ())}}


def _overall(per_user: pd.DataFrame, lists: ListStatistics, plan: Plan) -> pd.DataFrame:
    bootstrap = Bootstrap.of(plan)
    table = bootstrap.means(per_user)
    table["undefined"] = len(per_user) - table["n"]
    lift = bootstrap.ratio(per_user["list_popularity"].to_numpy(), per_user["profile_popularity"].to_numpy())
    more = {"popularity_lift": [lift.value - 1, lift.low - 1, lift.high - 1, lift.n, len(per_user) - lift.n]}
    for name, value in asdict(lists).items():
        if name in METRICS and name not in table.index:
            more[name] = [value, np.nan, np.nan, lists.n_lists, 0]
    table = pd.concat([table, pd.DataFrame.from_dict(more, orient="index", columns=list(table.columns))])
    words = [METRICS[name] for name in table.index]
    for column in ("title", "convention", "denominator", "direction"):
        table[column] = [getattr(metric, column) for metric in words]
    table["label"] = [metric.label(plan.k) for metric in words]
    return table.astype({"n": np.int64, "undefined": np.int64})
