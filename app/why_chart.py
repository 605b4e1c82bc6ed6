"""The chart of reasons, as an ECharts option: its page redraws it at every move of the slider.

Plotly is rebuilt from nothing at each change and takes 4.7 MB of script, which held up the first page by seconds; this one
keeps its drawing. Labels are plain text for ECharts, never markup.
"""

from __future__ import annotations

from typing import Any

from app.text import short
from models.explanation import Explanation

FOR, AGAINST = "#2457d6", "#c2410c"
_BARS, _ROW, _LABEL = 8, 30, 34


def rows(told: Explanation) -> list[tuple[str, float]]:
    """The strongest parts by name and value, then all others as one; together with the base they are the score."""
    named = [(short(part.title, _LABEL), part.value) for part in told.parts[:_BARS]]
    rest = told.parts[_BARS:]
    if rest:
        named.append((f"{len(rest)} other reasons together", sum(part.value for part in rest)))
    return [*named, ("starting point", told.base)] if told.base else named


def contributions(told: Explanation) -> dict[str, Any]:
    """What speaks for (blue, right) and against (red, left) a title, in the units of the score."""
    shown = rows(told)
    return {
        "animation": False,
        "grid": {"left": 8, "right": 64, "top": 8, "bottom": 34, "containLabel": True},
        "xAxis": {"type": "value", "name": "part of the score", "nameLocation": "middle", "nameGap": 24},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [name for name, _ in shown],
            "axisTick": {"show": False},
            "axisLabel": {"fontSize": 12},
        },
        "series": [
            {
                "type": "bar",
                "barWidth": "62%",
                "data": [
                    {
                        "value": value,
                        "itemStyle": {"color": FOR if value >= 0 else AGAINST},
                        "label": {
                            "show": True,
                            "position": "right" if value >= 0 else "left",
                            "formatter": f"{value:+.3f}",
                        },
                    }
                    for _, value in shown
                ],
            }
        ],
    }


def height(told: Explanation) -> int:
    """Pixels that the chart needs."""
    return 60 + _ROW * max(len(rows(told)), 3)
