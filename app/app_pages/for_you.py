"""For you: a person's list, their slider, why each title is there, and the switch that turns profiling off."""

import streamlit as st

from app import cached, wording
from app.app_pages.parts import notice, other_titles, switches, trial, who, why, wishes
from app.scope import current, opt_out_signal
from app.text import label, literal
from app.use_cases import choosing
from app.use_cases.explaining import Asked
from app.use_cases.personal import PersonalList
from app.use_cases.recommending import as_list

scope = current()
workspace = cached.workspace()
signal = opt_out_signal()

person = who.pick(workspace, scope)
choice = choosing.choice(workspace, scope.data, person)
switches.row(workspace, scope, person, choice)


@st.fragment
def personal() -> None:
    chosen = choosing.choice(workspace, scope.data, person)
    left, right = st.columns([1, 1], gap="large")
    with left:
        kept = PersonalList.of(workspace, scope.model_id, person, signal=signal)
        position = trial.slider(scope, person, chosen)
        shown_list = trial.at(kept, position)
        shown = as_list(shown_list)
        trial.effect(workspace, scope, person, chosen, kept, shown, position)
        item = why.pick_from_list(workspace, scope, person, shown)
        asked = Asked(shown_list)
        other_titles.why_not(asked)
        wishes.panel(workspace, scope, person, chosen)
    with right:
        if item is not None:
            wishes.about_title(workspace, scope, person, item)
            why.panel(workspace, scope, person, asked, item)


def same_for_all() -> None:
    shown = as_list(PersonalList.of(workspace, scope.model_id, person, signal=signal))
    st.info(wording.same_for_all(shown.get("reason")), icon=":material/visibility_off:")
    if choice["hidden"] or choice["rules"]:
        st.caption(wording.HIDDEN_NOT_APPLIED)
    captions = cached.captions(scope.data, scope.model_id, scope.version)
    for row in shown["items"]:
        st.markdown(f"**{row['rank']}. {label(row['title'])}**  \n{literal(captions.get(row['item_id'], ''))}")


if choice["profiling"] and not switches.withheld(workspace, scope, person, signal):
    notice.before_the_list(workspace, scope, person)
    personal()
else:
    same_for_all()
