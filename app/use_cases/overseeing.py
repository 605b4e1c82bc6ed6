"""Oversee: what drives a model as a whole, declared beside measured, and whether its arithmetic holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.use_cases.boosting import boosts, boosts_for
from app.workspace import Workspace
from audit.inference.intervals import Bootstrap
from data.errors import BadInput, NotFound
from data.keep.declarations import Declarations
from models.base import Recommender
from models.counted.item_item import ItemItem
from models.histories import Profiles
from models.hybrid.model import Hybrid
from models.why.drivers import concentration, item_totals, named_drivers, signal_drivers
from models.why.importance import judge, measured_importance, ranks
from models.why.operator import operator_effects

_PEOPLE, _K, _DRAWS, _TOP, _SHORT = 500, 10, 1000, 20, 10
_ASKED = 50  # people whose contributions are asked for one by one, where they cannot be read off a table
_CONCENTRATION = (10, 100)


def drivers(
    workspace: Workspace, model_id: str, *, people: int = _PEOPLE, k: int = _K, seed: int = 0
) -> dict[str, Any]:
    """What decides the lists of a model: its parameters, declared beside measured, and the strongest titles.

    `parameters`: rows of `models.why.importance.measured_importance`; `operator`: of `operator_effects`; `items`: of
    `named_drivers`; `concentration`: the share of the first 10 and 100 titles; `signals` (hybrid): of `signal_drivers`.
    """
    return judged(workspace, measure(workspace, model_id, people=people, k=k, seed=seed))


def measure(
    workspace: Workspace, model_id: str, *, people: int = _PEOPLE, k: int = _K, seed: int = 0
) -> dict[str, Any]:
    """The same, with the order that the model itself declares: what costs time and depends on no declaration."""
    model = workspace.model(model_id)
    data = workspace.shelf.about(model_id)["data"]
    slider, added = workspace.policies.default_slider(data), boosts_for(workspace, model_id, model)
    sample, left_out = _sample(workspace, data, model, people, seed)
    bootstrap = Bootstrap(draws=_DRAWS, seed=seed)
    asked = sample if isinstance(model, ItemItem) else _some(sample, seed)
    totals = item_totals(model, asked, k)
    signals = signal_drivers(model, sample, k, seed=seed, bootstrap=bootstrap) if isinstance(model, Hybrid) else None
    return {
        "model_id": model_id,
        "model": model.name,
        "data": data,
        "people": len(sample),
        "k": k,
        "seed": seed,
        "parameters": _rows(measured_importance(model, sample, k, bootstrap=bootstrap)),
        "operator": _rows(operator_effects(model, sample, k, slider=slider, boosts=added, bootstrap=bootstrap)),
        "items": _rows(named_drivers(model, asked, totals, _TOP)),
        "items_people": len(asked),
        "concentration": {f"first_{first}": concentration(totals, first) for first in _CONCENTRATION},
        "signals": [] if signals is None else _rows(signals),
        "notes": _notes(left_out),
    }


def in_short(told: dict[str, Any]) -> dict[str, Any]:
    """What a person reads of the document at a terminal."""
    register = ("title", "declared", "measured", "changed", "low", "high", "answer", "why")
    return {
        **{name: told[name] for name in ("model_id", "people", "k", "seed", "declared_by")},
        "parameters": [{name: row[name] for name in register} for row in told["parameters"]],
        "operator": [
            {name: row[name] for name in ("title", "setting", "changed", "low", "high")} for row in told["operator"]
        ],
        "items": [{name: row[name] for name in ("title", "people", "share")} for row in told["items"][:_SHORT]],
        "concentration": told["concentration"],
        **({"signals": told["signals"]} if told["signals"] else {}),
        "notes": " ".join(told["notes"]),
    }


def judged(workspace: Workspace, measured: dict[str, Any]) -> dict[str, Any]:
    """A measurement beside what is declared now: the manager's order where there is one, else the model's own."""
    declared = Declarations(workspace.database, workspace.log).order(measured["data"], measured["model"])
    register = workspace.model(measured["model_id"]).parameters()
    current = [name for name in declared or () if any(row.id == name for row in register)]
    numbers = dict.fromkeys(("changed", "low", "high"), float)
    table = judge(pd.DataFrame(measured["parameters"]).astype(numbers), ranks(register, current if declared else None))
    return {**measured, "parameters": _rows(table), "declared_by": "the product manager" if declared else "the model"}


def settings_of(workspace: Workspace, data: str, model_id: str) -> str:
    """Changes whenever a measurement would: who switched profiling off, the default slider, the boosts."""
    held = [
        sorted(workspace.choices.opted_out(data)),
        workspace.policies.default_slider(data),
        boosts(workspace, model_id),
    ]
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()


def declare(
    workspace: Workspace, data: str, model: str, order: Sequence[str], reason: str, actor: str = "manager"
) -> dict[str, Any]:
    """The product manager states which parameters matter most, with a reason; it is recorded, and lists do not change."""
    names = [name for name in workspace.shelf.ids() if _is(workspace, name, data, model)]
    if not names:
        raise NotFound(
            "trained model of that kind on this data set", f"{model} on {data}", fix="see `sightglass models`"
        )
    known = [row.id for row in workspace.model(names[-1]).parameters()]
    Declarations(workspace.database, workspace.log).declare(data, model, order, known=known, actor=actor, reason=reason)
    return {
        "data": data,
        "model": model,
        "order": list(order),
        "not_used": [name for name in known if name not in order],
    }


def _is(workspace: Workspace, model_id: str, data: str, model: str) -> bool:
    about = workspace.shelf.about(model_id)
    return bool(about["data"] == data and about["model"] == model)


def _sample(workspace: Workspace, data: str, model: Recommender, people: int, seed: int) -> tuple[Profiles, int]:
    """People drawn evenly from those whose data may be used, and how many may not."""
    if people < 2:
        raise BadInput("a measurement needs at least two people", value=people, fix="ask for 500")
    users = model.training.users.values.astype(str)
    allowed = np.flatnonzero(~np.isin(users, list(workspace.choices.opted_out(data))))
    if len(allowed) < 2:
        raise BadInput("fewer than two people let their choices be used", fix="use more data")
    drawn = np.random.default_rng(seed).permutation(allowed)[:people]
    return model.profiles(np.sort(drawn)), len(users) - len(allowed)


def _some(sample: Profiles, seed: int) -> Profiles:
    chosen = np.sort(np.random.default_rng(seed).permutation(len(sample))[:_ASKED])
    return Profiles(sample.users[chosen], sample.matrix[chosen])


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; a rank that is not declared is None."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): _value(value) for name, value in row.items()} for row in plain.to_dict("records")]


def _value(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _notes(left_out: int) -> list[str]:
    told = [
        "Attributes of people, such as age or gender, are behind a door that no model can open. They are no parameter, "
        "and so there is no effect of theirs to measure.",
        "Titles that a person chose already are left out of their list; that is a filter, not a score.",
        "Each parameter is taken away alone. Where two say much the same, taking one away changes little.",
    ]
    if left_out:
        who = "person who switched profiling off was" if left_out == 1 else "people who switched profiling off were"
        told.append(f"{left_out:,} {who} left out of the measurement.")
    return told
