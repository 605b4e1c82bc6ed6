"""Audit: for whom the lists work worse, and who is shown, with n and intervals beside every number."""

import pandas as pd
import streamlit as st

from app import assessment_words, cached
from app.app_pages.parts import evidence
from app.scope import current, recall, remember
from app.text import literal
from app.use_cases.auditing import audit

scope = current()
workspace = cached.workspace()

run_id = recall(f"run-{scope.model_id}-{scope.version}") or cached.latest_run(scope.model_id)
again = st.button("Run the audit again", icon=":material/refresh:", type="tertiary") if run_id else False
if run_id is None or again:
    with st.spinner("Assessing everybody's list: quality, groups, providers, intervals …"):
        run_id = audit(workspace, scope.data, model_id=scope.model_id)["run_id"]
    remember(f"run-{scope.model_id}-{scope.version}", run_id)

document = cached.run(run_id)

st.header("What this audit found", anchor=False)
for sentence in assessment_words.findings(document):
    st.markdown(literal(sentence))
evidence.headline(document)

st.header("Groups of people", anchor=False)
groups = pd.DataFrame(document["groups"])
if groups.empty:
    st.info("This data set holds no attribute of people, so no group can be compared.")
else:
    evidence.groups(document, groups)

st.header("Providers", anchor=False)
providers = pd.DataFrame(document["providers"])
if providers.empty:
    st.info("This data set names no provider, so exposure by provider cannot be shown.")
else:
    evidence.providers(document, providers)

st.header("With and without a profile", anchor=False)
evidence.both_modes(document)

st.header("How this was measured", anchor=False)
evidence.method(workspace, document, run_id)
