"""Recommend: one person's list as they chose it, the list that is the same for all, or everybody's at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.outputs import check_file, write_file
from app.use_cases.boosting import boosts_for
from app.workspace import Workspace
from data.columns import ITEM, RANK, SCORE, USER
from data.errors import BadInput, NotFound
from data.ids import Ids
from data.keep.choices import Choice
from data.keep.events import Kind
from models import saving
from models.base import Recommender
from models.histories import Profiles, history
from models.serving import Request, Served, non_profiled, serve, serve_everybody

NOTHING_KNOWN = "no past choice may be used"
EVERYBODY = "everybody"  # what the record of a file of everybody's lists says under `lists`
_LARGEST_K = 1_000


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

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        model_id: str,
        user: str,
        k: int = 10,
        serendipity: float | None = None,
        without: Sequence[str] = (),
    ) -> PersonalList:
        """The list as the person's own choices make it; without a profile where they want none or nothing may be used."""
        choice = workspace.choices.get(workspace.shelf.about(model_id)["data"], user)
        if not choice.profiling:
            return cls(workspace, model_id, k)
        model = workspace.model(model_id)
        request, used = _request(workspace, model_id, model, user, choice, k, serendipity, without)
        if model.profiled and not request.one.matrix.nnz:
            return cls(workspace, model_id, k, without=tuple(used), reason=NOTHING_KNOWN)
        return cls(workspace, model_id, k, model, request, tuple(used))

    def document(self) -> dict[str, Any]:
        """The list as plain values."""
        if self.model is None or self.request is None:
            told = recommend_non_profiled(self.workspace, self.model_id, self.k)
            return {**told, "without": list(self.without), "reason": self.reason} if self.reason else told
        shown = serve(self.model, self.request)
        return {
            "model_id": self.model_id,
            "profiled": True,
            "serendipity": self.request.serendipity,
            "relevance_kept": shown.kept,
            "without": list(self.without),
            "items": _rows(shown, self.model, self.request),
        }


