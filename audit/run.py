"""One audit from tables and a plan to numbers, answers and a JSON document. Knows no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.answers import State
from audit.inference.closer import Closer, look_closer
from audit.inference.groups import GroupTables
from audit.inference.intervals import Bootstrap
from audit.inference.providers import provider_tables
from audit.item_side import ItemSide, item_side
from audit.leakage import Leakage, leakage
from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.exposure import ListStatistics, list_statistics
from audit.measures.metrics import METRICS
from audit.measures.quality import quality
from audit.plan import Plan
from audit.provider_detail import provider_details
from audit.sanity import Sanity, sanity
from audit.segment_side import SegmentSide, found_segments, segment_side
from data.columns import Kind
from data.ids import as_text

_ANSWERED = (State.FLAG, State.NO_FLAG)


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


@dataclass(frozen=True, eq=False)
class Audit:
    """The result: every number with its interval, n and words; `exit_code` sums up the answers."""

    label: str
    plan: Plan
    per_user: pd.DataFrame  # index user_id, a column per metric, NaN where undefined
    overall: pd.DataFrame  # index metric: value, low, high, n, undefined, and its words
    lists: ListStatistics
    groups: GroupTables
    closer: Closer
    providers: pd.DataFrame
    item_side: ItemSide
    provider_details: dict[str, dict[str, Any]]
    segments: SegmentSide
    leakage: Leakage | None  # None: the plan does not ask for it
    sanity: Sanity
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Sum up: 1 something is flagged; 2 too little evidence; 0 nothing is flagged.

        Only confirmatory groups, and providers under a planned floor, count. Evidence is too little where some
        attribute and metric have no group at all with an answer, or no provider has one; and where the plan compares
        nobody.
        """
        rows = self.groups.rows[self.groups.rows["family"] == "confirmatory"]
        floored = self.providers[self.providers["state"].notna()]
        if (rows["state"] == State.FLAG).any() or (floored["state"] == State.FLAG).any():
            return 1
        answered = rows["state"].isin(_ANSWERED).groupby([rows["attribute"], rows["metric"]]).any()
        if len(floored):
            answered = pd.concat([answered, floored["state"].isin(_ANSWERED).groupby(floored["column"]).any()])
        return 0 if len(answered) and answered.all() else 2

    def document(self) -> dict[str, Any]:
        """Lay the audit out as plain JSON values; NaN is null."""
        overall = self.overall.rename_axis("metric").reset_index().to_dict("records")
        return _plain(
            {
                "label": self.label,
                "exit_code": self.exit_code,
                "plan": self.plan.model_dump(mode="json"),
                "plan_hash": self.plan.hash,
                "overall": {row["metric"]: row for row in overall},
                "groups": self.groups.rows.to_dict("records"),
                "group_summary": self.groups.summary.to_dict("records"),
                "family_size": self.groups.family_size,
                **{name: table.to_dict("records") for name, table in self.closer.tables.items()},
                "providers": self.providers.to_dict("records"),
                "item_groups": self.item_side.document(),
                "provider_details": self.provider_details,
                "segments": self.segments.document(),
                "popularity_by_group": self.segments.popularity.to_dict("records"),
                "privacy": None if self.leakage is None else self.leakage.document(),
                "lists": asdict(self.lists),
                "sanity": asdict(self.sanity),
                "notes": list(self.notes),
            }
        )


def run_audit(tables: AuditTables, plan: Plan | None = None, *, label: str = "") -> Audit:
    """Judge the lists by the plan. Bad input is refused with a sentence; oddities are counted in `sanity`."""
    plan = Plan.of() if plan is None else plan
    coded = Coded.of(tables.recommendations, tables.outcomes, tables.train, tables.items, k=plan.k)
    judged = quality(coded)
    shown = beyond(
        coded, tables.items, tables.kinds, content=plan.content, calibration=plan.calibration, head=plan.head
    )
    per_user = judged.per_user.join(shown, how="outer").reindex([*judged.per_user, *shown], axis=1)
    lists = list_statistics(coded, shown, plan.browsing)
    found = found_segments(coded, tables.items, tables.kinds, tables.train, tables.groups, plan)
    given = _given(tables, found.groups, plan)
    groups, closer = look_closer(per_user, given, _sizes(coded, tables), plan)
    content = (coded, tables.items, tables.kinds)
    providers = provider_tables(*content, plan)
    odd = sanity(coded, tables.n_users_total)
    overall = _overall(per_user, lists, plan)
    notes = (*odd.sentences(plan.k), *_notes(per_user, tables, groups, plan), *closer.notes)
    return Audit(
        label=label,
        plan=plan,
        per_user=per_user,
        overall=overall,
        lists=lists,
        groups=groups,
        closer=closer,
        providers=providers,
        item_side=item_side(*content, plan, tables.train),
        provider_details=provider_details(*content, {**tables.groups, **found.groups}, plan),
        segments=segment_side(per_user, found, given, plan),
        leakage=_leakage(coded, tables, plan) if plan.privacy else None,
        sanity=odd,
        notes=notes,
    )


def _given(tables: AuditTables, found: dict[str, pd.Series], plan: Plan) -> dict[str, pd.Series]:
    """The attributes that are given, and the groups read off histories that the plan names among them."""
    return {**tables.groups, **{name: labels for name, labels in found.items() if name in (plan.attributes or ())}}


def _leakage(coded: Coded, tables: AuditTables, plan: Plan) -> Leakage:
    audited = {name: labels for name, labels in tables.groups.items() if name not in tables.inputs} or tables.groups
    content = (coded, tables.items, tables.kinds)
    return leakage(*content, audited, plan, inputs=tables.inputs, embeddings=tables.embeddings)


def _sizes(coded: Coded, tables: AuditTables) -> pd.Series:
    """How many items each user had chosen: as given, or as the training table has it."""
    if tables.profile_sizes is None:
        return pd.Series(np.diff(coded.history.indptr), index=coded.users.values)
    index = as_text(pd.Series(tables.profile_sizes.index))
    return pd.Series(tables.profile_sizes.to_numpy(dtype=np.float64), index=index.to_numpy())


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


def _notes(per_user: pd.DataFrame, tables: AuditTables, groups: GroupTables, plan: Plan) -> list[str]:
    notes = [
        "Users are the unit: intervals resample users, and tests exchange their group labels.",
        "Measures of all lists together carry no interval.",
        f"{groups.family_size} comparisons form the confirmatory family, corrected by {plan.correction}; every p "
        f"rests on {groups.draws:,} permutations of labels.",
        "No flag is not evidence of equality beyond the stated threshold.",
    ]
    if not plan.attributes and not tables.groups:
        notes.append("No user attribute is given: groups read off the histories are compared, and decide nothing.")
    notes += [f"'{name}' is undefined for everybody here." for name in per_user.columns[per_user.isna().all()]]
    return notes


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return None
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
