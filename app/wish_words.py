"""Wishes in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from data.keep.choices import Effect

RATINGS = "data:ratings"
_EFFECTS = {
    Effect.HIDDEN: "Hide it",
    Effect.LESS: "Use less of it",
    Effect.UNUSED: "Do not use it",
    Effect.LIKED: "I like it",
}
_RULES = {
    Effect.HIDDEN: "Hidden: everything of {kind} “{value}”",
    Effect.LESS: "Counts for less: what you chose of {kind} “{value}”",
    Effect.UNUSED: "Not used: what you chose of {kind} “{value}”",
    Effect.LIKED: "You like {kind} “{value}”: well-known titles of it move up",
}


def option(name: str) -> str:
    """What a wish can be about, in words."""
    if name == RATINGS:
        return "How I rated titles"
    kind, _, value = name.partition(":")
    return f"{kind}: {value}"


def effects(about: str | None) -> dict[str, str]:
    """What can be done about it."""
    if about == RATINGS:
        return {str(Effect.UNUSED): _EFFECTS[Effect.UNUSED]}
    return {str(effect): words for effect, words in _EFFECTS.items()}


def rule(written: str) -> str:
    """A kept wish as a line."""
    effect, kind, value = written.split(":", 2)
    if f"{kind}:{value}" == RATINGS:
        return "Not used: how you rated titles"
    return _RULES[Effect(effect)].format(kind=kind, value=value)


def said_of(columns: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each category of a title, and its provider, as (column, value)."""
    return [(kind, value.strip()) for kind, text in columns.items() for value in text.split("|") if value.strip()]
