"""Boost: what the operator adds to the scores of some titles, said in every explanation that it touches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np

from app.workspace import Workspace
from data.columns import PROVIDER
from data.errors import BadInput, NotFound
from data.keep.policies import BoostRule
from data.tables import Dataset
from models.base import Recommender
from models.serving import Boost

Target = Literal["item", "provider"]


def boosts(workspace: Workspace, model_id: str) -> list[dict[str, Any]]:
    """The boosts on the lists of a model."""
    about = workspace.shelf.about(model_id)
    return [{"id": rule.id, **asdict(rule)} for rule in workspace.policies.boosts(about["data"], about["model"])]


def boosts_of(workspace: Workspace, model_id: str) -> list[dict[str, Any]]:
    """The same with the title or provider by name, and how many titles each is for."""
    dataset = workspace.catalog.open(workspace.shelf.about(model_id)["data"])
    names = boost_targets(workspace, model_id)["item"]
    return [
        {
            **row,
            "title": names.get(row["target"], row["target"]) if row["kind"] == "item" else row["target"],
            "titles": len(items_of(BoostRule(row["kind"], row["target"], row["amount"], row["label"]), dataset)),
        }
        for row in boosts(workspace, model_id)
    ]


def set_boost(
    workspace: Workspace,
    model_id: str,
    kind: Target,
    target: str,
    amount: float,
    label: str,
    reason: str,
    actor: str = "manager",
) -> None:
    """Add an amount to the score of an item, or of every item of a provider."""
    about = workspace.shelf.about(model_id)
    rule = BoostRule(kind, target, float(amount), " ".join(label.split()))
    check_target(rule, workspace.catalog.open(about["data"]))
    workspace.policies.set_boost(about["data"], about["model"], rule, actor, reason)


def remove_boost(workspace: Workspace, model_id: str, boost_id: str, reason: str, actor: str = "manager") -> None:
    """Take a boost away."""
    about = workspace.shelf.about(model_id)
    workspace.policies.remove_boost(about["data"], about["model"], boost_id, actor, reason)


def boost_targets(workspace: Workspace, model_id: str) -> dict[Target, dict[str, str]]:
    """What can be boosted: every item by id with its title, and every provider."""
    dataset = workspace.catalog.open(workspace.shelf.about(model_id)["data"])
    items = dict(zip(map(str, dataset.items.index), map(str, dataset.titles()), strict=True))
    return {"item": items, "provider": {name: name for name in _providers(dataset)}}


def boosts_for(workspace: Workspace, model_id: str, model: Recommender) -> tuple[Boost, ...]:
    """The boosts as the serving of lists reads them: an amount for every item of the model."""
    data = workspace.shelf.about(model_id)["data"]
    rules = workspace.policies.boosts(data, model.name)
    if not rules:
        return ()
    dataset = workspace.catalog.open(data)
    return tuple(boost_of(rule, dataset, model) for rule in rules)


def boosts_line(boosts: Sequence[Boost]) -> str:
    """What a protocol says of the boosts in the lists that it judges; nothing where there are none."""
    if not boosts:
        return ""
    return f"; lists hold the operator's {len(boosts)} boost{'s' if len(boosts) > 1 else ''}"


def boosts_mark(workspace: Workspace, model_id: str) -> str:
    """A mark that changes with the boosts on the lists of a model; empty where there are none."""
    held = boosts(workspace, model_id)
    return f" boosts {hashlib.sha256(json.dumps(held).encode()).hexdigest()[:8]}" if held else ""


def boost_of(rule: BoostRule, dataset: Dataset, model: Recommender) -> Boost:
    """The rule as the serving of lists reads it: its amount for each item of the model that it is for, else 0."""
    values = np.zeros(len(model.training.items))
    codes = model.training.items.codes(items_of(rule, dataset))
    values[codes[codes >= 0]] = rule.amount
    return Boost(rule.id, rule.label, values)


def check_target(rule: BoostRule, dataset: Dataset) -> None:
    """Refuse a rule that is for nothing in the data set."""
    if rule.kind == "provider" and PROVIDER not in dataset.items:
        raise BadInput("this data set names no provider", value=rule.target, fix="boost single items instead")
    if not items_of(rule, dataset):
        known = _providers(dataset) if rule.kind == "provider" else [str(name) for name in dataset.items.index[:5]]
        raise NotFound(rule.kind, rule.target, known[:5])


def items_of(rule: BoostRule, dataset: Dataset) -> list[str]:
    """Ids of the items that a rule is for; none where a data set that was replaced knows its target no longer."""
    if rule.kind == "item":
        return [rule.target] if rule.target in dataset.items.index else []
    if PROVIDER not in dataset.items:
        return []
    named = dataset.items[PROVIDER]
    return [str(name) for name in dataset.items.index[named.notna() & (named.astype(str) == rule.target)]]


def _providers(dataset: Dataset) -> list[str]:
    return sorted(dataset.items[PROVIDER].dropna().astype(str).unique()) if PROVIDER in dataset.items else []
