"""What a person agreed to: a line a purpose and kind of data, with agreeing and withdrawing side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import wording
from app.scope import Scope
from app.text import literal
from app.use_cases import consenting, noticing
from app.workspace import Workspace
from data.keep.consents import Purpose


def panel(workspace: Workspace, scope: Scope, person: str) -> None:
    """The ledger as it stands, and one step to change each line."""
    text = noticing.notice(workspace, scope.model_id)
    told = consenting.consents(workspace, scope.data, person)
    whole = st.expander("The notice that you answer to", key="agreed-notice", on_change="rerun")
    if whole.open:
        for line in text.split("\n"):
            whole.markdown(literal(line))
    if not told["asked"]:
        st.caption("You were not asked yet. Lists are made until you say no; what you say here holds from now on.")
    st.caption(wording.STILL_LEARNED)
    for place, row in enumerate(told["consents"]):
        _line(workspace, scope, person, text, place, row)


def _line(workspace: Workspace, scope: Scope, person: str, text: str, place: int, row: dict[str, Any]) -> None:
    def change(to: Callable[..., Any]) -> None:
        to(workspace, scope.data, person, text, row["purpose"], row["category"])

    said, agree, withdraw = st.columns([6, 2, 2], vertical_alignment="center")
    when = f", {row['at'][:10]}" if row["at"] else ""
    unused = " Not used now." if row["used"] is False and row["state"] != "withdrawn" else ""
    said.markdown(literal(f"{row['words']} ({row['state']}{when}).{unused}"))
    agree.button("Agree", key=f"agree-{place}", on_click=change, args=(consenting.give,), width="stretch",
                 disabled=row["state"] == "given")  # fmt: skip
    # learning that was switched off is withdrawn, yet the models may hold the person until they withdraw it here
    done = row["state"] == "withdrawn" and row["purpose"] != Purpose.LEARNING
    withdraw.button("Withdraw", key=f"withdraw-{place}", on_click=change, args=(consenting.withdraw,), width="stretch",
                    disabled=done, help=row["if_withdrawn"])  # fmt: skip
