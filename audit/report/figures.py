"""The SVG charts in the rows of a table. Colours come from the page's style sheet; all text is escaped."""

from __future__ import annotations

from html import escape

from audit.report.text import line

_WIDTH, _MARGIN = 170, 5
_SPAN = _WIDTH - 2 * _MARGIN


def gap_chart(gap: float, low: float, high: float, *, reach: float, threshold: float, words: str) -> str:
    """A gap with its interval on an axis from -reach to reach, 0 marked, gaps under the threshold shaded."""
    x = [_place(value, -reach, reach) for value in (low, high, gap, -threshold, threshold, 0.0)]
    return _svg(
        18,
        words,
        f'<rect class="band" x="{x[3]}" y="0" width="{x[4] - x[3]:.1f}" height="18"/>',
        f'<line class="axis" x1="{x[5]}" y1="0" x2="{x[5]}" y2="18"/>',
        *_whisker(x[0], x[1], 9),
        f'<circle class="mark" cx="{x[2]}" cy="9" r="3.5"/>',
    )


def gap_axis(reach: float, threshold: float) -> str:
    """The axis over a column of gap charts: its ends and 0."""
    ends = ((-reach, f"{-reach:g}", "start"), (0.0, "0", "middle"), (reach, f"+{reach:g}", "end"))
    texts = (
        f'<text x="{_place(value, -reach, reach)}" y="10" text-anchor="{anchor}">{told}</text>'
        for value, told, anchor in ends
    )
    return _svg(13, f"Axis from {-reach:+g} to {reach:+g}; gaps under {threshold:g} are shaded", *texts)


def share_chart(
    *, catalogue: float, merit: float | None, exposure: float, low: float | None, high: float | None, reach: float,
    words: str,
) -> str:  # fmt: skip
    """Three bars from 0 to reach: catalogue share, held-out share, exposure share with its interval."""
    bars = [("grey", catalogue, 2), ("pale", merit, 10), ("full", exposure, 18)]
    shapes = [
        f'<rect class="{style}" x="{_MARGIN}" y="{y}" width="{_place(value, 0, reach) - _MARGIN:.1f}" height="6"/>'
        for style, value, y in bars
        if value is not None
    ]
    if low is not None and high is not None:
        shapes += _whisker(_place(low, 0, reach), _place(high, 0, reach), 21)
    return _svg(27, words, *shapes)


def _whisker(x1: float, x2: float, y: float) -> list[str]:
    ends = [f'<line class="rule" x1="{x}" y1="{y - 3}" x2="{x}" y2="{y + 3}"/>' for x in (x1, x2)]
    return [f'<line class="rule" x1="{x1}" y1="{y}" x2="{x2}" y2="{y}"/>', *ends]


def _place(value: float, low: float, high: float) -> float:
    """Pixels from the left; beyond the ends is at the end."""
    share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.0
    return round(_MARGIN + _SPAN * share, 1)


def _svg(height: int, words: str, *shapes: str) -> str:
    told = escape(line(words))
    inside = "".join(shapes)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-label="{told}"><title>{told}</title>{inside}</svg>'
    )
