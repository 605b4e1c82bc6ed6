"""For you: a person's list, their slider, why each title is there, and the switch that turns profiling off."""

import streamlit as st

from app import cached, wording
from app.app_pages.parts import other_titles, why
from app.scope import current, recall, remember
from app.text import label, literal, short
from app.use_cases import choosing
from app.use_cases.explaining import Asked
from app.use_cases.personal import PersonalList
from app.use_cases.recommending import as_list, recommend

scope = current()
workspace = cached.workspace()

people = cached.people(scope.model_id, scope.version)
who, switch = st.columns([2, 1], vertical_alignment="bottom")
with who:
    person = st.selectbox("Person", people, key="person", bind="query-params", format_func=short)
choice = choosing.choice(workspace, scope.data, person)


def switch_profiling() -> None:
    choosing.set_profiling(workspace, scope.data, person, on=recall(f"profiling-{scope.data}-{person}"))


def move_slider() -> None:
    choosing.set_slider(workspace, scope.data, person, recall(f"slider-{scope.data}-{person}"))


def follow_default() -> None:
    choosing.set_slider(workspace, scope.data, person, None)
    remember(f"slider-{scope.data}-{person}", choosing.choice(workspace, scope.data, person)["default_slider"])


with switch:
    st.toggle(
        "Personalise my list",
        value=choice["profiling"],
        key=f"profiling-{scope.data}-{person}",
        on_change=switch_profiling,
        help=wording.PROFILING_HELP,
    )


@st.fragment
def personal() -> None:
    chosen = choosing.choice(workspace, scope.data, person)
    start = chosen["default_slider"] if chosen["slider"] is None else chosen["slider"]
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.slider(
            "More relevant ← → more surprising",
            0.0,
            1.0,
            value=start,
            step=0.05,
            key=f"slider-{scope.data}-{person}",
            on_change=move_slider,
            help=wording.SLIDER_HELP,
        )
        personal_list = PersonalList.of(workspace, scope.model_id, person)
        shown = as_list(personal_list)
        st.caption(wording.slider_effect(shown, chosen) if shown["profiled"] else wording.NOTHING_KNOWN)
        item = why.pick_from_list(workspace, scope, person, shown)
        asked = Asked(personal_list)
        other_titles.why_not(asked)
        if chosen["slider"] is not None:
            st.button("Follow the default again", on_click=follow_default, type="tertiary", icon=":material/undo:")
    with right:
        if item is not None:
            why.panel(workspace, scope, person, asked, item)


def same_for_all() -> None:
    shown = recommend(workspace, scope.model_id, person)
    st.info(wording.NOT_PROFILED, icon=":material/visibility_off:")
    captions = cached.captions(scope.data, scope.model_id, scope.version)
    for row in shown["items"]:
        st.markdown(f"**{row['rank']}. {label(row['title'])}**  \n{literal(captions.get(row['item_id'], ''))}")


if choice["profiling"]:
    personal()
else:
    same_for_all()
