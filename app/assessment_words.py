"""The sentences of the audit and diversity pages: what was found, how to read it, what it leaves out."""

from __future__ import annotations

from typing import Any

from app.displays import between, number, percent
from app.text import counted
from app.use_cases.boost_previewing import BoostPreview
from audit.measures.metrics import METRICS
from audit.report.activity import adjusted_words, without_attributes
from audit.report.findings import level, too_few, unplanned
from audit.report.providers import exposure_reading

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

BOOSTS_INTRO = (
    "A boost adds points to the score of one title, or of every title of a provider, in everybody's list from this model. "
    "Below 0 it holds back. Everybody who gets such a title reads the words of the boost and its points beside the reasons. "
    "Who set it and why is kept in the record."
)
BOOST_PREVIEW = (
    "Before and after, for {people} people drawn at random, with the slider at its default. Nothing is saved yet."
)
CONTACT_INTRO = "Everybody reads this beside every explanation of a list from this data set."
CONTACT_MISSING = "Nobody is named yet, so people read that nobody is."


_MOST_FLAGS = 4  # told in whole sentences at the top, the widest gaps first


def boost_scale(scale: dict[str, float]) -> str:
    """How large scores are on a list of this model, so that an amount means something."""
    if not scale["people"]:
        return "No list of this model has ten titles, so nothing can be said about how far apart scores are."
    return (
        f"On a list of this model the first score is about {scale['first']:.3g} and the tenth about {scale['last']:.3g}. "
        f"They are about {scale['distance']:.3g} apart: a boost of that size takes a title from the tenth place to the "
        f"first. (Medians of {scale['people']:,} lists, before the slider and boosts.)"
    )


def boost_effect(seen: BoostPreview) -> list[tuple[str, str, str | None, str]]:
    """Title, value, change and meaning of what a boost would change."""
    shown = 100 * (seen.shown_after - seen.shown_before)
    exposure = 100 * (seen.exposure_after - seen.exposure_before)
    return [
        (
            "Lists that change",
            percent(seen.changed),
            None,
            "Share of these people whose ten titles, or their order, change.",
        ),
        (
            "Lists with another title",
            percent(seen.renewed),
            None,
            "Share of these people who get a title that they did not get.",
        ),
        (
            "Lists that show a boosted title",
            percent(seen.shown_after),
            f"{shown:+.1f} points" if shown else None,
            f"Now {percent(seen.shown_before)}. The boost is for {counted(seen.titles, 'title')}.",
        ),
        (
            "Exposure of the boosted titles",
            percent(seen.exposure_after),
            f"{exposure:+.1f} points" if exposure else None,
            f"Now {percent(seen.exposure_before)} of all attention. The first place gets 1, place r gets 1/log2(r + 1).",
        ),
    ]


def findings(document: dict[str, Any]) -> list[str]:
    """What a reviewer should know first, in whole sentences."""
    k = document["plan"]["k"]
    quality = document["overall"]["ndcg"]
    told = [
        f"Quality of the lists of {k}: nDCG {number(quality['value'])} ({interval(quality, document['plan'])}). "
        f"{percent(document['overall']['coverage']['value'], 0)} of the catalogue is shown to somebody.",
        *unplanned(document),
    ]
    rows = [row for row in document["groups"] if row["family"] == "confirmatory"]
    flagged = [row for row in rows if row["state"] == "flag"]
    unsure = [row for row in rows if row["state"] == "too few to say"]
    if flagged:
        order = sorted(flagged, key=lambda row: -abs(row["gap"] or 0))
        told += [_flag(row, document["plan"]) for row in order[:_MOST_FLAGS]]
        if more := len(order[_MOST_FLAGS:]):
            told.append(
                f"{counted(more, 'more row')} of groups {'is' if more == 1 else 'are'} flagged for review below."
            )
    elif rows:
        told.append("No group is flagged for review.")
    else:
        told.append(without_attributes(document))
    if unsure:
        told.append(too_few(len(unsure), len(rows), document.get("family_size")))
    return [*told, *adjusted_words(document)]


def no_groups(document: dict[str, Any]) -> str:
    """What stands where the tables of groups would, if no attribute of people is known."""
    return without_attributes(document) or "The plan compares no attribute in a confirmatory measure."


def interval(row: dict[str, Any], plan: dict[str, Any]) -> str:
    """Interval and n of one number."""
    people = f"n = {row['n']:,}"
    return people if row.get("low") is None else f"{level(plan)} interval {between(row['low'], row['high'])}, {people}"


def providers_reading(plan: dict[str, Any], total: int, shown: int) -> str:
    """How to read the chart of providers."""
    return f"{exposure_reading(plan)} The {shown} largest of {total} providers are drawn."


def _flag(row: dict[str, Any], plan: dict[str, Any]) -> str:
    if row["gap"] is None:
        differs = f"{row['attribute']} “{row['group']}” differs in {METRICS[row['metric']].title} from everybody else"
        return f"Flagged for review: {differs}. {row['reason']}"
    worse = "lower" if row["gap"] < 0 else "higher"
    return (
        f"Flagged for review: {row['attribute']} “{row['group']}” has {abs(row['gap']):.3f} {worse} "
        f"{METRICS[row['metric']].title} than everybody else ({level(plan)} interval {between(row['gap_low'], row['gap_high'])}, "
        f"adjusted p {row['p_adjusted']:.4f}, n = {row['n']:,})."
    )
