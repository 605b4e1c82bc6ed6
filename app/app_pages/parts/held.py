"""What is held about a person: a table at a time, with why, from where, how long and who sees it; and files to take away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import cached
from app.scope import Scope
from app.text import counted, literal
from app.use_cases import seeing
from app.workspace import Workspace


def panel(workspace: Workspace, scope: Scope, person: str) -> None:
    """One table, and the two files."""
    known = seeing.tables()
    table = st.selectbox("Table", list(known), key="held-table", format_func=lambda name: f"{name}: {known[name]}")
    told = seeing.held(workspace, scope.data, person, table, lambda: cached.tags(scope.data))
    rows = pd.DataFrame(told["rows"])
    st.markdown(f"**{counted(len(rows), 'row')}.** {literal(told['why'])}")
    if len(rows):
        st.dataframe(rows, hide_index=True, alt=f"What is held about you: {table}.")
    st.caption(literal(f"From: {told['from']}. {told['how_long']} Who sees it: {told['who_sees_it']}"))
    with st.container(horizontal=True):
        st.download_button(
            "Everything that is held", lambda: seeing.access_file(workspace, scope.data, person), "my-data.zip",
            "application/zip", on_click="ignore", icon=":material/folder_zip:",
            help="A zip of tables with a manifest: what each is for, from where it is, how long it is kept.",
        )  # fmt: skip
        st.download_button(
            "To take along", lambda: seeing.portable_file(workspace, scope.data, person), "take-along.zip",
            "application/zip", on_click="ignore", icon=":material/luggage:",
            help="What you gave or caused, as JSON and CSV with a description; `sightglass join` reads it.",
        )  # fmt: skip
