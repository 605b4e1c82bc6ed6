"""The sentences of the item side, of segments and of privacy: how to read each chart and table, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.displays import percent
from app.text import counted

OLD_RUN = "This run was kept before these measures existed. Run the audit again to see them."
COUNTED = (
    "These lists were too many to hold, so they were counted; this needs a row for each person. Audit a sample for it."
)
LORENZ = (
    "Read it so: go along the bottom to the least shown half of the titles; the height of the line there is the share of "
    "all attention that they get. Formula: L(p) = attention of the least shown part p / attention of all; attention is the "
    "sum over lists of the weight of each place. Denominator: all titles of the catalogue, never-shown ones included; for "
    "providers, those with a title. The dotted line is equality. It leaves out which titles win, and whether they should."
)
MARKS = (
    "The line through a mark is the interval of its nDCG, which resamples people; Gini is of all lists together and carries "
    "none. The axes begin where the marks do, and not at 0."
)
INTERVALS = (
    "Each dot is the mean of one group, the line through it its interval, and the dotted line the mean of everybody."
)
GROUPS_OF_ITEMS = (
    "DP sets the attention of an item of the group against that of an item of all other groups; DTR and DIR set attention "
    "and hits against what people went on to choose (Singh and Joachims 2018; nothing is added and nothing is logged). 1 is "
    "equal. Intervals resample people. Which of them should be 1 is a choice to be named, not a fact."
)
FASTAR = (
    "FA*IR asks of every list whether each of its tops holds enough of the group for chance to explain, at alpha .1 over "
    "the whole list. The share that passes stands beside the share that would pass if lists were drawn by chance."
)
REACH = (
    "How many people with a list see at least one title of this provider, group by group. Counts of fewer than {least} "
    "people, reached or not reached, are held back, and others with them where they would tell."
)
RANKS = (
    "How many lists show one of the provider's titles at each rank; an item of several providers counts whole for each. The "
    "further left, the more it is looked at. The denominator is the number of people with a list. It leaves out whether "
    "anybody looked, or wanted to."
)
SEGMENTS = (
    "Nobody has to supply these groups: they are read off the histories. They are exploratory, decide no exit code, and "
    "describe what people did, not who they are. Activity differs from group to group, so quality can differ with it."
)
LIFT = (
    "Popularity of choices is the mean share of people who chose the same titles; popularity of lists is that of the titles "
    "shown. Lift is how much more popular the lists are: 0% as people's own taste, 100% twice as popular (GAP and its change, "
    "Abdollahpouri et al. 2019)."
)
PRIVACY_OFF = (
    "This run did not ask what histories and lists tell about people. It takes about a minute: put `privacy = true` in the "
    "audit plan."
)
INFERENCE = (
    "A guesser is trained to tell the group of a person it has not seen, from the history, from ten titles, or from random "
    "titles. AUC .5 tells nothing, 1 tells all. The lift is what the lists add to random ones. A weak guesser is no proof "
    "that nothing can be told."
)
PROXIES = (
    "The same with one input column at a time, the best guess first. A column that tells an attribute can stand in for it "
    "in any model that reads the column. 'Between' sets the two largest groups against each other."
)


def provider_line(name: str, told: dict[str, Any]) -> str:
    """One provider in one sentence."""
    return (
        f"{counted(told['reached'], 'person')} of {told['people']:,} with a list ({percent(told['share'])}) see a title of "
        f"{name}. Of its {counted(told['n_items'], 'title')}, {told['never']:,} are shown to nobody."
    ).replace("persons", "people")


def segment_lines(told: dict[str, Any], name: str) -> list[str]:
    """What a segmentation is, and what the people of each behavioural segment choose."""
    described = [f"{segment}: {text}" for segment, text in told["described"].items()] if name == "behaviour" else []
    return [told["words"].get(name, ""), *described]


def absent(document: Mapping[str, Any]) -> str:
    """Why a run has no numbers of a kind."""
    return COUNTED if document.get("counted") else OLD_RUN
