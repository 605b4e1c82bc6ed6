"""The sentences of a report: what was found, what it rests on, what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.answers import State
from audit.report.activity import adjusted_words, without_attributes
from audit.report.closer import turned
from audit.report.text import between, line, metric_title, named, number, percent, probability

Document = Mapping[str, Any]
Row = Mapping[str, Any]

NO_PLAN = (
    "No plan of the organisation's own was given. The default plan applied: it is fixed in the program, and its hash entered "
    "the log before anything was computed."
)
_MOST = 12  # findings told one by one
_SUM = {
    0: "Nothing is flagged for review.",
    1: "At least one planned comparison is flagged for review.",
    2: "Nothing is flagged for review, but for some planned comparison, or for all, the evidence is too little to say.",
}
SANITY = {
    "short_lists": "users with a list shorter than planned",
    "repeated_items": "rows that repeat an item in the same list",
    "skipped_ranks": "users with holes in their ranks",
    "beyond_k": "rows below the last rank that counts",
    "unknown_items": "rows that show an item outside the items table",
    "already_seen": "rows that show an item its user had already chosen",
    "outcomes_seen": "held-out choices that are in the training table too",
    "truth_without_list": "users with held-out choices and no list",
    "list_without_truth": "users with a list and no held-out choice",
    "users_without_both": "users with neither a list nor a held-out choice",
}
PLAN = {
    "k": "length of the lists that are assessed",
    "metrics": "confirmatory measures: they alone decide",
    "exploratory": "exploratory measures: shown, and decide nothing",
    "attributes": "user attributes that are compared; none named: all that are given",
    "item_groups": "item columns whose exposure is compared; none named: the provider",
    "browsing": "how attention falls from place to place",
    "content": "columns that items are compared by; none named: every category",
    "calibration": "column whose mix is compared with a person's past; none named: the first multi-category",
    "head": "what the most popular items are counted by",
    "alpha": "an adjusted p under this counts",
    "materiality": "the least gap that matters",
    "own_materiality": "the least gap that matters, for single measures",
    "minimum_cell": "numbers of fewer people are not shown",
    "draws": "resamples of people, and permutations of labels",
    "level": "level of the intervals",
    "seed": "seed of the draws",
    "correction": "correction for many comparisons",
    "exposure_floor": "least exposure in proportion to the catalogue; none: no provider is flagged or cleared",
    "privacy": "whether attributes are guessed from histories, lists and inputs",
    "interval": "how intervals of people's numbers are read from the resamples",
    "strata": "strata of history length in which groups are compared like with like",
    "equivalence": "whether a gap is tested to be smaller than the threshold",
    "intersections": "pairs of attributes that are crossed; none named: all that are small enough",
    "impact_ratio": "which rate is screened by impact ratios; none: no such table",
    "impact_metric": "measure behind the impact ratios; none: hit rate, or the first confirmatory one",
    "impact_reference": "whom impact ratios are compared with",
    "impact_exclude": "whether categories of under 2 % of people are left out of the ratios",
    "seeds": "draws of the held-out choices that numbers are spread over, the audit's own first",
    "frame": "whom the data stands for",
    "period": "when the data was recorded",
    "sample": "how the people were drawn, and how many",
    "representativeness": "how far they stand for those whom the data stands for",
}
LIMITS = (
    "This report assesses lists against a plan. A flag asks a person to look; it is no verdict, and no flag is no "
    "clearance.",
    "Held-out choices are only what people could find at the time. A good item that nobody found counts as a miss.",
    "Equal exposure is one possible goal among several; catalogue, held-out choices and exposure stand side by side.",
    "A gap between groups says that their outcomes differ, not why.",
    "Attributes are used as they were given. Whether they are right was not checked.",
)


def findings(document: Document) -> list[str]:
    """What a reader should know first, in whole sentences."""
    told = [_SUM[document["exit_code"]], *unplanned(document)]
    told += [_quality(document, name) for name in document["plan"]["metrics"]]
    coverage = document["overall"].get("coverage", {}).get("value")
    if coverage is not None:
        told.append(f"{percent(coverage)} of the catalogue is shown to somebody.")
    told += [*_groups(document), *adjusted_words(document), *turned(document)]
    told += _providers(document["providers"])
    return told


def unplanned(document: Document) -> list[str]:
    """What stands at the top where the comparisons are nobody's own choice, or where nothing could be answered."""
    own = [] if document.get("planned", True) else [NO_PLAN]
    return [*own, line(document["thin"])] if document.get("thin") else own


