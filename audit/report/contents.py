"""What stands in a report, as text in order: one content for every format. Charts keep the numbers they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.plan import STATED
from audit.report import findings as words
from audit.report.closer import ADJUSTED, sections, turned
from audit.report.compared import compared_sections
from audit.report.exposure import exposure_sections
from audit.report.glossary import Term, glossary
from audit.report.groups import Attribute, attributes
from audit.report.inequality import inequality_section
from audit.report.items import item_sections
from audit.report.matrix import matrix_section
from audit.report.opted import opted_section
from audit.report.pairs import pairs_section
from audit.report.people import people_sections
from audit.report.providers import ProviderTable, exposure_reading, provider_tables
from audit.report.reach import reach_section
from audit.report.seeds import seeds_section
from audit.report.tables import Section
from audit.report.text import between, line, metric_title, named, number
from audit.sampling import FIELDS, PLANNED

Document = Mapping[str, Any]
_READ = "not stated in the plan, read off the data"
_UNKEPT = "not stated: this audit was made before such statements were kept; audit again for one"


@dataclass(frozen=True)
class Fact:
    """A name, its value, and what it means."""

    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True)
class Measure:
    """One overall number; `others` are the same number of the lists it is compared with."""

    label: str
    title: str
    value: str
    interval: str
    people: str
    undefined: str
    convention: str
    denominator: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """Everything that a report says."""

    title: str
    subtitle: str
    found: tuple[str, ...]
    limits: tuple[str, ...]
    protocol: tuple[Fact, ...]
    preparation: str
    plan: tuple[Fact, ...]
    level: str
    label: str
    compared: tuple[str, ...]
    overall: tuple[Measure, ...]
    attributes: tuple[Attribute, ...]
    adjusted: str
    turned: tuple[str, ...]
    closer: tuple[Section, ...]
    exposure_reading: str
    providers: tuple[ProviderTable, ...]
    sides: tuple[Section, ...]
    sanity: tuple[Fact, ...]
    notes: tuple[str, ...]
    glossary: tuple[Term, ...]
    footer: tuple[Fact, ...]


def contents(document: Document) -> Contents:
    """Lay out the JSON document of an audit run."""
    plan, others = document["plan"], document.get("compared_with") or {}
    return Contents(
        title="Audit report",
        subtitle=_subject(document),
        found=tuple(words.findings(document)),
        limits=words.LIMITS,
        protocol=_protocol(document),
        preparation=words.preparation(document),
        plan=tuple(Fact(name, _setting(value), words.PLAN.get(name, "")) for name, value in plan.items()),
        level=words.level(plan),
        label=line(document["label"] or "assessed"),
        compared=tuple(map(line, others)),
        overall=tuple(_measure(row, others) for row in document["overall"].values()),
        attributes=attributes(document, others),
        adjusted=ADJUSTED,
        turned=tuple(turned(document)),
        closer=sections(document),
        exposure_reading=exposure_reading(plan),
        providers=provider_tables(document, others),
        sides=tuple(_sides(document)),
        sanity=tuple(Fact(words.SANITY.get(name, name), f"{n:,}") for name, n in document["sanity"].items()),
        notes=tuple(map(line, document["notes"])),
        glossary=glossary(document),
        footer=_footer(document),
    )


def _sides(document: Document) -> Iterator[Section]:
    if (pairs := pairs_section(document)) is not None:
        yield pairs
    if (matrix := matrix_section(document)) is not None:
        yield matrix
    yield from exposure_sections(document)
    yield from item_sections(document)
    yield from _each(document, inequality_section, reach_section)
    yield from people_sections(document)
    yield from _each(document, opted_section, seeds_section)
    yield from compared_sections(document)


def _each(document: Document, *makers: Callable[[Document], Section | None]) -> Iterator[Section]:
    return (made for make in makers if (made := make(document)) is not None)


def _subject(document: Document) -> str:
    what = f"model {line(document['model_id'])}" if document.get("model_id") else "lists that were imported"
    data = document.get("data")
    return f"{what[0].upper()}{what[1:]}{f', data set {named(data)}' if data else ''}"


def _protocol(document: Document) -> tuple[Fact, ...]:
    lists = document["lists"]
    return (
        Fact("Lists", line(document["label"] or "assessed"), f"{lists['n_lists']:,} people have one"),
        Fact("Catalogue", f"{lists['n_items']:,} items", "items that could have been shown"),
        Fact("Held-out truth", line(document.get("protocol") or "as given with the lists"), "what lists are judged by"),
        *sampling(document),
    )


def sampling(document: Document) -> Iterator[Fact]:
    """The sampling statement; what is read off the data says so, and so does a run from before statements were kept."""
    kept = {row["field"]: row for row in document.get("sampling") or ()}
    for name in FIELDS:
        told, row = document["plan"].get(name) if name in STATED else None, kept.get(name)
        meaning = words.PLAN[name] if name in STATED else "what makes the same audit again"
        if row is not None:
            yield Fact(
                name.capitalize(), line(row["text"]), meaning if row["source"] == PLANNED else f"{meaning}; {_READ}"
            )
        else:
            yield Fact(name.capitalize(), line(told or _UNKEPT), meaning)


def _setting(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none named"
    if isinstance(value, Mapping):
        return ", ".join(f"{metric_title(name)}: {each:g}" for name, each in value.items())
    if isinstance(value, str) or not isinstance(value, Sequence):
        return line(value)
    return ", ".join(line(each) if isinstance(each, str) else " × ".join(map(line, each)) for each in value)


def _measure(row: Mapping[str, Any], others: Mapping[str, Any]) -> Measure:
    same = (other["overall"].get(row["metric"]) for other in others.values())
    return Measure(
        label=line(row["label"]),
        title=line(row["title"]),
        value=number(row["value"]),
        interval=between(row["low"], row["high"]),
        people=f"{row['n']:,}",
        undefined=f"{row['undefined']:,}",
        convention=line(row["convention"]),
        denominator=line(row["denominator"]),
        others=tuple(number(None) if other is None else _with_interval(other) for other in same),
    )


def _with_interval(row: Mapping[str, Any]) -> str:
    return number(row["value"]) + ("" if row["low"] is None else f" ({between(row['low'], row['high'])})")


def _footer(document: Document) -> tuple[Fact, ...]:
    known = (
        ("Run", "run_id"), ("Run kept at", "at"), ("SHA-256 of the run", "document_sha256"),
        ("Plan hash", "plan_hash"), ("Data hash", "data_hash"), ("Model", "model_id"),
    )  # fmt: skip
    return tuple(Fact(title, line(document[name])) for title, name in known if document.get(name))
