"""Consent in plain words: what each purpose is, and what follows when it is given or withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from data.keep.consents import Category, Purpose

PURPOSES = {
    Purpose.LISTS: "Make lists for you",
    Purpose.LEARNING: "Learn from you for everybody's lists",
    Purpose.AUDITS: "Check with your attributes whether groups are served worse",
}
WITHDRAWN = {
    Purpose.LISTS: "Your next list is the one that is the same for all, and the next training leaves you out.",
    Purpose.LEARNING: "Your records leave every trained model now, and no later training uses them.",
    Purpose.AUDITS: "No later audit counts you.",
}
_ONE_KIND = {
    (Purpose.LISTS, Category.RATINGS): "Your list is made without how you rated.",
    (Purpose.LISTS, Category.DEMOGRAPHICS): "Nothing changes today: no model reads it.",
    (Purpose.AUDITS, Category.DEMOGRAPHICS): "Later audits count you without what is noted about you.",
}
CATEGORIES = {
    Category.CHOICES: "which titles you chose",
    Category.RATINGS: "how you rated them",
    Category.VIEWS: "which titles you viewed",
    Category.DEMOGRAPHICS: "what is noted about you",
    Category.TAGS: "what is worked out about you, such as how active you are",
}
GIVEN, GONE, NEVER = "given", "withdrawn", "never asked"


def if_withdrawn(purpose: Purpose, category: Category) -> str:
    """What follows when this kind of data is withdrawn from this purpose."""
    return _ONE_KIND.get((purpose, category), WITHDRAWN[purpose])


def each_withdrawn(purpose: Purpose, kinds: Sequence[Category]) -> str:
    """What follows for each kind of data, those with the same end in one sentence."""
    ends: dict[str, list[str]] = {}
    for kind in kinds:
        ends.setdefault(if_withdrawn(purpose, kind), []).append(CATEGORIES[kind])
    if len(ends) == 1:
        return f"If you withdraw: {next(iter(ends))}"
    return " ".join(f"If you withdraw {' or '.join(names)}: {end}" for end, names in ends.items())


def ask(contact: str) -> str:
    """Whom to ask."""
    return f"Ask: {contact.rstrip('. ')}." if contact else "Nobody is named yet who answers for this."


def standing_notice(title: str, cells: Sequence[tuple[Purpose, Category]], contact: str) -> str:
    """The notice in its shortest form: purposes, kinds of data, how to say no and what happens then."""
    lines = [f"What {title} does with your data, if you agree."]
    for purpose, words in PURPOSES.items():
        kinds = [category for asked, category in cells if asked is purpose]
        if kinds:
            named = ", ".join(CATEGORIES[kind] for kind in kinds)
            lines.append(f"{words}. It uses {named}. {each_withdrawn(purpose, kinds)}")
    lines.append("You can agree to each alone, and withdraw in one step at any time, on the same page.")
    lines.append("You can see and take away everything that is held about you.")
    return "\n".join([*lines, ask(contact)])
