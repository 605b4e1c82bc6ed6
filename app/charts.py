"""Tables to Plotly figures: one look for all, no Streamlit, no numbers made here.

The chart of reasons, which is redrawn at every move of the slider, is in app/why_chart.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.axis_labels import escaped, labels
from app.text import short

FOR, AGAINST, OTHER, ACCENT = "#3b6fe0", "#c2410c", "#64748b", "#0f766e"  # each 3 : 1 on the light and the dark page
HALO, CORE = (
    "#ffffff",
    "#18202f",
)  # no one colour is seen on white, on a bar and in the dark: a dark line with a light rim is
SCALE = ("#eef4fc", "#8fb8ea")  # both ends pale: the same dark text is read on every cell
_ROW, _GRID_ROW = 34, 28
_BELOW = {  # the scale of a grid, where it takes no width
    "orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom", "thickness": 10, "len": 0.7,
}  # fmt: skip
_LEGEND = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}  # over the plot, however many lines it takes


def intervals(rows: pd.DataFrame, label: str, *, reference: float | None = None) -> go.Figure:
    """A value with its interval for each group; columns group, n, value, low, high. The line is everybody's mean."""
    names = labels(rows["group"], (f" (n = {n:,})" for n in rows["n"]))
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
        _line_at(figure, reference, "everybody")
    figure.update_xaxes(title=label)
    figure.update_yaxes(autorange="reversed")
    return _look(figure, len(names))


