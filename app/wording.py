"""The sentences that people read beside numbers, in one place so that they can be reviewed as text."""

from __future__ import annotations

from models.explanation import Explanation, Part

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
    quoted = [f"“{title}”" for title in titles]
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
