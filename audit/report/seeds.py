"""What a report says of other draws of the held-out choices: whether they would have shown the same."""

from __future__ import annotations

from audit.inference.answers import State
from audit.report.compared import deciding
from audit.report.tables import Column, Document, Row, Section, people, table, value, words
from audit.report.text import between, line, metric_title, named, number, percent

TITLE = "Spread over seeds"
EVERY = "Values at every seed"
READING = (
    "Would another draw of the held-out choices have shown the same? At every seed other choices are held out, {share} of "
    "all, and the model is fitted again without them; seed 0 is this audit. Mean, standard deviation (n - 1), least and most "
    "are over the {n} seeds. Same sign: at how many of them the gap points the way it does in this audit, which is one of "
    "them. Reaches: at how many it is at least the gap that matters, up or down. This spread is no confidence interval. The "
    "seeds hold out overlapping parts of the same choices of the same people, so they do not say what other people or "
    "another time would give. The intervals of the group tables resample people, and do not say what another draw would "
    "give. The spread decides no answer and no exit code. People keep the group that they have in this audit. A group that is "
    "held back at one seed is held back at all. People: the fewest with a value at any seed. Left out: tests at the other "
    "seeds, and the list that uses no profile."
)
HOW_TO_ASK = (
    "This audit rests on one draw of the held-out choices. To see how far its numbers move with the draw, run "
    "`sightglass audit --seeds 5`, or hand over a plan that says `seeds = 5`."
)
ONE_TRUTH = "Imported lists come with one truth, so there is no other draw of held-out choices to judge them by."


def seeds_section(document: Document) -> Section | None:
    """The section; None where the audit was asked for no further seeds."""
    told = document.get("spread")
    if not told:
        return None
    n = len(told["seeds"])
    reading = READING.format(share=percent(told["share"]).replace(".0", ""), n=n)
    gaps, left = deciding(told["gaps"], document)
    attributes = dict.fromkeys(row["attribute"] for row in gaps)
    tables = (
        table("Overall measures", told["overall"], [_measure(), people("People", "n"), *_moments("value")]),
        *(
            table(f"Gaps by {line(name)}", [row for row in gaps if row["attribute"] == name], _gap_columns(n))
            for name in attributes
        ),
        table(EVERY, [*(_overall_row(row) for row in told["overall"]), *gaps], _every_column(told["seeds"])),
    )
    return Section("seeds", TITLE, reading, tables, (line(told["protocol"]), *_flagged(document, gaps, n), *left))


def flat_values(document: Document) -> dict[str, list[dict[str, object]]]:
    """The overall measures and the gaps of all measures as flat rows, a column `seed_N` a seed."""
    told = document.get("spread") or {}
    return {
        f"seeds_{name}": [_flat(row, told["seeds"]) for row in told.get(name) or ()] for name in ("overall", "gaps")
    }


def _flat(row: Row, seeds: list[int]) -> dict[str, object]:
    rest = {name: each for name, each in row.items() if name != "values"}
    return rest | {f"seed_{seed}": each for seed, each in zip(seeds, row["values"], strict=True)}


def _measure() -> Column:
    return "Measure", False, lambda row: metric_title(row["metric"])


def _moments(own: str, *, signed: bool = False) -> list[Column]:
    columns = (
        ("This audit", own),
        ("Mean", "mean"),
        ("Standard deviation", "sd"),
        ("Least", "least"),
        ("Most", "most"),
    )
    return [value(head, name, signed=signed and name != "sd") for head, name in columns]


def _gap_columns(n: int) -> list[Column]:
    return [
        words("Group", "group"),
        _measure(),
        people("People", "n"),
        *_moments("gap", signed=True),
        _of("Same sign", "same_sign", n),
        _of("Reaches", "reaches", n),
        words("Reason", "reason"),
    ]


def _of(head: str, name: str, n: int) -> Column:
    return head, True, lambda row: "–" if row[name] is None else f"{row[name]} of {n}"


def _overall_row(row: Row) -> Row:
    return {**row, "attribute": "", "group": ""}


def _every_column(seeds: list[int]) -> list[Column]:
    def told(row: Row) -> str:
        return "; ".join(number(each, signed=bool(row["attribute"])) for each in row["values"])

    of = (
        "Of",
        False,
        lambda row: f"{line(row['attribute'])} {named(row['group'])}" if row["attribute"] else "everybody",
    )
    return [of, _measure(), (f"Values at seeds {seeds[0]} to {seeds[-1]}", False, told)]


def _flagged(document: Document, gaps: list[Row], n: int) -> list[str]:
    """A sentence for every group that this audit flags: whether the other seeds show the gap."""
    flags = {
        (row["attribute"], row["group"], row["metric"]) for row in document["groups"] if row["state"] == State.FLAG
    }
    return [_sentence(row, n) for row in gaps if (row["attribute"], row["group"], row["metric"]) in flags]


def _sentence(row: Row, n: int) -> str:
    whose = f"{line(row['attribute'])} {named(row['group'])}, {metric_title(row['metric'])}, flagged in this audit"
    if row["gap"] is None:
        return f"{whose}: its gaps at other seeds are not shown."
    return (
        f"{whose}: the gap has the same sign at {row['same_sign']} of {n} seeds and is at least {row['threshold']:g} at "
        f"{row['reaches']} of them; it goes from {between(row['least'], row['most'], signed=True)}."
    )