def importance(rows: pd.DataFrame) -> go.Figure:
    """What changes without each parameter, with its interval; columns title, declared, changed, low, high, answer.

    A dot that is flagged is red, one that is not is blue; the declared rank stands above it.
    """
    ranked = rows.sort_values("changed", ascending=False, kind="stable")
    names = labels(ranked["title"])
    flagged = ranked["answer"].str.startswith("declared differs")
    figure = go.Figure(
        go.Scatter(
            x=ranked["changed"],
            y=names,
            mode="markers+text",
            text=[_declared(*pair) for pair in zip(ranked["declared"], flagged, strict=True)],
            textposition="top center",
            cliponaxis=False,
            marker={"size": 11, "color": [AGAINST if flag else FOR for flag in flagged]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": ranked["high"] - ranked["changed"],
                "arrayminus": ranked["changed"] - ranked["low"],
                "thickness": 2,
                "width": 6,
                "color": OTHER,
            },
            hovertemplate="%{y}: %{x:.1%}, %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title="share of a list that changes without it", tickformat=".0%", range=[-0.04, 1.08])
    figure.update_yaxes(autorange="reversed")
    return _look(figure, round(len(names) * 1.3))


def _declared(rank: float | None, flagged: bool) -> str:
    words = "not used" if rank is None or pd.isna(rank) else f"declared {rank:.0f}"
    return f"{words}, flagged" if flagged else words


def shares(table: pd.DataFrame, columns: dict[str, str], *, name: str = "provider") -> go.Figure:
    """Several shares of each provider side by side; `columns` maps a column to its words."""
    figure, names = go.Figure(), labels(table[name])
    for (column, words), colour in zip(columns.items(), (OTHER, FOR, ACCENT), strict=False):
        bar = {"y": names, "x": table[column], "orientation": "h", "offsetgroup": column}
        ends = column == "exposure_share" and "exposure_low" in table
        figure.add_bar(
            **bar,
            name=words,
            marker_color=colour,
            error_x=_whisker(table, HALO, 4) if ends else None,
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
        if ends:
            clear = {"marker_color": "rgba(0,0,0,0)", "showlegend": False, "hoverinfo": "skip"}
            figure.add_bar(**bar, **clear, error_x=_whisker(table, CORE, 1.6))
    figure.update_layout(barmode="group", legend=_LEGEND)
    figure.update_xaxes(title="share", tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return _look(figure, round(len(table) * 1.4) + 1)


def _whisker(table: pd.DataFrame, colour: str, thickness: float) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": table["exposure_high"] - table["exposure_share"],
        "arrayminus": table["exposure_share"] - table["exposure_low"],
        "color": colour,
        "thickness": thickness,
        "width": 3,
    }


def heatmap(rows: pd.DataFrame, label: str, *, percent: bool = False) -> go.Figure:
    """Crossed groups as a grid; columns first_group, second_group, value. A cell without a number has a dash.

    The shorter side goes across, so that a number has room in its cell on a phone.
    """
    grid = rows.pivot_table(index="first_group", columns="second_group", values="value", aggfunc="first", dropna=False)
    grid = grid.reindex(index=rows["first_group"].unique(), columns=rows["second_group"].unique())
    grid = grid.T if len(grid) < len(grid.columns) else grid
    told = [["–" if pd.isna(value) else _told(value, percent) for value in line] for line in grid.to_numpy()]
    figure = go.Figure(
        go.Heatmap(
            z=grid.to_numpy(dtype=float) * (100 if percent else 1),
            x=labels(grid.columns),
            y=labels(grid.index),
            text=told,
            texttemplate="%{text}",
            customdata=[["not shown" if each == "–" else each for each in line] for line in told],
            colorscale=[[0, SCALE[0]], [1, SCALE[1]]],
            colorbar=_BELOW,
            hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
            hoverongaps=True,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_xaxes(showgrid=False, side="top", title=label)
    figure.update_yaxes(autorange="reversed", showgrid=False)  # a line would strike the words through
    _look(figure, 3)
    figure.update_layout(height=150 + _GRID_ROW * len(grid), margin={"r": 8, "b": 44})
    return figure


def across(grid: go.Figure) -> int:
    """How many cells a row of a heatmap has."""
    return len(grid.data[0].x)


def _told(value: float, percent: bool) -> str:
    return f"{100 * value:.1f}" if percent else f"{value:.2f}"


def _line_at(figure: go.Figure, place: float, words: str) -> None:
    """A dotted line across all rows; its words stand over the plot, where no whisker can lie on them."""
    figure.add_vline(x=place, line_dash="dot", line_color=OTHER, annotation_text=words, annotation_position="top")


def deciles(rows: pd.DataFrame, label: str) -> go.Figure:
    """The mean of each tenth of people, the worst first; columns decile, n, mean."""
    figure = go.Figure(
        go.Bar(
            x=[str(decile) for decile in rows["decile"]],
            y=rows["mean"],
            customdata=rows["n"],
            marker_color=FOR,
            hovertemplate="tenth %{x}: %{y:.3f}, %{customdata} people<extra></extra>",
        )
    )
    figure.update_xaxes(title="tenth of all people, the worst-served first", type="category")
    figure.update_yaxes(title=f"mean {label}")
    return _look(figure, 7)


def changes(rows: pd.DataFrame) -> go.Figure:
    """The paired change of each group with its interval; columns group, n, change, low, high. 0 is no change."""
    figure = intervals(
        rows.rename(columns={"change": "value"})[["group", "n", "value", "low", "high"]], "change in nDCG"
    )
    _line_at(figure, 0, "no change")
    return figure


def trade_off(overall: pd.DataFrame, marks: Sequence[tuple[float, str]]) -> go.Figure:
    """Held-out quality against surprise at every position; marks are positions with a word."""
    figure = go.Figure(
        go.Scatter(
            x=overall["surprise"],
            y=overall["ndcg"],
            mode="lines+markers",
            line={"color": OTHER},
            marker={"size": 8, "color": OTHER},
            text=[f"slider {position:g}" for position in overall.index],
            hovertemplate="%{text}: surprise %{x:.3f}, nDCG %{y:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    for (position, word), colour in zip(marks, (FOR, AGAINST), strict=False):
        row = overall.loc[position]
        figure.add_scatter(
            x=[row["surprise"]],
            y=[row["ndcg"]],
            mode="markers+text",
            marker={"size": 15, "color": colour},
            text=[word],
            textposition="top right",
            name=word,
            showlegend=False,
        )
    figure.update_xaxes(title="surprise of the titles shown (0 to 1)")
    figure.update_yaxes(title="nDCG on held-out choices")
    return _look(figure, 9)


def quality_and_concentration(rows: pd.DataFrame) -> go.Figure:
    """Quality with its interval against how concentrated exposure is; columns label, value, low, high, concentration."""
    figure = go.Figure()
    for row, colour in zip(rows.to_dict("records"), [FOR, ACCENT, AGAINST, OTHER] * len(rows), strict=False):
        figure.add_scatter(
            x=[row["concentration"]],
            y=[row["value"]],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["value"]],
                "arrayminus": [row["value"] - row["low"]],
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"size": 13, "color": colour},
            name=_plain(row["label"]),
            hovertemplate="%{fullData.name}: Gini %{x:.3f}, nDCG %{y:.3f}<extra></extra>",
        )
    figure.update_layout(legend={"orientation": "h", "y": -0.25, "x": 0}, showlegend=True)
    figure.update_xaxes(title="Gini of exposure: concentrated to the right")
    figure.update_yaxes(title="nDCG on held-out choices")
    return _look(figure, 9)


def lorenz(curves: dict[str, pd.DataFrame]) -> go.Figure:
    """Lorenz curves, each a table of part and share from (0, 0) to (1, 1); the dotted diagonal is equality."""
    figure = go.Figure(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": OTHER, "dash": "dot"}, name="all equal", hoverinfo="skip"
        )
    )
    for (name, curve), colour in zip(curves.items(), (FOR, ACCENT, AGAINST), strict=False):
        figure.add_scatter(
            x=curve["part"],
            y=curve["share"],
            mode="lines",
            name=_plain(name),
            line={"color": colour, "width": 3},
            hovertemplate="the least shown %{x:.0%} get %{y:.1%}<extra></extra>",
        )
    figure.update_layout(legend=_LEGEND)
    figure.update_xaxes(title="part of them, least shown first", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="share of all exposure", tickformat=".0%", range=[0, 1])
    return _look(figure, 9)


def ranks(counts: Sequence[int]) -> go.Figure:
    """How many lists show one of a provider's items at each rank, from 1."""
    figure = go.Figure(
        go.Bar(
            x=list(range(1, len(counts) + 1)),
            y=list(counts),
            marker_color=FOR,
            hovertemplate="rank %{x}: %{y} lists<extra></extra>",
        )
    )
    figure.update_xaxes(title="rank in the list", dtick=max(1, len(counts) // 20))
    figure.update_yaxes(title="lists", rangemode="tozero")
    return _look(figure, 5)


def _plain(text: object) -> str:
    """Data as written, on one line."""
    return escaped(short(text, 42))


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
