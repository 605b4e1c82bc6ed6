"""The sentences that explain one title to one person, made from the real contributions and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.text import short
from models.evidence import EVERYBODY
from models.explanation import Breakdown, Counterfactual, Explanation, Part

_NAMED = 3
_TITLE = 60
_EXACT = 1e-9
Names = Callable[[str], str]  # item id -> title


def sentence(told: Explanation) -> str:
    """One sentence: the strongest reasons, and how much of what speaks for the title they carry."""
    reasons = _speaking(told)
    if not told.user and told.model == "popularity" and len(told.parts) == 1:
        return f"{_popular(told.parts[0])} Nothing about you was used."
    if not reasons:
        return "Nothing in what we know of you speaks for this title."
    return _SENTENCES.get(_leading_kind(reasons), _mixed)(told, reasons)


def _speaking(told: Explanation) -> list[Part]:
    """What speaks for the title, the strongest first: each own title less what the person's own wish takes off it."""
    less = {part.id: part.value for part in told.parts if part.kind == "choice" and part.value < 0}
    net = [
        part._replace(value=part.value + less.get(part.id, 0.0)) if part.kind == "item" else part for part in told.parts
    ]
    positive = [part for part in net if part.value > 0]
    return sorted(positive, key=lambda part: -part.value) if less else positive


def labels(told: Explanation) -> list[str]:
    """What else put the title here: the slider, a boost, or a wish for less, each said where it moved the score."""
    return [
        _LABELS[part.kind, part.value > 0].format(title=short(part.title), points=points(abs(part.value)))
        for part in told.parts
        if (part.kind, True) in _LABELS and part.value
    ]


def against(told: Explanation) -> str | None:
    """The strongest reason against; None where nothing speaks against it."""
    reasons = [part for part in told.parts if part.value < 0 and part.kind != "choice"]
    if not reasons:
        return None
    strongest = min(reasons, key=lambda part: part.value)
    speaks_for = sum(part.value for part in told.parts if part.value > 0)
    name = _AGAINST.get(strongest.kind, "{title}").format(title=short(strongest.title, _TITLE))
    return f"Strongest reason against it: {name}.{_weight(-strongest.value, speaks_for)}"


def without(told: Explanation, title: Names) -> list[str]:
    """What would happen without some of the person's choices; ranks are from scoring again."""
    said = []
    if told.overtaken is not None:
        said.append(_overtaken(told.overtaken, title))
    if told.counterfactual is not None and told.counterfactual != told.overtaken:
        said.append(_off(told.counterfactual, title))
    return said


def claim(told: Explanation) -> str:
    """What kind of explanation this is, and what it compares with."""
    return _CLAIMS[str(told.kind)].format(background=told.background or "nothing")


def sum_line(told: Explanation) -> str:
    """The sum that anybody can check."""
    return f"Starting point {told.base:.6f} plus all parts {told.total:+.6f} is the score {told.score:.6f}."


def within_line(inner: Breakdown) -> str:
    """What a split of one part adds up to."""
    unit = "" if inner.unit == "score" else " in a unit of its own"
    gap = f" The split leaves {inner.gap:+.3g} out." if abs(inner.gap) > _EXACT else ""
    return f"{inner.title[:1].upper()}{inner.title[1:]}: {inner.value:.4g}{unit}, split over your own titles.{gap}"


def neighbours(told: Explanation) -> str:
    """The people behind the score, in sum."""
    seen = told.neighbours
    if seen is None:
        same = _SAME_FOR_ALL if not told.user and told.model == "popularity" else "No other people are told of here."
        return next((note for note in told.notes if "people" in note or "person" in note), same)
    line = _people(seen["rule"], seen["count"], seen["of"])
    if "histogram" not in seen:
        return line
    counts = seen["histogram"]
    return (
        f"{line} {counts['good']:,} rated it good, {counts['between']:,} in between, {counts['bad']:,} bad; "
        f"the mean rating is {seen['mean']:.1f}."
    )


def listed(titles: Sequence[str], more: str = "") -> str:
    """“A”, “B” and “C”; `more` is a last one in words, without quotes."""
    named = [f"“{short(title, _TITLE)}”" for title in titles] + ([more] if more else [])
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def points(value: float) -> str:
    """A score or a difference of scores as people read it: three digits, and never an exponent for a large one."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def share_of(named: Sequence[Part], reasons: Sequence[Part]) -> str:
    """Of everything that speaks for a title, the share that the named reasons carry."""
    total = sum(part.value for part in reasons)
    return _percent(sum(part.value for part in named) / total) if total > 0 else "0 %"


def _percent(share: float) -> str:
    return "less than 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _weight(against: float, speaks_for: float) -> str:
    if speaks_for <= 0:
        return ""
    if against > speaks_for:
        return " That outweighs all that speaks for it."
    return f" That takes off {_percent(against / speaks_for)} of what speaks for it."


def _leading_kind(reasons: Sequence[Part]) -> str:
    totals: dict[str, float] = {}
    for part in reasons:
        totals[part.kind] = totals.get(part.kind, 0.0) + part.value
    return max(totals, key=lambda kind: totals[kind])


def _items(told: Explanation, reasons: Sequence[Part]) -> str:
    named = [part for part in reasons if part.kind == "item"][:_NAMED]
    together = "together " if len(named) > 1 else ""
    chosen = listed([part.title for part in named])
    return f"Because you chose {chosen}: {together}{share_of(named, reasons)} of what speaks for it."


def _term(told: Explanation, reasons: Sequence[Part]) -> str:
    first = reasons[0]
    if first.id == "popularity":
        alone = len(reasons) == 1
        return (
            _popular(first)
            if alone
            else f"{_popular(first)} That is {share_of([first], reasons)} of what speaks for it."
        )
    if first.id == "chance":
        return "By chance: this model draws titles at random."
    own = [part for part in told.own_items if part.value > 0][:_NAMED]
    tastes = f" Your taste shows most in {listed([part.title for part in own])}." if own else ""
    return (
        f"What speaks most for it: {_named(first)}. That is {share_of([first], reasons)} of what speaks for it.{tastes}"
    )


def _popular(part: Part) -> str:
    return f"Because it was {part.title}."


def _named(part: Part) -> str:
    """A reason as it is told in a sentence: a title of the person's own in quotes, words as they are."""
    return f"your choice of {listed([part.title])}" if part.kind == "item" else short(part.title)


