"""New here: a few liked categories and titles, and a list with reasons at once."""

import streamlit as st

from app import cached, wording
from app.app_pages.parts import beginning
from app.scope import current
from app.text import literal
from app.use_cases import noticing

scope = current()
workspace = cached.workspace()

st.header("What do you like?", anchor=False)
st.markdown(wording.START)
text = noticing.notice(workspace, scope.model_id)
whole = st.expander("What is done with it", key="start-notice", on_change="rerun", icon=":material/article:")
if whole.open:
    for line in text.split("\n"):
        whole.markdown(literal(line))
beginning.form(workspace, scope, text)
