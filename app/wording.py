"""The sentences that people read beside numbers, in one place so that they can be reviewed as text."""

from __future__ import annotations

from typing import Any

from models.slider import budget_of

PROFILING_HELP = (
    "On: the list is made from your own past choices. Off: it is the same list for everybody, made without any "
    "personal data. Your choice stays until you change it, and is written under “What you agreed to”: off withdraws all "
    "that lists use, on agrees to all of it again."
)
NOT_PROFILED = (
    "Your list is not personalised. These are the titles that most people chose, the same for everybody. "
    "No record of you was read to make it."
)
LEARNING_HELP = (
    "On: the next training of the models may use your past choices, for everybody's lists. Off: no later training does, "
    "and models that are trained already stay as they are until you press “Forget what you learned”. Your own list goes "
    "on either way, and your choice stays until you change it."
)
FORGET_HELP = (
    "Takes what you chose out of every trained model now, at once. Your records stay, and so does your list. A later "
    "training may use them again; to keep it so, switch off “Learn from me” as well. Withdrawing consent to learning under "
    "My data does both."
)
ASKED_FOR = (
    "What I ask for: categories, providers, kinds of data"  # the same words always: a changed label closes the panel
)
HIDE_HELP = "Hide this title, or all of a category or provider. Take it back under “What I ask for”."
HIDDEN_NOT_APPLIED = (
    "This list is the same for all, so what you asked to hide may be on it. It stays hidden in your own list."
)
START = (
    "Pick what you like: a category, a few titles, or both. You get a list at once, with the reason of every title. Nothing "
    "else about you is needed, and no model learns from you until you say so."
)
NOTICE_IN_SHORT = (
    "This list is made from your own past choices and from what you told us you like. You can switch that off here in one "
    "step, and it stays off. What decides the list, and what else you can do, is in the notice below."
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


_SAME_BECAUSE = {
    "their records are kept and used for nothing, as they asked": "Your records are kept and used for nothing, as you "
    "asked. Take that back under My data.",
    "they are not of age": "You are not of age, so no profile is made of you. Agree to personal lists under My data if you "
    "may and want to.",
    "their browser asks not to be profiled": "Your browser asks us not to profile you, so we do not. Agree to personal "
    "lists under My data if you want them all the same.",
}


def same_for_all(reason: str | None) -> str:
    """Why the list is the same for everybody."""
    return f"{_SAME_BECAUSE[reason]} {NOT_PROFILED}" if reason in _SAME_BECAUSE else NOT_PROFILED


STILL_LEARNED = (
    "“Learn from me” on the page For you only keeps you out of later trainings. Withdrawing learning here does that, and also "
    "takes you out of every trained model now."
)


def forgotten(models: int) -> str:
    """What a person is told after “forget what you learned”."""
    if not models:
        return "No trained model held anything of you."
    return f"Done: nothing of you is left in {models} trained model{'s' if models > 1 else ''}. Your records stay."


def slider_effect(shown: dict[str, Any], chosen: dict[str, Any], *, trying: bool = False) -> str:
    """What the slider does to this list, in figures."""
    whose = "not kept yet" if trying else "your own setting" if chosen["slider"] is not None else "the default"
    if shown["serendipity"] == 0:
        return f"Most relevant titles, nothing given up ({whose})."
    budget = budget_of(shown["serendipity"])
    kept = shown["relevance_kept"]
    return f"Budget: at most {budget:.0%} of the relevance may be given up. Given up here: {1 - kept:.1%} ({whose})."
