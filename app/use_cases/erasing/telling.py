"""An erasure in words for whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.workspace import Workspace

REMAINS = (
    "Audits that were published stay: they hold figures of groups, and no group that is too small to hide in.",
    "Other people's receipts of lists stay, and can be checked; played again, they say that this version is purged.",
    "The record keeps its entries under a pseudonym whose key is destroyed, so that nobody can link them to the person.",
    "A keyed mark stays that keeps the person out when an operator imports an old copy of the data set.",
    "Copies that left this installation, and backups of it, are with those who have them; the known ones are listed.",
)
CLASSES = {
    "exact": "their counts were subtracted",
    "retrained": "it was fitted anew without them",
    "approximate": "it was corrected, and is only close to one fitted anew",
}
TO_COME = {
    "exact": "your counts are subtracted",
    "retrained": "it is fitted anew without you",
    "approximate": "it is corrected, and is then only close to one fitted anew",
}


def in_short(told: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """What was done, in which time, for each model how, what stays, and where the certificate is."""
    certificate = told["certificate"]
    began, ended = (datetime.fromisoformat(certificate[name]) for name in ("received_at", "executed_at"))
    return {
        "erased": f"in {max(0.0, (ended - began).total_seconds()):g} seconds, request {certificate['request_id']}",
        "models": [_model(proof) for proof in certificate["models"]],
        "models removed": ", ".join(certificate["models_removed"]) or "none; enough was left for each",
        "copies that left here": [
            {name: copy[name] for name in ("at", "what", "held", "sha256")} for copy in certificate["exports"]
        ]
        or "none that is known",
        "remains": " ".join(certificate["remains"]),
        "certificate": f"{folder}/certificates/{certificate['request_id']}.json (check it with `sightglass verify`)",
    }


def resumed_in_words(workspace: Workspace, certificates: Sequence[Mapping[str, Any]], whole: bool) -> dict[str, Any]:
    """The erasures that went on: their certificates, or a line about each."""
    if whole:
        return {"resumed": list(certificates)}
    if not certificates:
        return {"resumed": "nothing was cut off"}
    lines = [in_short({"certificate": told}, str(workspace.folder)) for told in certificates]
    return {"resumed": [{name: line[name] for name in ("erased", "certificate")} for line in lines]}


def _model(proof: Mapping[str, Any]) -> dict[str, str]:
    same = proof["stats_hash_after"] == proof["stats_hash_retrain"] and proof["ranked_lists_equal"]
    return {
        "model": proof["name"],
        "class": f"{proof['class']}: {CLASSES[proof['class']]}",
        "equals a retrain": "yes" if same else "NO",
    }
