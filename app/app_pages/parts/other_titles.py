"""Questions about other titles: why not that one, and why this rather than that."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import difference_words, why_chart, wording
from app.text import label, literal, short
from app.use_cases.explaining import Asked
from data.errors import SightglassError

_OFFERED = 300


def why_not(asked: Asked) -> None:
    """Pick any title that is not on the list: where it stands, what it lacks, what would bring it in."""
    asking = st.expander("Why is a title not here?", key="why-not-open", on_change="rerun", icon=":material/search:")
    if not asking.open:
        return
    with asking:
        item = st.selectbox(
            "Title",
            asked.askable(_OFFERED),
            index=None,
            key="why-not",
            format_func=lambda name: short(asked.title(name)),
            placeholder="Pick or type a title",
        )
        if item is None:
            return
        try:
            found = asked.why_not(item)
        except SightglassError as refused:
            st.info(literal(refused))
            return
        if found is None:
            st.info("That title is on the list now.")
            return
        st.markdown(literal(difference_words.missing(found, asked.title)))
        for line in difference_words.changes(found)[1:]:
            st.markdown(f"- {literal(line)}")
        _parts(found.lacks, "lacks-chart", "What the last title of the list has more of.")


def rather_than(asked: Asked, item: str) -> None:
    """Compare the picked title with another one."""
    others = [name for name in (*asked.listed(), *asked.runners_up(_OFFERED)) if name != item]
    if not others:
        return
    other = st.selectbox(
        "Compare with",
        others,
        key="rather-than",
        format_func=lambda name: short(asked.title(name)),
        help=wording.CONTRAST_HELP,
    )
    told = asked.rather_than(item, other)
    st.markdown(literal(difference_words.rather(told, asked.title)))
    _parts(told.parts, "difference-chart", f"What speaks for {label(asked.title(item))} rather than for the other.")


def _parts(parts: tuple, key: str, words: str) -> None:
    if not parts:
        return
    parts = difference_words.compared(parts)
    shown = min(len(parts), 8)
    st.echarts_chart(
        why_chart.difference(parts), key=key, height=why_chart.height(shown), renderer="svg", alt=short(words)
    )
    table = st.expander("As a table", key=f"{key}-table", on_change="rerun")
    if table.open:
        rows = pd.DataFrame([(part.title, part.value) for part in parts], columns=["reason", "difference"])
        table.dataframe(rows, hide_index=True, alt=short(words))
