"""Writers of what travels: evidence bundles, erasure certificates and exported logs. Formats: `data.keep.verifier`."""

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
from data.keep.verifier import BUNDLE, CERTIFICATE, LOG, MANIFEST, canonical, pretty, sha256, zip_bytes

CERTIFICATE_VERSION = 1
VERIFIER = "verify.py"
_LIBRARIES = ("numpy", "scipy", "pandas")
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]+(/(?!\.)[A-Za-z0-9._-]+)*\Z")


def write_bundle(
    path: Path, files: Mapping[str, bytes], head: Mapping[str, Any], proof: Mapping[str, Any], event: Event
) -> str:
    """Write an evidence bundle; returns its SHA-256. Equal arguments give equal bytes.

    `event` is the log entry of the run, whose detail["sha256"] is the hash of one of the files; `proof` is
    `EventLog.prove(event.index, head["size"])`. The verifier goes in as verify.py.
    """
    if bad := [name for name in files if not _NAME.match(name) or name in (MANIFEST, VERIFIER)]:
        raise ValueError(f"a bundle cannot hold a file named '{bad[0]}'")
    whole = {**files, VERIFIER: Path(verifier.__file__).read_bytes()}
    manifest = {
        "format": BUNDLE,
        "files": {name: {"sha256": sha256(content), "size": len(content)} for name, content in whole.items()},
        "leaf": event.leaf,
        "tree_head": _same_head(head, proof),
        "inclusion_proof": dict(proof),
        "verifier_version": verifier.VERSION,
    }
    content = zip_bytes({**whole, MANIFEST: pretty({**manifest, "sha256": sha256(canonical(manifest))})})
    write_whole(path, content, mode=0o644)
    return sha256(content)


def claims_sha256(**claims: Any) -> str:
    """What the log entry of an erasure must carry as detail["claims_sha256"]; takes the claims of `certificate`."""
    return sha256(canonical(_claims(claims)))


def certificate(
    *,
    log_index: int,
    tree_head: Mapping[str, Any],
    inclusion_proof: Mapping[str, Any],
    leaf: str,
    **claims: Any,
) -> dict[str, Any]:
    """An erasure certificate, with its own SHA-256.

    Claims: request_id, subject_commitment, received_at, executed_at, legal_ground, scope, models,
    suppression_entry_present, recipients_notified, code_version. `leaf` is the log entry, which carries
    `claims_sha256(**claims)`; `inclusion_proof` is `EventLog.prove(log_index, tree_head["size"])`.
    """
    told = {
        **_claims(claims),
        "log_index": log_index,
        "tree_head": _same_head(tree_head, inclusion_proof),
        "inclusion_proof": dict(inclusion_proof),
        "leaf": leaf,
    }
    return {**told, "sha256": sha256(canonical(told))}


def write_log(path: Path, log: EventLog) -> dict[str, Any]:
    """Write the whole log as JSON lines; returns the head that it is written under."""
    head = log.head()

    def content(file: BinaryIO) -> None:
        file.write(canonical({"format": LOG, **head}) + b"\n")
        file.writelines(leaf.encode() + b"\n" for leaf in log.leaves(head["size"]))

    write_whole(path, content, mode=0o644)
    return head


def _claims(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "format": CERTIFICATE,
        "cert_version": CERTIFICATE_VERSION,
        **given,
        "library_versions": _versions(),
        "verifier_version": verifier.VERSION,
    }
    _refuse_other(told, {"format", *verifier.CLAIMS})
    return told


def _refuse_other(told: Mapping[str, Any], expected: set[str]) -> None:
    if wrong := sorted(set(told) ^ expected):
        raise ValueError(f"a certificate has exactly its fields; missing or unknown: {', '.join(wrong)}")


def _versions() -> dict[str, str]:
    installed: Sequence[tuple[str, str]] = [(name, metadata.version(name)) for name in _LIBRARIES]
    return {"python": platform.python_version(), **dict(installed)}


def _same_head(head: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    """The head, which must be the one that the proof leads to: another process may have added an entry between."""
    if (head["size"], head["root"]) != (proof["size"], proof["root"]):
        raise ValueError("the proof is for another head; make it with prove(index, head['size'])")
    return {"size": head["size"], "root": head["root"]}
