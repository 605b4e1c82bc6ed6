"""What a move of the slider changes, in words."""

from __future__ import annotations

from app.text import short
from app.use_cases.trying import DOWN, GONE, NEW, SAME, UP, Move, Tried

_ICONS = {NEW: "add_circle", GONE: "cancel", UP: "arrow_upward", DOWN: "arrow_downward"}


def summary(told: Tried) -> str:
    """The whole change in two sentences."""
    count = sum(move.change == NEW for move in told.moves)
    if not any(move.change != SAME for move in told.moves):
        return "Your list stays as it is."
    swapped = (
        "No title is swapped." if not count else f"{count} of your titles {'is' if count == 1 else 'are'} swapped."
    )
    return f"{swapped} {told.given_up:.1%} of the relevance is given up; at most {told.budget:.0%} may be."


def figures(told: Tried) -> list[tuple[str, str, str, str]]:
    """Title, value, change against now, and what it means."""
    (was, now), (tail_was, tail_now) = told.surprise, told.tail_share
    return [
        ("Overlap with now", f"{told.overlap:.0%}", "", "Share of the titles of your present list that stay."),
        ("Surprise", f"{now:.2f}", f"{now - was:+.2f}", "Of 1: half how few people know a title, half how far it is "
         "from your own choices."),
        ("Relevance given up", f"{told.given_up:.1%}", "", f"The most that this position may give up is {told.budget:.0%}."),
        ("From the tail", f"{tail_now:.0%}", f"{100 * (tail_now - tail_was):+.0f} points",
         "Share of titles outside the most chosen ones, which hold 80 % of all choices."),
    ]  # fmt: skip


def lines(told: Tried) -> list[tuple[str, str]]:
    """An icon and a line a title that moves: what happens, from where to where, and why."""
    return [(_ICONS[move.change], _line(move)) for move in told.moves if move.change != SAME]


def _line(move: Move) -> str:
    where = {
        NEW: f"comes in at place {move.after}",
        GONE: f"leaves place {move.before}",
        UP: f"moves up from place {move.before} to {move.after}",
        DOWN: f"moves down from place {move.before} to {move.after}",
    }[move.change]
    return f"“{short(move.title, 60)}” {where}. {why(move)}"


def why(move: Move) -> str:
    """The reason for one move."""
    if move.change == NEW:
        return f"It surprises more: rarity {move.rarity:.2f}, distance from your choices {move.distance:.2f} of 1."
    if move.change == GONE:
        return (
            f"It surprises less: rarity {move.rarity:.2f}, distance {move.distance:.2f}. It held "
            f"{move.relevance_lost:.0%} of the relevance of your list."
        )
    return "Titles before it left." if move.change == UP else "More relevant titles came before it."
