"""What each group of people is shown: one attribute and one column of titles at a time."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import displays
from app.app_pages.parts import grids
from app.text import literal, short
from audit.report.matrix import DRAWN, categories, left_out, matrix_section, why_left_out

Rows = list[dict[str, Any]]


def matrix(document: dict[str, Any]) -> None:
    """The chart of the most shown groups of titles, or of those that are chosen, and every number in a table."""
    section = matrix_section(document)
    if section is None:
        return
    st.subheader(literal(section.title), anchor=False)
    st.caption(literal(section.reading))
    rows: Rows = document["exposure_matrix"]
    left, right = st.columns(2)
    attribute = left.selectbox(
        "People by", list(dict.fromkeys(row["attribute"] for row in rows)), key="matrix-people", format_func=short
    )
    column = right.selectbox(
        "Shown titles by", list(dict.fromkeys(row["column"] for row in rows)), key="matrix-titles", format_func=short
    )
    mine = [row for row in rows if (row["attribute"], row["column"]) == (attribute, column)]
    known = categories(mine)
    chosen = st.multiselect(
        "In the chart", known, default=known[:DRAWN], key=f"matrix-{attribute}-{column}", format_func=short
    )
    _drawn(mine, chosen, f"{column} in the lists of each group by {attribute}")
    if sentence := left_out(mine):
        st.caption(literal(f"{sentence} {why_left_out(document['plan']['minimum_cell'])}"))
    st.dataframe(
        displays.matrix_table(mine), hide_index=True, height=320, alt=f"{column} by {attribute}: every number."
    )


def _drawn(rows: Rows, chosen: list[str], what: str) -> None:
    groups = list(dict.fromkeys(row["group"] for row in rows))
    share = {(row["category"], row["group"]): row["share"] for row in rows if not row.get("joined")}
    grid = [(category, group, share.get((category, group))) for category in chosen for group in groups]
    table = pd.DataFrame(grid, columns=["first_group", "second_group", "value"]).astype({"value": float})
    if table["value"].notna().any():
        alt = f"Share of exposure of {what}; the table has every number."
        grids.heatmap(table, "share of exposure, %", key="matrix-chart", alt=alt, percent=True)
        st.caption(
            f"The {len(chosen)} groups of titles that are chosen, of {len(categories(rows))}. The stronger its shade, the larger "
            "the share. A dash: not shown. A wide grid has no numbers on a narrow screen; the table has them."
        )
