"""Start: somebody new says what they like, and has a list with reasons at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from app.use_cases.agreeing import answer, of_purpose
from app.use_cases.naming import TAKEN, checked_id, taken
from app.use_cases.wish_steps import parse_rule, written
from app.use_cases.wishes import check_rule, choosable
from app.workspace import Workspace
from data.errors import BadInput
from data.keep import edits
from data.keep.choices import Effect, Rule
from data.keep.consents import Purpose
from data.keep.events import Kind
from data.tables import Dataset

_MOST = 200


def start(
    workspace: Workspace,
    data: str,
    notice: str,
    items: Sequence[str] = (),
    likes: Sequence[str] = (),
    new_id: str | None = None,
) -> dict[str, Any]:
    """Make an account for somebody who likes some titles (ids) and categories (`genres:Comedy`); returns their id.

    The titles are kept as choices with the best rating, the categories as wishes. They agree to personal lists under
    `notice`, and to nothing else: no model learns from them until they say so.
    """
    dataset = workspace.catalog.open(data)
    rules = [_liked(workspace, data, word) for word in dict.fromkeys(likes)]
    codes = np.unique([dataset.interactions.items.code(name, "title") for name in items]).astype(np.int64)
    if not 0 < len(codes) + len(rules) <= _MOST:
        raise BadInput("a start takes something that is liked", fix=f"name 1 to {_MOST} titles or categories")
    user = _id(workspace, dataset, new_id)
    workspace.catalog.rewrite(data, partial(_added, user=user, codes=codes))
    _keep(workspace, dataset, user, notice, rules)
    return {"data": data, "user": user, "titles": len(codes), "likes": [written(rule) for rule in rules]}


def _liked(workspace: Workspace, data: str, word: str) -> Rule:
    catalogue = workspace.catalogue(data)
    if ":" not in word:
        there = [f"{column}:{word}" for column, values in choosable(catalogue).items() if word in values]
        example = " or ".join(there) or "genres:Comedy"
        raise BadInput("a category is written column:value", value=word, fix=f"write {example}")
    rule = parse_rule(f"{Effect.LIKED}:{word}")
    check_rule(catalogue, rule)
    return rule


def _id(workspace: Workspace, dataset: Dataset, wanted: str | None) -> str:
    if wanted is None:
        return f"new-{secrets.token_hex(6)}"
    name = checked_id(wanted.strip())
    if taken(workspace, dataset, name):
        raise BadInput(TAKEN, value=name, fix="choose another one")
    return name


def _added(dataset: Dataset, sensitive: Any, *, user: str, codes: np.ndarray) -> edits.Both:
    held = dataset.interactions
    values = None if held.value is None else np.full(len(codes), held.value.max())
    now = int(datetime.now(UTC).timestamp())
    times = None if held.timestamp is None else np.full(len(codes), now, dtype=np.int64)
    return edits.with_person(dataset, sensitive, user, codes, values, times, {})


def _keep(workspace: Workspace, dataset: Dataset, user: str, notice: str, rules: Sequence[Rule]) -> None:
    data, who = dataset.name, workspace.pseudonyms.pseudonym(dataset.name, user)
    with workspace.database.write() as session:
        for purpose, agreed in ((Purpose.LISTS, True), (Purpose.LEARNING, False)):
            answer(workspace, session, dataset, user, of_purpose(dataset, purpose), agreed, notice)
        for rule in rules:
            workspace.choices.add_rule(data, user, rule, session)
        told = {"data": data, "stage": "started", "file": None}
        workspace.log.append_within(session, Kind.JOIN, who, told, who)


def suggestions(
    workspace: Workspace, model_id: str, likes: Sequence[str] = (), count: int = 24
) -> list[dict[str, Any]]:
    """Well-known titles to choose from, those of the liked categories only where any are named; most chosen first."""
    from app.use_cases.wishes import items_with
    from models import saving

    about = workspace.shelf.about(model_id)
    catalogue = workspace.catalogue(about["data"])
    ids, titles, counts, _ = saving.popular_items(workspace.shelf.folder(model_id))
    order = np.argsort(-counts, kind="stable")
    if likes:
        rules = [parse_rule(f"{Effect.LIKED}:{word}") for word in likes]
        open_ = np.isin(ids.values.astype(str), items_with(catalogue, rules).index.astype(str))
        order = order[open_[order]]
    return [{"item_id": ids[code], "title": titles[code]} for code in order[:count].tolist()]
