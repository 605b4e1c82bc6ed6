"""The three answers of an audit, and the rule that gives them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from audit.plan import Plan


class State(StrEnum):
    """Flag for review, nothing to flag, or not enough evidence for either."""

    FLAG = "flag"
    NO_FLAG = "no flag"
    TOO_FEW = "too few to say"


_ANSWERED = (State.FLAG, State.NO_FLAG)


def exit_code(groups: pd.DataFrame, providers: pd.DataFrame) -> int:
    """Sum up the rows of an audit: 1 something is flagged; 2 too little evidence; 0 nothing is flagged.

    Only confirmatory groups, and providers under a planned floor, count. Evidence is too little where some attribute and
    metric have no group at all with an answer, or no provider has one; and where the plan compares nobody.
    """
    rows = groups[groups["family"] == "confirmatory"]
    floored = providers[providers["state"].notna()]
    if (rows["state"] == State.FLAG).any() or (floored["state"] == State.FLAG).any():
        return 1
    answered = rows["state"].isin(_ANSWERED).groupby([rows["attribute"], rows["metric"]]).any()
    if len(floored):
        answered = pd.concat([answered, floored["state"].isin(_ANSWERED).groupby(floored["column"]).any()])
    return 0 if len(answered) and answered.all() else 2


def decide(row: Mapping[str, Any], plan: Plan) -> tuple[State, str]:
    """Give the answer for one row of a group table, and why, in one sentence.

    'too few to say' below `minimum_cell` people in the group or outside it. 'flag' if p_adjusted < alpha and the gap is
    at least the threshold, up or down. 'no flag' if the whole interval of the gap lies inside plus or minus the
    threshold, so a gap that matters is ruled out. Anything else is 'too few to say': an interval wider than twice the
    threshold always is, unless it is a flag.
    """
    threshold = plan.threshold(row["metric"])
    if row["n"] < plan.minimum_cell:
        return State.TOO_FEW, f"{row['n']:.0f} people with a value, fewer than {plan.minimum_cell}."
    if row["n_rest"] < plan.minimum_cell:
        return State.TOO_FEW, f"Everybody else is {row['n_rest']:.0f} people, fewer than {plan.minimum_cell}."
    gap, low, high, p = row["gap"], row["gap_low"], row["gap_high"], row["p_adjusted"]
    shown = f"The gap is {gap:+.4f}, {plan.level:.0%} interval {low:+.4f} to {high:+.4f}, adjusted p {p:.4f}"
    if p < plan.alpha and abs(gap) >= threshold:
        return State.FLAG, f"{shown}: at least {threshold:g} and hard to put down to chance."
    if max(abs(low), abs(high)) < threshold:
        return State.NO_FLAG, f"{shown}: a gap of {threshold:g} or more is ruled out."
    wide = np.isfinite(high - low)
    return (
        State.TOO_FEW,
        f"{shown}: a gap of {threshold:g} is neither shown nor ruled out{'' if wide else ' (no interval)'}.",
    )
