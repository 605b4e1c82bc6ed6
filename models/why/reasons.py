"""Why a title is on a person's list as it is shown: the model's parts, the operator's, the person's, and the proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.errors import BadInput
from models.base import Recommender
from models.explanation import Explanation, Part
from models.histories import history
from models.serving import LESS, Request, serve
from models.surprise import surprise_of
from models.why.counterfactual import counterfactuals


def explain_served(model: Recommender, request: Request, item: int, *, counterfactual: bool = True) -> Explanation:
    """Every term of the shown score, the slider's and boosts included, what others stand behind it, and what would change it.

    Sum of parts + base is the score that the list shows. Without `counterfactual` only the arithmetic is told.
    """
    check_open(model, request, item)
    told = model.explain(request.one, item)
    added = [*_less(model, request, item), *_boosts(request, item), *_slider(model, request, item)]
    if added:
        score = told.score + sum(part.value for part in added)
        told = replace(told, score=score, parts=(*told.parts, *added))
    if not counterfactual:
        return told
    neighbours, notes = model.evidence(request.one, item)
    off, passed = counterfactuals(model, request, item)
    return replace(told, neighbours=neighbours, notes=(*told.notes, *notes), counterfactual=off, overtaken=passed)


def check_open(model: Recommender, request: Request, item: int) -> None:
    """Refuse an item that cannot be on this person's list, with the reason."""
    title = model.title_of(item)
    if item in history(request.withdrawn or request.one)[0]:
        raise BadInput(
            f"'{title}' is already in this person's history, so it is not recommended", fix="ask about another title"
        )
    if request.hidden is not None and item in request.hidden:
        raise BadInput(f"this person chose never to be shown '{title}'", fix="let it be shown again, then ask")


def _less(model: Recommender, request: Request, item: int) -> list[Part]:
    whole = model.score_of(request.one, item)
    parts = []
    for code in request.less:
        value = -LESS * (whole - model.score_of(request.one.without(np.array([code])), item))
        if value:
            title = f"less of “{model.title_of(code)}”, as you asked"
            parts.append(Part("choice", model.training.items[code], title, float(value)))
    return parts


def _boosts(request: Request, item: int) -> list[Part]:
    return [
        Part("choice" if boost.own else "boost", boost.id, boost.title, float(boost.values[item]))
        for boost in request.boosts
        if boost.values[item] != 0
    ]


def _slider(model: Recommender, request: Request, item: int) -> list[Part]:
    if request.serendipity == 0:
        return []
    surprise = surprise_of(model)
    rarity, distance = surprise.rarity[item], surprise.distance(request.one)[0, item]
    title = f"surprising (rarity {rarity:.2f}, distance from your choices {distance:.2f} of 1), as the slider asks"
    value = serve(model, request).price * surprise.table(request.one)[0, item]
    return [Part("slider", "slider", title, float(value))]
