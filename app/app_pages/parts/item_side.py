"""Panels of the audit page on items: groups of items, how unequal exposure is, and one provider at a time."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import charts, item_tables, item_words
from app.app_pages.parts.sections import read, shown
from app.text import literal, short
from audit.report.exposure import exposure_sections
from audit.report.tables import Section

_PLAIN = {"displayModeBar": False}


def one_provider(document: dict[str, Any]) -> None:
    """Who sees the items of one provider, at what rank, and which."""
    details = document.get("provider_details")
    if details is None:
        st.info(item_words.absent(document))
        return
    if not details:
        return
    name = st.selectbox("One provider", list(details), key="one-provider", format_func=short)
    told = details[name]
    st.markdown(literal(item_words.provider_line(name, told)))
    left, right = st.columns(2)
    with left:
        st.plotly_chart(charts.ranks(told["ranks"]), key="ranks", config=_PLAIN, alt=f"Ranks at which {name} is shown.")
        st.caption(item_words.RANKS)
        st.dataframe(
            item_tables.rank_table(told["ranks"]), hide_index=True, height=180, alt=f"Ranks at which {name} is shown."
        )
    with right:
        if told["groups"]:
            attribute = st.selectbox("Seen by, according to", list(told["groups"]), key="reach-by", format_func=short)
            st.dataframe(
                item_tables.reach_table(told["groups"][attribute]),
                hide_index=True,
                alt=f"Who sees {name}, by {attribute}.",
            )
            st.caption(item_words.REACH.format(least=document["plan"]["minimum_cell"]))
        st.dataframe(
            item_tables.provider_items_table(told["items"]), hide_index=True, alt=f"The most shown titles of {name}."
        )


def inequality(document: dict[str, Any]) -> None:
    """The Lorenz curves of exposure over titles and over providers."""
    told = document.get("item_groups")
    for section in exposure_sections(document):
        _by_group(section)
    if told is None:
        st.info(item_words.absent(document))
        return
    curves = {name: pd.DataFrame(curve) for name, curve in told["lorenz"].items() if curve["part"]}
    if not curves:
        return
    st.plotly_chart(charts.lorenz(curves), key="lorenz", config=_PLAIN, alt="Lorenz curves of exposure.")
    st.caption(item_words.LORENZ)
    st.dataframe(item_tables.lorenz_table(curves), hide_index=True, height=180, alt="The Lorenz curves at every tenth.")
    st.dataframe(item_tables.expected_table(told["overall"]), hide_index=True, alt="Expected exposure.")
    with st.expander("What expected exposure says, and leaves out"):
        st.table(item_tables.words_table(row["metric"] for row in told["overall"]), hide_index=True)


def groups_of_items(document: dict[str, Any]) -> None:
    """One column of the items: every group in every measure, then the column as a whole."""
    told = document.get("item_groups")
    if told is None or not told["columns"]:
        return
    rows = {row["column"]: row for row in told["columns"]}
    name = st.selectbox("Titles by", list(rows), key="items-by", format_func=short)
    mine = [row for row in told["groups"] if row["column"] == name]
    st.dataframe(item_tables.group_items_table(mine), hide_index=True, alt=f"Every group of titles by {name}.")
    st.caption(item_words.GROUPS_OF_ITEMS)
    st.caption(item_words.FASTAR)
    st.dataframe(item_tables.column_table(rows[name]), hide_index=True, alt=f"Titles by {name}, as a whole.")
    with st.expander("What these measures say, and leave out"):
        st.table(item_tables.words_table(item_tables.COLUMN_METRICS), hide_index=True)
    for line in (rows[name]["reason"], *told["notes"]):
        if line:
            st.caption(literal(line))


def _by_group(section: Section) -> None:
    """Concentration by user group: one attribute at a time, everybody first."""
    read(section)
    captions = [table.caption for table in section.tables]
    picked = st.selectbox("Concentration by", captions, key="concentration-by", format_func=short)
    for table in section.tables:
        if table.caption == picked:
            shown(section, table, height=320)
