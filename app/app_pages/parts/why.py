"""The list to pick from, and the panel that answers "why this?"."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cached, why_chart, wording
from app.scope import Scope, forget, recall
from app.text import label, literal, short
from app.use_cases import choosing
from app.use_cases.explaining import explanation
from app.workspace import Workspace
from models.explanation import Explanation


def pick_from_list(workspace: Workspace, scope: Scope, person: str, shown: dict[str, Any]) -> str | None:
    """The list, a title a line; returns the id of the title whose reasons are shown."""
    rows = {row["item_id"]: row for row in shown["items"]}
    if not rows:
        st.info("There is no title left to recommend: this person has seen or hidden everything.")
        return None
    captions = cached.captions(scope.data, scope.model_id, scope.version)
    base = recommend_places(workspace, scope, person, shown)
    picked = st.radio(
        "Your list: pick a title to see why it is there",
        list(rows),
        key=f"picked-{person}",
        format_func=lambda item: f"{rows[item]['rank']}. {label(rows[item]['title'])}",
        captions=[_caption(captions.get(item, ""), base.get(item), row) for item, row in rows.items()],
    )
    return None if picked is None else str(picked)


def recommend_places(workspace: Workspace, scope: Scope, person: str, shown: dict[str, Any]) -> dict[str, int]:
    """The place of each title with the slider at 0; nothing where the slider is at 0 already."""
    from app.use_cases.recommending import recommend

    if shown["serendipity"] == 0:
        return {}
    plain = recommend(workspace, scope.model_id, person, serendipity=0.0)
    return {row["item_id"]: row["rank"] for row in plain["items"]}


def _caption(words: str, place: int | None, row: dict[str, Any]) -> str:
    marks = []
    if row.get("slider_term"):
        marks.append(":material/auto_awesome: new through the slider" if place is None else "")
    return " · ".join(part for part in (*marks, label(words)) if part)


def panel(workspace: Workspace, scope: Scope, person: str, item: str) -> None:
    """Sentence first, then the chart with its table, the counterfactual, and what the person can take out."""
    told = explanation(workspace, scope.model_id, person, item)
    model = workspace.model(scope.model_id)
    title = model.title_of(model.training.items.code(item))
    st.subheader(f"Why “{label(title)}”?", anchor=False)
    st.markdown(f"**{literal(wording.why_sentence(told))}**")
    st.caption(wording.claim(told))
    _counterfactual(model, told)
    _chart(told, title)
    for note in told.notes:
        st.caption(literal(note))
    _take_out(workspace, scope, person, told)


def _chart(told: Explanation, title: str) -> None:
    st.echarts_chart(
        why_chart.contributions(told),
        key="why-chart",
        height=why_chart.height(told),
        renderer="svg",
        alt=f"What speaks for and against {short(title)}: one bar a reason.",
    )
    table = st.expander("As a table", key="why-table", on_change="rerun")
    if table.open:
        columns = ["reason", "kind", "part of the score"]
        reasons = pd.DataFrame([(part.title, part.kind, part.value) for part in told.parts], columns=columns)
        table.dataframe(reasons, hide_index=True, alt="Every reason with its part of the score.")
        table.caption(wording.sum_line(told))


def _counterfactual(model: Any, told: Explanation) -> None:
    if told.counterfactual is None:
        return
    names = [model.title_of(model.training.items.code(item)) for item in told.counterfactual.remove]
    st.markdown(literal(wording.counterfactual_sentence(told.counterfactual, names)))


def _take_out(workspace: Workspace, scope: Scope, person: str, told: Explanation) -> None:
    chosen = choosing.choice(workspace, scope.data, person)
    model = workspace.model(scope.model_id)
    reasons = [part.id for part in told.parts if part.kind == "item"]
    options = [*chosen["excluded"], *(item for item in reasons if item not in chosen["excluded"])]
    if not options:
        return
    key = f"without-{scope.data}-{person}"

    def change() -> None:
        now = set(recall(key, []))
        for item in now - set(chosen["excluded"]):
            choosing.exclude(workspace, scope.data, person, item)
        for item in set(chosen["excluded"]) - now:
            choosing.include(workspace, scope.data, person, item)
        forget(key)

    st.multiselect(
        "Past choices not to use",
        options,
        default=chosen["excluded"],
        key=key,
        format_func=lambda item: short(model.title_of(model.training.items.code(item))),
        on_change=change,
        placeholder="Pick one: the list changes at once",
        help=wording.TAKE_OUT_HELP,
    )
