"""Receipts of lists that were shown: each checks itself, is anchored in the record, and names nobody."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from data.errors import NotFound
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.evidence import receipt, receipt_claims
from data.keep.pseudonyms import Pseudonyms
from data.keep.schema import ReceiptRow
from data.keep.verifier import canonical, sha256

_NOBODY = ""  # whose receipt it is where the list was made of nobody's data
_SYSTEM = "sightglass"


class Receipts:
    """The receipts that were made. Who a receipt belongs to is in our table alone, and goes with an erasure."""

    def __init__(self, database: Database, log: EventLog, pseudonyms: Pseudonyms) -> None:
        self._database, self._log, self._pseudonyms = database, log, pseudonyms

    def keep(self, dataset: str, user: str | None, document: Mapping[str, Any]) -> dict[str, Any]:
        """Make the receipt of what `document` says, with its entry in the record: both are kept, or neither.

        `document` has data_hash, model, settings, list and code_version (`data.keep.evidence.receipt_claims`). A `user`
        of None is a list made of nobody's data: neither the receipt nor the record nor our table tells of a person.
        """
        with self._database.write() as session:
            who = None if user is None else self._pseudonyms.pseudonym(dataset, user, session)
            claims = receipt_claims(
                receipt_id=uuid.uuid4().hex,
                subject=who,
                profiled=user is not None,
                dataset=dataset,
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                **document,
            )
            about = {"data": dataset, "model_id": claims["model"]["model_id"], "receipt_id": claims["receipt_id"]}
            detail = {**about, "claims_sha256": sha256(canonical(claims))}
            event = self._log.append_within(session, Kind.RECEIPT, who or _SYSTEM, detail, subject=who)
            told = receipt(claims, self._log.prove_within(session, event.index), event)
            row = {
                "receipt_id": claims["receipt_id"],
                "dataset": dataset,
                "user_id": _NOBODY if user is None else user,
                "model_id": about["model_id"],
                "at": claims["made_at"],
                "document": canonical(told).decode(),
            }
            session.execute(insert(ReceiptRow), row)
        return told

    def get(self, receipt_id: str) -> dict[str, Any]:
        """The receipt of that id; raises `NotFound`, also where its person was erased."""
        with self._database.read() as session:
            row = session.get(ReceiptRow, receipt_id)
        if row is None:
            raise NotFound("receipt", receipt_id, fix="it was never made here, or its person was erased")
        return dict(json.loads(row.document))

    def owner(self, receipt_id: str) -> str | None:
        """Whose receipt it is; None where it was never made here, its person was erased, or it is of nobody's data."""
        with self._database.read() as session:
            return session.scalar(select(ReceiptRow.user_id).where(ReceiptRow.receipt_id == receipt_id)) or None

    def of(self, dataset: str, user: str) -> list[dict[str, Any]]:
        """The person's receipts, in the order in which they were made."""
        query = select(ReceiptRow.document).where(ReceiptRow.dataset == dataset, ReceiptRow.user_id == user)
        with self._database.read() as session:
            found = [json.loads(document) for document in session.scalars(query)]
        return sorted(found, key=lambda told: int(told["log_index"]))

    def forget(self, dataset: str, user: str) -> None:
        """Remove the person's receipts; the erasure itself is recorded by whoever does it."""
        with self._database.write() as session:
            session.execute(delete(ReceiptRow).where(ReceiptRow.dataset == dataset, ReceiptRow.user_id == user))
        self._database.truncate_journal()
