"""Correct, object, restrict, contest, erase: each in one step, and the register of what was asked."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app import rights_words
from app.scope import Scope, forget, forget_person, recall, remember
from app.text import counted, literal, short
from app.use_cases import contesting, correcting, erasing, objecting, seeing
from app.workspace import Workspace
from data.errors import SightglassError


def _try(done: str, act: Callable[[], object]) -> None:
    """Do it, and keep the sentence that says so, or why not."""
    try:
        act()
        remember("right-said", (True, done))
    except SightglassError as refused:
        remember("right-said", (False, str(refused)))


def _said() -> None:
    told = recall("right-said")
    if told is not None:
        (st.success if told[0] else st.error)(literal(told[1]))
        forget("right-said")


def corrections(workspace: Workspace, scope: Scope, person: str) -> None:
    """A record that is wrong, objection, restriction."""
    data = scope.data
    _said()
    st.subheader("A record is wrong", anchor=False)
    titles = seeing.own_titles(workspace, data, person)
    item = st.selectbox("Title", list(titles), index=None, key="wrong-title", format_func=lambda name: short(titles[name]),
                        placeholder="Pick one of your titles")  # fmt: skip
    steps = seeing.scale(workspace, data)
    rating = (
        st.selectbox("Right rating", steps, index=None, key="right-rating", format_func="{:g}".format)
        if steps
        else None
    )

    def correct() -> None:
        if item is not None and rating is not None:
            _try(rights_words.CORRECTED, lambda: correcting.correct_rating(workspace, data, person, item, rating))

    def remove() -> None:
        if item is not None:
            _try(rights_words.REMOVED, lambda: correcting.remove_record(workspace, data, person, item))

    with st.container(horizontal=True):
        st.button("Correct the rating", disabled=item is None or rating is None, on_click=correct)
        st.button("I never chose it", disabled=item is None, on_click=remove)
    st.subheader("Objection", anchor=False)
    st.markdown(rights_words.OBJECTION)
    held = workspace.choices.get(data, person)
    st.button("I object to profiling", disabled=not held.profiling, on_click=_try,
              args=(rights_words.OBJECTED, lambda: objecting.object_to_profiling(workspace, data, person)))  # fmt: skip
    st.subheader("Restriction", anchor=False)
    st.markdown(rights_words.RESTRICTION)
    words = "Use my records again" if held.restricted else "Keep my records and use them for nothing"
    st.button(words, on_click=_try,
              args=(rights_words.restricted(not held.restricted),
                    lambda: objecting.restrict(workspace, data, person, on=not held.restricted)))  # fmt: skip


def register(workspace: Workspace, scope: Scope, person: str) -> None:
    """What was asked for, and the cases."""
    told = seeing.held(workspace, scope.data, person, "requests")["rows"]
    st.markdown(f"**{counted(len(told), 'request')}.** Each has a day by which it must be answered.")
    if told:
        shown = pd.DataFrame(told)[["kind", "stage", "received_at", "due_at", "closed_at", "outcome"]]
        st.dataframe(shown, hide_index=True, alt="Your requests with their due dates.")
    cases = contesting.cases(workspace, scope.data, person)
    st.subheader("Cases", anchor=False)
    if not cases:
        st.markdown(rights_words.NO_CASES)
        return
    rows = pd.DataFrame(cases)[["title", "rank", "why", "opened", "due", "closed", "reviewer", "outcome", "reason"]]
    st.dataframe(rows, hide_index=True, alt="Recommendations that you contested, with their outcome.")


def erasure(workspace: Workspace, scope: Scope, person: str) -> None:
    """First what would go and what stays; then one button; then the certificate."""
    done = recall("certificate")
    if done is not None:
        st.success(rights_words.erased(done))
        st.download_button("Certificate", rights_words.as_file(done), "erasure-certificate.json", "application/json",
                           on_click="ignore", icon=":material/verified:", help=rights_words.CERTIFICATE)  # fmt: skip
        st.button("Close", on_click=forget, args=("certificate",))
        return
    told = erasing.preview(workspace, scope.data, person)
    st.markdown(literal(rights_words.would_go(told)))
    for model in told["models"]:
        st.markdown(f"- {literal(model['name'])}: {literal(model['class'])}, {literal(model['how'])}.")
    st.markdown("**What stays**")
    for line in told["remains"]:
        st.markdown(f"- {literal(line)}")
    sure = st.checkbox("I have read what goes and what stays.", key=f"sure-{scope.data}-{person}")

    def erase() -> None:
        remember("certificate", erasing.erase(workspace, scope.data, person, actor="person")["certificate"])
        forget_person()

    st.button("Erase everything about me", disabled=not sure, on_click=erase, icon=":material/delete_forever:")
