"""Erase: take a person out of the stores and out of every model, and say so in a certificate that can be checked."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.workspace import Workspace
from data.errors import NotFound
from data.keep.events import Kind
from data.keep.evidence import certificate, claims_sha256
from models.base import Recommender
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import create

VERSION = "0.1.0"


def erase(workspace: Workspace, data: str, user: str) -> dict[str, Any]:
    """Remove the person; returns the certificate, which names nobody."""
    dataset = workspace.catalog.open(data)
    if user not in set(dataset.users.index):
        raise NotFound("person", user, [str(name) for name in dataset.users.index[:5]])
    received = _now()
    request = uuid.uuid4().hex
    # told before anything is destroyed: an erasure that is cut off leaves a beginning without an end in the record
    workspace.log.append(Kind.ERASE, "operator", {"request_id": request, "data": data, "stage": "begun"})
    commitment = workspace.pseudonyms.pseudonym(data, user)
    workspace.catalog.drop_user(data, user)
    without = Training.of(workspace.catalog.open(data))
    trained = [name for name in workspace.shelf.ids() if workspace.shelf.about(name)["data"] == data]
    proofs = [proof for name in trained if (proof := _erase_from_model(workspace, name, user, without))]
    workspace.choices.forget(data, user)
    workspace.receipts.forget(data, user)
    workspace.pseudonyms.suppress(data, user)
    workspace.pseudonyms.forget(data, user)
    claims: dict[str, Any] = {
        "request_id": request,
        "subject_commitment": commitment,
        "received_at": received,
        "executed_at": _now(),
        "legal_ground": "request of the person (GDPR Art. 17)",
        "scope": ["interactions", "users", "sensitive attributes", "choices", "receipts", "models", "pseudonym key"],
        "models": proofs,
        "suppression_entry_present": True,
        "recipients_notified": [],
        "code_version": VERSION,
    }
    about = {"request_id": request, "data": data, "stage": "done", "models": [proof["name"] for proof in proofs]}
    event = workspace.log.append(Kind.ERASE, "operator", {**about, "claims_sha256": claims_sha256(**claims)})
    head = workspace.log.head()
    proof = workspace.log.prove(event.index, head["size"])
    told = certificate(**claims, log_index=event.index, tree_head=head, inclusion_proof=proof, leaf=event.leaf)
    _keep(workspace.folder / "certificates", request, told)
    return {"certificate": told}


def _erase_from_model(workspace: Workspace, model_id: str, user: str, without: Training) -> dict[str, Any] | None:
    """Erase from one model, and compare with a model fitted anew on what the store holds now."""
    before = workspace.model(model_id)
    if user not in before.training.users:
        return None
    after = before.erase(before.training.users.code(user))
    fresh = create(before.name, **before.settings.model_dump()).fit(without)
    workspace.shelf.replace(model_id, after)
    return {
        "name": model_id,
        "class": before.erasure,
        "stats_hash_before": statistics_hash(before.statistics()),
        "stats_hash_after": statistics_hash(after.statistics()),
        "stats_hash_retrain": statistics_hash(fresh.statistics()),
        "weights_max_diff_same_run": _largest_difference(after, fresh),
        "ranked_lists_equal": _same_lists(after, fresh),
    }


def _largest_difference(one: Recommender, other: Recommender) -> float:
    pairs = [(array, other._state()[name]) for name, array in one._state().items() if array.dtype.kind in "fiub"]
    return max(
        (float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max(initial=0)) for a, b in pairs), default=0.0
    )


def _same_lists(one: Recommender, other: Recommender) -> bool:
    ours, theirs = (model.recommend(model.profiles(), 10).items for model in (one, other))
    return bool(np.array_equal(ours, theirs))


def _keep(folder: Path, request: str, told: dict[str, Any]) -> None:
    import json

    from data.keep.home import write_whole

    folder.mkdir(mode=0o700, exist_ok=True)
    write_whole(folder / f"{request}.json", json.dumps(told, indent=2, sort_keys=True).encode())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
