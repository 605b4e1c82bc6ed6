"""Panels beside the group tables: direction, missing labels, intersections, impact ratios, the worst-served."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import charts
from app.app_pages.parts import grids
from app.app_pages.parts.sections import read, shown
from app.text import literal, short
from audit.measures.metrics import METRICS
from audit.report.closer import sections, turned
from audit.report.drawn import HEAT, MOST_CELLS, PARTS
from audit.report.tables import Section, Table
from audit.report.text import how_to_read


def banner(document: dict[str, Any]) -> None:
    """The comparisons whose direction changes with the view, before anybody reads a gap."""
    for sentence in turned(document):
        st.warning(literal(sentence), icon=":material/swap_vert:")


def beside(document: dict[str, Any]) -> None:
    """Every section that the document has rows for, each with how to read it."""
    for section in sections(document):
        st.subheader(section.title, anchor=False)
        read(section)
        chosen = _choice(section) if len(section.tables) > 1 and section.key != "deciles" else section.tables
        for table in chosen:
            if section.key == "intersections":
                _heatmap(document, table.caption)
            if section.key == "deciles" and table is section.tables[0]:
                _deciles(document)
            shown(section, table)


def _choice(section: Section) -> tuple[Table, ...]:
    captions = [table.caption for table in section.tables]
    picked = st.selectbox("Attributes", captions, key=f"closer-{section.key}", format_func=short)
    return tuple(table for table in section.tables if table.caption == picked)[:1]


def _heatmap(document: dict[str, Any], caption: str) -> None:
    rows = pd.DataFrame(document["intersections"])
    chosen = rows[(rows["first"] + " × " + rows["second"]) == caption]
    one = chosen[chosen["metric"] == chosen["metric"].iloc[0]] if len(chosen) else chosen
    if one["value"].notna().any() and len(one) <= MOST_CELLS:
        metric = str(one["metric"].iloc[0])
        alt = f"{METRICS[metric].title} of every cell of {caption}; the table below has every number."
        grids.heatmap(one, METRICS[metric].label(document["plan"]["k"]), key="intersections-chart", alt=alt)
        st.caption(literal(f"{HEAT} {how_to_read(metric, document['plan'])}"))


def _deciles(document: dict[str, Any]) -> None:
    rows = pd.DataFrame(document["deciles"])
    metric = str(rows["metric"].iloc[0])
    st.plotly_chart(
        charts.deciles(rows[rows["metric"] == metric], METRICS[metric].label(document["plan"]["k"])),
        key="deciles-chart",
        config={"displayModeBar": False},
        alt=f"Mean {METRICS[metric].title} of ten equal parts of all people, the worst first.",
    )
    st.caption(literal(f"{PARTS} {how_to_read(metric, document['plan'])}"))
