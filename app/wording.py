"""The sentences that people read beside numbers, in one place so that they can be reviewed as text."""

from __future__ import annotations

from typing import Any

from app.text import short
from models.explanation import Counterfactual, Explanation, Part
from models.slider import budget_of

_REASONS = 3


def why_sentence(told: Explanation) -> str:
    """One sentence from the real contributions: the strongest reasons, and how much of the score they carry."""
    reasons = [part for part in told.parts if part.value > 0]
    if not reasons:
        return "Nothing in what we know of you speaks for this title."
    by_kind = _SENTENCES.get(_leading_kind(reasons), _mixed)
    return by_kind(reasons)


def share_of(named: list[Part], reasons: list[Part]) -> int:
    """Percent of everything that speaks for a title which the named reasons carry."""
    total = sum(part.value for part in reasons)
    return round(100 * sum(part.value for part in named) / total) if total > 0 else 0


def listed(titles: list[str]) -> str:
    """A, B and C."""
    quoted = [f"“{short(title, 60)}”" for title in titles]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _leading_kind(reasons: list[Part]) -> str:
    totals: dict[str, float] = {}
    for part in reasons:
        totals[part.kind] = totals.get(part.kind, 0.0) + part.value
    return max(totals, key=lambda kind: totals[kind])


def _items(reasons: list[Part]) -> str:
    named = [part for part in reasons if part.kind == "item"][:_REASONS]
    share = share_of(named, reasons)
    return f"Because you chose {listed([part.title for part in named])}: {share} % of what speaks for it."


def _term(reasons: list[Part]) -> str:
    first = reasons[0]
    if first.id == "popularity":
        return f"Because it is widely chosen: {first.title}. Nothing about you was used."
    if first.id == "chance":
        return "By chance: this model draws titles at random."
    return f"Mostly because of {first.title}: {share_of([first], reasons)} % of what speaks for it."


def _signals(reasons: list[Part]) -> str:
    named = [part for part in reasons if part.kind == "signal"][:2]
    words = " and ".join(part.title for part in named)
    return f"Because of {words}: {share_of(named, reasons)} % of what speaks for it."


def _slider(reasons: list[Part]) -> str:
    return "Because you asked for less known titles: the slider is the strongest reason."


def _neighbours(reasons: list[Part]) -> str:
    return "Because people whose choices resemble yours chose it."


def _mixed(reasons: list[Part]) -> str:
    first = reasons[0]
    return f"Mostly because of {first.title}: {share_of([first], reasons)} % of what speaks for it."


_SENTENCES = {
    "item": _items,
    "term": _term,
    "signal": _signals,
    "slider": _slider,
    "neighbours": _neighbours,
}

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
    "titles that fewer people know."
)
TAKE_OUT_HELP = (
    "The list and its reasons are made again without these choices, at once. Remove one here to use it again."
)

_CLAIMS = {
    "exact": "Exact: the parts below add up to the score. Compared with {background}.",
    "exact given neighbours": "Exact while the set of similar people or titles stays as it is. Compared with {background}.",
    "shap over signals": "Shapley values of a learned combination of readable signals. Compared with {background}.",
    "partly opaque": "Only these terms of the model are readable; the taste match itself is not. Compared with {background}.",
}


def claim(told: Explanation) -> str:
    """What kind of explanation this is, and what it compares with."""
    return _CLAIMS[str(told.kind)].format(background=told.background or "nothing")


def sum_line(told: Explanation) -> str:
    """The sum that anybody can check."""
    total = told.total
    return f"Starting point {told.base:.6f} plus all parts {total:+.6f} is the score {told.score:.6f}."


def counterfactual_sentence(found: Counterfactual, titles: list[str]) -> str:
    """What would happen without the named choices; the rank after is from scoring again."""
    after = "it would not be ranked" if found.rank_after is None else f"it would fall to place {found.rank_after}"
    return f"Without {listed(titles)} {after} (now place {found.rank_before}). Checked by scoring again."


def slider_effect(shown: dict[str, Any], chosen: dict[str, Any]) -> str:
    """What the slider does to this list, in figures."""
    whose = "your own setting" if chosen["slider"] is not None else "the default"
    if shown["serendipity"] == 0:
        return f"Most relevant titles, nothing given up ({whose})."
    budget = budget_of(shown["serendipity"])
    kept = shown["relevance_kept"]
    return f"Budget: at most {budget:.0%} of the relevance may be given up. Given up here: {1 - kept:.1%} ({whose})."
