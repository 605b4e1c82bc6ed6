"""Three switches that do three things: do not personalise now, do not learn from me, forget what you learned."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import wording
from app.scope import Scope, recall, remember
from app.text import literal
from app.use_cases import choosing, consenting, noticing
from app.use_cases.personal import withheld as why_withheld
from app.workspace import Workspace


def withheld(workspace: Workspace, scope: Scope, person: str, signal: bool) -> bool:
    """Whether nobody may profile this person now, for a reason other than their own switch."""
    return why_withheld(workspace, scope.data, person, signal=signal) is not None


def row(workspace: Workspace, scope: Scope, person: str, choice: dict[str, Any]) -> None:
    """The three beside each other, on the screen of the list."""
    data = scope.data

    def shown() -> str:
        return noticing.notice(workspace, scope.model_id)

    def personalise() -> None:
        choosing.set_profiling(workspace, data, person, on=recall(f"profiling-{data}-{person}"), text=shown())

    def learn() -> None:
        choosing.set_learning(workspace, data, person, on=recall(f"learning-{data}-{person}"), text=shown())

    def forget() -> None:
        told = consenting.forget_learned(workspace, data, person)
        remember(f"forgotten-{data}-{person}", len(told["models"]))

    one, two, three = st.columns(3, vertical_alignment="center")
    with one:
        st.toggle("Personalise my list", value=choice["profiling"], key=f"profiling-{data}-{person}",
                  on_change=personalise, help=wording.PROFILING_HELP)  # fmt: skip
    with two:
        st.toggle("Learn from me", value=choice["learning"], key=f"learning-{data}-{person}",
                  on_change=learn, help=wording.LEARNING_HELP)  # fmt: skip
    with three:
        st.button("Forget what you learned", key=f"forget-{data}-{person}", on_click=forget, icon=":material/history:",
                  help=wording.FORGET_HELP)  # fmt: skip
    forgotten = recall(f"forgotten-{data}-{person}")
    if forgotten is not None:
        st.success(literal(wording.forgotten(forgotten)), icon=":material/check:")
