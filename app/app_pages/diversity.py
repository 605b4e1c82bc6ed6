"""Diversity: set the default slider, and see before saving who wins and who loses."""

import streamlit as st

from app import assessment_words, cached, charts, displays
from app.app_pages.parts import policies
from app.scope import current, recall
from app.text import literal, short
from app.use_cases import choosing
from app.use_cases.previewing import POSITIONS, group_changes, provider_changes
from data.errors import SightglassError

scope = current()
workspace = cached.workspace()
now = workspace.policies.default_slider(scope.data)

st.markdown(assessment_words.DIVERSITY_INTRO)
with st.spinner("Making everybody's list at eleven positions of the slider …"):
    seen = cached.preview(scope.model_id, scope.version, 10)
before = min(POSITIONS, key=lambda position: abs(position - now))
after = st.select_slider(
    "Default position for everybody who has not set their own",
    POSITIONS,
    value=recall("proposed", POSITIONS[min(POSITIONS.index(before) + 2, len(POSITIONS) - 1)]),
    key="proposed",
    bind="query-params",
)

columns = st.columns(4)
for column, (title, value, change, text) in zip(
    columns, displays.policy_metrics(seen.overall, before, after), strict=True
):
    column.metric(title, value, change, border=True, help=text)

left, right = st.columns(2, gap="large")
with left:
    st.header("What it costs", anchor=False)
    st.plotly_chart(
        charts.trade_off(seen.overall, [(before, "now"), (after, "proposed")][: 1 if before == after else 2]),
        key="trade-off",
        config={"displayModeBar": False},
        alt="Held-out quality against surprise at eleven positions of the slider.",
    )
    st.caption(assessment_words.TRADE_OFF)
    with st.expander("As a table"):
        st.dataframe(displays.positions_table(seen.overall), hide_index=True, alt="Every position with its measures.")
with right:
    st.header("Who is served better or worse", anchor=False)
    if seen.groups:
        attribute = st.selectbox("Attribute", list(seen.groups), format_func=short, key="changed", bind="query-params")
        rows = group_changes(seen, attribute, before, after)
        st.plotly_chart(
            charts.changes(rows[rows["change"].notna()]),
            key="changes",
            config={"displayModeBar": False},
            alt=f"Change in nDCG by {attribute}, with intervals.",
        )
        st.caption(assessment_words.CHANGES)
        with st.expander("As a table"):
            st.dataframe(displays.changes_table(rows), hide_index=True, alt="The change of every group.")
    else:
        st.info("This data set holds no attribute of people, so no group can be compared.")

if not seen.providers.empty:
    st.header("Which providers gain or lose exposure", anchor=False)
    table = provider_changes(seen, before, after)
    st.plotly_chart(
        charts.shares(
            displays.largest_changes(table),
            {"catalogue_share": "share of the catalogue", "before": "now", "after": "proposed"},
        ),
        key="provider-changes",
        config={"displayModeBar": False},
        alt="Exposure of the providers whose share changes most, now and as proposed.",
    )
    with st.expander("As a table"):
        st.dataframe(
            displays.provider_changes_table(table), hide_index=True, alt="Every provider, now and as proposed."
        )

st.header("Save as the default", anchor=False)
with st.form("policy", border=True):
    reason = st.text_input("Why this position?", max_chars=300, placeholder="One sentence that a reviewer will read")
    if st.form_submit_button("Save the default", type="primary"):
        try:
            choosing.set_default_slider(workspace, scope.data, after, reason)
            st.success(f"Saved: the default is now {after:g}. People who set their own position keep it.")
        except SightglassError as refused:
            st.error(literal(refused))
st.caption(literal(f"{seen.protocol}. k = {seen.k}."))

policies.boosts(workspace, scope)
policies.contact(workspace, scope)
