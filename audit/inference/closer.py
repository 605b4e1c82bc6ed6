"""Everything that stands beside the group tables, so that they cannot be misread, made in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from audit.inference.adjusted import adjusted_gaps
from audit.inference.direction import directions
from audit.inference.equivalence import equivalences
from audit.inference.groups import GroupTables, group_tables, planned_labels
from audit.inference.impact import impact_ratios
from audit.inference.intersections import intersections, planned_pairs
from audit.inference.strata import activity_strata
from audit.inference.unknowns import unknown_bounds
from audit.inference.withheld import Withheld, withheld
from audit.inference.worst import deciles, worst_traits
from audit.measures.exposure import UNKNOWN
from audit.overlap import undecided
from audit.plan import Plan

TABLES = ("directions", "unknowns", "equivalence", "intersections", "impact_ratios", "deciles", "worst_traits")


@dataclass(frozen=True, eq=False)
class Closer:
    """Tables by the names of `TABLES`, none with a number that is held back, and sentences on what was left out."""

    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    held: Withheld  # what the tables hold back, for whatever else is told of the same people

    def undecided(self, why: str) -> Closer:
        """The same with every answer 'too few to say', and why; the same where `why` is ''."""
        return replace(self, tables={name: undecided(each, why) for name, each in self.tables.items()})


def look_closer(
    per_user: pd.DataFrame, groups: dict[str, pd.Series], sizes: pd.Series, plan: Plan
) -> tuple[GroupTables, Closer]:
    """Group tables with their adjusted gaps, and what stands beside them; `sizes` is the history length by user id."""
    labels = planned_labels(groups, per_user.index, plan)
    pairs, left_out = planned_pairs(labels, plan)
    held = withheld(per_user, labels, pairs, plan)
    raw = group_tables(per_user, groups, plan)
    strata = activity_strata(sizes, per_user.index, plan.strata)
    rows = raw.rows.join(adjusted_gaps(per_user, labels, strata, raw.rows, plan))
    weights = per_user["n_relevant"] if "n_relevant" in per_user else pd.Series(1.0, index=per_user.index)
    by_group = {
        "directions": directions(per_user, labels, weights, strata, rows, plan),
        "unknowns": unknown_bounds(per_user, labels, rows, plan),
        "equivalence": equivalences(per_user, labels, rows, plan),
    }
    by_group["unknowns"] = shown_bounds(by_group["unknowns"], held)
    crossed = intersections(per_user, labels, pairs, plan)
    tables = {
        **{name: held.apply(table, "attribute", "group") for name, table in by_group.items()},
        "intersections": held.apply(crossed, "first", "second", "first_group", "second_group"),
        "impact_ratios": impact_ratios(per_user, labels, pairs, held, plan),
        "deciles": deciles(per_user, plan),
        "worst_traits": worst_traits(per_user, sizes, plan),
    }
    shown = held.groups(replace(raw, rows=rows))
    return shown, Closer(tables, tuple(left_out), held)


def shown_bounds(table: pd.DataFrame, held: Withheld) -> pd.DataFrame:
    """The table without the number of unlabelled people where it is held back, or the bounds that tell their values."""
    unlabelled = table.assign(group=UNKNOWN)
    mask, silent = held.rows(unlabelled, "attribute", "group"), held.silent(unlabelled, "attribute", "group")
    if not silent.any():
        return table
    result = table.astype({"n_known": "Int64", "n_unknown": "Int64"})
    result.loc[silent, ["lower", "upper"]] = float("nan")
    result.loc[silent, "reason"] = held.sentence
    result.loc[mask, ["n_known", "n_unknown"]] = pd.NA
    result.loc[mask, "unknown_share"] = float("nan")
    return result
