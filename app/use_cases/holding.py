"""What is held about one person, as rows of plain values: a function a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from app import export_words as words
from app.use_cases.choosing import choice
from app.workspace import Workspace
from data.columns import ITEM, TIME, TITLE, Role
from data.keep.events import Kind
from data.keep.verifier import canonical
from data.tables import Dataset

if TYPE_CHECKING:
    from audit.segments import Segments

PURPOSE = "access request of the person"


@dataclass(frozen=True)
class Person:
    """One person of a data set that was opened, with the name they have in the record."""

    workspace: Workspace
    dataset: Dataset
    user: str
    pseudonym: str
    worked_out: Callable[[], Segments] | None = None  # the tags of everybody, where a door keeps them in memory


def interactions(who: Person) -> list[dict[str, Any]]:
    """What the person chose, with titles and times."""
    data = who.dataset.interactions
    frame = data.take(data.user == data.users.code(who.user, "user")).frame()
    frame.insert(2, TITLE, frame[ITEM].map(who.dataset.titles()))
    if TIME in frame:
        frame["time_utc"] = pd.to_datetime(frame[TIME], unit="s", errors="coerce").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return plain_rows(frame)


def attributes(who: Person) -> list[dict[str, Any]]:
    """What is noted about them; the sensitive ones through their logged door."""
    roles = who.dataset.roles
    door = who.workspace.catalog.sensitive(who.dataset.name, lambda read: _record_reading(who, read))
    values = {name: door.read(name, PURPOSE).get(who.user) for name in door.names()}
    values |= {str(name): value for name, value in who.dataset.users.loc[who.user].items()}
    rows = [
        {"attribute": name, "value": value, "role": str(role), "used_for": words.USED_FOR[role]}
        for name, value in values.items()
        for role in (roles.get(name, Role.SEGMENT),)
    ]
    return plain_rows(pd.DataFrame(rows, columns=["attribute", "value", "role", "used_for"], dtype=object))


def _record_reading(who: Person, read: dict[str, Any]) -> None:
    told = {"data": who.dataset.name, **read}
    who.workspace.log.append(Kind.SENSITIVE_READ, who.pseudonym, told, subject=who.pseudonym)


def choices(who: Person) -> list[dict[str, Any]]:
    """Their settings as they apply now."""
    held = choice(who.workspace, who.dataset.name, who.user)
    kept = who.workspace.choices.get(who.dataset.name, who.user)
    titles = who.dataset.titles()
    own = held["slider"] is not None
    settings = [
        ("slider", f"{held['slider'] if own else held['default_slider']:g}", "yes" if own else "no", None),
        ("profiling", *_switch(kept.profiling, default=True), None),
        ("learning", *_switch(kept.learning, default=True), None),
        ("restricted", *_switch(kept.restricted, default=False), None),
        *((name, "yes", "yes", item) for name in ("excluded", "less", "hidden") for item in held[name]),
    ]
    rows = pd.DataFrame(settings, columns=["setting", "value", "own", ITEM], dtype=object)
    return plain_rows(rows.assign(title=rows[ITEM].map(titles)))


def _switch(on: bool, *, default: bool) -> tuple[str, str]:
    """The value of a switch, and whether it is the person's own."""
    return "yes" if on else "no", "no" if on is default else "yes"


def rules(who: Person) -> list[dict[str, Any]]:
    """Their wishes about categories, providers and kinds of data."""
    held = who.workspace.choices.get(who.dataset.name, who.user).rules
    return [{"effect": str(rule.effect), "kind": rule.kind, "value": rule.value} for rule in sorted(held)]


def tags(who: Person) -> list[dict[str, Any]]:
    """What is worked out about them, at this moment: nothing of it is stored."""
    from app.use_cases.tagging import tags as worked_out

    everybody = who.worked_out() if who.worked_out else None
    found = worked_out(who.workspace, who.dataset.name, who.user, everybody)
    return [{**row, "records": json.dumps(row["records"], ensure_ascii=False)} for row in found]


def consents(who: Person) -> list[dict[str, Any]]:
    """Every entry of the consent ledger."""
    return [
        {**{name: value for name, value in asdict(entry).items() if name != "notice"}, "notice_sha256": entry.notice}
        for entry in who.workspace.consents.history(who.dataset.name, who.user)
    ]


def requests(who: Person) -> list[dict[str, Any]]:
    """What they asked for by right."""
    return [
        {
            **{name: getattr(told, name) for name in ("request_id", "kind", "stage")},
            "detail": json.dumps(told.detail, ensure_ascii=False, sort_keys=True),
            **{name: getattr(told, name) for name in ("received_at", "due_at", "closed_at", "outcome")},
        }
        for told in who.workspace.requests.of(who.dataset.name, who.user)
    ]


def models(who: Person) -> list[dict[str, Any]]:
    """The models that hold them."""
    shelf = who.workspace.shelf
    return [told for name in shelf.ids() if (told := _in_model(who, name)) is not None]


def _in_model(who: Person, model_id: str) -> dict[str, Any] | None:
    about = who.workspace.shelf.about(model_id)
    if about["data"] != who.dataset.name:
        return None
    model = who.workspace.model(model_id)
    training = model.training
    if who.user not in training.users:
        return None
    row = training.users.code(who.user, "user")
    return {
        "model_id": model_id,
        "model": about["model"],
        "trained_at": about.get("trained_at"),
        "your_choices": int(training.matrix.indptr[row + 1] - training.matrix.indptr[row]),
        "explanation": str(model.kind),
    }


def receipts(who: Person) -> list[dict[str, Any]]:
    """Receipts of their lists."""
    return [
        {
            **{name: told[name] for name in ("receipt_id", "made_at")},
            "model_id": told["model"]["model_id"],
            "titles": len(told["list"]),
            "receipt": canonical(told).decode(),
        }
        for told in who.workspace.receipts.of(who.dataset.name, who.user)
    ]


def events(who: Person) -> list[dict[str, Any]]:
    """Entries of the record about them."""
    known = who.workspace.pseudonyms.known(who.dataset.name, who.user)
    return [
        {
            **{name: getattr(event, name) for name in ("index", "at", "kind", "actor")},
            "detail": json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
            "leaf": event.leaf,
        }
        for event in who.workspace.log.entries(subject=known)
        if known is not None
    ]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with plain values; what is missing is None."""
    plain = frame.astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]
