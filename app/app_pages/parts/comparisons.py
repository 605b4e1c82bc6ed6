"""Panels of the audit page that compare audits: with the last one, and with other models on the same people."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import cached, charts, displays, item_words
from app.app_pages.parts.sections import read, shown
from app.text import literal, short
from audit.report.compared import TRADE_OFF, compared_sections, kinds_of_list
from audit.report.opted import opted_section
from audit.report.pairs import pairs_section
from audit.report.seeds import HOW_TO_ASK, ONE_TRUTH, seeds_section
from audit.report.tables import Section


def since(run_id: str) -> None:
    """What changed, group by group, since the last audit of the same lists."""
    told = cached.last_audit(run_id)
    if told is None:
        st.info("This is the first audit of these lists, so there is none to compare it with.")
        return
    (section,) = compared_sections({"against_last": told})
    read(section)
    names = list(dict.fromkeys(row["attribute"] for row in told["rows"]))
    if not names:
        st.info("Neither audit compares a group.")
        return
    picked = st.selectbox("Attribute", names, key="last-by", format_func=short)
    told = {**told, "rows": [row for row in told["rows"] if row["attribute"] == picked]}
    (section,) = compared_sections({"against_last": told})
    shown(section, section.tables[0])


def opted_out(document: dict[str, Any]) -> None:
    """Who opted out, what it would cost the others, and how they are served; one sentence where nobody did."""
    section = opted_section(document)
    if section is None:
        st.info("These lists are not of a model of ours, so nobody can opt out of them here.")
        return
    read(section)
    for table in section.tables:
        st.markdown(f"**{literal(table.caption)}**")
        shown(section, table)


def over_seeds(document: dict[str, Any]) -> None:
    """How far the numbers move with the draw of the held-out choices; one sentence where nobody asked."""
    section = seeds_section(document)
    if section is None:
        st.info(HOW_TO_ASK if document.get("model_id") else ONE_TRUTH)
        return
    read(section)
    overall, *gaps, every = section.tables
    captions = [table.caption for table in gaps]
    picked = st.selectbox("Gaps over seeds", captions, key="seeds-by", format_func=short) if captions else None
    for table in gaps:
        if table.caption == picked:
            shown(section, table)
    with st.expander(overall.caption):
        shown(section, overall)
    with st.expander(every.caption):
        shown(section, every)


def decisions(document: dict[str, Any]) -> None:
    """Being recommended as a decision about every pair of person and title, by group."""
    section = pairs_section(document)
    if section is None:
        return
    st.subheader(literal(section.title), anchor=False)
    read(section)
    for table in section.tables:
        shown(section, table)


def side_by_side(document: dict[str, Any], model_id: str, data: str, run_id: str) -> None:
    """The lists of this model beside those of others on the same people: quality against concentration, then groups."""
    models = {name: words for name, words in cached.models_of(data).items() if name != model_id}
    stored = document.get("side_by_side")
    before = [name for name in document.get("versus") or () if name in models]
    chosen = st.multiselect(
        "Other models", list(models), default=before, key=f"versus-{model_id}", format_func=lambda name: models[name]
    )
    if not chosen:
        _trade_off(kinds_of_list(document))
        st.caption("Choose other models to test them on the same people.")
        return
    if stored is None or chosen != before:
        with st.spinner("Making the lists of the other models for the same people …"):
            stored = cached.beside(model_id, tuple(chosen), run_id)
    _beside(stored)


def beside_imported(document: dict[str, Any]) -> None:
    """The lists of another system beside those that their audit was given to compare them with."""
    stored = document.get("side_by_side")
    if not stored:
        st.info("This audit compares the lists with no others. `sightglass audit --versus` sets others beside them.")
        return
    _beside(stored)


def _beside(stored: dict[str, Any]) -> None:
    _trade_off(stored["overall"])
    sections = {section.key: section for section in compared_sections({"side_by_side": stored})}
    if "side_by_side" in sections:
        st.subheader("The same people under both", anchor=False)
        _pairs(sections["side_by_side"])
    with st.expander("Every measure of every kind of list"):
        shown(sections["trade_off"], sections["trade_off"].tables[0])


def _pairs(section: Section) -> None:
    read(section)
    captions = [table.caption for table in section.tables]
    picked = st.selectbox("Set beside this model", captions, key="beside-by", format_func=short)
    for table in section.tables:
        if table.caption == picked:
            shown(section, table)


def _trade_off(rows: list[dict[str, Any]]) -> None:
    st.subheader("Quality against concentration", anchor=False)
    drawn = displays.trade_off_rows(rows)
    st.plotly_chart(
        charts.quality_and_concentration(drawn),
        key="trade-off-of-models",
        config={"displayModeBar": False},
        alt="Quality against concentration of exposure, one mark a kind of list; the table below has every number.",
    )
    st.caption(literal(f"{TRADE_OFF} {item_words.MARKS}"))
    st.dataframe(
        displays.trade_off_table(drawn), hide_index=True, alt="Quality and concentration of every kind of list."
    )
