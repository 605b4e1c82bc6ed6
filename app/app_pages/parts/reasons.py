"""Sentences too long for a cell of a table of numbers: under it, in a table whose lines break on every screen."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from app.reasons_table import reasons_table


def reasons(rows: Iterable[tuple[str, str, str]], head: str) -> None:
    """(whom, answer, why) of each row; nothing where no row has a reason."""
    told, left = reasons_table(rows, head)
    if told.empty:
        return
    st.table(told, hide_index=True)
    if left:
        st.caption(f"{left:,} more reasons are in the last column of the table above.")
