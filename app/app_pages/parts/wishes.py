"""What a person wants hidden, used less or not used: said beside a title or by category, and taken back in one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import cached, wish_words, wording
from app.scope import Scope, recall, remember
from app.text import label, literal, short
from app.use_cases import choosing
from app.workspace import Workspace
from data.errors import SightglassError
from data.keep.choices import Effect


def about_title(workspace: Workspace, scope: Scope, person: str, item: str) -> None:
    """Hide this title, or everything of one of its categories or of its provider."""
    data = scope.data
    asking = st.popover("Hide this", icon=":material/visibility_off:", help=wording.HIDE_HELP)
    with asking:
        st.button("This title", key="hide-title", on_click=choosing.hide, args=(workspace, data, person, item))
        for place, (kind, value) in enumerate(wish_words.said_of(cached.said_of(data, item))):
            st.button(
                label(f"All of {kind}: {value}"),
                key=f"hide-{place}",
                on_click=choosing.add_rule,
                args=(workspace, data, person, f"{Effect.HIDDEN}:{kind}:{value}"),
            )


def panel(workspace: Workspace, scope: Scope, person: str, chosen: dict[str, Any]) -> None:
    """Wishes about categories, providers and kinds of data; and everything that was asked for, with its undo."""
    whole = st.expander(wording.ASKED_FOR, key="wishes-open", on_change="rerun", icon=":material/tune:")
    if not whole.open:
        return
    with whole:
        _ask(workspace, scope, person)
        for place, (words, undo, argument) in enumerate(_undoable(workspace, scope, person, chosen)):
            said, back = st.columns([4, 1], vertical_alignment="center")
            said.markdown(label(words))
            back.button("Undo", key=f"undo-{place}", on_click=undo, args=(workspace, scope.data, person, argument),
                        type="tertiary")  # fmt: skip


def _ask(workspace: Workspace, scope: Scope, person: str) -> None:
    known = cached.categories(scope.data)
    options = [wish_words.RATINGS, *(f"{kind}:{value}" for kind, values in known.items() for value in values)]
    key = f"wish-{scope.data}-{person}"
    what, effect = st.columns([2, 1])
    about = what.selectbox("About", options, index=None, key=key, format_func=wish_words.option,
                           placeholder="A category, a provider or a kind of data")  # fmt: skip
    effects = wish_words.effects(about)
    chosen = effect.selectbox("What to do", list(effects), key=f"{key}-effect", format_func=effects.__getitem__)

    def keep() -> None:
        remember(f"{key}-refused", None)
        try:
            if recall(key):
                choosing.add_rule(workspace, scope.data, person, f"{chosen}:{recall(key)}")
        except SightglassError as refused:
            remember(f"{key}-refused", str(refused))
        remember(key, None)

    st.button("Do this", on_click=keep, disabled=about is None, key=f"{key}-keep")
    if recall(f"{key}-refused"):
        st.warning(literal(recall(f"{key}-refused")))


def _undoable(
    workspace: Workspace, scope: Scope, person: str, chosen: dict[str, Any]
) -> list[tuple[str, Callable[[Workspace, str, str, str], None], str]]:
    model = workspace.model(scope.model_id)

    def title(item: str) -> str:
        known = item in model.training.items
        return short(model.title_of(model.training.items.code(item)) if known else item, 60)

    return [
        *((f"Hidden: {title(item)}", choosing.show_again, item) for item in chosen["hidden"]),
        *((wish_words.rule(rule), choosing.drop_rule, rule) for rule in chosen["rules"]),
    ]
