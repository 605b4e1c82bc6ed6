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
    Purpose.LISTS: "Your next list is the one that is the same for all.",
    Purpose.LEARNING: "Your records leave every trained model now, and no later training uses them.",
    Purpose.AUDITS: "No later audit uses your attributes.",
}
CATEGORIES = {
    Category.CHOICES: "which titles you chose",
    Category.RATINGS: "how you rated them",
    Category.VIEWS: "which titles you viewed",
    Category.DEMOGRAPHICS: "what is noted about you",
    Category.TAGS: "what is worked out about you, such as how active you are",
}
GIVEN, GONE, NEVER = "given", "withdrawn", "never asked"


def standing_notice(title: str, cells: Sequence[tuple[Purpose, Category]], contact: str) -> str:
    """The notice in its shortest form: purposes, kinds of data, how to say no and what happens then."""
    lines = [f"What {title} does with your data, if you agree."]
    for purpose, words in PURPOSES.items():
        kinds = [CATEGORIES[category] for asked, category in cells if asked is purpose]
        if kinds:
            lines.append(f"{words}. It uses {', '.join(kinds)}. If you withdraw: {WITHDRAWN[purpose]}")
    lines.append("You can agree to each alone, and withdraw in one step at any time, on the same page.")
    lines.append("You can see and take away everything that is held about you.")
    return "\n".join([*lines, f"Ask: {contact}." if contact else "Nobody is named yet who answers for this."])
