"""The charts of reasons, as ECharts options: their page redraws them at every move of the slider.

Plotly is rebuilt from nothing at each change and takes 4.7 MB of script, which held up the first page by seconds; this one
keeps its drawing. Labels are plain text for ECharts, never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.text import short
from models.explanation import Explanation, Part

FOR, AGAINST, WHOLE = "#2457d6", "#c2410c", "#64748b"
_BARS, _ROW, _LABEL = 8, 30, 30
_CLEAR = {"color": "rgba(0,0,0,0)"}


_ADDED = ("slider", "boost", "policy", "choice")
_SHORT = {"slider": "surprise, as the slider asks"}


def steps(told: Explanation) -> list[tuple[str, float, float]]:
    """(name, from, to) of every bar: the starting point, the strongest parts, all others as one, and the score."""
    own = [part for part in told.parts if part.kind not in _ADDED]
    added = [part for part in told.parts if part.kind in _ADDED]  # few, and never hidden among others
    room = max(_BARS - len(added), 1)
    named = [(short(_SHORT.get(part.kind, part.title), _LABEL), part.value) for part in (*own[:room], *added)]
    rest = own[room:]
    if rest:
        named.append((f"{len(rest)} other reasons together", sum(part.value for part in rest)))
    bars = [("starting point", 0.0, told.base)] if told.base else []
    at = told.base
    for name, value in named:
        bars.append((name, at, at + value))
        at += value
    return [*bars, ("score", 0.0, told.score)]


def waterfall(told: Explanation) -> dict[str, Any]:
    """From the starting point to the score: what speaks for (blue) and against (red) a title, a step a reason."""
    bars = steps(told)
    return _floating(bars, [_colour(name, start, end) for name, start, end in bars], "score")


def difference(parts: Sequence[Part]) -> dict[str, Any]:
    """What decides between two titles: a bar a part, right for the first, left for the second."""
    bars = [(short(part.title, _LABEL), 0.0, part.value) for part in parts[:_BARS]]
    return _floating(bars, [FOR if end >= 0 else AGAINST for _, _, end in bars], "difference of the scores")


def ratings(counts: dict[str, int]) -> dict[str, Any]:
    """How many of the people rated the title good, in between, bad: the display that helps people most."""
    bars = [(name, 0.0, float(counts[key])) for name, key in _RATED]
    return _floating(bars, [FOR, WHOLE, AGAINST], "people", signed=False)


def height(bars: int) -> int:
    """Pixels that a chart of so many bars needs."""
    return 60 + _ROW * max(bars, 3)


_RATED = (("rated it good", "good"), ("in between", "between"), ("rated it bad", "bad"))


def _colour(name: str, start: float, end: float) -> str:
    if name in ("starting point", "score"):
        return WHOLE
    return FOR if end >= start else AGAINST


def _floating(
    bars: Sequence[tuple[str, float, float]], colours: Sequence[str], axis: str, *, signed: bool = True
) -> dict[str, Any]:
    """Bars from one value to another: a clear bar up to the nearer end, a coloured one from there.

    ECharts stacks what is above 0 apart from what is below, so that a bar across 0 is one piece on each side.
    """
    spans = [(min(start, end), max(start, end)) for _, start, end in bars]
    whole = [name in ("score", "starting point") for name, _, _ in bars]
    above = [(max(low, 0.0), max(high, 0.0) - max(low, 0.0)) for low, high in spans]
    below = [(min(high, 0.0), min(low, 0.0) - min(high, 0.0)) for low, high in spans]
    labels = [
        (f"{end:.3f}" if at_end else f"{end - start:+.3f}") if signed else f"{end:,.0f}"
        for (_, start, end), at_end in zip(bars, whole, strict=True)
    ]
    room = "20%" if any(low < 0 for low, _ in spans) else "0%"  # for the labels on the left
    return {
        "animation": False,
        "grid": {"left": 8, "right": 64, "top": 8, "bottom": 34, "containLabel": True},
        "xAxis": {"type": "value", "name": axis, "nameLocation": "middle", "nameGap": 24, "boundaryGap": [room, "0%"]},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [name for name, _, _ in bars],
            "axisTick": {"show": False},
            "axisLabel": {"fontSize": 12},
        },
        "series": [
            _bars([{"value": start, "itemStyle": _CLEAR} for start, _ in above]),
            _bars([{"value": start, "itemStyle": _CLEAR} for start, _ in below]),
            _bars(
                [
                    {
                        "value": size,
                        "itemStyle": {"color": colour},
                        "label": _label(text, "right", show=size > 0 or low >= 0),
                    }
                    for (_, size), colour, text, (low, _) in zip(above, colours, labels, spans, strict=True)
                ]
            ),
            _bars(
                [
                    {"value": size, "itemStyle": {"color": colour}, "label": _label(text, "left", show=low < 0 >= high)}
                    for (_, size), colour, text, (low, high) in zip(below, colours, labels, spans, strict=True)
                ]
            ),
        ],
    }


def _bars(data: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "bar", "stack": "steps", "barWidth": "62%", "silent": True, "data": data}


def _label(text: str, place: str, *, show: bool) -> dict[str, Any]:
    return {"show": show, "position": place, "formatter": text}
