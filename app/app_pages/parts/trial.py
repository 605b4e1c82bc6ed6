"""The slider: what a position would change is shown before it is kept."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import try_words, wording
from app.scope import Scope, recall, remember
from app.text import literal
from app.use_cases import choosing
from app.use_cases.personal import PersonalList, at_position
from app.use_cases.trying import try_position
from app.workspace import Workspace


def slider(scope: Scope, person: str, chosen: dict[str, Any]) -> float:
    """The position on screen; what is kept stays as it is until the person keeps another."""
    return st.slider(
        "More relevant ← → more surprising",
        0.0,
        1.0,
        value=standing(chosen),
        step=0.05,
        key=_key(scope, person),
        help=wording.SLIDER_HELP,
    )


def at(kept: PersonalList, position: float) -> PersonalList:
    """The list at the position on screen."""
    same = kept.request is None or kept.request.serendipity == position
    return kept if same else at_position(kept, position)


def effect(
    workspace: Workspace, scope: Scope, person: str, chosen: dict[str, Any], kept: PersonalList, shown: dict[str, Any],
    position: float,
) -> None:  # fmt: skip
    """What the slider does; and where it was moved, what that changes, with a button to keep it and one to undo it."""
    trying = position != standing(chosen)
    st.caption(wording.slider_effect(shown, chosen, trying=trying) if shown["profiled"] else wording.NOTHING_KNOWN)
    told = try_position(kept, position) if trying else None
    data = scope.data

    def keep() -> None:
        choosing.set_slider(workspace, data, person, recall(_key(scope, person)))

    def undo() -> None:
        remember(_key(scope, person), standing(chosen))

    def follow() -> None:
        choosing.set_slider(workspace, data, person, None)
        remember(_key(scope, person), choosing.choice(workspace, data, person)["default_slider"])

    if told is not None:
        with st.container(border=True, key="trial"):
            st.markdown(f"**{literal(try_words.summary(told))}**")
            places = [*st.columns(2), *st.columns(2)]
            for place, (title, value, change, words) in zip(places, try_words.figures(told), strict=True):
                place.metric(title, value, change or None, delta_color="off", help=words)
            lines = try_words.lines(told)
            if lines:
                moves = st.expander(f"What moves ({len(lines)})", key="moves-open", on_change="rerun")
                if moves.open:
                    for mark, words in lines:
                        moves.markdown(f":material/{mark}: {literal(words)}")
            with st.container(horizontal=True):
                st.button("Keep this", on_click=keep, icon=":material/check:")
                st.button("Undo", on_click=undo, icon=":material/undo:")
    if chosen["slider"] is not None:
        st.button("Follow the default again", on_click=follow, type="tertiary", icon=":material/undo:")


def standing(chosen: dict[str, Any]) -> float:
    """The position that is kept: the person's own, or the default."""
    own = chosen["slider"]
    return float(chosen["default_slider"] if own is None else own)


def _key(scope: Scope, person: str) -> str:
    return f"slider-{scope.data}-{person}"
