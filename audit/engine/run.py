"""The audit of lists too large for memory: everything that counts can tell, laid out as the audit in memory lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Any

import numpy as np
import pandas as pd

from audit.engine.closer import look_closer
from audit.engine.crowd import Crowd
from audit.engine.engines import Engine, Progress
from audit.engine.facts import Facts
from audit.engine.family import concentration, list_statistics
from audit.engine.held import held_back, hide
from audit.engine.overall import joined, oddities, overall
from audit.engine.providers import judged_providers, providers
from audit.engine.quality import STRATUM, judge
from audit.engine.reach import belonging, reach
from audit.engine.scan import Scan, scan
from audit.engine.tables import Source
from audit.engine.uncounted import notes, refuse_uncounted
from audit.inference.answers import exit_code
from audit.inference.closer import Closer
from audit.inference.groups import GroupTables
from audit.inference.strata import placed
from audit.measures.exposure import ListStatistics
from audit.overlap import Overlap, undecided
from audit.plan import Plan
from audit.run import plain
from audit.sanity import Sanity
from data.columns import ITEM, PROVIDER, USER, Kind

BESIDE = ("log", "rbp", "flat")  # browsing models that are always shown beside the planned one


@dataclass(frozen=True, eq=False)
class CountedAudit:
    """Numbers from counts alone, in the shape of `audit.run.Audit`; what needs a row per person is left out and said."""

    label: str
    plan: Plan
    scan: Scan
    overall: pd.DataFrame
    groups: GroupTables
    closer: Closer
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
                **{name: table.to_dict("records") for name, table in self.closer.tables.items()},
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
    refuse_uncounted(plan, groups)
    people = pd.DataFrame(dict(groups)) if groups else None
    gone, columns = frozenset(without), _columns(items, plan)
    known, outcomes = (each[~each[USER].isin(gone)] for each in (known, outcomes))

    def machine() -> Engine | None:
        return engine() if engine else None

    found = scan(
        lists,
        items.index,
        people,
        belongs=belonging(items, kinds, columns),
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
    shown = _providers(found, facts, columns, models, plan)
    again = outcomes[[USER, ITEM]].drop_duplicates().merge(known[[USER, ITEM]].drop_duplicates())
    odd = oddities(found, judged, len(again), everybody)
    overlap = joined(found, judged, outcomes, items)
    table, closer = look_closer(Crowd.of(found, judged), plan)
    unseen, untold = held_back(exposure, "n_lists", closer.held)
    if progress:
        progress(1.0)
    return CountedAudit(
        label=label,
        plan=plan,
        scan=found,
        overall=overall(judged, exposure, plan),
        groups=replace(table, rows=undecided(table.rows, overlap.thin)),
        closer=closer.undecided(overlap.thin),
        lists=list_statistics(found, facts, plan.browsing, head=plan.head),
        exposure=hide(hide(exposure, untold), unseen, "n_lists"),
        providers=undecided(judged_providers(shown, reach(found, facts, columns), found, plan), overlap.thin),
        by_group=hide(shown, unseen | untold),
        sanity=odd,
        overlap=overlap,
        notes=(
            *((overlap.thin,) if overlap.thin else ()),
            *odd.sentences(plan.k),
            *notes(found, judged, table, plan),
            *closer.notes,
        ),
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


def _columns(items: pd.DataFrame, plan: Plan) -> tuple[str, ...]:
    """The item columns whose categories are judged as providers."""
    default = (PROVIDER,) if PROVIDER in items else ()
    return default if plan.item_groups is None else plan.item_groups


def _providers(found: Scan, facts: Facts, columns: tuple[str, ...], models: list[str], plan: Plan) -> pd.DataFrame:
    tables = [providers(found, facts, each, *models, level=plan.level).assign(column=each) for each in columns]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
