"""Sections of a report on the page: how to read them, their tables, and the sentences that no cell has room for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.app_pages.parts.reasons import reasons
from app.text import literal
from audit.report.tables import Section, Table

_WHOM = ("Attribute", "Group", "First group", "Second group")
_WHY = ("What it says", "Reason")


def read(section: Section) -> None:
    """How to read the section, and what is told of single things in it."""
    st.caption(literal(section.reading))
    for sentence in section.told:
        st.caption(literal(sentence))


def shown(section: Section, table: Table, height: int | None = None) -> None:
    """The table, and under it the sentences of its last column where it has one."""
    frame = pd.DataFrame(list(table.rows), columns=list(table.heads))
    alt = f"{section.title}: {table.caption}."
    st.dataframe(frame, hide_index=True, alt=alt, height="auto" if height is None else height)
    if why := next((head for head in _WHY if head in frame), None):
        between = " × " if "First group" in frame else ": "
        whom = frame[[head for head in _WHOM if head in frame]].agg(between.join, axis=1)
        reasons(((name, "", reason) for name, reason in zip(whom, frame[why], strict=True)), "whom")
