"""My data: what is held about a person and why, what they agreed to, and every right, each in one step."""

import streamlit as st

from app import cached
from app.app_pages.parts import agreed, guessed, held, rights, who
from app.scope import current

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

person = who.pick(workspace, scope)
section = st.radio("Section", list(SECTIONS), key="section", horizontal=True, label_visibility="collapsed")
SECTIONS[section](workspace, scope, person)
