"""Tables to Plotly figures: one look for all, no Streamlit, no numbers made here.

The chart of reasons, which is redrawn at every move of the slider, is in app/why_chart.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.text import short

FOR, AGAINST, OTHER, ACCENT = "#2457d6", "#c2410c", "#64748b", "#0f766e"
_ROW = 34


def intervals(rows: pd.DataFrame, label: str, *, reference: float | None = None) -> go.Figure:
    """A value with its interval for each group; columns group, n, value, low, high. The line is everybody's mean."""
    names = [f"{_plain(group)} (n = {n:,})" for group, n in zip(rows["group"], rows["n"], strict=True)]
    figure = go.Figure(
        go.Scatter(
            x=rows["value"],
            y=names,
            mode="markers",
            marker={"size": 11, "color": FOR},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": rows["high"] - rows["value"],
                "arrayminus": rows["value"] - rows["low"],
                "thickness": 2,
                "width": 6,
            },
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    if reference is not None:
        figure.add_vline(x=reference, line_dash="dot", line_color=OTHER, annotation_text="everybody")
    figure.update_xaxes(title=label)
    figure.update_yaxes(autorange="reversed")
    return _look(figure, len(names))


def shares(table: pd.DataFrame, columns: dict[str, str], *, name: str = "provider") -> go.Figure:
    """Several shares of each provider side by side; `columns` maps a column to its words."""
    figure = go.Figure()
    for (column, words), colour in zip(columns.items(), (OTHER, FOR, ACCENT), strict=False):
        error = None
        if f"{column.removesuffix('_share')}_low" in table and column == "exposure_share":
            error = {
                "type": "data",
                "symmetric": False,
                "array": table["exposure_high"] - table[column],
                "arrayminus": table[column] - table["exposure_low"],
            }
        figure.add_bar(
            y=[_plain(value) for value in table[name]],
            x=table[column],
            name=words,
            orientation="h",
            marker_color=colour,
            error_x=error,
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
    figure.update_layout(barmode="group", legend={"orientation": "h", "y": 1.06, "x": 0})
    figure.update_xaxes(title="share", tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return _look(figure, round(len(table) * 1.4) + 1)


def changes(rows: pd.DataFrame) -> go.Figure:
    """The paired change of each group with its interval; columns group, n, change, low, high. 0 is no change."""
    figure = intervals(
        rows.rename(columns={"change": "value"})[["group", "n", "value", "low", "high"]], "change in nDCG"
    )
    figure.add_vline(x=0, line_dash="dot", line_color=OTHER, annotation_text="no change")
    return figure


def trade_off(overall: pd.DataFrame, marks: Sequence[tuple[float, str]]) -> go.Figure:
    """Held-out quality against novelty at every position; marks are positions with a word."""
    figure = go.Figure(
        go.Scatter(
            x=overall["novelty"],
            y=overall["ndcg"],
            mode="lines+markers",
            line={"color": OTHER},
            marker={"size": 8, "color": OTHER},
            text=[f"slider {position:g}" for position in overall.index],
            hovertemplate="%{text}: %{x:.2f} bits, nDCG %{y:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    for (position, word), colour in zip(marks, (FOR, AGAINST), strict=False):
        row = overall.loc[position]
        figure.add_scatter(
            x=[row["novelty"]],
            y=[row["ndcg"]],
            mode="markers+text",
            marker={"size": 15, "color": colour},
            text=[word],
            textposition="top right",
            name=word,
            showlegend=False,
        )
    figure.update_xaxes(title="surprise of the titles shown (bits)")
    figure.update_yaxes(title="nDCG on held-out choices")
    return _look(figure, 9)


def _plain(text: object) -> str:
    """Plotly reads <b> and the like in labels: data is shown as written."""
    return short(text, 42).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _look(figure: go.Figure, rows: int) -> go.Figure:
    figure.update_layout(
        height=90 + _ROW * max(rows, 3),
        margin={"l": 8, "r": 48, "t": 24, "b": 8},
        bargap=0.28,
        dragmode=False,
        hoverlabel={"namelength": -1},
    )
    figure.update_yaxes(automargin=True, ticksuffix="  ")
    return figure
