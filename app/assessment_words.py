"""The sentences of the audit and diversity pages: what was found, how to read it, what it leaves out."""

from __future__ import annotations

from typing import Any

from app.displays import between, number, percent
from audit.measures.metrics import METRICS

DIVERSITY_INTRO = (
    "The slider trades a stated part of relevance for titles that fewer people know. Here you choose where it stands "
    "for people who have not set their own. Nothing changes until you save."
)
TRADE_OFF = (
    "Each dot is one position, from 0 (left) to 1. Down is worse quality on held-out choices, right is more surprise. "
    "Held-out choices were made without this slider, so a good surprise counts as a miss here."
)
CHANGES = (
    "Each line is one group, judged on the same people before and after. Left of 0 means that the group is served "
    "worse. The bar is the 95 % interval over people; groups of fewer than 10 are counted in the table and not shown."
)


def findings(document: dict[str, Any]) -> list[str]:
    """What a reviewer should know first, in whole sentences."""
    k = document["plan"]["k"]
    quality = document["overall"]["ndcg"]
    told = [
        f"Quality of the lists of {k}: nDCG {number(quality['value'])} ({interval(quality)}). "
        f"{percent(document['overall']['coverage']['value'], 0)} of the catalogue is shown to somebody."
    ]
    rows = [row for row in document["groups"] if row["family"] == "confirmatory"]
    flagged = [row for row in rows if row["state"] == "flag"]
    unsure = [row for row in rows if row["state"] == "too few to say"]
    if flagged:
        told += [_flag(row) for row in sorted(flagged, key=lambda row: -abs(row["gap"]))[:4]]
    elif rows:
        told.append("No group is flagged for review.")
    if unsure:
        told.append(
            f"For {len(unsure)} of {len(rows)} groups there is too little evidence to say; that is not evidence of equality."
        )
    return told


def interval(row: dict[str, Any]) -> str:
    """Interval and n of one number."""
    people = f"n = {row['n']:,}"
    return people if row.get("low") is None else f"95 % interval {between(row['low'], row['high'])}, {people}"


def how_to_read(metric: str, plan: dict[str, Any]) -> str:
    """One measure: what it says, its formula, its denominator, what it leaves out."""
    told = METRICS[metric]
    return (
        f"{told.meaning} Formula: {told.formula}. {told.convention} Denominator: {told.denominator}. "
        f"Intervals resample people, {plan['level']:.0%}. What it leaves out: {told.omits}"
    )


def providers_reading(plan: dict[str, Any], total: int, shown: int) -> str:
    """How to read the chart of providers."""
    return (
        f"Exposure weighs each place by the attention it gets ({plan['browsing']} model), over all lists. Above the grey "
        "bar a provider is shown more than its part of the catalogue. Which share is right is a choice to be named, not a "
        f"fact: catalogue, held-out choices and exposure stand side by side. The {shown} largest of {total} providers are drawn."
    )


def _flag(row: dict[str, Any]) -> str:
    worse = "lower" if row["gap"] < 0 else "higher"
    return (
        f"Flagged for review: {row['attribute']} “{row['group']}” has {abs(row['gap']):.3f} {worse} "
        f"{METRICS[row['metric']].title} than everybody else (95 % interval {between(row['gap_low'], row['gap_high'])}, "
        f"adjusted p {row['p_adjusted']:.4f}, n = {row['n']:,})."
    )
