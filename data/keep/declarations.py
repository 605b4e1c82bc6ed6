"""The order of importance that the product manager declares for the parameters of a model, with who and why."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy.orm import Session

from data.errors import BadInput, NotFound
from data.keep.database import Database
from data.keep.events import EventLog, Kind
from data.keep.schema import PolicyRow

_NAME = "declared-importance:"


class Declarations:
    """Declared orders by data set and model name; a model that has none follows its own register."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database, self._log = database, log

    def order(self, dataset: str, model: str) -> tuple[str, ...] | None:
        """The ids of the parameters that are declared as used, most important first; None where nobody declared."""
        with self._database.read() as session:
            return _order(session, dataset, model)

    def declare(
        self, dataset: str, model: str, order: Sequence[str], *, known: Sequence[str], actor: str, reason: str
    ) -> None:
        """Declare an order. `known` are the parameters of the model; those left out are declared as not used."""
        _check(order, known, reason)
        with self._database.write() as session:
            before = _order(session, dataset, model)
            name, after = f"{_NAME}{model}", list(order)
            session.merge(PolicyRow(dataset=dataset, name=name, value=json.dumps(after)))
            told = {"policy": name, "before": before and list(before), "after": after, "reason": reason.strip()}
            self._log.append_within(session, Kind.POLICY, actor, {"data": dataset, **told})


def _order(session: Session, dataset: str, model: str) -> tuple[str, ...] | None:
    row = session.get(PolicyRow, (dataset, f"{_NAME}{model}"))
    return None if row is None else tuple(json.loads(row.value))


def _check(order: Sequence[str], known: Sequence[str], reason: str) -> None:
    if not order:
        raise BadInput("no parameter is named", fix=f"name them, most important first: {', '.join(known)}")
    for name in order:
        if name not in known:
            raise NotFound("parameter", name, list(known))
    if len(set(order)) < len(order):
        raise BadInput("a parameter is named twice", value=", ".join(order), fix="name each one once")
    if not reason.strip():
        raise BadInput("a change of what is declared needs a reason", fix="say in a sentence why this order is right")
