"""The sentences that people read beside numbers, in one place so that they can be reviewed as text."""

from __future__ import annotations

from typing import Any

from models.slider import budget_of

PROFILING_HELP = (
    "On: the list is made from your own past choices. Off: it is the same list for everybody, made without any "
    "personal data. Your choice stays until you change it."
)
NOT_PROFILED = (
    "Your list is not personalised. These are the titles that most people chose, the same for everybody. "
    "No record of you was read to make it."
)
SLIDER_HELP = (
    "0 shows the most relevant titles. Moving right gives up a stated part of that relevance, at most half, to show "
    "titles that fewer people know and that are further from what you chose."
)
TAKE_OUT_HELP = (
    "The list and its reasons are made again without these choices, at once. Remove one here to use it again."
)
DROP_HELP = "The list and its reasons are made again without this choice, at once. Undo below."
LESS_HELP = "This choice counts half: the list goes half the way to the one without it. Undo below."
NOTHING_TO_TAKE_OUT = "No past choice of yours stands behind this title, so there is none to take out."
NO_COUNTERFACTUAL = (
    "No set of up to 25 of your past choices was found whose removal would take this title off the list."
)
CONTRAST_HELP = "The difference of the two scores, part by part: right speaks for this title, left for the other."
PEOPLE_RULE = (
    "Other people are told of only in sum, and only from ten people on. No name, no rating of a single person is shown."
)
NO_CONTACT = "Nobody is named yet. The operator can name somebody with `sightglass contact`."
RECEIPT_HELP = (
    "A file with this list, its reasons, and the state of the model. `sightglass verify` checks it without us, "
    "`sightglass replay` makes the list again."
)
NOTHING_KNOWN = (
    "We hold no past choice of yours that may be used. Until there is one, you see the titles that most people chose, "
    "the same for everybody."
)


def slider_effect(shown: dict[str, Any], chosen: dict[str, Any]) -> str:
    """What the slider does to this list, in figures."""
    whose = "your own setting" if chosen["slider"] is not None else "the default"
    if shown["serendipity"] == 0:
        return f"Most relevant titles, nothing given up ({whose})."
    budget = budget_of(shown["serendipity"])
    kept = shown["relevance_kept"]
    return f"Budget: at most {budget:.0%} of the relevance may be given up. Given up here: {1 - kept:.1%} ({whose})."
