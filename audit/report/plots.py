"""The charts of a report as SVG, or as a table with shades: places from 0 to 1 become pixels, all text is escaped."""

from __future__ import annotations

from html import escape

from audit.report.charts import Axis, Bars, Chart, Curves, Heatmap, Marks
from audit.report.text import line

STYLES = ("full", "dashed", "dotted")
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 18, 10, 42


def plot(chart: Chart | None) -> str:
    """The chart with its legend; '' where there is none."""
    if isinstance(chart, Heatmap):
        return _heatmap(chart)
    if isinstance(chart, Curves):
        return _curves(chart)
    if isinstance(chart, Marks):
        return _marks(chart)
    return _bars(chart) if isinstance(chart, Bars) else ""


def _heatmap(chart: Heatmap) -> str:
    heads = "".join(f'<th scope="col"><bdi>{escape(name)}</bdi></th>' for name in chart.across)
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(name)}</bdi></th>'
        + "".join(f'<td class="{"not" if level is None else f"s{level}"}">{escape(told)}</td>' for told, level in cells)
        + "</tr>"
        for name, cells in zip(chart.down, chart.cells, strict=True)
    )
    told = escape(line(chart.alt))
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{told}"><table class="heat">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _curves(chart: Curves) -> str:
    side = 260
    lines = [f'<line class="axis" x1="{_LEFT}" y1="{_TOP + side}" x2="{_LEFT + side}" y2="{_TOP}"/>']
    for style, (_, points) in zip(_styles(len(chart.curves)), chart.curves, strict=True):
        places = dict.fromkeys(f"{_LEFT + side * x:.1f},{_TOP + side * (1 - y):.1f}" for x, y in points)
        lines.append(f'<polyline class="curve {style}" points="{" ".join(places)}"/>')
    keys = [(style, name) for style, (name, _) in zip(_styles(len(chart.curves)), chart.curves, strict=True)]
    legend = "".join(
        f'<li><svg class="key" viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">'
        f'<line class="curve {style}" x1="0" y1="4" x2="28" y2="4"/></svg> <bdi>{escape(name)}</bdi></li>'
        for style, name in [*keys, ("even", "equality")]
    )
    return _framed(chart.alt, side, side, chart.across, chart.up, lines) + f'<ul class="legend">{legend}</ul>'


def _marks(chart: Marks) -> str:
    width, height = 320, 190
    shapes = []
    for mark in chart.marks:
        x, y = _LEFT + width * mark.along, _TOP + height * (1 - mark.up)
        if mark.ends is not None:
            low, high = (_TOP + height * (1 - end) for end in mark.ends)
            shapes.append(f'<line class="rule" x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}"/>')
            shapes += [
                f'<line class="rule" x1="{x - 3:.1f}" y1="{end:.1f}" x2="{x + 3:.1f}" y2="{end:.1f}"/>'
                for end in (low, high)
            ]
        shapes.append(f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        shapes.append(f'<text class="letter" x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(mark.label)}</text>')
    legend = "".join(f"<li><b>{escape(mark.letter)}</b> <bdi>{escape(mark.name)}</bdi></li>" for mark in chart.marks)
    return _framed(chart.alt, width, height, chart.across, chart.up, shapes) + f'<ul class="legend">{legend}</ul>'


def _bars(chart: Bars) -> str:
    width, height = 320, 150
    step = width / max(len(chart.bars), 1)
    shapes = []
    for n, (name, share, told) in enumerate(chart.bars):
        middle, top = _LEFT + step * (n + 0.5), _TOP + height * (1 - share)
        shapes += [
            f'<rect class="full" x="{middle - 0.35 * step:.1f}" y="{top:.1f}" width="{0.7 * step:.1f}" '
            f'height="{height * share:.1f}"/>',
            f'<text class="over" x="{middle:.1f}" y="{top - 4:.1f}" text-anchor="middle">{escape(told)}</text>',
            f'<text x="{middle:.1f}" y="{_TOP + height + 14}" text-anchor="middle">{escape(name)}</text>',
        ]
    return _framed(chart.alt, width, height, Axis(chart.across, ()), chart.up, shapes)


def _styles(count: int) -> list[str]:
    return [STYLES[n % len(STYLES)] for n in range(count)]


def _framed(alt: str, width: int, height: int, across: Axis, up: Axis, shapes: list[str]) -> str:
    """A frame with ticks and titles of both axes, and the shapes in it."""
    told, middle = escape(line(alt)), _TOP + height / 2
    parts = [f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}"/>']
    for place, text in up.ticks:
        y = _TOP + height * (1 - place)
        parts.append(f'<line class="tick" x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + width}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 3:.1f}" text-anchor="end">{escape(text)}</text>')
    for place, text in across.ticks:
        x = _LEFT + width * place
        parts.append(f'<line class="tick" x1="{x:.1f}" y1="{_TOP + height}" x2="{x:.1f}" y2="{_TOP + height + 4}"/>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP + height + 15}" text-anchor="middle">{escape(text)}</text>')
    parts.append(
        f'<text x="{_LEFT + width / 2}" y="{_TOP + height + 34}" text-anchor="middle">{escape(across.title)}</text>'
        f'<text transform="rotate(-90 12 {middle})" x="12" y="{middle}" text-anchor="middle">{escape(up.title)}</text>'
    )
    wide, high = _LEFT + width + _RIGHT, _TOP + height + _BOTTOM
    return (
        f'<svg class="chart plot" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" '
        f'aria-label="{told}"><title>{told}</title>{"".join(parts)}{"".join(shapes)}</svg>'
    )
