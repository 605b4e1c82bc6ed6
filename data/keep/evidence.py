"""Writers of what travels: bundles, erasure certificates, receipts and exported logs. Formats: `data.keep.verifier`."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from data.keep import verifier
from data.keep.events import Event, EventLog
from data.keep.home import write_whole
from data.keep.verifier import (
    BUNDLE,
    CERTIFICATE,
    LOG,
    MANIFEST,
    PROOFS,
    RECEIPT,
    canonical,
    pretty,
    sha256,
    zip_bytes,
)

CERTIFICATE_VERSION = 2
RECEIPT_VERSION = 1
VERIFIER = "verify.py"
_LIBRARIES = ("numpy", "scipy", "pandas", "numba", "scikit-learn", "scikit-surprise", "shap")
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]+(/(?!\.)[A-Za-z0-9._-]+)*\Z")


def seal_sha256(files: Mapping[str, bytes], run: Event, plan: Event | None = None) -> str:
    """What the seal of a bundle, an entry of the log, must carry as detail["bundle_sha256"]; see `bundle_bytes`."""
    return sha256(canonical(_sealed_claims(_whole(files), run, plan)))


def bundle_bytes(
    files: Mapping[str, bytes], proven: Sequence[tuple[Event, Mapping[str, Any]]], run: Event, plan: Event | None = None
) -> bytes:
    """An evidence bundle; equal arguments give equal bytes. The verifier goes in as verify.py.

    `run` is the log entry whose detail["sha256"] is the hash of one of the files, `plan` the one of its plan. `proven`
    are these and the seal (the last), each with its proof `EventLog.prove(index, size)` under one and the same head.
    """
    whole, proofs = _whole(files), {event.index: proof for event, proof in proven}
    head = {name: proven[-1][1][name] for name in ("size", "root")}
    entries = [
        {"leaf": event.leaf, "inclusion_proof": dict(proof)} for event, proof in proven if _same_head(head, proof)
    ]
    log = pretty({"head": head, "entries": entries})
    sealed = _sealed_claims(whole, run, plan)
    manifest = {
        **sealed,
        "files": {**sealed["files"], PROOFS: _described(log)},
        "leaf": run.leaf,
        "tree_head": head,
        "inclusion_proof": dict(proofs[run.index]),
    }
    return zip_bytes({**whole, PROOFS: log, MANIFEST: pretty({**manifest, "sha256": sha256(canonical(manifest))})})


def _whole(files: Mapping[str, bytes]) -> dict[str, bytes]:
    if bad := [name for name in files if not _NAME.match(name) or name in (MANIFEST, PROOFS, VERIFIER)]:
        raise ValueError(f"a bundle cannot hold a file named '{bad[0]}'")
    return {**files, VERIFIER: Path(verifier.__file__).read_bytes()}


def _sealed_claims(whole: Mapping[str, bytes], run: Event, plan: Event | None) -> dict[str, Any]:
    return {
        "format": BUNDLE,
        "files": {name: _described(content) for name, content in whole.items()},
        "run_entry": run.index,
        "plan_entry": None if plan is None else plan.index,
        "verifier_version": verifier.VERSION,
    }


def _described(content: bytes) -> dict[str, Any]:
    return {"sha256": sha256(content), "size": len(content)}


def claims_sha256(**claims: Any) -> str:
    """What the log entry of an erasure must carry as detail["claims_sha256"]; takes the claims of `certificate`."""
    return sha256(canonical(_certificate_claims(claims)))


def certificate(
    *,
    log_index: int,
    tree_head: Mapping[str, Any],
    inclusion_proof: Mapping[str, Any],
    leaf: str,
    **claims: Any,
) -> dict[str, Any]:
    """An erasure certificate, with its own SHA-256.

    Claims: request_id, subject_commitment, received_at, executed_at, legal_ground, scope, models, models_removed,
    suppression_entry_present, exports, recipients_notified, remains, code_version. `leaf` is the log entry, which carries
    `claims_sha256(**claims)`; `inclusion_proof` is `EventLog.prove(log_index, tree_head["size"])`.
    """
    return _sealed(_certificate_claims(claims), log_index, tree_head, inclusion_proof, leaf)


def receipt_claims(**claims: Any) -> dict[str, Any]:
    """What a receipt says; the log entry carries the hash of its canonical text as detail["claims_sha256"].

    Claims: receipt_id, subject, profiled, dataset, data_hash, model, settings, list, made_at, code_version. Each entry
    of the list gets its own hash, so that a change is told with the title it is in.
    """
    about = {"format": RECEIPT, "receipt_version": RECEIPT_VERSION}
    return _claims(about, verifier.RECEIPT_CLAIMS, {**claims, "list": sealed_entries(claims["list"])})


def sealed_entries(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a list, each with the SHA-256 of its canonical text."""
    return [{**row, "sha256": sha256(canonical(row))} for row in rows]


def receipt(claims: Mapping[str, Any], proof: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """A receipt with its own SHA-256, of `receipt_claims` and the log entry that carries their hash with its proof."""
    return _sealed(claims, event.index, {"size": proof["size"], "root": proof["root"]}, proof, event.leaf)


def write_log(path: Path, log: EventLog) -> dict[str, Any]:
    """Write the whole log as JSON lines; returns the head that it is written under."""
    head = log.head()

    def content(file: BinaryIO) -> None:
        file.write(canonical({"format": LOG, **head}) + b"\n")
        file.writelines(leaf.encode() + b"\n" for leaf in log.leaves(head["size"]))

    write_whole(path, content, mode=0o644)
    return head


def _certificate_claims(given: Mapping[str, Any]) -> dict[str, Any]:
    return _claims({"format": CERTIFICATE, "cert_version": CERTIFICATE_VERSION}, verifier.CLAIMS, given)


def _claims(about: Mapping[str, Any], names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a document says, with what it was made with; it has exactly the fields of its kind."""
    told = {**about, **given, "library_versions": versions(), "verifier_version": verifier.VERSION}
    if wrong := sorted(set(told) ^ {"format", *names}):
        raise ValueError(f"it has exactly its fields; missing or unknown: {', '.join(wrong)}")
    return told


def _sealed(
    claims: Mapping[str, Any], index: int, head: Mapping[str, Any], proof: Mapping[str, Any], leaf: str
) -> dict[str, Any]:
    """The claims, the log entry that carries their hash, its proof, and a SHA-256 over all of it."""
    told = {
        **claims,
        "log_index": index,
        "tree_head": _same_head(head, proof),
        "inclusion_proof": dict(proof),
        "leaf": leaf,
    }
    return {**told, "sha256": sha256(canonical(told))}


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that numbers come from."""
    installed: Sequence[tuple[str, str]] = [(name, metadata.version(name)) for name in _LIBRARIES]
    return {"python": platform.python_version(), **dict(installed)}


def _same_head(head: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    """The head, which must be the one that the proof leads to: another process may have added an entry between."""
    if (head["size"], head["root"]) != (proof["size"], proof["root"]):
        raise ValueError("the proof is for another head; make it with prove(index, head['size'])")
    return {"size": head["size"], "root": head["root"]}
