"""Grids of numbers on the audit page, which can be read on a phone too."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import charts

_FIT = 7  # numbers that fit beside each other on a phone
_WIDE = "wide-grid"
# a grid that is wider keeps its shades on a phone, and leaves the numbers to the table under it
_STYLE = f'<style>@media (max-width: 640px) {{ [class*="st-key-{_WIDE}"] .heatmap-label {{ display: none; }} }}</style>'


def heatmap(rows: pd.DataFrame, label: str, *, key: str, alt: str, percent: bool = False) -> None:
    """Draw `charts.heatmap`; a narrow screen shows the numbers where they fit."""
    figure = charts.heatmap(rows, label, percent=percent)
    with st.container(key=f"{_WIDE}-{key}" if charts.across(figure) > _FIT else None):
        st.html(_STYLE)
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
