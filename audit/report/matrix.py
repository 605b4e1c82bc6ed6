"""User group by item group in a report and on the page: the most shown groups of items, and the others together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.exposure_matrix import MOST, OTHERS
from audit.report.drawn import shares_of_groups
from audit.report.tables import Column, Document, Row, Section, people, section, share, share_ends, words
from audit.report.text import line

DRAWN = 12  # groups of items in a chart that reads; a report's table has them too, the tables of the run have every one
READING = (
    "Read each row as one group of people and one group of titles: the part of all attention in these people's lists that "
    "goes to these titles, beside the part of the catalogue that they are. Formula: attention of the titles in the lists of "
    "the group / all attention in these lists. First places count more; a title of several groups is split. Denominator: "
    "all attention in the lists of the group, so its shares add up to 1. Intervals resample the people. A dash: not shown. "
    "Which share is right is a choice to be named, not a fact. Left out: what each group would have chosen."
)


def matrix_section(document: Document, most: int = DRAWN) -> Section | None:
    """The matrix, a table for each attribute and item column; None for runs from before there was one.

    Groups of items after the `most` first of a column stand in one row together, whose share is the sum of theirs.
    """
    blocks: dict[tuple[str, str], list[Row]] = {}
    for row in document.get("exposure_matrix") or ():
        blocks.setdefault((row["attribute"], row["column"]), []).append(row)
    columns: list[Column] = [
        words("Group", "group"),
        people("People", "people"),
        ("Titles", False, titles),
        share("Catalogue", "catalogue_share"),
        share("Exposure", "share"),
        share_ends("Interval", "low", "high"),
        words("Reason", "reason"),
    ]
    shown = [row for block in blocks.values() for row in leading(block, categories(block)[:most])]
    told = [sentence for block in blocks.values() if (sentence := left_out(block))]
    if told:
        told.append(why_left_out(document["plan"]["minimum_cell"]))
    if any(len(categories(block)) > most for block in blocks.values()):
        told.append(
            f"A table here has the {most} most shown; the tables of the run have every group of titles with a row."
        )
    return section(
        "matrix", "Who is shown what", READING, shown, columns, ("attribute", "column"), told, shares_of_groups
    )


def categories(rows: Sequence[Row]) -> list[str]:
    """The groups of items with a row of their own, the most shown first."""
    return list(dict.fromkeys(row["category"] for row in rows if row["category"] and not row.get("joined")))


def leading(rows: Sequence[Row], chosen: Sequence[str]) -> list[Row]:
    """The rows of the chosen groups of items, and one for all others of each group of people; rows of one table."""
    kept: dict[str, list[Row]] = {}
    for row in rows:
        kept.setdefault(row["group"], []).append(row)
    wanted = set(chosen)
    return [each for mine in kept.values() for each in _of_group(mine, wanted)]


def _of_group(rows: Sequence[Row], wanted: set[str]) -> list[Row]:
    mine = [row for row in rows if not row["category"] or (row["category"] in wanted and not row.get("joined"))]
    rest = [row for row in rows if row["category"] and (row["category"] not in wanted or row.get("joined"))]
    if len(rest) > 1:
        sums = {name: _sum(row[name] for row in rest) for name in ("catalogue_share", "share")}
        count = sum(row.get("joined") or 1 for row in rest)
        rest = [{**rest[0], "category": OTHERS, "joined": count, **sums, "low": None, "high": None}]
    return [*mine, *rest]


def titles(row: Row) -> str:
    """The group of items of a row in words; how many they are where they are several."""
    return f"{row['joined']:,} others together" if row.get("joined") else line(row["category"])


def left_out(rows: Sequence[Row]) -> str:
    """How many groups of items have no row of their own in any table; '' where all of them have one."""
    count = max((row.get("joined") or 0 for row in rows), default=0)
    if not count:
        return ""
    column, attribute, every = line(rows[0]["column"]), line(rows[0]["attribute"]), count + len(categories(rows))
    return f"{column} by {attribute}: {count:,} of {every:,} groups of titles have no row of their own."


def why_left_out(least: int) -> str:
    """Why that is, and where they are."""
    return (
        f"A group of titles has no row of its own where fewer than {least} people of some group see it, or where it comes after "
        f"the {MOST} most shown. The last row of each group of people has their joint share."
    )


def _sum(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None
