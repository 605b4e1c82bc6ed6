"""One erasure at a time, from the request to the certificate; one that was cut off goes on from its last step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.use_cases.erasing.copies import copies_of
from app.use_cases.erasing.steps import AFTER, BEFORE, Step
from app.use_cases.erasing.telling import REMAINS
from app.workspace import Workspace
from data.errors import NotFound, SightglassError
from data.keep.erasures import CERTIFIED, CLOSED, EXECUTED, VERIFIED, Erasure
from data.keep.evidence import certificate, claims_sha256
from data.keep.home import locked, private_folder, sweep, write_whole
from data.keep.verifier import pretty
from data.tables import Dataset

VERSION = "0.1.0"
SCOPE = (
    "interactions", "users", "sensitive attributes", "choices", "consents", "requests", "receipts", "models",
    "neighbour tables", "caches", "pseudonym key",
)  # fmt: skip


def erase(workspace: Workspace, data: str, user: str, *, actor: str = "operator") -> dict[str, Any]:
    """Remove the person; returns the certificate, which names nobody.

    Erasures that were cut off go on first. One that another process has under way for the same person is waited for,
    and its certificate returned.
    """
    dataset = workspace.catalog.open(data)
    under_way = workspace.erasures.unfinished(data, user)
    if not under_way:
        _refuse_absent(dataset, user)  # at once, so that nothing is touched
    with _alone(workspace):
        done = {request.request_id: _perform(workspace, request) for request in workspace.erasures.unfinished()}
        if under_way:
            return {"certificate": done.get(under_way[0].request_id) or _kept(workspace, under_way[0].request_id)}
        return {"certificate": _perform(workspace, _begin(workspace, data, user, actor))}


def resume(workspace: Workspace) -> list[dict[str, Any]]:
    """Go on with every erasure that was cut off, oldest first; the certificates."""
    if not workspace.erasures.unfinished():
        return []
    with _alone(workspace):
        return [_perform(workspace, request) for request in workspace.erasures.unfinished()]


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    with locked(workspace.folder / ".erasing.lock"):
        yield


def _refuse_absent(dataset: Dataset, user: str) -> None:
    if user not in dataset.interactions.users:
        fix = f"check the id; it must be one of the data set '{dataset.name}', and not erased yet"
        raise NotFound("person", user, fix=fix)


def _begin(workspace: Workspace, data: str, user: str, actor: str) -> Erasure:
    dataset = workspace.catalog.open(data)
    _refuse_absent(dataset, user)
    detail = {"data_hash": dataset.interactions.hash, "copies": copies_of(workspace, data, user)}
    return workspace.erasures.begin(data, user, actor, detail)


def _perform(workspace: Workspace, request: Erasure) -> dict[str, Any]:
    """Every step that is left; each may be done twice. A failure leaves a request that goes on later."""
    for step in BEFORE if request.user is not None else ():
        _do(step, workspace, request)
    traces = _traces(workspace, request)
    if request.stage not in (CERTIFIED, CLOSED):
        for stage in (EXECUTED, VERIFIED):
            _do(
                Step(f"recording '{stage}'", lambda ws, held, at=stage: ws.erasures.reach(held.request_id, at)),
                workspace,
                request,
            )
        _do(Step("recording the end", _certify), workspace, request)
    for step in AFTER:
        _do(step, workspace, request, traces)
    told = _do(Step("writing the certificate", _write), workspace, request)
    _do(Step("closing the request", lambda ws, held: ws.erasures.reach(held.request_id, CLOSED)), workspace, request)
    return dict(told)


def _do(step: Step, workspace: Workspace, request: Erasure, *more: Any) -> Any:
    """Do a step on what is kept of the request now; a refusal says that it goes on later."""
    try:
        return step.work(workspace, workspace.erasures.get(request.request_id), *more)
    except (OSError, SightglassError) as error:
        why = str(error).rstrip(".") if isinstance(error, SightglassError) else f"{error.strerror or error}"
        raise SightglassError(
            f"The erasure {request.request_id[:8]} stopped while {step.words} ({why}); what is done stays done, no step is "
            "half done, and `sightglass erase --resume` goes on."
        ) from error


def _traces(workspace: Workspace, request: Erasure) -> list[bytes] | None:
    """What the files of the database may not hold any more; None where that is forgotten already."""
    if request.user is None:
        return None
    key = workspace.pseudonyms.key(request.dataset, request.user)
    return [request.user.encode(), *([key] if key else [])]


def _certify(workspace: Workspace, request: Erasure) -> None:
    claims = _claims(request)

    def seal(session: Any, event: Any) -> dict[str, Any]:
        proof = workspace.log.prove_within(session, event.index)
        head = {"size": proof["size"], "root": proof["root"]}
        return certificate(**claims, log_index=event.index, tree_head=head, inclusion_proof=proof, leaf=event.leaf)

    workspace.erasures.certify(request.request_id, claims_sha256(**claims), seal)


def _claims(request: Erasure) -> dict[str, Any]:
    detail = request.detail
    return {
        "request_id": request.request_id,
        "subject_commitment": detail["commitment"],
        "received_at": request.received_at,
        "executed_at": detail["executed_at"],
        "legal_ground": "request of the person (GDPR Art. 17)",
        "scope": list(SCOPE),
        "models": list(detail.get("proofs", {}).values()),
        "models_removed": sorted(detail.get("removed", {})),
        "suppression_entry_present": detail["suppressed"],
        "exports": detail["copies"],
        "recipients_notified": [],
        "remains": list(REMAINS),
        "code_version": VERSION,
    }


def _write(workspace: Workspace, request: Erasure) -> dict[str, Any]:
    told = dict(request.detail["certificate"])
    path = certificate_file(workspace, request.request_id)
    private_folder(path.parent)
    sweep(path)  # what a process that died left of it
    write_whole(path, pretty(told))
    return told


def _kept(workspace: Workspace, request_id: str) -> dict[str, Any]:
    return dict(workspace.erasures.get(request_id).detail["certificate"])


def certificate_file(workspace: Workspace, request_id: str) -> Path:
    """Where the certificate of an erasure lies."""
    return workspace.folder / "certificates" / f"{request_id}.json"
