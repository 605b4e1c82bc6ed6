"""Train: fit a recommender on a data set, store it, and record that it happened."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from app.use_cases.remodelling import take_out, training_of
from app.workspace import Workspace
from data.errors import BadInput, SightglassError
from data.keep.events import Kind
from models.registry import create


def train(workspace: Workspace, data: str, model: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Fit `model` on the data set `data`; returns model_id, data_hash, params, seconds, statistics_hash."""
    recommender = create(model, **(settings or {}))
    dataset = workspace.catalog.open(data)
    started = time.perf_counter()
    recommender.fit(training_of(workspace, dataset))
    seconds = round(time.perf_counter() - started, 3)
    data_hash = dataset.interactions.hash
    model_id = workspace.shelf.put(
        recommender,
        data=data,
        data_hash=data_hash,
        seconds=seconds,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    met = set(map(str, recommender.training.users.values))
    for user in sorted(workspace.choices.not_learned(data) & met):  # who said so while it was fitted
        take_out(workspace, data, user)
    if workspace.catalog.summary(data)["hash"] != data_hash:  # looked at last, so that no erasure comes between
        workspace.shelf.drop(model_id)
        raise SightglassError(
            f"The data set '{data}' changed while the model was trained, so it is not kept; train again."
        )
    params = recommender.settings.model_dump()
    statistics = workspace.shelf.about(model_id)["statistics_hash"]
    told = {"model_id": model_id, "data": data, "data_hash": data_hash, "params": params, "statistics_hash": statistics}
    workspace.log.append(Kind.TRAIN, "operator", told)
    return {**told, "model": model, "seconds": seconds, "explanation": str(recommender.kind)}


def parse_settings(given: list[str]) -> dict[str, Any]:
    """`key=value` words as settings; numbers and true/false are read as such."""
    settings: dict[str, Any] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadInput("a setting is written key=value", value=word, fix="for example --set regularization=458")
        settings[name.strip()] = _value(value.strip())
    return settings


def _value(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False, "none": None}.get(text.lower(), text)


def models(workspace: Workspace) -> list[dict[str, Any]]:
    """The stored models, oldest first."""
    keep = ("model_id", "model", "data", "settings", "seconds", "trained_at", "people", "data_hash")
    return [{key: workspace.shelf.about(name).get(key) for key in keep} for name in workspace.shelf.ids()]
