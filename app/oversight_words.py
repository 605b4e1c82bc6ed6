"""The sentences of the explanations page: what was checked, how to read it, what it leaves out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.displays import between, number, percent
from models.why.importance import DIFFERS, UNCLEAR

SELF_TEST_INTRO = (
    "The reasons that people read are arithmetic. Here that arithmetic is compared with SHAP, an independent library, "
    "and with Shapley's own definition, on a small seeded world and on the stored models."
)
SELF_TEST_MISSING = (
    "No self-test has been run here yet. It starts by itself a little after the dashboard does; it can be run now."
)
SELF_TEST_OLD = "A library or our own code has changed since. Run it again to know whether the checks still hold."
SELF_TEST_FAILED = "Flagged for review: a check of the explanations does not hold. The table says which."
SELF_TEST_WARNINGS = (
    "A row that begins “warning holds” shows a default of SHAP that misleads, and that it still does in the version "
    "installed here. Our explanations do not use these defaults."
)
DRIVERS_INTRO = (
    "Each parameter is taken away in turn and the lists are made anew. What changes is its measured importance. Beside "
    "it stands the importance that is declared to the people who get the lists."
)
DRIVERS_READING = (
    "Each dot is one parameter: the share of a list that changes without it, as a mean over {people} people with its "
    "95 % interval. 0 % means that no list of {k} changes, 100 % that all titles of all lists do. The declared rank "
    "stands above the dot."
)
DECLARED_RULE = (
    "A parameter is flagged where it is declared as not used and a score moves without it, where it is declared as used "
    "and no score does, and where two are declared in one order and measured in the other with intervals that do not "
    "overlap. Where those intervals overlap, there are too few people to say."
)
OPERATOR_READING = (
    "What the operator adds after the model: the slider's default for people who set none, and every boost. The share of "
    "a list that changes without it is measured in the same way. A position of 0 adds nothing."
)
SIGNALS_READING = (
    "Each dot is one signal: how far it moves a score, up or down, in log-odds, as a mean over {people} people with one "
    "title of their list each, with its 95 % interval. These are mean absolute Shapley values."
)
ITEMS_READING = (
    "Titles of people's histories by how much they add to, or take from, the scores of the titles shown, over {people} "
    "people. A title that fewer than 10 of them chose is not named."
)
NO_ITEMS = (
    "The scores of this model do not come from single titles of a history, or no title is shared by 10 people of the "
    "sample, so no title is named."
)
DECLARE_HELP = (
    "Pick in order, the most important first. What is left out is declared as not used. Lists do not change by it; the "
    "declaration and its reason are recorded."
)
QUALITY_INTRO = (
    "Reasons can be true and still be poor. Here they are put to the test: the strongest reasons are taken away and the "
    "list is made anew. Then people are compared, group by group."
)
QUALITY_READING = (
    "Means over people with 95 % intervals; people are the unit. Hits are titles that the person went on to choose, "
    "misses are the others. A dash means undefined or fewer than 10 people."
)
QUALITY_CHART = (
    "Each dot is one group of people with its 95 % interval; the dotted line is everybody. The answer for each group "
    "stands in the table: flag, no flag, or too few to say."
)


def self_test_line(told: dict[str, Any]) -> str:
    """When it was run, with which versions, and how many checks hold."""
    held = sum(row["ok"] for row in told["checks"])
    when = datetime.fromisoformat(told["at"]).strftime("%Y-%m-%d %H:%M UTC")
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    return f"{held} of {len(told['checks'])} checks hold. Run {when} with {versions}."


def model_line(told: dict[str, Any], model_id: str, version: str) -> str:
    """Whether this very model was part of it."""
    rows = [row for row in told["checks"] if row.get("model_id") == model_id]
    if not any(row["version"] == version for row in rows):
        return "The model chosen here was not part of it in its present state. Run it again to include it."
    return "The model chosen here was part of it."


def importance_findings(told: dict[str, Any]) -> list[str]:
    """What a reviewer should know first, in whole sentences."""
    rows = told["parameters"]
    flagged = [row for row in rows if row["answer"] == DIFFERS]
    unsure = [row for row in rows if row["answer"] == UNCLEAR]
    first = max(rows, key=lambda row: row["changed"] or 0.0)
    sentences = [
        f"The most important by measurement is “{first['title']}”: without it {percent(first['changed'])} of a list "
        f"changes (95 % interval {percent(first['low'])} to {percent(first['high'])}, n = {first['n']:,})."
    ]
    if flagged:
        names = ", ".join(f"“{row['title']}”" for row in flagged)
        sentences.append(f"Flagged for review, declared differs from measured: {names}.")
    else:
        sentences.append("No parameter is flagged: what is declared agrees with what is measured.")
    if unsure:
        names = ", ".join(f"“{row['title']}”" for row in unsure)
        sentences.append(f"Too few people to say: {names}.")
    return sentences


def declared_by(told: dict[str, Any]) -> str:
    """Whose order stands beside the measurement."""
    return f"The declared order is that of {told['declared_by']}."


def concentration_line(told: dict[str, Any]) -> str:
    """How much of all that drives the lists a few titles carry."""
    first_10, first_100 = (told["concentration"][name] for name in ("first_10", "first_100"))
    return f"The 10 strongest titles carry {percent(first_10)} of all that histories add, the 100 strongest {percent(first_100)}."


def deletion_line(told: dict[str, Any]) -> str:
    """Whether the reasons matter more than chance, in one sentence."""
    if told["passed"] is None:
        return "No title has a reason among a person's own titles, so there is nothing to take away."
    figures = (
        f"difference {number(told['difference'])}, 95 % interval {between(told['low'], told['high'])}, "
        f"n = {told['n']:,}, p {told['p']:.1e}"
    )
    sides = f"{told['sooner']:,} of {told['n']:,} people lose the title sooner, {told['later']:,} later"
    if told["passed"]:
        return (
            f"Taking away the strongest reasons costs a title its place sooner than chance does: {sides} ({figures})."
        )
    return f"Flagged for review: the strongest reasons were not shown to matter more than chance: {sides} ({figures})."


def groups_line(rows: list[dict[str, Any]]) -> str:
    """How many comparisons of groups are flagged, and for how many there is too little evidence."""
    judged = [row for row in rows if row["family"] == "confirmatory"]
    flagged = sum(row["state"] == "flag" for row in judged)
    unsure = sum(row["state"] == "too few to say" for row in judged)
    return (
        f"{flagged} of {len(judged)} comparisons are flagged for review; for {unsure} there is too little evidence to "
        "say, which is not evidence of equality."
    )
