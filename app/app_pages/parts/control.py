"""What a person can do about a reason: not use it, use it less, and take either back; and the receipt of a list."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from app import wording
from app.scope import Scope, forget, recall, remember
from app.text import label, literal, short
from app.use_cases import choosing, contesting
from app.use_cases.receipting import receipt as leave_receipt
from app.workspace import Workspace
from data.errors import SightglassError
from models.explanation import Explanation

_REASONS = 4


def buttons(workspace: Workspace, scope: Scope, person: str, told: Explanation) -> None:
    """Two buttons beside each of the person's strongest titles; the list and the reasons answer at once."""
    held = choosing.choice(workspace, scope.data, person)
    reasons = [part for part in told.own_items[:_REASONS] if part.value]
    for place, part in enumerate(reasons):
        name, drop, less = st.columns([6, 5, 4], vertical_alignment="center", gap="small")
        name.markdown(label(short(part.title, 60)))
        arguments = (workspace, scope.data, person, part.id)
        drop.button(
            "Don't use this",
            type="tertiary",
            icon=":material/block:",
            key=f"drop-{place}",
            on_click=choosing.exclude,
            args=arguments,
            help=wording.DROP_HELP,
        )
        less.button(
            "Less of this",
            type="tertiary",
            icon=":material/remove:",
            key=f"less-{place}",
            on_click=choosing.use_less,
            args=arguments,
            disabled=part.id in held["less"],
            help=wording.LESS_HELP,
        )
    if not reasons:
        st.caption(wording.NOTHING_TO_TAKE_OUT)


def undo(workspace: Workspace, scope: Scope, person: str, told: Explanation) -> None:
    """Everything that the person took out or holds back: picking adds one, removing one here takes it back."""
    held = choosing.choice(workspace, scope.data, person)
    own = [part.id for part in told.own_items]
    _several(
        workspace, scope, person, "excluded", "without", held["excluded"], own, choosing.exclude, choosing.include,
        "Past choices not to use", wording.TAKE_OUT_HELP,
    )  # fmt: skip
    _several(
        workspace, scope, person, "less", "less", held["less"], own, choosing.use_less, choosing.use_fully,
        "Past choices that count for less", wording.LESS_HELP,
    )  # fmt: skip


Change = Callable[[Workspace, str, str, str], None]


def _several(
    workspace: Workspace,
    scope: Scope,
    person: str,
    field: str,
    name: str,
    held: list[str],
    own: list[str],
    add: Change,
    remove: Change,
    words: str,
    explained: str,
) -> None:
    model = workspace.model(scope.model_id)
    held = [item for item in held if item in model.training.items]  # a data set that was replaced may have lost one
    options = [*held, *(item for item in own if item not in held)]
    if not options:
        return
    key = f"{name}-{scope.data}-{person}"

    def change() -> None:
        now = set(recall(key, []))
        before = set(choosing.choice(workspace, scope.data, person)[field])
        for item in now - before:
            add(workspace, scope.data, person, item)
        for item in (before - now) & set(options):
            remove(workspace, scope.data, person, item)

    remember(key, held)  # a button may have changed what is kept: the browser is told of it
    st.multiselect(
        words,
        options,
        key=key,
        format_func=lambda item: short(model.title_of(model.training.items.code(item))),
        on_change=change,
        placeholder="None: pick one, and the list changes at once",
        help=explained,
    )


def receipt(workspace: Workspace, scope: Scope, person: str) -> None:
    """A file with this list and its reasons, to check and to replay later."""

    def made() -> bytes:
        return json.dumps(leave_receipt(workspace, scope.model_id, person), indent=1, ensure_ascii=False).encode()

    st.download_button(
        "Receipt of this list",
        made,
        "sightglass-receipt.json",
        "application/json",
        on_click="ignore",
        icon=":material/receipt_long:",
        help=wording.RECEIPT_HELP,
    )


def contest(workspace: Workspace, scope: Scope, person: str, item: str) -> None:
    """A case about this title: somebody who does not answer for the lists decides, with the reasons before them."""
    said = st.text_area("What is wrong with it?", key=f"wrong-{person}-{item}", max_chars=1000, height=80)

    def open_case() -> None:
        try:
            told = contesting.contest(workspace, scope.model_id, person, item, said or "")
        except SightglassError as refused:
            remember(f"case-refused-{person}-{item}", str(refused))
            return
        remember(f"case-{person}-{item}", told["case"])

    st.button("Ask a person to look at it", on_click=open_case, icon=":material/gavel:")
    refusal = recall(f"case-refused-{person}-{item}")
    if refusal:
        st.error(literal(refusal))
        forget(f"case-refused-{person}-{item}")
    case = recall(f"case-{person}-{item}")
    if case:
        st.success(f"Case {case[:8]} is open. You find it under My data, Requests and cases.")
