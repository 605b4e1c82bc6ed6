"""Which chart stands beside which table of a report: made of the rows of the table, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audit.report.charts import Axis, Bars, Chart, Curves, Heatmap, Mark, Marks, NotDrawn, axis, shade
from audit.report.text import how_to_read, line, metric_title, number, percent

Row = Mapping[str, Any]

TRADED = ("ndcg", "gini_exposure")
MOST_CELLS = 240  # of a heatmap that still reads
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEAR = (0.03, 0.06)  # parts of the axes that a letter needs
NOT_SHOWN = "not shown"
HEAT = (
    "Each cell is a crossing, the stronger its shade the higher; the scale runs from the lowest to the highest number that "
    "is shown, so a shade means another number in another chart. A cell without a shade is not shown."
)
MATRIX = (
    "Each cell is the share of all attention in the lists of one group of people that goes to one group of items, the stronger "
    "its shade the more; the scale runs from the lowest to the highest share that is shown. Columns need not add up to "
    "100 %: the other groups of items are in the table. A cell without a shade is not shown. Left out: what each group "
    "would have chosen."
)
_LORENZ = (
    "Read it so: go along the bottom to the least shown half; the height of the line there is the share of all attention "
    "that they get. Attention is the sum over lists of the weight of each place. Denominator: all items of the catalogue, "
    "never-shown ones included; for providers, those with an item. The straight line is equality. Left out: which items "
    "win, and whether they should."
)
PARTS = "Each bar is the mean of a tenth of all people, the worst-served first."
MARKS = (
    "Each letter is one kind of list. The line through it is the interval of nDCG, which resamples people with a held-out "
    "choice; Gini is over all catalogue items and carries none. The axes begin where the marks do, and not at 0."
)


def heatmap(rows: Sequence[Row], plan: Mapping[str, Any]) -> Chart:
    """Crossed groups in the first measure of the rows; a cell that is held back has no shade and no number."""
    metric = rows[0]["metric"]
    mine = [row for row in rows if row["metric"] == metric]
    if len(mine) > MOST_CELLS:
        return NotDrawn(f"Not drawn: {len(mine):,} cells are too many for a chart that reads; the table has them.")
    values = {(row["first_group"], row["second_group"]): row["value"] for row in mine}
    alt = f"{metric_title(metric)} of every crossing that may be shown; the table has every number"
    return _grid(values, number, alt, f"{HEAT} {how_to_read(metric, plan)}")


def shares_of_groups(rows: Sequence[Row]) -> Chart:
    """The share of exposure of each group of items (down) in the lists of each group of people (across)."""
    mine = [row for row in rows if row["category"] and not row.get("joined")]
    values = {(row["category"], row["group"]): row["share"] for row in mine}
    held = [row["group"] for row in rows if not row["category"]]
    values |= {(category, group): None for category, _ in list(values) for group in held}
    if len(values) > MOST_CELLS:
        return NotDrawn(f"Not drawn: {len(values):,} cells are too many for a chart that reads; the table has them.")
    alt = "Share of exposure of each group of items in the lists of each group of people; the table has every number"
    return _grid(values, percent, alt, MATRIX)


def _grid(
    values: Mapping[tuple[str, str], float | None], told: Callable[[float | None], str], alt: str, caption: str
) -> Chart:
    """Values by (down, across) as shaded cells, in their order."""
    shown = [value for value in values.values() if value is not None]
    if not shown:
        return NotDrawn("Not drawn: no cell may be shown.")
    down, across = (tuple(dict.fromkeys(key[side] for key in values)) for side in (0, 1))

    def cell(value: float | None) -> tuple[str, int | None]:
        return (NOT_SHOWN, None) if value is None else (told(value), shade(value, min(shown), max(shown)))

    return Heatmap(
        alt,
        caption,
        tuple(map(line, down)),
        tuple(map(line, across)),
        tuple(tuple(cell(values.get((one, other))) for other in across) for one in down),
    )


def parts(rows: Sequence[Row], plan: Mapping[str, Any]) -> Chart:
    """The mean of each tenth of people in the first measure of the rows."""
    metric = rows[0]["metric"]
    mine = [row for row in rows if row["metric"] == metric and row["mean"] is not None]
    if not mine:
        return NotDrawn("Not drawn: no tenth may be shown.")
    up, place = axis(f"mean {metric_title(metric)}", [row["mean"] for row in mine], zero=True)
    return Bars(
        f"Mean {metric_title(metric)} of tenths of all people, the worst-served first; the table has every number",
        f"{PARTS} {how_to_read(metric, plan)}",
        "tenth of all people",
        up,
        tuple((f"{row['decile']}", place(row["mean"]), number(row["mean"])) for row in mine),
    )


def lorenz(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> Chart:
    """Lorenz curves: along, the part least shown first; up, its share of exposure."""
    ticks = tuple((tenth / 10, f"{10 * tenth} %") for tenth in range(0, 11, 2))
    return Curves(
        f"Lorenz curves of exposure over {', '.join(map(line, curves))}; the straight line is equality",
        _LORENZ,
        Axis("part of them, least shown first", ticks),
        Axis("share of all exposure", ticks),
        tuple((line(name), tuple(zip(curve["part"], curve["share"], strict=True))) for name, curve in curves.items()),
    )


def trade_off(rows: Sequence[Row]) -> Chart:
    """Quality with its interval against concentration, a mark for each kind of list that has both."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row["label"], {})[row["metric"]] = row
    pairs = {name: tuple(told.get(metric) for metric in TRADED) for name, told in found.items()}
    both = [(name, q, c) for name, (q, c) in pairs.items() if q and c and None not in (q["value"], c["value"])]
    if not both:
        return NotDrawn("Not drawn: no kind of list has both nDCG and Gini.")
    heights = [
        end for _, quality, _ in both for end in (quality["low"], quality["value"], quality["high"]) if end is not None
    ]
    across, along = axis("Gini of exposure, more concentrated to the right", [c["value"] for _, _, c in both])
    upward, up = axis("nDCG on held-out choices", heights)
    places = [(along(concentration["value"]), up(quality["value"])) for _, quality, concentration in both]
    letters = [_LETTERS[n] if n < len(_LETTERS) else f"{n + 1}" for n in range(len(both))]
    return Marks(
        "Quality against concentration of exposure, a letter for each kind of list; the table has every number",
        MARKS,
        across,
        upward,
        tuple(
            Mark(
                letters[n],
                line(name),
                _label(places, letters, n),
                *places[n],
                None if quality["low"] is None else (up(quality["low"]), up(quality["high"])),
            )
            for n, (name, quality, _) in enumerate(both)
        ),
    )


def _label(places: Sequence[tuple[float, float]], letters: Sequence[str], mine: int) -> str:
    """The letters of all marks that stand where this one does, if it is the first of them."""
    x, y = places[mine]
    same = [n for n, (across, up) in enumerate(places) if abs(across - x) < _NEAR[0] and abs(up - y) < _NEAR[1]]
    return ", ".join(letters[n] for n in same) if same[0] == mine else ""
