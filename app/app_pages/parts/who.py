"""Whom a page is about: anybody on an open dashboard, and only oneself where the server knows its visitors."""

from __future__ import annotations

import streamlit as st

from app import cached
from app.scope import Scope, asked_person, visitor
from app.text import literal, short
from app.use_cases.admitting import admit
from app.workspace import Workspace
from data.errors import NotFound


def pick(workspace: Workspace, scope: Scope) -> str:
    """The person; a refusal ends the page."""
    own = visitor()
    if own is None:
        people, asked = cached.people(scope.data), asked_person()
        if asked and asked not in people:
            raise NotFound("person", short(asked), fix=f"check the link; it must be one of the data set '{scope.data}'")
        return str(st.selectbox("Person", people, key="person", bind="query-params", format_func=short))
    person = admit(workspace, scope.data, own, asked_person())
    st.caption(f"You are {literal(short(person))}.")
    return person
