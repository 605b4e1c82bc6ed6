"""The sentences about other titles: why not that one, what would bring it in, and why this rather than that."""

from __future__ import annotations

from collections.abc import Sequence

from app.reason_words import Names, listed, points
from app.text import short
from models.explanation import Part
from models.why.contrast import Contrast
from models.why.missing import Change, Missing

_TITLE = 60
# parts that carry a figure of one of the two titles are called by what they compare
_COMPARED = {"popularity": "how many people chose it", "slider": "how surprising it is", "chance": "the draw"}


def missing(found: Missing, title: Names) -> str:
    """Where the title stands, what it lacks, and what would bring it in."""
    lacks = [part.title for part in found.lacks if part.kind == "item"]
    other = [part.title for part in compared(found.lacks) if part.kind != "item"]
    because = f", because {listed(lacks)} {'speak' if len(lacks) > 1 else 'speaks'} more for that one" if lacks else ""
    last = listed([title(found.last)])
    told = [f"It stands at place {found.rank}: {points(found.gap)} behind {last}, the last on your list{because}."]
    if other and not lacks:
        told.append(f"What sets it back most: {other[0]}.")
    if found.changes:
        told += [_changed(found.changes[0]), "Checked by scoring again."]
    elif found.all_tried:
        told.append("No single change of yours brings it in.")
    else:
        told.append("None of the likely changes brings it in.")
    return " ".join(told)


def changes(found: Missing) -> list[str]:
    """Every kind of single change that brings the title in."""
    return [_changed(change) for change in found.changes]


def rather(found: Contrast, title: Names) -> str:
    """What decides between two titles."""
    if found.difference == 0:
        return f"{listed([title(found.item)])} and {listed([title(found.other)])} have the same score."
    ahead = found.difference > 0
    winner, loser = (found.item, found.other) if ahead else (found.other, found.item)
    start = f"{listed([title(winner)])} scores {points(abs(found.difference))} more than {listed([title(loser)])}"
    deciding = [part for part in compared(found.parts) if (part.value > 0) == ahead]
    named = [part.title for part in deciding if part.kind == "item"][:2]
    if named:
        return f"{start}, most of all because of {listed(named)}."
    other = [part.title for part in deciding][:2]
    return f"{start}. What decides it most: {', and '.join(other)}." if other else f"{start}."


def compared(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of a difference, none with a figure that holds for one of the two titles alone."""
    return tuple(
        part._replace(title=_COMPARED.get(part.id if part.kind != "item" else "", part.title)) for part in parts
    )


_CHANGES = {
    "use again": "If you let “{title}” be used again, it would be at place {rank}.",
    "count in full": "If “{title}” counted in full again, it would be at place {rank}.",
    "slider": "With {title} it would be at place {rank}.",
    "leave out": "Without your choice of “{title}” it would be at place {rank}.",
    "choose": "If you also chose “{title}”, it would be at place {rank}.",
}


def _changed(change: Change) -> str:
    return _CHANGES[change.kind].format(title=short(change.title, _TITLE), rank=change.rank)
