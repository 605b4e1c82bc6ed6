"""What the operator sets beside the slider: boosts, seen before they are saved, and who answers for the lists."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import assessment_words, cached, displays
from app.scope import Scope, forget, recall, remember
from app.text import literal, short
from app.use_cases.boosting import Target, boosts_of, remove_boost, set_boost
from app.use_cases.choosing import set_contact
from app.workspace import Workspace
from data.errors import SightglassError

_KINDS: dict[Target, str] = {"item": "One title", "provider": "All titles of a provider"}
_REASON = "One sentence that a reviewer will read"
_SAID = "policy-said"


def boosts(workspace: Workspace, scope: Scope) -> None:
    """The boosts that act, a proposal with what it would change, and taking one away."""
    st.header("Boosts", anchor=False)
    st.markdown(assessment_words.BOOSTS_INTRO)
    _say(_SAID)
    held = boosts_of(workspace, scope.model_id)
    if held:
        st.dataframe(displays.boosts_table(held), hide_index=True, alt="The boosts on the lists of this model.")
    else:
        st.info("No boost acts on the lists of this model.")
    scale = cached.score_scale(scope.model_id, scope.version)
    _propose(workspace, scope, scale)
    if held:
        _take_away(workspace, scope, held)


def contact(workspace: Workspace, scope: Scope) -> None:
    """Whom people ask about a list."""
    st.header("Who answers for these lists", anchor=False)
    now = workspace.policies.contact(scope.data)
    st.markdown(assessment_words.CONTACT_INTRO if now else assessment_words.CONTACT_MISSING)
    with st.form("contact", border=True):
        words = st.text_input(
            "Name, and an address to write to", now, max_chars=300, placeholder="The film desk, film@example.org"
        )
        if st.form_submit_button("Save the contact", type="primary"):
            try:
                set_contact(workspace, scope.data, words)
                st.success("Saved. It stands beside every explanation from now on.")
            except SightglassError as refused:
                st.error(literal(refused))


def _propose(workspace: Workspace, scope: Scope, scale: dict[str, float]) -> None:
    st.subheader("Add a boost, or change one", anchor=False)
    choices = cached.boost_targets(scope.model_id, scope.version)
    kinds: list[Target] = [kind for kind in _KINDS if choices[kind]]
    left, middle, right = st.columns([2, 3, 2], vertical_alignment="bottom")
    kind = left.selectbox("What to boost", kinds, key="boost-kind", format_func=_KINDS.__getitem__)
    names = choices[kind]
    target = middle.selectbox(
        "Title" if kind == "item" else "Provider",
        list(names),
        index=None,
        key=f"boost-{kind}-{scope.model_id}",
        format_func=lambda name: short(names[name]),
        placeholder="Pick or type a name",
    )
    amount = right.number_input(
        "Points", value=0.0, step=_step(scale["distance"]), format="%g", key=f"boost-points-{scope.model_id}"
    )
    st.caption(literal(assessment_words.boost_scale(scale)))
    if target is None or not amount:
        st.caption("Pick what to boost and give points: what would change is shown here before anything is saved.")
        return
    try:
        _preview(workspace, scope, kind, target, amount)
    except SightglassError as refused:
        st.info(literal(refused))
    _save(workspace, scope, kind, target, amount)


def _preview(workspace: Workspace, scope: Scope, kind: Target, target: str, amount: float) -> None:
    with st.spinner("Making the lists with this boost …"):
        seen = cached.boost_preview(workspace, scope.data, scope.model_id, scope.version, kind, target, amount)
    for column, (title, value, change, text) in zip(st.columns(4), assessment_words.boost_effect(seen), strict=True):
        column.metric(title, value, change, border=True, help=text, delta_color="off")
    st.caption(assessment_words.BOOST_PREVIEW.format(people=f"{seen.people:,}"))


def _save(workspace: Workspace, scope: Scope, kind: Target, target: str, amount: float) -> None:
    with st.form("boost", border=True):
        words = st.text_input("What people read beside it", max_chars=300, placeholder="Promoted by the shop")
        reason = st.text_input("Why this boost?", max_chars=300, placeholder=_REASON)
        if st.form_submit_button("Save the boost", type="primary"):
            try:
                set_boost(workspace, scope.model_id, kind, target, amount, words, reason)
            except SightglassError as refused:
                st.error(literal(refused))
                return
            _said(
                "Saved: it acts on every list of this model from now on, and is told beside each title that it is for."
            )


def _take_away(workspace: Workspace, scope: Scope, held: list[dict[str, Any]]) -> None:
    named = {row["id"]: row for row in held}
    with st.form("boost-away", border=True):
        chosen = st.selectbox(
            "Boost to take away", list(named), format_func=lambda name: short(named[name]["title"]), key="boost-away-id"
        )
        reason = st.text_input("Why take it away?", max_chars=300, placeholder=_REASON)
        if st.form_submit_button("Take it away"):
            try:
                remove_boost(workspace, scope.model_id, chosen, reason)
            except SightglassError as refused:
                st.error(literal(refused))
                return
            _said("The boost is gone: lists are made without it from now on.")


def _said(words: str) -> None:
    """Say it after the page was made again, so that its tables show what holds now."""
    remember(_SAID, words)
    st.rerun()


def _say(key: str) -> None:
    words = recall(key)
    if words:
        st.success(words)
        forget(key)


def _step(distance: float) -> float:
    """A tenth of the distance, with one digit: 0.03 for 0.28."""
    if not math.isfinite(distance) or distance <= 0:
        return 0.1
    return float(f"{distance / 10:.0e}")
