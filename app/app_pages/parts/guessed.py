"""What is worked out about a person: each tag with its cause, and a switch."""

from __future__ import annotations

import streamlit as st

from app import cached
from app.scope import Scope, recall
from app.text import literal
from app.use_cases import tagging
from app.workspace import Workspace


def panel(workspace: Workspace, scope: Scope, person: str) -> None:
    """A block a tag."""
    st.caption("These are worked out from your choices, for audits alone. No list is made from them.")
    for row in tagging.tags(workspace, scope.data, person, cached.tags(scope.data)):
        _tag(workspace, scope, person, row)


def _tag(workspace: Workspace, scope: Scope, person: str, row: dict) -> None:
    key = f"tag-{scope.data}-{person}-{row['tag']}"

    def switch() -> None:
        tagging.set_tag(workspace, scope.data, person, row["tag"], on=bool(recall(key)))

    with st.container(border=True):
        said, toggle = st.columns([4, 1], vertical_alignment="center")
        value = row["value"] or ("deleted, and not worked out again" if not row["on"] else "not known")
        said.markdown(f"**{literal(row['tag'])}:** {literal(value)}")
        toggle.toggle("Work it out", value=row["on"], key=key, on_change=switch)
        if row["on"] and row["value"]:
            st.markdown(literal(f"{row['means']} {row['because']}"))
            if row["records"]:
                st.caption(literal(f"From, among others: {', '.join(row['records'])}."))
