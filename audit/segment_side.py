"""The groups that nobody has to supply, compared: group tables, and how popularity treats every group of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from audit.inference.groups import GroupTables, group_tables, planned_labels
from audit.inference.intervals import Bootstrap
from audit.inference.withheld import withheld
from audit.measures.coded import Coded
from audit.plan import Plan
from audit.segments import Segments, segments
from data.columns import Kind

_MORE = ("miscalibration_js", "miscalibration_kl")
_KL = 0.1  # nats that matter
_HELD = "Not shown: too few people, or a number by which such a group could be worked out."
_BASE = "list_popularity"  # the metric by which a row of the popularity table counts its people


@dataclass(frozen=True, eq=False)
class SegmentSide:
    """`tables`: every segment in every metric, exploratory. `popularity`: a row per group, given or read off."""

    found: Segments
    tables: GroupTables
    popularity: pd.DataFrame

    def document(self) -> dict[str, Any]:
        """Plain values; NaN is left to the caller. What people of a group that is held back chose is held back, too."""
        held = {group for _, group in self.tables.hidden}
        return {
            "rows": self.tables.rows.to_dict("records"),
            "summary": self.tables.summary.to_dict("records"),
            "words": dict(self.found.words),
            "described": {name: _HELD if name in held else text for name, text in self.found.described.items()},
            "notes": list(self.found.notes),
        }


def found_segments(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    train: pd.DataFrame,
    given: Mapping[str, pd.Series],
    plan: Plan,
) -> Segments:
    """The segments of everybody, none of the name of an attribute that is given."""
    found = segments(coded, items, kinds, train, seed=plan.seed)
    name = {each: f"{each}, from histories" if each in given else each for each in found.groups}
    groups = {name[each]: labels for each, labels in found.groups.items()}
    words = {name[each]: text for each, text in found.words.items()}
    return Segments(groups, words, found.described, found.notes)


def segment_side(
    per_user: pd.DataFrame,
    found: Segments,
    given: Mapping[str, pd.Series],
    plan: Plan,
    *,
    hidden: frozenset[tuple[str, str]] = frozenset(),
) -> SegmentSide:
    """Compare the segments in the confirmatory metrics and in miscalibration, and in the others where nothing is given.

    All are exploratory here, so they decide no exit code.
    A plan that names a segment among its `attributes` has it in the audit's own tables, and not here. Small groups are
    held back by the one rule of all tables; `hidden` are the attributes and groups that other tables hold back.
    """
    own = {name: labels for name, labels in found.groups.items() if name not in given}
    names = dict.fromkeys([*plan.metrics, *(() if given else plan.exploratory), *_MORE])
    there = tuple(name for name in names if name in per_user and per_user[name].notna().any())
    sizes = {"miscalibration_kl": _KL, **plan.own_materiality}
    looser = plan.model_copy(
        update={"attributes": None, "metrics": (), "exploratory": there, "own_materiality": sizes, "intersections": ()}
    )
    raw = group_tables(per_user, own if there else {}, looser)
    held = withheld(per_user, planned_labels(own, per_user.index, looser), [], looser)
    return SegmentSide(found, held.groups(raw), popularity_by_group(per_user, {**given, **own}, plan, hidden))


def popularity_by_group(
    per_user: pd.DataFrame,
    groups: Mapping[str, pd.Series],
    plan: Plan,
    hidden: frozenset[tuple[str, str]] = frozenset(),
) -> pd.DataFrame:
    """GAP of histories and of lists, and the popularity lift between them, for every group of every attribute.

    Columns: attribute, group, n (users with a list and a history), `profile` GAP_p, `lists` GAP_r, `lift` dGAP = GAP_r /
    GAP_p - 1 with `low` and `high` by resampling users (Abdollahpouri et al. 2019; the mean of every user's mean share of
    people who chose the item). 0: lists as popular as tastes. `reason` where a small group is held back.
    """
    both = per_user[[_BASE, "profile_popularity"]].dropna()
    counted = plan.model_copy(update={"attributes": None, "metrics": (_BASE,), "exploratory": ()})
    labels = planned_labels(dict(groups), both.index, counted)
    bootstrap = Bootstrap(plan.draws, plan.seed, plan.level)
    rows = []
    for name, column in labels.items():
        for group in sorted(column.unique()):
            mine = both[(column == group).to_numpy()]
            seen = bootstrap.ratio(mine[_BASE].to_numpy(), mine["profile_popularity"].to_numpy())
            rows.append(
                {
                    "attribute": name,
                    "group": group,
                    "metric": _BASE,
                    "n": len(mine),
                    "profile": float(mine["profile_popularity"].mean()),
                    "lists": float(mine[_BASE].mean()),
                    "lift": seen.value - 1,
                    "low": seen.low - 1,
                    "high": seen.high - 1,
                }
            )
    table = pd.DataFrame(rows, columns=["attribute", "group", "metric", "n", "profile", "lists", "lift", "low", "high"])
    table["reason"] = ""
    if len(table):
        held = withheld(both, labels, [], counted)
        held.keys[_BASE] = held.keys[_BASE] | hidden
        table = held.apply(table, "attribute", "group")
    return table.drop(columns="metric")
