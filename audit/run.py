"""One audit from tables and a plan to numbers, answers and a JSON document. Knows no model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from audit.exposure_matrix import exposure_matrix
from audit.inference.answers import exit_code
from audit.inference.closer import Closer, look_closer
from audit.inference.groups import GroupTables, planned_labels
from audit.inference.pair_rates import PairRates, pair_rates
from audit.inference.providers import provider_tables
from audit.item_side import ItemSide, item_side
from audit.leakage import Leakage, leakage
from audit.measured import AuditTables, measured
from audit.measures.coded import Coded
from audit.measures.exposure import ListStatistics
from audit.overlap import Overlap, undecided
from audit.plan import Plan
from audit.provider_detail import provider_details
from audit.sanity import Sanity, sanity
from audit.segment_side import SegmentSide, segment_side
from data.ids import as_text


@dataclass(frozen=True, eq=False)
class Audit:
    """The result: every number with its interval, n and words; `exit_code` sums up the answers."""

    label: str
    plan: Plan
    per_user: pd.DataFrame  # index user_id, a column per metric, NaN where undefined
    overall: pd.DataFrame  # index metric: value, low, high, n, undefined, and its words
    given: dict[
        str, pd.Series
    ]  # the attributes that are compared: those of the tables, and segments that the plan names
    lists: ListStatistics
    groups: GroupTables
    closer: Closer
    pairs: PairRates
    matrix: pd.DataFrame  # user group x item group
    providers: pd.DataFrame
    item_side: ItemSide
    provider_details: dict[str, dict[str, Any]]
    segments: SegmentSide
    leakage: Leakage | None  # None: the plan does not ask for it
    sanity: Sanity
    overlap: Overlap
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """See `audit.inference.answers.exit_code`."""
        return exit_code(self.groups.rows, self.providers)

    def document(self) -> dict[str, Any]:
        """Lay the audit out as plain JSON values; NaN is null."""
        overall = self.overall.rename_axis("metric").reset_index().to_dict("records")
        return plain(
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
                "pair_rates": self.pairs.groups.to_dict("records"),
                "pair_differences": self.pairs.between.to_dict("records"),
                "exposure_matrix": self.matrix.to_dict("records"),
                "providers": self.providers.to_dict("records"),
                "item_groups": self.item_side.document(),
                "provider_details": self.provider_details,
                "segments": self.segments.document(),
                "popularity_by_group": self.segments.popularity.to_dict("records"),
                "privacy": None if self.leakage is None else self.leakage.document(),
                "lists": asdict(self.lists),
                "sanity": asdict(self.sanity),
                "thin": self.overlap.thin,
                "notes": list(self.notes),
            }
        )


def run_audit(tables: AuditTables, plan: Plan | None = None, *, label: str = "") -> Audit:
    """Judge the lists by the plan. Bad input is refused with a sentence; oddities are counted in `sanity`.

    Tables that hardly join (see `audit.overlap`) are measured, and nothing is answered.
    """
    plan = Plan.of() if plan is None else plan
    base = measured(tables, plan)
    coded, per_user, given, found = base.coded, base.per_user, base.given, base.found
    groups, closer = look_closer(per_user, given, _sizes(coded, tables), plan)
    content = (coded, tables.items, tables.kinds)
    labels = planned_labels(given, pd.Index(coded.users.values), plan)
    providers = provider_tables(*content, plan)
    odd = sanity(coded, tables.n_users_total)
    notes = (*odd.sentences(plan.k), *_notes(per_user, tables, groups, plan), *closer.notes)
    audit = Audit(
        label=label,
        plan=plan,
        per_user=per_user,
        overall=base.overall,
        given=given,
        lists=base.lists,
        groups=groups,
        closer=closer,
        pairs=pair_rates(coded, labels, plan, groups.hidden),
        matrix=exposure_matrix(*content, labels, plan, groups.hidden),
        providers=providers,
        item_side=item_side(*content, plan, tables.train),
        provider_details=provider_details(*content, {**tables.groups, **found.groups}, plan, hidden=groups.hidden),
        segments=segment_side(per_user, found, given, plan, hidden=groups.hidden),
        leakage=_leakage(coded, tables, plan) if plan.privacy else None,
        sanity=odd,
        overlap=Overlap.of_coded(coded),
        notes=notes,
    )
    return _without_answers(audit, audit.overlap.thin) if audit.overlap.thin else audit


def _without_answers(audit: Audit, why: str) -> Audit:
    """The same numbers with every answer 'too few to say': the tables are hardly about the same people or items."""
    segments, groups = audit.segments, audit.groups
    return replace(
        audit,
        groups=replace(groups, rows=undecided(groups.rows, why)),
        closer=audit.closer.undecided(why),
        providers=undecided(audit.providers, why),
        segments=replace(segments, tables=replace(segments.tables, rows=undecided(segments.tables.rows, why))),
        notes=(why, *audit.notes),
    )


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


def plain(value: Any) -> Any:
    """The value as JSON takes it: NaN, infinity and missing as null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return None
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