def preparation(document: Document) -> str:
    """Whether the plan was given before, or is the default."""
    if document.get("planned"):
        return "The plan was given in a file, and its hash entered the log before anything was computed."
    return NO_PLAN


def level(plan: Mapping[str, Any]) -> str:
    """The level of the intervals in percent: `95 %`."""
    return f"{100 * plan['level']:g} %"


def threshold(plan: Mapping[str, Any], metric: str) -> float:
    """The least gap in the metric that matters by the plan."""
    return float(plan["own_materiality"].get(metric, plan["materiality"]))


def too_few(unsure: int, rows: int, family: int | None) -> str:
    """How many confirmatory rows have no answer for want of evidence, beside how many comparisons were tested."""
    told = (
        f"For {unsure} of {rows} rows of groups there is too little evidence to say; that is not evidence of equality."
    )
    if family is None or family == rows:
        return told
    return (
        f"{told} The {rows} rows rest on {family} tested {'comparison' if family == 1 else 'comparisons'}: the two rows of "
        "an attribute of two groups are one, and a row of too few people is none."
    )


def _quality(document: Document, name: str) -> str:
    row, plan = document["overall"][name], document["plan"]
    if row["value"] is None:
        return f"{metric_title(name)} is undefined for everybody here."
    interval = f"{level(plan)} interval {between(row['low'], row['high'])}, " if row["low"] is not None else ""
    return (
        f"{metric_title(name)} of the lists of {plan['k']} is {number(row['value'])} "
        f"({interval}n = {row['n']:,}; {row['denominator']})."
    )


def _groups(document: Document) -> list[str]:
    rows = [row for row in document["groups"] if row["family"] == "confirmatory"]
    if not rows:
        return [without_attributes(document)]
    flagged = sorted((row for row in rows if row["state"] == State.FLAG), key=lambda row: -abs(row["gap"] or 0))
    unsure = sum(row["state"] == State.TOO_FEW for row in rows)
    told = [_flag(row, document["plan"]) for row in flagged[:_MOST]] or ["No user group is flagged for review."]
    if len(flagged) > _MOST:
        told.append(f"{len(flagged) - _MOST} more groups are flagged for review; see the tables.")
    if unsure:
        told.append(too_few(unsure, len(rows), document.get("family_size")))
    return told


def _flag(row: Row, plan: Mapping[str, Any]) -> str:
    if row["gap"] is None:
        return (
            f"Flag for review: {line(row['attribute'])} {named(row['group'])} differs in {metric_title(row['metric'])} "
            f"from everybody else. {row['reason']}"
        )
    return (
        f"Flag for review: {line(row['attribute'])} {named(row['group'])} has {number(abs(row['gap']))} "
        f"{'lower' if row['gap'] < 0 else 'higher'} {metric_title(row['metric'])} than everybody else "
        f"({level(plan)} interval of the gap {between(row['gap_low'], row['gap_high'], signed=True)}, adjusted p "
        f"{probability(row['p_adjusted'])}, n = {row['n']:,})."
    )


def _providers(rows: Sequence[Row]) -> list[str]:
    judged = [row for row in rows if row["state"] is not None]
    if not judged:
        return []
    flagged = [row for row in judged if row["state"] == State.FLAG]
    told = [
        f"Flag for review: {line(row['column'])} {named(row['provider'])}. {row['reason']}" for row in flagged[:_MOST]
    ]
    if len(flagged) > _MOST:
        told.append(f"{len(flagged) - _MOST} more providers are flagged for review; see the table.")
    return told or ["No provider is flagged for review under the floor of the plan."]
