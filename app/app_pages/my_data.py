"""My data: what is held about a person and why, what they agreed to, and every right, each in one step."""

import streamlit as st

from app import cached
from app.app_pages.parts import agreed, guessed, held, rights
from app.scope import current
from app.text import short

scope = current()
workspace = cached.workspace()

SECTIONS = {
    "What is held": held.panel,
    "What you agreed to": agreed.panel,
    "Worked out about you": guessed.panel,
    "Correct and object": rights.corrections,
    "Requests and cases": rights.register,
    "Erase": rights.erasure,
}

person = st.selectbox("Person", cached.people(scope.data), key="person", bind="query-params", format_func=short)
section = st.radio("Section", list(SECTIONS), key="section", horizontal=True, label_visibility="collapsed")
SECTIONS[section](workspace, scope, person)
