"""The choice of liked categories and titles, and the account that is made of it."""

from __future__ import annotations

import streamlit as st

from app import cached
from app.scope import Scope, forget, recall, remember, visitor
from app.text import literal, short
from app.use_cases.starting import start, suggestions
from app.workspace import Workspace
from data.errors import SightglassError

_COLUMNS, _VALUES = 2, 24


def form(workspace: Workspace, scope: Scope, notice: str) -> None:
    """Categories first; titles of them, the best known first; then the list."""
    likes = _categories(scope)
    offered = {row["item_id"]: row["title"] for row in suggestions(workspace, scope.model_id, likes)}
    items = st.pills("Titles you like", list(offered), selection_mode="multi", key="start-titles",
                     format_func=lambda item: short(offered[item], 40))  # fmt: skip

    def begin() -> None:
        try:
            told = start(workspace, scope.data, notice, list(items), likes, visitor() or None)
        except SightglassError as refused:
            remember("start-refused", str(refused))
            return
        if visitor() is None:
            remember("person", told["user"])
        remember("started", told["user"])
        for key in ("start-titles", *(f"start-{column}" for column in cached.categories(scope.data))):
            forget(key)

    st.button("Make my list", on_click=begin, disabled=not (items or likes), icon=":material/recommend:")
    refused = recall("start-refused")
    if refused:
        st.error(literal(refused))
        forget("start-refused")
    if recall("started"):
        st.success(literal(f"Your list is ready. Your id is {recall('started')}."))
        st.page_link("app_pages/for_you.py", label="See my list and why", icon=":material/recommend:",
                     query_params=None if visitor() else {"person": str(recall("started"))})  # fmt: skip


def _categories(scope: Scope) -> list[str]:
    """Liked categories as column:value, of the columns that people know titles by."""
    known = {kind: values for kind, values in cached.categories(scope.data).items() if kind != "provider"}
    likes: list[str] = []
    for kind in list(known)[:_COLUMNS]:
        chosen = st.pills(f"{kind[:1].upper()}{kind[1:]}", known[kind][:_VALUES], selection_mode="multi", key=f"start-{kind}",
                          format_func=lambda value: short(value, 40))  # fmt: skip
        likes += [f"{kind}:{value}" for value in chosen]
    return likes
