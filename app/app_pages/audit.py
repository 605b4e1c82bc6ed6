"""Audit: for whom the lists work worse, and who is shown, with n and intervals beside every number."""

import pandas as pd
import streamlit as st

from app import assessment_words, cached
from app.app_pages.parts import closer, comparisons, evidence, item_side, lists, matrix, people_side
from app.scope import current
from app.text import literal

scope = current()
workspace = cached.workspace()

run_id = lists.audited(scope)
if run_id is None:
    st.stop()

document = cached.run(run_id)

st.header("What this audit found", anchor=False)
for sentence in assessment_words.findings(document):
    st.markdown(literal(sentence))
evidence.headline(document)
evidence.downloads(workspace, document, run_id)

st.header("Groups of people", anchor=False)
groups = pd.DataFrame(document["groups"])
if groups.empty:
    st.info(literal(assessment_words.no_groups(document)))
else:
    closer.banner(document)
    evidence.groups(document, groups)
    closer.beside(document)
    comparisons.decisions(document)

st.header("Providers", anchor=False)
providers = pd.DataFrame(document["providers"])
if providers.empty:
    st.info("This data set names no provider, so exposure by provider cannot be shown.")
else:
    evidence.providers(document, providers)
item_side.one_provider(document)
matrix.matrix(document)

st.header("Groups of titles", anchor=False)
item_side.groups_of_items(document)
st.subheader("How unequal exposure is", anchor=False)
item_side.inequality(document)

st.header("Groups that nobody has to supply", anchor=False)
people_side.segments(document)
st.subheader("How popularity treats each group", anchor=False)
people_side.lift(document)

st.header("What lists and histories give away", anchor=False)
people_side.privacy(document)

st.header("With and without a profile", anchor=False)
evidence.both_modes(document)

st.header("What opting out costs", anchor=False)
comparisons.opted_out(document)

st.header("With other choices held out", anchor=False)
comparisons.over_seeds(document)

st.header("Since the last audit", anchor=False)
comparisons.since(run_id)

st.header("Side by side", anchor=False)
if document.get("model_id"):
    comparisons.side_by_side(document, scope.model_id, scope.data, run_id)
else:
    comparisons.beside_imported(document)

st.header("How this was measured", anchor=False)
evidence.method(document, run_id)
