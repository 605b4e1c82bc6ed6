"""The audit of lists too large for memory: everything that counts can tell, laid out as the audit in memory lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Any

import numpy as np
import pandas as pd

from audit.engine.engines import Engine, Progress
from audit.engine.facts import Facts
from audit.engine.family import concentration, list_statistics
from audit.engine.gaps import counted_groups
from audit.engine.held import held_back, hide
from audit.engine.overall import joined, oddities, overall
from audit.engine.providers import judged_providers, providers
from audit.engine.quality import ACCURACY, STRATUM, Judged, judge
from audit.engine.scan import Scan, scan
from audit.engine.tables import Source
from audit.inference.answers import exit_code
from audit.inference.groups import GroupTables
from audit.inference.strata import placed
from audit.inference.stratified import SMALL_SIDE
from audit.inference.withheld import Withheld
from audit.measures.exposure import ListStatistics
from audit.overlap import Overlap, undecided
from audit.plan import Plan
from audit.run import plain
from audit.sanity import Sanity
from data.columns import ITEM, PROVIDER, USER, Kind
from data.errors import BadInput

BESIDE = ("log", "rbp", "flat")  # browsing models that are always shown beside the planned one


@dataclass(frozen=True, eq=False)
class CountedAudit:
    """Numbers from counts alone, in the shape of `audit.run.Audit`; what needs a row per person is left out and said."""

    label: str
    plan: Plan
    scan: Scan
    overall: pd.DataFrame
    groups: GroupTables
    lists: ListStatistics
    exposure: pd.DataFrame  # attribute, group, metric, browsing, value, se, low, high, n_lists
    providers: pd.DataFrame  # of everybody under the planned browsing model; state where the plan sets a floor
    by_group: pd.DataFrame  # exposure of providers for every user group and browsing model
    sanity: Sanity
    overlap: Overlap
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """As of the audit in memory."""
        return exit_code(self.groups.rows, self.providers)

    def document(self) -> dict[str, Any]:
        """Lay the audit out as plain JSON values; NaN is null."""
        rows = self.overall.rename_axis("metric").reset_index().to_dict("records")
        return plain(
            {
                "label": self.label,
                "exit_code": self.exit_code,
                "plan": self.plan.model_dump(mode="json"),
                "plan_hash": self.plan.hash,
                "counted": {"rows": self.scan.n_rows, "engine": self.scan.engine},
                "overall": {row["metric"]: row for row in rows},
                "groups": self.groups.rows.to_dict("records"),
                "group_summary": self.groups.summary.to_dict("records"),
                "family_size": self.groups.family_size,
                "providers": self.providers.to_dict("records"),
                "exposure": self.exposure.to_dict("records"),
                "provider_exposure": self.by_group.to_dict("records"),
                "lists": asdict(self.lists),
                "sanity": asdict(self.sanity),
                "thin": self.overlap.thin,
                "notes": list(self.notes),
            }
        )


def counted_audit(
    lists: Source,
    outcomes: pd.DataFrame,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    groups: Mapping[str, pd.Series],
    known: pd.DataFrame,
    plan: Plan,
    *,
    everybody: int = 0,
    without: Iterable[str] = (),
    label: str = "",
    engine: type[Engine] | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> CountedAudit:
    """Scan the lists once for exposure and once against the held-out and the `known` choices (user_id, item_id).

    `everybody`: people of the whole system, where the tables name fewer. `without`: people who must not be audited.
    Groups under the plan's minimum cell are held back, with one more where it could be worked out from the others.
    """
    _refuse_uncounted(plan)
    people = pd.DataFrame(dict(groups)) if groups else None
    gone = frozenset(without)
    known, outcomes = (each[~each[USER].isin(gone)] for each in (known, outcomes))

    def machine() -> Engine | None:
        return engine() if engine else None

    found = scan(
        lists,
        items.index,
        people,
        without=gone,
        k=plan.k,
        engine=machine(),
        progress=_part(progress, 0, 0.5),
        cancel=cancel,
    )
    within = None if people is None else people.assign(**{STRATUM: _strata(known, outcomes, people.index, plan)})
    judged = judge(
        lists, outcomes, within, known=known, without=gone, k=plan.k, engine=machine(),
        progress=_part(progress, 0.5, 0.95), cancel=cancel,
    )  # fmt: skip
    facts = Facts.of(found, items, kinds, known[ITEM].value_counts(), outcomes[ITEM].value_counts())
    models = list(dict.fromkeys([plan.browsing, *BESIDE]))
    exposure = concentration(found, facts, *models, head=plan.head, level=plan.level)
    shown = _providers(found, facts, models, plan)
    again = outcomes[[USER, ITEM]].drop_duplicates().merge(known[[USER, ITEM]].drop_duplicates())
    odd = oddities(found, judged, len(again), everybody)
    small, quiet = held_back(judged.table(), "n", plan.minimum_cell)
    keys, values = (dict.fromkeys(map(str, judged.sums), each) for each in (small, quiet))
    table = Withheld(plan.minimum_cell, keys, values).groups(counted_groups(judged, plan))
    unseen, untold = held_back(exposure, "n_lists", plan.minimum_cell)
    overlap = joined(found, judged, outcomes, items)
    if progress:
        progress(1.0)
    return CountedAudit(
        label=label,
        plan=plan,
        scan=found,
        overall=overall(judged, exposure, plan),
        groups=replace(table, rows=undecided(table.rows, overlap.thin)),
        lists=list_statistics(found, facts, plan.browsing, head=plan.head),
        exposure=hide(hide(exposure, untold), unseen, "n_lists"),
        providers=undecided(judged_providers(shown, found, plan), overlap.thin),
        by_group=hide(shown, unseen | untold),
        sanity=odd,
        overlap=overlap,
        notes=(*((overlap.thin,) if overlap.thin else ()), *odd.sentences(plan.k), *_notes(found, judged, table, plan)),
    )


def _part(progress: Progress | None, start: float, end: float) -> Progress | None:
    return None if progress is None else lambda done: progress(start + (end - start) * done)


def _strata(known: pd.DataFrame, outcomes: pd.DataFrame, people: pd.Index, plan: Plan) -> np.ndarray:
    """The stratum of every person, by quantiles of history length over who has held-out choices."""
    sizes = known[USER].value_counts()
    own, among = (
        sizes.reindex(each).fillna(0).to_numpy(dtype=np.float64) for each in (people, outcomes[USER].unique())
    )
    return placed(own, among, plan.strata).astype(str)


def _refuse_uncounted(plan: Plan) -> None:
    for name in plan.metrics:
        if name not in ACCURACY:
            problem = f"the measure '{name}' needs a row for each person, and the lists are too many to hold"
            raise BadInput(problem, column="metrics", fix=f"name some of {', '.join(ACCURACY)}, or audit a sample")


def _providers(found: Scan, facts: Facts, models: list[str], plan: Plan) -> pd.DataFrame:
    default = (PROVIDER,) if PROVIDER in facts.items else ()
    columns = default if plan.item_groups is None else plan.item_groups
    tables = [providers(found, facts, each, *models, level=plan.level).assign(column=each) for each in columns]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _notes(found: Scan, judged: Judged, table: GroupTables, plan: Plan) -> tuple[str, ...]:
    skipped = [name for name in (*plan.metrics, *plan.exploratory) if name not in judged.sums]
    lines = (
        f"The lists are too many to hold, so they were counted: {found.n_rows:,} rows, by {found.engine}.",
        f"Users are the unit: intervals come from {found.counts.buckets} random buckets of users, left out one at a time, with "
        f"Student's t; such a standard error is itself off by about {1 / np.sqrt(2 * (found.counts.buckets - 1)):.0%}.",
        f"{table.family_size} comparisons form the confirmatory family, corrected by {plan.correction}; p is the normal "
        f"limit of exchanging group labels, and is given where both sides have {SMALL_SIDE} people or more.",
        "No flag is not evidence of equality beyond the stated threshold.",
        "Not computed at this size: intersections, bounds for unknown groups, worst-served people, groups of items, reach of "
        "providers, groups read off histories. Audit a sample of people for them.",
    )
    missing = f"Not computed at this size, though planned: {', '.join(skipped)}; they need a row for each person."
    return (*lines, missing) if skipped else lines