def _people(rule: str, count: int, of: int | None) -> str:
    total = "" if of is None else f" of {of:,}"
    if rule == EVERYBODY:
        return f"{count:,}{total} people chose this title."
    return f"{count:,}{total} {rule} chose this title too."


def _signals(told: Explanation, reasons: Sequence[Part]) -> str:
    named = [part for part in reasons if part.kind == "signal"][:2]
    words = ", and ".join(part.title for part in named)
    together = "Together that is" if len(named) > 1 else "That is"
    inner = next((one.parts for part in named for one in told.within if one.of == part.id), ())
    own = [part.title for part in inner if part.value > 0][:2]
    tastes = f" Of your own titles, {listed(own)} {'count' if len(own) > 1 else 'counts'} most." if own else ""
    return f"What speaks most for it: {words}. {together} {share_of(named, reasons)} of what speaks for it.{tastes}"


def _slider(told: Explanation, reasons: Sequence[Part]) -> str:
    return "Because you asked for more surprising titles: the slider is the strongest reason."


def _boost(told: Explanation, reasons: Sequence[Part]) -> str:
    named = sorted((part for part in reasons if part.kind in ("boost", "policy")), key=lambda part: -part.value)[:1]
    return (
        f"Because the operator boosts it (“{short(named[0].title, _TITLE)}”): "
        f"{share_of(named, reasons)} of what speaks for it."
    )


def _neighbours(told: Explanation, reasons: Sequence[Part]) -> str:
    return "Because people who rate as you do rated it above what is usual for it."


def _mixed(told: Explanation, reasons: Sequence[Part]) -> str:
    first = max(reasons, key=lambda part: part.value)
    return f"What speaks most for it: {_named(first)}. That is {share_of([first], reasons)} of what speaks for it."


_SAME_FOR_ALL = "This list is the same for everybody: it follows how many people chose a title, and nothing else."
_LABELS = {
    ("slider", True): "The slider lifted it: you asked for more surprising titles.",
    ("slider", False): "The slider held it back: you asked for more surprising titles.",
    ("boost", True): "The operator boosts it: “{title}” adds {points} to its score.",
    ("boost", False): "The operator holds it back: “{title}” takes {points} off its score.",
    ("policy", True): "A policy of the operator lifts it: “{title}” adds {points} to its score.",
    ("policy", False): "A policy of the operator holds it back: “{title}” takes {points} off its score.",
    ("choice", True): "Your own wish lifted it, {title}: that adds {points} to its score.",
    ("choice", False): "Your own wish held it back, {title}: that takes {points} off its score.",
}
_AGAINST = {
    "item": "you chose “{title}”",
    "boost": "the operator holds it back (“{title}”)",
    "policy": "a policy of the operator holds it back (“{title}”)",
}
_SENTENCES: dict[str, Callable[[Explanation, Sequence[Part]], str]] = {
    "item": _items,
    "term": _term,
    "signal": _signals,
    "slider": _slider,
    "boost": _boost,
    "policy": _boost,
    "neighbours": _neighbours,
}

_CLAIMS = {
    "exact": "Exact: the parts below add up to the score. Compared with {background}.",
    "exact given neighbours": "Exact while the set of similar people or titles stays as it is. Compared with {background}.",
    "shap over signals": "Shapley values of a learned combination of readable signals. Compared with {background}.",
    "partly opaque": "Only these terms of the model are readable; the taste match itself is not. Compared with {background}.",
}


def _overtaken(found: Counterfactual, title: Names) -> str:
    by = f" and {listed([title(found.by)])} would come before it" if found.by else ""
    return (
        f"Without {_removed(found, title)} it would fall from place {found.rank_before} to {found.rank_after}{by}. "
        f"{_proof(found)}"
    )


def _off(found: Counterfactual, title: Names) -> str:
    after = "it would not be ranked" if found.rank_after is None else f"it would fall to place {found.rank_after}"
    return (
        f"Without {_removed(found, title)} it leaves the list: {after} (now place {found.rank_before}). {_proof(found)}"
    )


def _removed(found: Counterfactual, title: Names) -> str:
    named = [title(item) for item in found.remove[:_NAMED]]
    more = len(found.remove) - len(named)
    return listed(named, f"{more} more of your choices" if more else "")


def _proof(found: Counterfactual) -> str:
    if found.minimal:
        return "No smaller set of your choices does that. Checked by scoring again."
    fewer = f" Fewer than {found.at_least} choices certainly would not." if found.at_least > 1 else ""
    return f"Checked by scoring again.{fewer}"
