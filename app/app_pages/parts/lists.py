"""Whose lists the audit page is about: this model's, or those of another system, which can be handed over here."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from app import cached
from app.scope import Scope, forget, recall, remember
from app.text import literal
from app.use_cases.auditing import audit
from data.errors import SightglassError

_STOPPED, _CHOICE, _NEXT = "audit-stopped", "audited-lists", "audited-next"
_MODEL = "model"
_FILES = ("csv", "tsv", "parquet")
_PLAN = (
    "A plan says before anything is computed which measures and groups decide, which gap matters, and what else is asked: "
    "impact ratios, equivalence, what histories give away. Its hash enters the record first. TOML or JSON."
)
_HAND_OVER = (
    "Lists of any system: one row for each title shown, with user_id, item_id and rank (or score). Beside them the choices "
    "that people went on to make: user_id and item_id. Groups of people and titles come from this data set. CSV or Parquet."
)


def audited(scope: Scope) -> str | None:
    """The run that the page shows; None while there is none. Runs the audit of the model where nobody has yet."""
    imported = cached.imported_runs(scope.data)
    if (chosen := recall(_NEXT)) is not None:
        forget(_NEXT)
        remember(_CHOICE, chosen)
    whose = _MODEL
    if imported:
        words = {_MODEL: "Lists of this model", **imported}
        whose = st.selectbox("Whose lists", list(words), key=_CHOICE, format_func=lambda each: words[each])
    _hand_over(scope)
    return _of_model(scope) if whose == _MODEL else whose


def _of_model(scope: Scope) -> str | None:
    key = f"run-{scope.model_id}-{scope.version}"
    run_id = recall(key) or cached.latest_run(scope.model_id)
    stopped = recall(_STOPPED, False)
    if stopped:
        st.info("The audit was stopped. Nothing of it is kept but its plan in the record.")
    words = "Run the audit again" if run_id else "Run the audit"
    asked = st.button(words, icon=":material/refresh:", type="tertiary") if run_id or stopped else False
    made = _planned(scope) if run_id or stopped else None
    if made is None and (asked or (run_id is None and not stopped)):
        made = _assess(scope.data, model_id=scope.model_id)
    if made is not None:
        forget(_STOPPED)
        remember(key, made)
    return made or (None if run_id is None else str(run_id))


def _planned(scope: Scope) -> str | None:
    """The run of this model by a plan that is handed over, once it is asked for."""
    with st.expander("Audit by a plan of your own"):
        st.caption(_PLAN)
        plan = st.file_uploader("Audit plan", ("toml", "json"), key="own-plan")
        if not st.button("Audit by this plan", disabled=plan is None):
            return None
        with TemporaryDirectory() as folder:
            return _unless_refused(folder, scope.data, model_id=scope.model_id, plan_file=_saved(Path(folder), plan))


def _hand_over(scope: Scope) -> None:
    with st.expander("Assess the lists of another system"):
        st.caption(_HAND_OVER)
        left, right = st.columns(2)
        lists = left.file_uploader("Lists", _FILES, key="lists-file")
        truth = right.file_uploader("Held-out choices", _FILES, key="truth-file")
        plan = st.file_uploader("Audit plan, if you have one", ("toml", "json"), key="plan-file")
        if not st.button("Assess these lists", disabled=lists is None or truth is None):
            return
        with TemporaryDirectory() as folder:
            files = [None if each is None else _saved(Path(folder), each) for each in (lists, truth, plan)]
            what = dict(zip(("recommendations", "outcomes", "plan_file"), files, strict=True))
            run_id = _unless_refused(folder, scope.data, **what)
        if run_id is None:
            return
        remember(_NEXT, run_id)
        st.rerun()


def _unless_refused(folder: str, data: str, **what: Any) -> str | None:
    """The run by files that were handed over; a refusal names a file as the person knows it."""
    try:
        return _assess(data, **what)
    except SightglassError as refused:
        st.error(literal(str(refused).replace(f"{folder}/", "")))
        return None


def _saved(folder: Path, file: Any) -> Path:
    path = folder / Path(file.name).name
    path = path if not path.exists() else folder / f"other-{path.name}"
    path.write_bytes(file.getvalue())
    return path


def _assess(data: str, **what: Any) -> str:
    """Run an audit with a bar and a way to stop it: whoever presses the button ends the run at its next step."""
    place = st.empty()
    with place.container():
        words = "Assessing everybody's list: quality, groups, providers, intervals …"
        bar = st.progress(0.0, text=words)
        st.button("Stop", icon=":material/stop:", on_click=remember, args=(_STOPPED, True), key="stop-audit")

        def told(done: float) -> None:
            bar.progress(done, text=words)

        try:
            return str(audit(cached.workspace(), data, progress=told, **what)["run_id"])
        finally:
            place.empty()
