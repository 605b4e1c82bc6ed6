"""The frame of the dashboard: who is looking at what, and which page."""

from pathlib import Path

import streamlit as st

from app.scope import choose_scope, visitor
from app.text import literal
from data.errors import SightglassError

# our own: a material icon here is asked of fonts.gstatic.com by the browser
ICON = Path(__file__).with_name("icon.svg")
st.set_page_config(page_title="Sightglass", page_icon=str(ICON), layout="wide")

OWN = [
    st.Page("app_pages/for_you.py", title="For you", icon=":material/recommend:", default=True),
    st.Page("app_pages/my_data.py", title="My data", icon=":material/shield_person:", url_path="my_data"),
    st.Page("app_pages/start.py", title="New here", icon=":material/waving_hand:", url_path="start"),
]
STAFF = [
    st.Page("app_pages/audit.py", title="Audit", icon=":material/balance:", url_path="audit"),
    st.Page("app_pages/explanations.py", title="Explanations", icon=":material/fact_check:", url_path="explanations"),
    st.Page("app_pages/yardstick.py", title="Yardstick", icon=":material/straighten:", url_path="yardstick"),
    st.Page("app_pages/diversity.py", title="Diversity", icon=":material/tune:", url_path="diversity"),
]

# where visitors are known they see their own pages and nothing else: staff use a server of their own on the same state
page = st.navigation(OWN if visitor() is not None else OWN + STAFF, position="top")
try:
    choose_scope()
    page.run()
except SightglassError as refused:  # too little data, or a file that was changed: a sentence, as at every door
    st.warning(literal(refused), icon=":material/info:")
