"""What is on screen: the data set and model that every page shares, and each page's own state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import cached
from app.server import PERSON_HEADER
from app.text import short

_SCOPE = "scope"


@dataclass(frozen=True)
class Scope:
    """A model, its version on disk, and the data set it learned from. The version keys every cache."""

    data: str
    model_id: str
    version: str


def choose_scope() -> None:
    """The shared choice in the sidebar; it is part of the page's address."""
    datasets = cached.datasets()
    with st.sidebar:
        st.markdown("### Sightglass")
        data = st.selectbox("Data set", datasets, key="data", bind="query-params", format_func=short)
        models = cached.models_of(data)
        if not models:
            st.info("No model is trained on this data set yet. Train one with `sightglass train`.")
            st.stop()
        model_id = st.selectbox(
            "Model", list(models), key="model", bind="query-params", format_func=lambda name: models[name]
        )
        st.caption(cached.model_line(model_id))
    st.session_state[_SCOPE] = Scope(data, model_id, cached.version_of(model_id))


def current() -> Scope:
    """The scope of this run."""
    found: Scope = st.session_state[_SCOPE]
    return found


def visitor() -> str | None:
    """Who the visitor is by the header that the server trusts, empty if it says nothing; None on an open dashboard."""
    if not os.environ.get(PERSON_HEADER):
        return None
    return str(st.user.get("person") or "")


def asked_person() -> str | None:
    """Whom the address of the page is about."""
    return st.query_params.get("person")


def forget_person() -> None:
    """Let the page be about nobody in particular."""
    st.query_params.pop("person", None)
    forget("person")


def opt_out_signal() -> bool:
    """Whether the visitor's browser says that they do not want to be profiled (`Sec-GPC: 1`)."""
    return bool(st.context.headers.get("Sec-GPC") == "1")


def remember(key: str, value: Any) -> None:
    """Keep a value of this page for this visitor."""
    st.session_state[key] = value


def recall(key: str, default: Any = None) -> Any:
    """A value that was kept."""
    return st.session_state.get(key, default)


def forget(key: str) -> None:
    """Drop a value, so that its widget starts anew."""
    st.session_state.pop(key, None)
