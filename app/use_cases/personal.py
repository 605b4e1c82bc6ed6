"""A person's own list: their history as it may be used, their wishes, the operator's boosts and the slider, in one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from app.use_cases.agreeing import agreed_to_lists
from app.use_cases.boosting import boosts_for
from app.use_cases.wishes import liked, wishes_of
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.ids import Ids
from data.keep.choices import Choice
from models.base import Recommender
from models.histories import Profiles, history, one_history
from models.serving import Request, serve
from models.why.parameters import rated_alike

LARGEST_K = 1_000


class Why(StrEnum):
    """Why a person has the list that is the same for all, where they did not switch profiling off themselves."""

    NOTHING_KNOWN = "no past choice may be used"
    RESTRICTED = "their records are kept and used for nothing, as they asked"
    MINOR = "they are not of age"
    SIGNAL = "their browser asks not to be profiled"


@dataclass(frozen=True, eq=False)
class PersonalList:
    """The list that a person is shown, made once for every question about it. No `request`: it is the same for all."""

    workspace: Workspace
    model_id: str
    k: int
    model: Recommender | None = None
    request: Request | None = None
    without: tuple[str, ...] = ()
    reason: str | None = None  # why there is no personal list, where the person did not switch it off
    user: str = ""  # of a personal list

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        model_id: str,
        user: str,
        k: int = 10,
        serendipity: float | None = None,
        without: Sequence[str] = (),
        *,
        signal: bool = False,
    ) -> PersonalList:
        """The list as the person's own choices make it; without a profile where they want none or nothing may be used.

        `signal` is the opt-out signal of a browser (`Sec-GPC: 1`); it counts until the person says otherwise themselves.
        """
        data = workspace.shelf.about(model_id)["data"]
        choice = workspace.choices.get(data, user)
        if not choice.profiling:
            return cls(workspace, model_id, k)
        if why := _withheld(workspace, data, user, choice, signal):
            return cls(workspace, model_id, k, reason=str(why))
        model = workspace.model(model_id)
        request, used = _request(workspace, data, model_id, model, user, choice, k, serendipity, without)
        empty = not request.one.matrix.nnz
        told = any(boost.own for boost in request.boosts)
        if model.profiled and empty and not (told and len(serve(model, request).items)):
            return cls(workspace, model_id, k, without=tuple(used), reason=str(Why.NOTHING_KNOWN))
        return cls(workspace, model_id, k, model, request, tuple(used), user=user)


def withheld(workspace: Workspace, data: str, user: str, *, signal: bool = False) -> Why | None:
    """Why nobody may profile this person now, for a reason other than their own switch."""
    return _withheld(workspace, data, user, workspace.choices.get(data, user), signal)


def _withheld(workspace: Workspace, data: str, user: str, choice: Choice, signal: bool) -> Why | None:
    if choice.restricted:
        return Why.RESTRICTED
    minor = user in workspace.catalogue(data).minors
    if not (minor or signal) or agreed_to_lists(workspace.consents.state_at(data, user)):
        return None
    return Why.MINOR if minor else Why.SIGNAL


def _request(
    workspace: Workspace,
    data: str,
    model_id: str,
    model: Recommender,
    user: str,
    choice: Choice,
    k: int,
    serendipity: float | None,
    without: Sequence[str],
) -> tuple[Request, list[str]]:
    items = model.training.items
    wishes = wishes_of(workspace, data, model, choice)
    whole = stored_history(workspace, data, model, user)
    asked = items.codes([parse_item(name, items) for name in without])
    own = history(whole)[0]
    taken = np.union1d(wishes.unused, asked).astype(np.int64)
    single = {*choice.excluded, *(items[code] for code in asked)}
    used = [items[code] for code in taken.tolist() if code in own or items[code] in single]
    if not wishes.ratings:
        whole = rated_alike(whole)
    taken = np.intersect1d(taken, own)
    one = whole.without(taken) if len(taken) else whole
    request = Request(
        one,
        checked_k(k),
        _position(workspace, data, choice.slider, serendipity),
        wishes.hidden,
        tuple(int(code) for code in wishes.less if code in history(one)[0]),
        (*boosts_for(workspace, model_id, model), *liked(workspace, data, model, one, choice)),
        whole if len(taken) else None,
    )
    return request, used


def stored_history(workspace: Workspace, data: str, model: Recommender, user: str) -> Profiles:
    """What is held of a person, as the model reads it: from the model, or from the data set if it was not trained on them."""
    if user in model.training.users:
        return model.profiles(np.array([model.training.users.code(user)]))
    dataset = workspace.catalog.open(data)
    if user not in dataset.interactions.users:
        raise NotFound("person", user, fix=f"check the id; it must be one of the data set '{dataset.name}'")
    mine = dataset.interactions.take(dataset.interactions.user == dataset.interactions.users.code(user))
    codes = model.training.items.codes(mine.items.values[mine.item])
    values = np.ones(len(mine)) if mine.value is None else mine.value
    order = np.argsort(codes[codes >= 0], kind="stable")
    return one_history(values[codes >= 0][order], codes[codes >= 0][order], len(model.training.items))


def parse_item(word: str, items: Ids) -> str:
    """`item:ID`, or just the id, as an id of the catalogue."""
    name = word.removeprefix("item:")
    if name not in items:
        raise NotFound("item", name, [str(value) for value in items.values[:5]])
    return name


def checked_k(k: int) -> int:
    """The length of a list, 1 to `LARGEST_K`."""
    if not 1 <= k <= LARGEST_K:
        raise BadInput(f"a list holds 1 to {LARGEST_K} titles", value=k, fix="ask for k = 10")
    return k


def at_position(shown: PersonalList, position: float) -> PersonalList:
    """The same list with the slider elsewhere, nothing of it kept."""
    if shown.request is None:
        return shown
    return replace(shown, request=replace(shown.request, serendipity=position))


def _position(workspace: Workspace, data: str, chosen: float | None, asked: float | None) -> float:
    if asked is not None:
        return asked
    return chosen if chosen is not None else workspace.policies.default_slider(data)
