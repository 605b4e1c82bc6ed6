"""Whom each provider reaches: how many people, of which groups, and at what rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from audit.report.tables import Column, Document, Row, Section, people, share, table, words
from audit.report.text import DASH

_MOST = 10  # providers whose people are told group by group


def reach_section(document: Document) -> Section | None:
    """The section; None for runs from before there were details of providers."""
    details = document.get("provider_details") or {}
    if not details:
        return None
    least = document["plan"]["minimum_cell"]
    reading = (
        "Reached: people whose list shows at least one item of the provider, among all with a list. An item of several "
        "providers counts whole for each. In the table by group, people of fewer than "
        f"{least}, reached or not reached, are held back, and others with them where they would tell. Left out: "
        "providers after the largest, and what being reached is worth to anybody."
    )
    rows = [{"provider": name, **told} for name, told in details.items()]
    columns: list[Column] = [
        words("Provider", "provider"),
        people("Items", "n_items"),
        people("Shown to nobody", "never"),
        people("People with a list", "people"),
        people("Reached", "reached"),
        share("Share", "share"),
        ("Median rank", True, lambda row: _middle(row["ranks"])),
    ]
    by_group: list[Column] = [words("Provider", "provider"), words("Attribute", "attribute"), words("Group", "group")]
    by_group += [people("People", "people"), people("Reached", "reached"), share("Share", "share")]
    every = list(reach_rows(document))
    kept = _readable(every, document)
    tables = (table("Reach", rows, columns), table("Reach by group", kept, by_group))
    left = len(every) - len(kept)
    told = (
        (f"{left:,} rows of smaller providers, or of other attributes, are in the tables of the run.",) if left else ()
    )
    return Section("reach", "Whom each provider reaches", reading, tuple(each for each in tables if each.rows), told)


def _readable(rows: Sequence[Row], document: Document) -> list[Row]:
    """The largest providers by the attributes of the group tables; by all attributes where there is no such table."""
    details, compared = document["provider_details"], {row["attribute"] for row in document["groups"]}
    largest = sorted(details, key=lambda name: -details[name]["n_items"])[:_MOST]
    return [row for row in rows if row["provider"] in largest and row["attribute"] in (compared or (row["attribute"],))]


def reach_rows(document: Document) -> Iterator[dict[str, Any]]:
    """A row per provider, attribute and group: people, reached and share; null where held back."""
    for provider, told in (document.get("provider_details") or {}).items():
        for attribute, rows in told["groups"].items():
            yield from ({"provider": provider, "attribute": attribute, **row} for row in rows)


def _middle(ranks: list[int]) -> str:
    """The rank at or under which half of the showings stand."""
    seen, half = 0, sum(ranks) / 2
    for place, count in enumerate(ranks, 1):
        seen += count
        if count and seen >= half:
            return str(place)
    return DASH
