"""The sentences and tables of the yardstick page."""

from __future__ import annotations

from typing import Any

from app.text import counted

INTRO = (
    "Before you trust a measure, check the measure. Here every value that was published or computed by hand is made again "
    "by the functions that your audits use, at this moment and in this installation."
)
LEFT_OUT = (
    "This page shows that definitions are computed as written; it does not show that a definition is the right one for "
    "your question. The long simulations, 2,000 audits of worlds without any difference and 1,500 intervals, take minutes "
    "and are run by `make test-slow`."
)
_READINGS = {
    "constructed case": (
        "Tiny inputs on which a known library is wrong",
        "Each input is small enough to check by hand. Its answer by definition stands beside ours and beside what the library "
        "says, with the cause in its source.",
    ),
    "golden value": (
        "Published and hand-computed values",
        "Ours must be the printed value to its last digit. The source says where the value comes from.",
    ),
}


def result(told: dict[str, Any]) -> str:
    """Whether all hold."""
    if told["ok"]:
        return f"All {told['of']} values hold."
    missed = counted(told["of"] - told["held"], "value")
    return f"{missed} of {told['of']} not as defined. Do not rely on an audit of this installation before that is understood."


def parts(told: dict[str, Any]) -> list[tuple[str, str, list[dict[str, str]]]]:
    """A title, how to read it, and the rows of each part."""
    found = []
    for part, (title, reading) in _READINGS.items():
        rows = [_row(check) for check in told["checks"] if check["part"] == part]
        found.append((title, reading, rows))
    return found


def _row(check: dict[str, Any]) -> dict[str, str]:
    row = {
        "holds": "✓" if check["ok"] else "✗",
        "what": check["name"],
        "by definition": check["expected"],
        "ours, now": check["ours"],
    }
    if check["part"] == "constructed case":
        return {**row, "a known library": check["library"] or "–", "cause": check["source"]}
    return {**row, "source": check["source"]}
