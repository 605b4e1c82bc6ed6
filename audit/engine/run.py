"""The audit of lists too large for memory: everything that counts can tell, laid out as tables and one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, cast

import numpy as np
import pandas as pd

from audit.engine.engines import Engine, Progress
from audit.engine.family import EVERYBODY, Facts, concentration, providers
from audit.engine.quality import judge
from audit.engine.scan import Scan, scan
from audit.engine.tables import UNKNOWN, Source
from audit.inference.answers import State
from audit.inference.suppression import Cells, hidden_cells
from audit.plan import Plan
from data.columns import PROVIDER, Kind

NUMBERS = ("value", "se", "low", "high", "exposure_share", "exposure_ratio", "merit_ratio")
BESIDE = ("log", "rbp", "flat")  # browsing models that are always shown beside the planned one


@dataclass(frozen=True, eq=False)
class CountedAudit:
    """Numbers with intervals over buckets of users; no test is made, so no group is flagged."""

    label: str
    plan: Plan
    scan: Scan
    quality: pd.DataFrame  # attribute, group, metric, value, se, low, high, n
    exposure: pd.DataFrame  # the same with `browsing`; n_lists
    providers: pd.DataFrame  # by attribute, group, browsing, column and provider; state where the plan sets a floor
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 a provider is under the planned floor; 2 otherwise: group differences are not tested here."""
        return 1 if (self.providers["state"] == State.FLAG).any() else 2

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that are written beside the document."""
        return {"quality": self.quality, "exposure": self.exposure, "providers": self.providers}

    def document(self) -> dict[str, Any]:
        """Lay the audit out as values for JSON."""
        found = self.scan
        odd = ("beyond_k", "short_lists", "skipped_ranks", "repeated_items", "unknown_items")
        return {
            "label": self.label,
            "exit_code": self.exit_code,
            "plan": self.plan.model_dump(mode="json"),
            "plan_hash": self.plan.hash,
            "rows": found.n_rows,
            "lists": int(found.counts.lists.sum()),
            "engine": found.engine,
            "sanity": {name: getattr(found, name) for name in odd},
            **{name: _records(table) for name, table in self.tables.items()},
            "notes": list(self.notes),
        }


def counted_audit(
    lists: Source,
    outcomes: Source,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    groups: Mapping[str, pd.Series],
    training: pd.Series,
    merit: pd.Series,
    plan: Plan,
    *,
    label: str = "",
    engine: type[Engine] | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> CountedAudit:
    """Scan the lists once for exposure and once against the held-out pairs.

    `training` and `merit`: people who chose each item, before and after, by item id. Groups under the plan's minimum
    cell are held back, with one more where it could be worked out from the others.
    """
    people = pd.DataFrame(dict(groups)) if groups else None
    found = scan(
        lists,
        items.index,
        people,
        k=plan.k,
        engine=engine() if engine else None,
        progress=None if progress is None else lambda done: progress(0.6 * done),
        cancel=cancel,
    )
    judged = judge(lists, outcomes, people, k=plan.k, engine=engine() if engine else None, cancel=cancel)
    facts = Facts.of(found, items, kinds, training, merit)
    models = list(dict.fromkeys([plan.browsing, *BESIDE]))
    exposure = concentration(found, facts, *models, head=plan.head)
    shown = _providers(found, facts, models, plan)
    if progress:
        progress(1.0)
    quality = withheld(judged.table(), "n", plan.minimum_cell)
    exposed = withheld(exposure, "n_lists", plan.minimum_cell)
    small = exposed[exposed["n_lists"].isna()][["attribute", "group"]].drop_duplicates()
    return CountedAudit(label, plan, found, quality, exposed, _hidden(shown, small), _notes(found, plan))


def withheld(table: pd.DataFrame, column: str, minimum: int) -> pd.DataFrame:
    """The table without the numbers of groups of fewer than `minimum` people, and of who would give them away."""
    sizes = table.drop_duplicates(["attribute", "group"])[["attribute", "group", column]]
    total = sizes.loc[sizes["group"].eq(EVERYBODY) & sizes["attribute"].eq(""), column].to_numpy()
    result = table.astype({column: "Int64"})
    for attribute, each in sizes[sizes["attribute"] != ""].groupby("attribute"):
        counts = np.concatenate([total, each[column].to_numpy()]).astype(np.int64)
        rank = np.concatenate([[3], np.where(each["group"] == UNKNOWN, 2, 1)])
        cells = Cells(counts, [(0, np.arange(1, len(counts)))], rank, np.zeros(len(counts), bool))
        hidden = each["group"].to_numpy()[hidden_cells(cells, minimum)[1:]]
        mask = (result["attribute"] == attribute) & result["group"].isin(hidden)
        result.loc[mask, [name for name in (*NUMBERS, column) if name in result]] = np.nan
    return result


def _providers(found: Scan, facts: Facts, models: list[str], plan: Plan) -> pd.DataFrame:
    default = (PROVIDER,) if PROVIDER in facts.items else ()
    columns = default if plan.item_groups is None else plan.item_groups
    tables = [providers(found, facts, column, *models).assign(column=column) for column in columns]
    if not tables:
        return pd.DataFrame({name: [] for name in ("attribute", "group", "provider", "exposure_share", "state")})
    table = pd.concat(tables, ignore_index=True)
    return table.assign(state=_states(table, plan))


def _states(table: pd.DataFrame, plan: Plan) -> np.ndarray:
    """Where the plan sets a floor: the whole interval of exposure to catalogue share under it, at or above it, or not."""
    states = np.full(len(table), None, dtype=object)
    if plan.exposure_floor is None:
        return states
    own = (table["group"] == EVERYBODY) & (table["browsing"] == plan.browsing) & (table["provider"] != UNKNOWN)
    asked = (own & (table["catalogue_share"] > 0)).to_numpy()
    floor = plan.exposure_floor * table["catalogue_share"]
    states[asked] = State.TOO_FEW
    states[asked & (table["high"] < floor).to_numpy()] = State.FLAG
    states[asked & (table["low"] >= floor).to_numpy()] = State.NO_FLAG
    return states


def _hidden(table: pd.DataFrame, small: pd.DataFrame) -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(small)
    mask = pd.MultiIndex.from_frame(table[["attribute", "group"]]).isin(keys)
    table.loc[mask, [name for name in NUMBERS if name in table]] = np.nan
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object)
    return cast("list[dict[str, Any]]", plain.where(plain.notna(), None).to_dict("records"))


def _notes(found: Scan, plan: Plan) -> tuple[str, ...]:
    said = {
        found.beyond_k: f"rows lie below rank {plan.k} and are left out",
        found.short_lists: f"users have a list shorter than {plan.k}; precision still divides by {plan.k}",
        found.skipped_ranks: "users have holes in their ranks; the ranks are used as given",
        found.repeated_items: "rows repeat an item in the same list; a repeat counts as a miss and as exposure",
        found.unknown_items: "rows show an item that is not in the items table",
    }
    return (
        f"The lists are too many to hold, so they were counted: {found.n_rows:,} rows, by {found.engine}.",
        "Users are the unit: intervals come from random buckets of users, by linearisation and Student's t.",
        "Differences between groups are not tested here; audit a sample of people for tests and for per-person measures.",
        *(f"{count:,} {words}." for count, words in said.items() if count),
    )
