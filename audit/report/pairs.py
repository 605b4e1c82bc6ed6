"""Being recommended as a decision, by group: the section of a report and of the audit page."""

from __future__ import annotations

from audit.report.tables import (
    Column,
    Document,
    Row,
    Section,
    Table,
    people,
    table,
    value,
    words,
)
from audit.report.text import DASH, line

READING = (
    "Every pair of a person and a title is a decision: recommended or not. Selection rate: recommended pairs among all pairs. "
    "True positive rate: recommended among what the person went on to choose. False positive rate: recommended among all "
    "other pairs. Rates are Fairlearn's; intervals resample people. With lists of one length the selection rate is nearly "
    "the same for everybody by design, so the difference in true positive rates says more. Left out: places in the list, and "
    "titles that a person would have liked and never found."
)
RATES = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
}
MEASURES = {
    "demographic_parity_difference": "Demographic parity difference: widest difference in selection rates, 0 being equal",
    "demographic_parity_ratio": "Demographic parity ratio: lowest over highest selection rate, 1 being equal",
    "equalized_odds_difference": "Equalised odds difference: the wider of the differences in true and false positive rates",
    "equalized_odds_ratio": "Equalised odds ratio: the lower of the two ratios of rates, 1 being equal",
}


def pairs_section(document: Document) -> Section | None:
    """The section; None where no attribute is compared, and for runs from before there was one."""
    rows = document.get("pair_rates") or ()
    if not rows:
        return None
    columns: list[Column] = [
        words("Attribute", "attribute"),
        words("Group", "group"),
        people("People", "people"),
        people("Pairs", "pairs"),
        ("Rate", False, lambda row: RATES.get(row["rate"], line(row["rate"]))),
        ("Value", True, lambda row: _fine(row["value"])),
        ("Interval", True, _ends),
        words("Reason", "reason"),
    ]
    between: list[Column] = [
        words("Attribute", "attribute"),
        people("Groups shown", "groups"),
        ("Measure", False, lambda row: MEASURES.get(row["measure"], line(row["measure"]))),
        value("Value", "value"),
    ]
    tables: tuple[Table, ...] = (
        table("Rates by group", rows, columns),
        table(
            "Differences and ratios between the groups that are shown", document.get("pair_differences") or (), between
        ),
    )
    return Section("pairs", "Being recommended as a decision", READING, tables)


def _fine(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:.2f} %"


def _ends(row: Row) -> str:
    return DASH if row["low"] is None else f"{100 * row['low']:.2f} to {_fine(row['high'])}"
