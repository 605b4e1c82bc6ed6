"""The item side of a report: groups of items, how unequal exposure is, and whom each provider reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.measures.item_metrics import ITEM_METRICS
from audit.report.tables import (
    Column,
    Document,
    Row,
    Section,
    Table,
    ends,
    people,
    section,
    share,
    share_ends,
    table,
    value,
    with_ends,
    words,
)
from audit.report.text import DASH, line, percent

COLUMN_METRICS = ("awrf", "awrf_kl", "ndkl", "rsp", "reo", "min_skew", "max_skew", "group_ee_loss")
TENTHS = range(1, 11)


def item_sections(document: Document) -> tuple[Section, ...]:
    """Every section on items that the document has rows for; none for runs from before there were any."""
    makers = (_shares, _places, _wholes, _inequality, _reach)
    return tuple(made for make in makers if (made := make(document)) is not None)


def curves(document: Document) -> dict[str, Mapping[str, list[float]]]:
    """The Lorenz curves that the document has: `part` and `share` by what they run over."""
    lorenz = (document.get("item_groups") or {}).get("lorenz") or {}
    return {name: curve for name, curve in lorenz.items() if curve["part"]}


def at_tenths(curve: Mapping[str, list[float]]) -> list[float]:
    """The share of exposure of the least shown 10 %, 20 %, … 100 %: the last point of the curve at or before each."""
    return [_share_at(curve, tenth / 10) for tenth in TENTHS]


def _share_at(curve: Mapping[str, list[float]], part: float) -> float:
    last = max(place for place, each in enumerate(curve["part"]) if each <= part + 1e-9)
    return curve["share"][last]


def _groups(document: Document) -> list[Row]:
    return list((document.get("item_groups") or {}).get("groups") or ())


def _shares(document: Document) -> Section | None:
    reading = (
        "Read each row as one group of items: its part of the catalogue, of held-out choices and of attention, and three "
        "ratios against the items of all other named groups, 1 being equal. DP sets attention against the number of items; "
        "DTR sets attention, and DIR hits, against what people went on to choose (Singh and Joachims 2018; nothing is added "
        "and nothing is logged). An item of several groups is split equally; intervals resample people. The new-item share "
        "is the exposure of the group 'new' under 'age of the item'. Left out: which of the ratios should be 1, which is a "
        "choice to be named."
    )
    columns: list[Column] = [
        words("Group", "group"),
        people("Items", "n_items"),
        share("Catalogue", "catalogue_share"),
        share("Held-out choices", "merit_share"),
        share("Exposure", "exposure_share"),
        share_ends("Interval", "exposure_low", "exposure_high"),
        with_ends("DP ratio", "dp_ratio"),
        with_ends("DTR", "dtr"),
        with_ends("DIR", "dir"),
        words("Undefined, and why", "reason"),
    ]
    told = (document.get("item_groups") or {}).get("notes") or ()
    return section("item_shares", "Groups of items", reading, _groups(document), columns, ("column",), told)


def _places(document: Document) -> Section | None:
    reading = (
        "The same groups by where they stand. Skew is the natural logarithm of the share of places over the share of the "
        "catalogue, 0 being equal (Geyik et al. 2019). Chance: showings among all that could have been, and among held-out "
        "choices. Gini: concentration inside the group, never-shown items included. FA*IR asks of every top of every list "
        "whether chance explains how few of the group it holds (Zehlike et al. 2017, alpha .1 over the whole list); the "
        "share of lists drawn by chance that would pass stands beside it. Left out: too many of a group, which FA*IR never "
        "tests."
    )
    columns: list[Column] = [
        words("Group", "group"),
        value("Skew", "skew", signed=True),
        ("Chance to be shown", True, lambda row: _fine(row["selection_rate"])),
        share("Where chosen later", "relevant_rate"),
        value("Gini inside", "gini_within"),
        people("Lists tested", "fastar_lists"),
        share("Pass FA*IR", "fastar_share"),
        share_ends("Interval", "fastar_low", "fastar_high"),
        ("Pass by chance", True, lambda row: percent(None if row["fastar_fails"] is None else 1 - row["fastar_fails"])),
    ]
    return section(
        "item_places", "Places and chances of groups of items", reading, _groups(document), columns, ("column",)
    )


def _wholes(document: Document) -> Section | None:
    reading = (
        "Each column of the items as one number: how far lists are from the goal (AWRF, and along the list NDKL), how "
        "unequal chances are (RSP, REO), the skew of the extremes, and the loss of expected exposure between groups. The "
        "goal is the share of the catalogue. Formulas, conventions and denominators stand under Measures. Left out: which "
        "goal is right, and which group makes the distance."
    )
    columns: list[Column] = [
        words("Column", "column"),
        ("Measure", False, lambda row: ITEM_METRICS[row["metric"]].title),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        people("People", "n"),
        words("Group", "group"),
        ("What it says", False, lambda row: f"{ITEM_METRICS[row['metric']].meaning} {line(row['reason'])}".strip()),
    ]
    return section("item_columns", "Item columns as a whole", reading, list(column_rows(document)), columns)


def column_rows(document: Document) -> Iterator[dict[str, Any]]:
    """A row per item column and measure: value, low, high, n, group and reason; what a measure has none of is null."""
    for told in (document.get("item_groups") or {}).get("columns") or ():
        for name in COLUMN_METRICS:
            yield {
                "column": told["column"],
                "metric": name,
                "value": told[name],
                "low": told.get(f"{name}_low"),
                "high": told.get(f"{name}_high"),
                "n": told.get(f"{name}_n"),
                "group": told.get(f"{name}_group", ""),
                "reason": told["reason"] if told[name] is None else "",
            }


def _inequality(document: Document) -> Section | None:
    found, overall = curves(document), (document.get("item_groups") or {}).get("overall") or ()
    if not found:
        return None
    reading = (
        "Lorenz curve: sorted from the least shown, the height at each part is the share of all attention that this part "
        "gets; equality would give 10 % to each tenth. Never-shown items are part of it. Expected exposure (Diaz et al. "
        "2020) sets the attention of items against giving equally relevant ones the same. Left out: which items win, and "
        "whether they should."
    )
    rows = [dict(zip(found, row, strict=True)) for row in zip(*map(at_tenths, found.values()), strict=True)]
    heads: list[Column] = [("Least shown", True, lambda row: f"{row['tenth']}0 %")]
    heads += [share(f"Share of exposure, {line(name)}", name) for name in found]
    tenths = [{"tenth": tenth, **row} for tenth, row in zip(TENTHS, rows, strict=True)]
    return Section(
        "inequality", "How unequal exposure is", reading, (table("Lorenz", tenths, heads), *_expected(overall))
    )


def _expected(rows: Any) -> tuple[Table, ...]:
    columns: list[Column] = [
        ("Measure", False, lambda row: ITEM_METRICS[row["metric"]].title),
        value("Value", "value"),
        ends("Interval", "low", "high"),
        people("People", "n"),
        ("What it says", False, lambda row: ITEM_METRICS[row["metric"]].meaning),
        ("Convention", False, lambda row: ITEM_METRICS[row["metric"]].convention),
    ]
    return (table("Expected exposure", rows, columns),) if rows else ()


def _reach(document: Document) -> Section | None:
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
    tables = (table("Reach", rows, columns), table("Reach by group", list(reach_rows(document)), by_group))
    return Section("reach", "Whom each provider reaches", reading, tuple(each for each in tables if each.rows))


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


def _fine(chance: float | None) -> str:
    return DASH if chance is None else f"{100 * chance:.2f} %"
