"""The overall numbers of a counted audit, and what is odd about its lists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.engine.parts import EVERYBODY
from audit.engine.quality import Judged
from audit.engine.scan import Scan
from audit.measures.metrics import METRICS
from audit.overlap import Overlap, spelling
from audit.plan import Plan
from audit.sanity import Sanity
from data.columns import ITEM, USER


def overall(judged: Judged, exposure: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Everybody's numbers as `audit.measured` has them: index metric; value, low, high, n, undefined, and its words."""
    ours = judged.table(plan.level)
    quality = ours[ours["group"].eq(EVERYBODY) & ours["attribute"].eq("")].set_index("metric")
    mine = (
        exposure["group"].eq(EVERYBODY) & exposure["attribute"].eq("") & exposure["browsing"].isin(["", plan.browsing])
    )
    lists = exposure[mine].rename(columns={"n_lists": "n"}).set_index("metric")
    table = pd.concat([quality, lists[lists.index.isin(list(METRICS))]])[["value", "low", "high", "n"]]
    table["undefined"] = np.where(table.index.isin(list(judged.sums)), judged.people - int(judged.lists.sum()), 0)
    words = [METRICS[str(name)] for name in table.index]
    for column in ("title", "convention", "denominator", "direction"):
        table[column] = [getattr(metric, column) for metric in words]
    table["label"] = [metric.label(plan.k) for metric in words]
    return table.astype({"n": np.int64, "undefined": np.int64})


def oddities(found: Scan, judged: Judged, outcomes_seen: int, everybody: int) -> Sanity:
    """What a reader should know before the numbers, counted by the scans."""
    wanted = int(judged.lists.sum())
    return Sanity(
        short_lists=found.short_lists,
        repeated_items=found.repeated_items,
        skipped_ranks=found.skipped_ranks,
        beyond_k=found.beyond_k,
        unknown_items=found.unknown_items,
        already_seen=judged.seen,
        outcomes_seen=outcomes_seen,
        truth_without_list=wanted - judged.met,
        list_without_truth=judged.listed - judged.met,
        users_without_both=max(everybody, judged.people) - judged.people,
    )


def joined(found: Scan, judged: Judged, outcomes: pd.DataFrame, items: pd.DataFrame) -> Overlap:
    """How much of the tables joins, by the counts of both scans."""
    shown, wanted = found.n_rows - found.beyond_k, outcomes[[USER, ITEM]].drop_duplicates()
    ids, strangers = items.index.astype(str), found.items.values[~found.catalogue]
    return Overlap(
        listed=judged.listed,
        judged=int(judged.lists.sum()),
        both=judged.met,
        shown=shown,
        shown_known=shown - found.unknown_items,
        held_out=len(wanted),
        held_out_known=int(wanted[ITEM].astype(str).isin(ids).sum()),
        hint=spelling(strangers, ids) or spelling(wanted[ITEM].unique(), ids),
    )
