"""Panels of the explanations page: the self-test, what drives the model, and how good the reasons are."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cached, charts, displays, oversight_tables, oversight_words
from app.scope import Scope, recall, remember
from app.text import literal, short
from app.use_cases.overseeing import declare
from app.use_cases.self_testing import last_self_test, self_test_apart, versions
from app.workspace import Workspace
from audit.measures.explaining import EXPLANATIONS
from data.errors import BadInput, SightglassError

_PLAIN = {"displayModeBar": False}
_TALL = 62  # pixels: three lines of a cell that holds a sentence
_WIDTHS: Any = {
    name: st.column_config.TextColumn(width=width)
    for name, width in {"check": 230, "figure": 190, "what it means": 420, "why": 260, "data used": 260}.items()
}


def self_test(workspace: Workspace, scope: Scope) -> None:
    """The last result, a warning where something does not hold, and a button to run it again."""
    st.markdown(oversight_words.SELF_TEST_INTRO)
    told = last_self_test(workspace)
    if st.button(
        "Run the self-test again" if told else "Run the self-test", icon=":material/refresh:", key="self-test"
    ):
        with st.spinner("Comparing with SHAP and with the definition, in a process of its own …"):
            told = self_test_apart(workspace) or told
    if told is None:
        st.info(oversight_words.SELF_TEST_MISSING)
        return
    if not told["ok"]:
        st.warning(oversight_words.SELF_TEST_FAILED, icon=":material/warning:")
    st.markdown(literal(oversight_words.self_test_line(told)))
    st.caption(literal(oversight_words.model_line(told, scope.model_id, scope.version)))
    if told["versions"] != versions():
        st.caption(oversight_words.SELF_TEST_OLD)
    st.dataframe(
        oversight_tables.checks_table(told),
        hide_index=True,
        row_height=_TALL,
        column_config=_WIDTHS,
        alt="Every check of the self-test with its figure.",
    )
    st.caption(oversight_words.SELF_TEST_WARNINGS)


def drivers(workspace: Workspace, scope: Scope) -> None:
    """Declared importance beside measured, the signals where there are any, and the strongest titles."""
    st.markdown(oversight_words.DRIVERS_INTRO)
    with st.spinner("Taking each parameter away and making the lists anew …"):
        try:
            told = cached.drivers(workspace, scope.data, scope.model_id, scope.version)
        except BadInput as refused:  # too little data for this part says nothing about the others
            st.info(literal(refused))
            return
    for sentence in oversight_words.importance_findings(told):
        st.markdown(literal(sentence))
    st.plotly_chart(
        charts.importance(pd.DataFrame(told["parameters"])),
        key="importance",
        config=_PLAIN,
        alt="The share of a list that changes without each parameter, with intervals and the declared rank.",
    )
    st.caption(oversight_words.DRIVERS_READING.format(people=f"{told['people']:,}", k=told["k"]))
    st.dataframe(
        oversight_tables.parameters_table(told["parameters"]),
        hide_index=True,
        column_config=_WIDTHS,
        alt="Every parameter: declared and measured rank, what changes without it, the answer, the data used.",
    )
    st.caption(f"{oversight_words.DECLARED_RULE} {oversight_words.declared_by(told)}")
    for note in told["notes"]:
        st.caption(literal(note))
    _declaration(workspace, scope, told)
    st.subheader("What the operator adds", anchor=False)
    st.dataframe(
        oversight_tables.operator_table(told["operator"]), hide_index=True, alt="The slider and every boost, measured."
    )
    st.caption(oversight_words.OPERATOR_READING)
    if told["signals"]:
        _signals(told)
    _items(told)


def _declaration(workspace: Workspace, scope: Scope, told: dict[str, Any]) -> None:
    titles = {row["id"]: row["title"] for row in told["parameters"]}
    now = sorted((row for row in told["parameters"] if row["declared"] is not None), key=lambda row: row["declared"])
    with st.expander("Declare another order"), st.form("declaration", border=False):
        order = st.multiselect(
            "Parameters, most important first",
            list(titles),
            [row["id"] for row in now],
            format_func=lambda name: short(titles[name]),
            help=oversight_words.DECLARE_HELP,
        )
        reason = st.text_input("Why this order?", max_chars=300, placeholder="One sentence that a reviewer will read")
        if st.form_submit_button("Save the declaration", type="primary"):
            try:
                declare(workspace, scope.data, told["model"], order, reason)
                st.rerun()
            except SightglassError as refused:
                st.error(literal(refused))


def _signals(told: dict[str, Any]) -> None:
    st.subheader("The signals of this model", anchor=False)
    rows = pd.DataFrame(told["signals"])
    st.plotly_chart(
        charts.intervals(rows.rename(columns={"title": "group"}), "mean |Shapley value| (log-odds)"),
        key="signals",
        config=_PLAIN,
        alt="Mean absolute Shapley value of each signal, with intervals.",
    )
    st.caption(oversight_words.SIGNALS_READING.format(people=f"{told['people']:,}"))
    st.dataframe(oversight_tables.signals_table(told["signals"]), hide_index=True, alt="Every signal with its figure.")


def _items(told: dict[str, Any]) -> None:
    st.subheader("The titles that drive the lists", anchor=False)
    if not told["items"]:
        st.info(oversight_words.NO_ITEMS)
        return
    st.markdown(literal(oversight_words.concentration_line(told)))
    st.dataframe(
        oversight_tables.items_table(told["items"]),
        hide_index=True,
        height=320,
        alt="The titles of histories that add most to the scores of what is shown.",
    )
    st.caption(oversight_words.ITEMS_READING.format(people=f"{told['items_people']:,}"))


def quality(scope: Scope) -> None:
    """Deletion against chance, every measure for everybody, hits and misses, and group by group."""
    st.markdown(oversight_words.QUALITY_INTRO)
    key = f"assessed-{scope.model_id}-{scope.version}"
    if st.button("Assess the explanations", icon=":material/fact_check:", key="assess"):
        remember(key, True)
    if not recall(key):
        return
    with st.spinner("Taking reasons away and making the lists anew …"):
        try:
            told = cached.assessed(scope.model_id, scope.version)
        except BadInput as refused:
            st.info(literal(refused))
            return
    st.markdown(literal(oversight_words.deletion_line(told["deletion_test"])))
    st.dataframe(
        oversight_tables.quality_table(told["overall"], told["by_outcome"]),
        hide_index=True,
        alt="Every measure of the explanations, for everybody, hits and misses.",
    )
    st.caption(oversight_words.QUALITY_READING)
    _quality_by_group(told)
    st.caption(literal(f"Protocol: {told['protocol']}."))
    for note in told["notes"]:
        st.caption(literal(note))


def _quality_by_group(told: dict[str, Any]) -> None:
    rows = pd.DataFrame(told["groups"])
    if rows.empty:
        st.info("There is no group to compare, or no measure to compare it by.")
        return
    st.subheader("For whom the reasons are thinner", anchor=False)
    st.markdown(literal(oversight_words.groups_line(told["groups"])))
    left, right = st.columns(2)
    attribute = left.selectbox("Attribute", rows["attribute"].unique(), key="reasons-attribute", format_func=short)
    metric = right.selectbox(
        "Measure",
        rows["metric"].unique(),
        _first_flagged(rows),
        key="reasons-metric",
        format_func=lambda name: EXPLANATIONS[name].title,
    )
    chosen = rows[(rows["attribute"] == attribute) & (rows["metric"] == metric)]
    shown = chosen[chosen["value"].notna()]
    everybody = {row["metric"]: row["value"] for row in told["overall"]}
    if len(shown):
        st.plotly_chart(
            charts.intervals(shown, EXPLANATIONS[metric].title, reference=everybody.get(metric)),
            key="reasons-groups",
            config=_PLAIN,
            alt=f"{EXPLANATIONS[metric].title} by {attribute}, with intervals.",
        )
    st.caption(oversight_words.QUALITY_CHART)
    st.dataframe(displays.group_table(chosen), hide_index=True, alt="Every number of the chosen groups.")


def _first_flagged(rows: pd.DataFrame) -> int:
    """The place of the first measure with a flag, so that nobody has to search for it."""
    flagged = rows.loc[rows["state"] == "flag", "metric"]
    return list(rows["metric"].unique()).index(flagged.iloc[0]) if len(flagged) else 0
