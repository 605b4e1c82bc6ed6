"""What counts cannot tell: refused before the lists are read where the plan decides by it, said in the notes else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from audit.engine.quality import Judged
from audit.engine.scan import Scan
from audit.engine.valued import ACCURACY
from audit.inference.groups import GroupTables
from audit.inference.intersections import planned_pairs
from audit.inference.stratified import SMALL_SIDE
from audit.plan import Plan
from data.errors import BadInput


def refuse_uncounted(plan: Plan, groups: Mapping[str, pd.Series]) -> None:
    """Refuse a plan that decides by what needs a row for each person, or crosses attributes that are not there."""
    fix = f"name some of {', '.join(ACCURACY)}, or audit a sample"
    for name in plan.metrics:
        if name not in ACCURACY:
            problem = f"the measure '{name}' needs a row for each person, and the lists are too many to hold"
            raise BadInput(problem, column="metrics", fix=fix)
    if plan.impact_ratio == "scoring":
        problem = (
            "impact ratios by scoring need every person's value for the median, and the lists are too many to hold"
        )
        raise BadInput(problem, column="impact_ratio", fix="set it to 'selection', or audit a sample")
    if plan.impact is not None and plan.impact not in ACCURACY:
        problem = f"the measure '{plan.impact}' needs a row for each person, and the lists are too many to hold"
        raise BadInput(problem, column="impact_metric", fix=fix)
    if plan.intersections is not None:
        planned_pairs(dict(groups), plan)


def notes(found: Scan, judged: Judged, table: GroupTables, plan: Plan) -> tuple[str, ...]:
    """How the numbers came about, and what is not among them."""
    skipped = [name for name in (*plan.metrics, *plan.exploratory) if name not in judged.sums]
    lines = (
        f"The lists are too many to hold, so they were counted: {found.n_rows:,} rows, by {found.engine}.",
        f"Users are the unit: intervals come from {found.counts.buckets} random buckets of users, left out one at a time, with "
        f"Student's t; such a standard error is itself off by about {1 / np.sqrt(2 * (found.counts.buckets - 1)):.0%}.",
        f"{table.family_size} comparisons form the confirmatory family, corrected by {plan.correction}; p is the normal "
        f"limit of exchanging group labels. It, and the interval of a gap, are given where both sides have {SMALL_SIDE} people "
        "or more.",
        "No flag is not evidence of equality beyond the stated threshold.",
        "Not computed at this size: worst-served people, groups of items, groups read off histories, which people a provider "
        "reaches. Audit a sample of people for them.",
    )
    missing = f"Not computed at this size, though planned: {', '.join(skipped)}; they need a row for each person."
    return (*lines, missing) if skipped else lines
