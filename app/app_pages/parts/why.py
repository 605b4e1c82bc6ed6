"""The list to pick from, and the panel that answers "why this?"."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cached, reason_words, why_chart, wording
from app.app_pages.parts import control, other_titles
from app.scope import Scope, recall, remember
from app.text import label, literal, short
from app.use_cases.explaining import Asked
from app.use_cases.recommending import recommend
from app.workspace import Workspace
from models.explanation import Explanation

_VIEWS = ("Reasons", "What if", "People", "Data")


def pick_from_list(workspace: Workspace, scope: Scope, person: str, shown: dict[str, Any]) -> str | None:
    """The list, a title a line; returns the id of the title whose reasons are shown."""
    rows = {row["item_id"]: row for row in shown["items"]}
    if not rows:
        st.info("There is no title left to recommend: this person has seen or hidden everything.")
        return None
    captions = cached.captions(scope.data, scope.model_id, scope.version)
    base = _places_at_zero(workspace, scope, person, shown)
    key = f"picked-{person}"
    held = recall(key)
    if held is not None:  # said to the browser again: there a title is its line, which changes with its place
        remember(key, held if held in rows else next(iter(rows)))
    picked = st.radio(
        "Your list: pick a title to see why it is there",
        list(rows),
        key=key,
        format_func=lambda item: f"{rows[item]['rank']}. {label(rows[item]['title'])}",
        captions=[_caption(captions.get(item, ""), base.get(item), row) for item, row in rows.items()],
    )
    return None if picked is None else str(picked)


def _places_at_zero(workspace: Workspace, scope: Scope, person: str, shown: dict[str, Any]) -> dict[str, int]:
    """The place of each title with the slider at 0; nothing where the slider is at 0 already."""
    if shown["serendipity"] == 0:
        return {}
    plain = recommend(workspace, scope.model_id, person, serendipity=0.0)
    return {row["item_id"]: row["rank"] for row in plain["items"]}


def _caption(words: str, place: int | None, row: dict[str, Any]) -> str:
    marks = []
    if row.get("slider_term"):
        marks.append(":material/auto_awesome: new through the slider" if place is None else "")
    if row.get("boost_term"):
        verb = "boosted" if row["boost_term"] > 0 else "held back"
        marks.append(f":material/campaign: {verb} by the operator")
    if row.get("wish_term"):
        marks.append(":material/favorite: of what you like")
    return " · ".join(part for part in (*marks, label(words)) if part)


def panel(workspace: Workspace, scope: Scope, person: str, asked: Asked, item: str) -> None:
    """Sentence first; then one view at a time: reasons, what would change them, the people behind them, the data."""
    told = asked.why(item)
    title = asked.title(item)
    st.subheader(f"Why “{label(title)}”?", anchor=False)
    st.markdown(f"**{literal(reason_words.sentence(told))}**")
    for line in (*reason_words.labels(told), reason_words.against(told), *reason_words.without(told, asked.title)[:1]):
        if line:
            st.markdown(literal(line))
    view = st.radio("View", _VIEWS, key="why-view", horizontal=True, label_visibility="collapsed")
    if view == "What if":
        _what_if(asked, told, item)
    elif view == "People":
        _people(told)
    elif view == "Data":
        _data(workspace, scope, person, asked, told)
    else:
        _reasons(told, title)
        control.buttons(workspace, scope, person, told)
        control.undo(workspace, scope, person, told)


def _reasons(told: Explanation, title: str) -> None:
    st.caption(reason_words.claim(told))
    st.echarts_chart(
        why_chart.waterfall(told),
        key="why-chart",
        height=why_chart.height(len(why_chart.steps(told))),
        renderer="svg",
        alt=f"What speaks for and against {short(title)}, step by step up to its score.",
    )
    table = st.expander("As a table", key="why-table", on_change="rerun")
    if table.open:
        table.dataframe(_table(told.parts), hide_index=True, alt="Every reason with its part of the score.")
        table.caption(reason_words.sum_line(told))
        for inner in told.within:
            table.markdown(literal(reason_words.within_line(inner)))
            table.dataframe(_table(inner.parts), hide_index=True, alt=f"What your titles add to {inner.title}.")
    for note in told.notes:
        st.caption(literal(note))


def _table(parts: Any) -> pd.DataFrame:
    columns = ["part", "reason", "kind"]
    return pd.DataFrame([(part.value, part.title, part.kind) for part in parts], columns=columns)


def _what_if(asked: Asked, told: Explanation, item: str) -> None:
    said = reason_words.without(told, asked.title)
    for line in said:
        st.markdown(f"- {literal(line)}")
    if not said:
        st.markdown(wording.NO_COUNTERFACTUAL if told.own_items else wording.NOTHING_TO_TAKE_OUT)
    other_titles.rather_than(asked, item)


def _people(told: Explanation) -> None:
    st.markdown(literal(reason_words.neighbours(told)))
    seen = told.neighbours
    if seen is None:
        return
    if "histogram" in seen:
        st.echarts_chart(
            why_chart.ratings(seen["histogram"]),
            key="people-chart",
            height=why_chart.height(3),
            renderer="svg",
            alt="How many of these people rated the title good, in between and bad.",
        )
    if seen["own"]:
        st.markdown("Your own titles that are nearest to it:")
        own = pd.DataFrame([(row["title"], row["value"]) for row in seen["own"]], columns=["title", "part"])
        st.dataframe(own, hide_index=True, alt="Your own titles nearest to it.")
    st.caption(wording.PEOPLE_RULE)


def _data(workspace: Workspace, scope: Scope, person: str, asked: Asked, told: Explanation) -> None:
    st.markdown("**What was used**")
    for line in asked.data_used():
        st.markdown(f"- {literal(line[:1].upper() + line[1:])}")
    st.markdown(literal(f"Compared with: {told.background}."))
    st.markdown("**Who answers for this list**")
    st.markdown(literal(asked.contact or wording.NO_CONTACT))
    st.markdown("**Keep a proof**")
    control.receipt(workspace, scope, person)
    st.markdown("**This is wrong**")
    control.contest(workspace, scope, person, told.item)