def recommend(
    workspace: Workspace,
    model_id: str,
    user: str,
    k: int = 10,
    *,
    serendipity: float | None = None,
    profiled: bool = True,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """One list. Nothing given means what the person chose, or else the product manager's default slider.

    With `profiled=False`, or for a person who switched profiling off, neither the id nor any record of a person enters.
    """
    if not profiled:
        return recommend_non_profiled(workspace, model_id, k)
    return PersonalList.of(workspace, model_id, user, k, serendipity, without).document()


def recommend_non_profiled(workspace: Workspace, model_id: str, k: int = 10) -> dict[str, Any]:
    """The list that is made without any person's data: most chosen first. It reads the catalogue file and nothing else."""
    ids, titles, counts, _ = saving.popular_items(workspace.shelf.folder(model_id))
    codes = non_profiled(counts, _checked_k(k))
    items = [
        {"item_id": ids[code], "rank": rank, "score": float(counts[code]), "title": titles[code]}
        for rank, code in enumerate(codes.tolist(), start=1)
    ]
    return {"model_id": model_id, "profiled": False, "serendipity": 0.0, "items": items}


def recommend_all(
    workspace: Workspace, model_id: str, out: Path, k: int = 10, serendipity: float = 0.0
) -> dict[str, Any]:
    """Everybody's list to a Parquet file of user_id, item_id, rank, score.

    People who switched profiling off get the list that is the same for all.
    """
    if out.suffix != ".parquet":
        raise BadInput("lists are written as Parquet", value=out, fix="give a file name that ends in .parquet")
    check_file(out)
    model = workspace.model(model_id)
    started = time.perf_counter()
    lists = serve_everybody(model, _checked_k(k), serendipity, boosts_for(workspace, model_id, model)).lists
    users = model.training.users
    frame = _off_is_off(workspace, model_id, lists.frame(users, model.training.items), users, k)
    seconds = round(time.perf_counter() - started, 3)
    _record_lists(workspace, model_id, frame, k)
    write_file(out, lambda file: frame.to_parquet(file, index=False))
    return {"model_id": model_id, "rows": len(frame), "people": len(lists), "seconds": seconds, "path": str(out)}


def _record_lists(workspace: Workspace, model_id: str, frame: pd.DataFrame, k: int) -> None:
    """Everybody is in the file, so that an erasure can name it; told before it is there, as a file may be copied at once."""
    about = {"data": workspace.shelf.about(model_id)["data"], "model_id": model_id, "lists": EVERYBODY}
    workspace.log.append(Kind.EXPORT, "operator", {**about, "format": "parquet", "rows": len(frame), "k": k})


def _off_is_off(workspace: Workspace, model_id: str, lists: pd.DataFrame, users: Ids, k: int) -> pd.DataFrame:
    """The lists, where everybody who switched profiling off has the one that is the same for all."""
    opted_out = workspace.choices.opted_out(workspace.shelf.about(model_id)["data"])
    off = np.isin(users.values.astype(str), list(opted_out)) if opted_out else np.zeros(len(users), dtype=bool)
    if not off.any():
        return lists
    same = pd.DataFrame(recommend_non_profiled(workspace, model_id, k)["items"])[[ITEM, RANK, SCORE]]
    added = pd.DataFrame({USER: users.values[off]}).merge(same, how="cross").astype(lists.dtypes)
    both = pd.concat([lists[~lists[USER].isin(users.values[off])], added], ignore_index=True)
    return both.iloc[np.lexsort((both[RANK], users.codes(both[USER])))].reset_index(drop=True)


def personal_request(
    workspace: Workspace,
    model_id: str,
    model: Recommender,
    user: str,
    k: int,
    serendipity: float | None,
    without: Sequence[str] = (),
) -> tuple[Request, list[str]]:
    """What a personal list is asked for, and the history items that the person took out of it."""
    choice = workspace.choices.get(workspace.shelf.about(model_id)["data"], user)
    return _request(workspace, model_id, model, user, choice, k, serendipity, without)


def _request(
    workspace: Workspace,
    model_id: str,
    model: Recommender,
    user: str,
    choice: Choice,
    k: int,
    serendipity: float | None,
    without: Sequence[str],
) -> tuple[Request, list[str]]:
    code = model.training.users.code(user, "person")
    items = model.training.items
    kept = (name for name in choice.excluded if name in items)  # a data set that was replaced may have lost one
    excluded = sorted({*kept, *(parse_item(name, items) for name in without)}, key=items.code)
    whole = model.profiles(np.array([code]))
    one = whole.without(items.codes(excluded)) if excluded else whole
    hidden, less = items.codes(sorted(choice.hidden)), items.codes(sorted(choice.less))
    request = Request(
        one,
        _checked_k(k),
        _position(workspace, workspace.shelf.about(model_id)["data"], choice.slider, serendipity),
        hidden[hidden >= 0],
        tuple(int(code) for code in less if code in history(one)[0]),
        boosts_for(workspace, model_id, model),
        whole if excluded else None,
    )
    return request, excluded


def parse_item(word: str, items: Ids) -> str:
    """`item:ID`, or just the id, as an id of the catalogue."""
    name = word.removeprefix("item:")
    if name not in items:
        raise NotFound("item", name, [str(value) for value in items.values[:5]])
    return name


def newcomer(model: Recommender, liked: Sequence[str]) -> Profiles:
    """Somebody the model has never met, by the items they picked."""
    from scipy import sparse

    codes = np.unique([model.training.items.code(name, "item") for name in liked]).astype(np.int32)
    ones = np.ones(len(codes))
    shape = (1, len(model.training.items))
    return Profiles(np.array([-1]), sparse.csr_array((ones, codes, np.array([0, len(codes)])), shape=shape))


def _position(workspace: Workspace, data: str, chosen: float | None, asked: float | None) -> float:
    if asked is not None:
        return asked
    return chosen if chosen is not None else workspace.policies.default_slider(data)


def _checked_k(k: int) -> int:
    if not 1 <= k <= _LARGEST_K:
        raise BadInput(f"a list holds 1 to {_LARGEST_K} titles", value=k, fix="ask for k = 10")
    return k


def _rows(shown: Served, model: Recommender, request: Request) -> list[dict[str, Any]]:
    return [
        {
            "item_id": model.training.items[code],
            "rank": place + 1,
            "score": float(shown.scores[place]),
            "title": model.title_of(code),
            "relevance": float(shown.relevance[place]),
            "surprise": float(shown.surprise[place]),
            "slider_term": shown.slider_term(place),
            "boost_term": float(sum(boost.values[code] for boost in request.boosts)),
        }
        for place, code in enumerate(shown.items.tolist())
    ]
