"""Several kinds of lists on the same people, side by side: paired differences, and quality against concentration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from audit.inference.comparing import compare
from audit.plan import Plan
from audit.run import plain

LISTS = (
    "ndcg",
    "gini_exposure",
    "coverage",
    "tail_share",
    "list_popularity",
)  # what stands beside the metrics of the plan
_WANTED = ("metric", "value", "low", "high", "n")


class Judged(Protocol):
    """What is compared: a whole audit, or what lists are worth before any group is compared."""

    @property
    def per_user(self) -> pd.DataFrame:
        """Index user_id, a column per metric."""

    @property
    def overall(self) -> pd.DataFrame:
        """Index metric: value, low, high, n."""

    @property
    def given(self) -> dict[str, pd.Series]:
        """The attributes that people are grouped by."""


@dataclass(frozen=True, eq=False)
class SideBySide:
    """`rows`: as in `audit.inference.comparing.compare`. `overall`: a row per label and metric, with its interval."""

    base: str
    labels: tuple[str, ...]
    rows: pd.DataFrame
    overall: pd.DataFrame
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Plain JSON values; NaN is null."""
        tables = {"rows": self.rows, "overall": self.overall}
        told = {name: table.to_dict("records") for name, table in tables.items()}
        return dict(plain({"base": self.base, "labels": self.labels, **told, "notes": self.notes}))


def side_by_side(audits: Mapping[str, Judged], plan: Plan) -> SideBySide:
    """Everything against the first. All must be judged by the same truth, on the same people; groups are the first's."""
    first = next(iter(audits))
    names = list(dict.fromkeys([*plan.metrics, *plan.exploratory, *LISTS]))
    parts = []
    for label, each in audits.items():
        table = each.overall.rename_axis("metric").reset_index()
        parts.append(table.loc[table["metric"].isin(names), list(_WANTED)].assign(label=label))
    rows = compare({label: each.per_user for label, each in audits.items()}, audits[first].given, plan, base=first)
    return SideBySide(first, tuple(audits), rows, pd.concat(parts, ignore_index=True), _notes(rows, plan))


def _notes(rows: pd.DataFrame, plan: Plan) -> tuple[str, ...]:
    tested = int((rows["metric"].isin(plan.metrics) & rows["p"].notna()).sum())
    return (
        f"{tested} paired comparisons of confirmatory measures are corrected together by {plan.correction}, all others "
        "by Benjamini-Hochberg.",
        "The comparison decides no exit code: it says which lists served the same people otherwise, not which to use.",
    )
