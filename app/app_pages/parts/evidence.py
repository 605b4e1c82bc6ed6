"""Panels of the audit page: each chart with its table, its convention, and how to read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app import assessment_words, charts, displays, item_words
from app.app_pages.parts.reasons import reasons
from app.text import literal, short
from app.use_cases.reporting import report_content
from app.workspace import Workspace
from audit.measures.metrics import METRICS
from audit.report.closer import ADJUSTED
from audit.report.contents import sampling
from audit.report.groups import spread_words, summary_of
from audit.report.text import how_to_read

_HEADLINE = ("ndcg", "recall", "hit_rate", "coverage", "tail_share")
_MOST_PROVIDERS = 15


def headline(document: dict[str, Any]) -> None:
    """The main numbers of all lists, each with its interval and n."""
    shown = [name for name in _HEADLINE if name in document["overall"]]
    for column, name in zip(st.columns(len(shown)), shown, strict=True):
        row = document["overall"][name]
        column.metric(
            METRICS[name].title,
            displays.number(row["value"]),
            help=f"{METRICS[name].meaning} {METRICS[name].convention} Denominator: {METRICS[name].denominator}",
            border=True,
        )
        column.caption(assessment_words.interval(row, document["plan"]))


def groups(document: dict[str, Any], rows: pd.DataFrame) -> None:
    """One attribute and one metric: the groups with their intervals, then the table with every number."""
    left, right = st.columns(2)
    attribute = left.selectbox(
        "Attribute", rows["attribute"].unique(), key="attribute", bind="query-params", format_func=short
    )
    metric = right.selectbox(
        "Measure", rows["metric"].unique(), key="metric", bind="query-params", format_func=lambda m: METRICS[m].title
    )
    chosen = rows[(rows["attribute"] == attribute) & (rows["metric"] == metric)].astype({"n": "Int64"})
    shown = chosen[chosen["value"].notna()]
    label = METRICS[metric].label(document["plan"]["k"])
    if len(shown):
        st.plotly_chart(
            charts.intervals(shown, label, reference=document["overall"][metric]["value"]),
            key="groups-chart",
            config={"displayModeBar": False},
            alt=f"{METRICS[metric].title} by {attribute}, with intervals.",
        )
    st.caption(literal(f"{item_words.INTERVALS} {how_to_read(metric, document['plan'])}"))
    st.caption(literal(spread_words(summary_of(document, attribute, metric))))
    if "adjusted_gap" in chosen:
        st.caption(ADJUSTED)
    st.dataframe(
        displays.group_table(chosen), hide_index=True, alt=f"{METRICS[metric].title} by {attribute}: every number."
    )
    reasons(zip(chosen["group"], chosen["state"], chosen["reason"], strict=True), "group")


def providers(document: dict[str, Any], rows: pd.DataFrame) -> None:
    """Exposure beside the share of the catalogue and of held-out choices, one column of items at a time."""
    columns = list(rows["column"].unique())
    if len(columns) > 1:
        column = st.selectbox("Exposure by", columns, key="providers-by", format_func=short)
        rows = rows[rows["column"] == column]
    largest = rows.nlargest(_MOST_PROVIDERS, "catalogue_share")
    words = {
        "catalogue_share": "share of the catalogue",
        "exposure_share": "share of exposure",
        "merit_share": "share of held-out choices",
    }
    st.plotly_chart(
        charts.shares(largest, words),
        key="providers-chart",
        config={"displayModeBar": False},
        alt="Exposure, catalogue share and share of held-out choices of the largest providers.",
    )
    st.caption(literal(assessment_words.providers_reading(document["plan"], len(rows), len(largest))))
    st.dataframe(displays.provider_table(rows), hide_index=True, height=320, alt="Every provider with its shares.")
    if rows["state"].notna().any():
        reasons(zip(rows["provider"], rows["state"].fillna(""), rows["reason"], strict=True), "provider")


def both_modes(document: dict[str, Any]) -> None:
    """The profiled lists beside the list that uses no profile, never one alone."""
    other = document.get("compared_with", {}).get("non-profiled")
    if other is None:
        st.info("Lists that come from another system are audited as they are; there is no non-profiled list of theirs.")
        return
    st.dataframe(displays.modes_table(document, other), hide_index=True, alt="Both kinds of list, measure by measure.")
    st.caption("The non-profiled list shows everybody the most chosen titles. It is audited like any other.")


def method(document: dict[str, Any], run_id: str) -> None:
    """Protocol, plan and notes."""
    st.markdown(literal(f"Protocol: {document['protocol']}."))
    for fact in sampling(document):
        st.markdown(literal(f"{fact.name}: {fact.value} ({fact.meaning})."))
    for note in document["notes"]:
        st.markdown(f"- {literal(note)}")
    st.caption(
        literal(f"Run {run_id}. Plan {document['plan_hash'][:16]}. Interval level {document['plan']['level']:.0%}.")
    )


_FORMATS = {".html": "Report to read (HTML)", ".pdf": "Report to file (PDF)", ".zip": "Evidence to check offline (ZIP)"}


def downloads(workspace: Workspace, document: dict[str, Any], run_id: str) -> None:
    """The report in each format, made when it is asked for, and the whole document."""

    def made(suffix: str) -> Callable[[], bytes]:
        return lambda: report_content(workspace, run_id, suffix)

    with st.container(horizontal=True):
        for suffix, words in _FORMATS.items():
            st.download_button(
                words, made(suffix), f"audit-{run_id}{suffix}", on_click="ignore", icon=":material/download:"
            )
        st.download_button(
            "All numbers (JSON)",
            json.dumps(document, indent=1, ensure_ascii=False),
            f"audit-{run_id}.json",
            "application/json",
            on_click="ignore",
            icon=":material/download:",
        )
