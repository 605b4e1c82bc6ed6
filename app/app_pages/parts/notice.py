"""The notice: in short before somebody's first personal list, and whole whenever they open it."""

from __future__ import annotations

import streamlit as st

from app import wording
from app.scope import Scope, recall, remember
from app.text import literal
from app.use_cases import noticing
from app.workspace import Workspace


def before_the_list(workspace: Workspace, scope: Scope, person: str) -> None:
    """Record that the person was told before their list is made; said in short at the first visit."""
    key = f"told-{scope.model_id}-{scope.version}-{person}"
    told = recall(key)
    if told is None:
        told = noticing.tell(workspace, scope.model_id, person)
        remember(key, told)
    text, first = told
    if first:
        st.info(wording.NOTICE_IN_SHORT, icon=":material/info:")
    whole = st.expander("What decides this list, and what you can do", key="notice-open", on_change="rerun",
                        icon=":material/article:")  # fmt: skip
    if whole.open:
        for line in text.split("\n"):
            whole.markdown(f"- {literal(line[2:])}" if line.startswith("- ") else literal(line))
