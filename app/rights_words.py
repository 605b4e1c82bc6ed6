"""Rights in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.text import counted

CORRECTED = "Done: the rating is corrected here and in every model that holds you."
REMOVED = "Done: the record is gone, here and in every model that holds you."
OBJECTED = "Done: your next list is the one that is the same for all."
OBJECTION = (
    "You may object to being profiled, for any reason and without giving one. Your next list is then the one that is the "
    "same for all. You can switch personal lists on again yourself."
)
RESTRICTION = (
    "Your records stay, and nothing is done with them: no list, no training, no audit. Use it while something is in "
    "dispute."
)
NO_CASES = (
    "None. To contest a recommendation, open it on the page For you, and say what is wrong under “This is wrong”. A person "
    "who does not answer for the lists decides, and tells you why."
)
CERTIFICATE = "A file that names nobody. `sightglass verify` checks it without us."


def restricted(on: bool) -> str:
    """What was done."""
    if on:
        return "Done: your records are kept and used for nothing."
    return "Done: your records are used again, as your other choices allow."


def would_go(told: Mapping[str, Any]) -> str:
    """What an erasure would remove."""
    rows = sum(told["rows"].values())
    return (
        f"This would remove {counted(told['records'], 'choice')} of yours, {counted(rows, 'row')} of settings, agreements "
        f"and receipts, and your part in {counted(len(told['models']), 'model')}. It cannot be taken back."
    )


def erased(certificate: Mapping[str, Any]) -> str:
    """What was done."""
    names = counted(len(certificate["models"]), "model")
    return (
        f"Done. You are in no table and no model any more ({names} corrected). Keep the certificate: it is the proof."
    )


def as_file(certificate: Mapping[str, Any]) -> bytes:
    """The certificate as a file."""
    return json.dumps(certificate, indent=1, ensure_ascii=False).encode()
