"""Explanations: whether the arithmetic holds, what drives the model as a whole, and for whom reasons are poor."""

import streamlit as st

from app import cached
from app.app_pages.parts import oversight
from app.scope import current

scope = current()
workspace = cached.workspace()

st.header("Does the arithmetic hold?", anchor=False)
oversight.self_test(workspace, scope)

st.header("What drives this model", anchor=False)
oversight.drivers(workspace, scope)

st.header("How good are the reasons, and for whom", anchor=False)
oversight.quality(scope)
