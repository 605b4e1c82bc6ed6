"""The account of one list, as plain values: what it was asked for with, and each title with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.base import Recommender
from models.histories import Profiles, history, one_history
from models.serving import Boost, Request, serve, without
from models.why.parameters import rated_alike
from models.why.reasons import explain_served


def settings_of(model: Recommender, request: Request) -> dict[str, Any]:
    """A personal request as plain values: own choices by item id, and the operator's boosts; `request_of` gives it back.

    What was taken out of the history stays off the list, as `Request.withdrawn` says. `ratings` is there, and False,
    where they were not used; `history` where the model was not trained on the person.
    """
    ids = model.training.items
    stranger = request.one.users[0] < 0
    whole = (request.withdrawn or request.one) if stranger else model.profiles(request.one.users)
    codes, values = history(whole)
    taken = np.setdiff1d(codes, history(request.one)[0])
    stored = values[~np.isin(codes, taken)]
    return {
        **({"history": dict(zip(map(str, ids.values[codes]), values.tolist(), strict=True))} if stranger else {}),
        **({} if np.array_equal(stored, history(request.one)[1]) else {"ratings": False}),
        "k": request.k,
        "serendipity": float(request.serendipity),
        "excluded": [ids[int(code)] for code in taken],
        "hidden": [ids[int(code)] for code in ([] if request.hidden is None else np.sort(request.hidden))],
        "less": [ids[int(code)] for code in request.less],
        "boosts": [
            {
                "id": boost.id,
                "title": boost.title,
                **({"own": True} if boost.own else {}),
                "values": {ids[int(code)]: float(boost.values[code]) for code in np.flatnonzero(boost.values)},
            }
            for boost in request.boosts
        ],
    }


def request_of(model: Recommender, user: str, settings: Mapping[str, Any]) -> Request:
    """The request that `settings_of` told of, for this person's stored history."""
    ids = model.training.items
    whole = _stranger(model, settings["history"]) if "history" in settings else _known(model, user)
    if not settings.get("ratings", True):
        whole = rated_alike(whole)
    request = Request(
        whole,
        settings["k"],
        settings["serendipity"],
        ids.codes(settings["hidden"]),
        less=tuple(int(code) for code in ids.codes(settings["less"])),
        boosts=tuple(_boost(model, told) for told in settings["boosts"]),
    )
    return without(request, ids.codes(settings["excluded"]))


def _known(model: Recommender, user: str) -> Profiles:
    return model.profiles(np.array([model.training.users.code(user, "person")]))


def _stranger(model: Recommender, told: Mapping[str, float]) -> Profiles:
    codes = model.training.items.codes(list(told))
    order = np.argsort(codes, kind="stable")
    return one_history(np.array(list(told.values()))[order], codes[order], len(model.training.items))


def _boost(model: Recommender, told: Mapping[str, Any]) -> Boost:
    values = np.zeros(len(model.training.items))
    values[model.training.items.codes(list(told["values"]))] = list(told["values"].values())
    return Boost(told["id"], told["title"], values, told.get("own", False))


def shown_rows(model: Recommender, request: Request) -> list[dict[str, Any]]:
    """The list with the reasons of each title, without counterfactuals: those are not part of the score."""
    listed = serve(model, request)
    rows = []
    for place, code in enumerate(listed.items.tolist()):
        told = explain_served(model, request, code, counterfactual=False)
        rows.append(
            {
                "item_id": model.training.items[code],
                "title": model.title_of(code),
                "rank": place + 1,
                "score": float(listed.scores[place]),
                "base": float(told.base),
                "kind": str(told.kind),
                "background": told.background,
                "parts": [{**part._asdict(), "value": float(part.value)} for part in told.parts],
            }
        )
    return rows
