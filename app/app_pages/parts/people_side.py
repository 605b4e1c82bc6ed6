"""Panels of the audit page on people: groups that nobody has to supply, popularity lift, and what can be guessed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import charts, displays, item_tables, item_words
from app.app_pages.parts.reasons import reasons
from app.text import literal, short
from audit.measures.metrics import METRICS
from audit.report.text import how_to_read


def segments(document: dict[str, Any]) -> None:
    """One segmentation and one measure: what the segments are, then how the lists serve them."""
    told = document.get("segments")
    if told is None:
        st.info(item_words.absent(document))
        return
    st.caption(item_words.SEGMENTS)
    rows = pd.DataFrame(told["rows"])
    if rows.empty:
        st.info(literal(" ".join(told["notes"]) or "No group could be read off the histories."))
        return
    left, right = st.columns(2)
    name = left.selectbox("Segments by", rows["attribute"].unique(), key="segments-by", format_func=short)
    metric = right.selectbox(
        "Measured in", rows["metric"].unique(), key="segments-in", format_func=lambda each: METRICS[each].title
    )
    for line in item_words.segment_lines(told, name):
        st.markdown(literal(line))
    chosen = rows[(rows["attribute"] == name) & (rows["metric"] == metric)]
    shown = chosen[chosen["value"].notna()]
    if len(shown):
        st.plotly_chart(
            charts.intervals(shown, METRICS[metric].title, reference=document["overall"][metric]["value"]),
            key="segments-chart",
            config={"displayModeBar": False},
            alt=f"{METRICS[metric].title} by {name}, with intervals.",
        )
    st.caption(literal(f"{item_words.INTERVALS} {how_to_read(metric, document['plan'])}"))
    st.dataframe(displays.group_table(chosen), hide_index=True, alt=f"{METRICS[metric].title} by {name}: every number.")
    reasons(zip(chosen["group"], chosen["state"], chosen["reason"], strict=True), "group")


def lift(document: dict[str, Any]) -> None:
    """Popularity lift of every group, given or read off."""
    rows = document.get("popularity_by_group")
    if rows:
        st.dataframe(item_tables.lift_table(rows), hide_index=True, height=320, alt="Popularity lift of every group.")
        st.caption(item_words.LIFT)


def privacy(document: dict[str, Any]) -> None:
    """What histories, lists and input columns tell about people; off unless the plan asks."""
    told = document.get("privacy")
    if told is None:
        st.info(item_words.PRIVACY_OFF)
        return
    st.dataframe(item_tables.inference_table(told["inference"]), hide_index=True, alt="What can be guessed of people.")
    st.caption(item_words.INFERENCE)
    if told["proxies"]:
        st.dataframe(item_tables.proxy_table(told["proxies"]), hide_index=True, height=320, alt="What inputs tell.")
        st.caption(item_words.PROXIES)
    for note in told["notes"]:
        st.caption(literal(note))
