"""Notice: what decides a person's list, generated from the model's own register and the settings of this moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from app.consent_words import CATEGORIES, PURPOSES, ask, each_withdrawn
from app.use_cases.agreeing import cells_of
from app.use_cases.boosting import boosts_of
from app.workspace import Workspace
from data.keep.consents import Category, Cell, Purpose
from data.keep.declarations import Declarations
from data.keep.events import Kind
from data.keep.retention import POLICY
from data.keep.verifier import sha256
from models.slider import LARGEST_BUDGET, budget_of
from models.why.importance import ranks
from models.why.parameters import Parameter


def register(workspace: Workspace, model_id: str) -> list[dict[str, Any]]:
    """A row for everything that may move a score, the operator's and the person's own settings included.

    `rank` is the declared importance: 1 the most important, None declared as not used. The rows of the model come from
    the model; `tests/test_noticing.py` holds that no other input moves a score.
    """
    about = workspace.shelf.about(model_id)
    data = about["data"]
    model = workspace.model(model_id)
    own = model.parameters()
    declared = Declarations(workspace.database, workspace.log).order(data, about["model"])
    order = ranks(own, [name for name in declared if any(row.id == name for row in own)] if declared else None)
    rows = [_row(parameter, order[parameter.id]) for parameter in own]
    default = workspace.policies.default_slider(data)
    slider = (
        f"Stands at {default:g} of 1 until you move it: up to {budget_of(default):.0%} of the relevance may be given up, "
        f"and {LARGEST_BUDGET:.0%} at 1."
    )
    rows.append(_setting("slider", "The relevance-serendipity slider", "how few people know a title, and how far it is "
                         "from what you chose", slider, "Move it on the page of the list."))  # fmt: skip
    rows += [
        _setting(
            f"boost:{row['id']}", f"Boost: {row['label']}", "a decision of the operator",
            f"{row['amount']:+g} on the score of {row['titles']} title{'s' if row['titles'] != 1 else ''}.",
            "Shown as a reason of every title it moves; hide the title or its provider.",
        )
        for row in boosts_of(workspace, model_id)
    ]  # fmt: skip
    rows.append(_setting("wishes", "Your own wishes", "what you told us not to use, to use less, to hide, or that you like",
                         "Nothing until you say so.", "Take any of them back where you made it."))  # fmt: skip
    return rows


def _row(parameter: Parameter, rank: int | None) -> dict[str, Any]:
    return {
        "id": parameter.id,
        "title": parameter.title,
        "data": parameter.data,
        "effect": parameter.effect,
        "rank": rank,
        "you_can": _CAN.get(parameter.id, "Switch personal lists off." if rank else ""),
    }


_CAN = {
    "choices": "Take out a title, a category or a provider, or switch personal lists off.",
    "ratings": "Switch off the use of your ratings.",
    "others": "Switch off that others' lists learn from you.",
}


def _setting(name: str, title: str, data: str, effect: str, you_can: str) -> dict[str, Any]:
    return {"id": name, "title": title, "data": data, "effect": effect, "rank": None, "you_can": you_can}


def notice(workspace: Workspace, model_id: str) -> str:
    """The one-page notice in plain words: purpose, data, what decides, what comes out, how to say no, whom to ask."""
    about = workspace.shelf.about(model_id)
    dataset = workspace.catalog.open(about["data"])
    rows = register(workspace, model_id)
    used = sorted((row for row in rows if row["rank"]), key=lambda row: (row["rank"], row["title"]))
    unused = [row["title"].lower() for row in rows[: len(workspace.model(model_id).parameters())] if not row["rank"]]
    lines = [
        f"How {dataset.title or about['data']} makes a list for you",
        "What comes out: a ranked list of titles, the same reasons for everybody, with no effect on prices or access.",
        "What decides it, the most important first:",
        *(f"{place}. {row['title']}: {row['effect']} Uses {row['data']}." for place, row in enumerate(used, 1)),
        *([f"Not used for the score: {', '.join(unused)}."] if unused else []),
        *(
            f"{row['title']}: {row['effect']}"
            for row in rows
            if row["id"] == "slider" or row["id"].startswith("boost:")
        ),
        "What your data is used for:",
        *_purposes(cells_of(dataset), {row["id"] for row in used}),
        "If you say no: your list is the one that is the same for all, as long and from the same catalogue.",
        "You can say no, and yes again, in one step on the page of the list. It stays until you change it.",
        _kept(workspace, about["data"]),
        "You can see, correct, take away and erase what is held about you under My data.",
    ]
    return "\n".join([*lines, ask(workspace.policies.contact(about["data"]))])


def _purposes(cells: Sequence[Cell], used: Collection[str]) -> list[str]:
    """A line a purpose; lists name only what this model reads (`used`: ids of parameters that move its scores)."""
    unread = {kind for kind, parameter in _READ_AS.items() if parameter not in used} | {Category.DEMOGRAPHICS}
    found = []
    for purpose, words in PURPOSES.items():
        asked = [category for about, category in cells if about is purpose]
        kinds = [kind for kind in asked if purpose is not Purpose.LISTS or kind not in unread]
        if kinds:
            named = ", ".join(CATEGORIES[kind] for kind in kinds)
            found.append(f"- {words}: {named}. {each_withdrawn(purpose, kinds)}")
        elif asked:
            found.append(f"- {words}: this model reads nothing of you for it.")
    return found


_READ_AS = {Category.CHOICES: "choices", Category.VIEWS: "choices", Category.RATINGS: "ratings"}


def _kept(workspace: Workspace, data: str) -> str:
    days = workspace.policies.setting(data, POLICY, {})
    told = [f"{what} for {count} days" for what, count in days.items() if count is not None]
    return f"How long: {', '.join(told)}." if told else "How long: until you erase it; no limit is set."


def tell(workspace: Workspace, model_id: str, user: str) -> tuple[str, bool]:
    """The notice for this person, and whether it is new to them; that it was shown is recorded before a list is made."""
    data, text = workspace.shelf.about(model_id)["data"], notice(workspace, model_id)
    seal, known = sha256(text.encode()), workspace.pseudonyms.known(data, user)
    seen = workspace.log.entries(kind=Kind.NOTICE, subject=known) if known else []
    if any(event.detail["sha256"] == seal for event in seen):
        return text, False
    who = workspace.pseudonyms.pseudonym(data, user)
    workspace.log.append(Kind.NOTICE, who, {"data": data, "model_id": model_id, "sha256": seal}, subject=who)
    return text, True
