"""Recommend: one person's list as they chose it, the list that is the same for all, or everybody's at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.outputs import check_file, write_file
from app.use_cases.boosting import boosts_for
from app.use_cases.personal import PersonalList, checked_k
from app.workspace import Workspace
from data.columns import ITEM, RANK, SCORE, USER
from data.errors import BadInput
from data.ids import Ids
from data.keep.choices import Choice
from data.keep.events import Kind
from models import saving
from models.base import Recommender
from models.serving import Request, Served, non_profiled, serve, serve_everybody

_UNMET = 2_000  # people whom the model was not trained on, up to whom each is listed from their own records
EVERYBODY = "everybody"  # what the record of a file of everybody's lists says under `lists`


def recommend(
    workspace: Workspace,
    model_id: str,
    user: str,
    k: int = 10,
    *,
    serendipity: float | None = None,
    profiled: bool = True,
    without: Sequence[str] = (),
    signal: bool = False,
) -> dict[str, Any]:
    """One list. Nothing given means what the person chose, or else the product manager's default slider.

    With `profiled=False`, or for a person who switched profiling off, neither the id nor any record of a person enters.
    """
    if not profiled:
        return recommend_non_profiled(workspace, model_id, k)
    return as_list(PersonalList.of(workspace, model_id, user, k, serendipity, without, signal=signal))


def recommend_non_profiled(workspace: Workspace, model_id: str, k: int = 10) -> dict[str, Any]:
    """The list that is made without any person's data: most chosen first. It reads the catalogue file and nothing else."""
    ids, titles, counts, _ = saving.popular_items(workspace.shelf.folder(model_id))
    codes = non_profiled(counts, checked_k(k))
    items = [
        {"item_id": ids[code], "rank": rank, "score": float(counts[code]), "title": titles[code]}
        for rank, code in enumerate(codes.tolist(), start=1)
    ]
    return {"model_id": model_id, "profiled": False, "serendipity": 0.0, "items": items}


def recommend_all(
    workspace: Workspace, model_id: str, out: Path, k: int = 10, serendipity: float | None = None
) -> dict[str, Any]:
    """Everybody's list to a Parquet file of user_id, item_id, rank, score: for each the list that they are shown.

    `serendipity` is the slider of those who set none themselves; by default the manager's. Who is not profiled has the
    list that is the same for all. Of people whom the model was not trained on the first 2,000 are in it; `left_out` says
    how many are not: train again.
    """
    if out.suffix != ".parquet":
        raise BadInput("lists are written as Parquet", value=out, fix="give a file name that ends in .parquet")
    check_file(out)
    model, data = workspace.model(model_id), workspace.shelf.about(model_id)["data"]
    position = workspace.policies.default_slider(data) if serendipity is None else serendipity
    started = time.perf_counter()
    lists = serve_everybody(model, checked_k(k), position, boosts_for(workspace, model_id, model)).lists
    frame = lists.frame(model.training.users, model.training.items)
    here = workspace.catalog.open(data).interactions.users.values.astype(str)
    unmet = here[~np.isin(here, model.training.users.values.astype(str))]
    frame = _as_they_chose(workspace, model_id, frame, k, position, unmet[:_UNMET])
    seconds = round(time.perf_counter() - started, 3)
    _record_lists(workspace, model_id, frame, k)
    write_file(out, lambda file: frame.to_parquet(file, index=False))
    return {
        "model_id": model_id,
        "rows": len(frame),
        "people": frame[USER].nunique(),
        "left_out": max(len(unmet) - _UNMET, 0),
        "seconds": seconds,
        "path": str(out),
    }


def _record_lists(workspace: Workspace, model_id: str, frame: pd.DataFrame, k: int) -> None:
    """Everybody is in the file, so that an erasure can name it; told before it is there, as a file may be copied at once."""
    about = {"data": workspace.shelf.about(model_id)["data"], "model_id": model_id, "lists": EVERYBODY}
    workspace.log.append(Kind.EXPORT, "operator", {**about, "format": "parquet", "rows": len(frame), "k": k})


def _as_they_chose(
    workspace: Workspace, model_id: str, lists: pd.DataFrame, k: int, position: float, unmet: np.ndarray
) -> pd.DataFrame:
    """The lists, where everybody with choices of their own has the list that these make, and who is `unmet` has theirs."""
    data = workspace.shelf.about(model_id)["data"]
    known = workspace.model(model_id).training.users
    asked = {user: choice for user, choice in workspace.choices.every(data).items() if choice != Choice()}
    minors = workspace.catalogue(data).minors
    own = sorted({*(name for name in {*asked, *minors} if name in known), *unmet.tolist()})
    if not own:
        return lists
    made = [_shown_to(workspace, model_id, user, k, asked.get(user, Choice()), position) for user in own]
    both = pd.concat([lists[~lists[USER].isin(own)], *made], ignore_index=True)
    places = Ids([*known.values, *own]).codes(both[USER])
    return both.iloc[np.lexsort((both[RANK], places))].reset_index(drop=True).astype(lists.dtypes)


def _shown_to(workspace: Workspace, model_id: str, user: str, k: int, choice: Choice, position: float) -> pd.DataFrame:
    asked = None if choice.slider is not None else position
    shown = recommend(workspace, model_id, user, k, serendipity=asked)["items"]
    frame = pd.DataFrame(shown, columns=[ITEM, RANK, SCORE])
    frame.insert(0, USER, user)
    return frame


def as_list(shown: PersonalList) -> dict[str, Any]:
    """A list as plain values."""
    if shown.model is None or shown.request is None:
        told = recommend_non_profiled(shown.workspace, shown.model_id, shown.k)
        return {**told, "without": list(shown.without), "reason": shown.reason} if shown.reason else told
    served = serve(shown.model, shown.request)
    return {
        "model_id": shown.model_id,
        "profiled": True,
        "serendipity": shown.request.serendipity,
        "relevance_kept": served.kept,
        "without": list(shown.without),
        "items": _rows(served, shown.model, shown.request),
    }


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
            "boost_term": float(sum(boost.values[code] for boost in request.boosts if not boost.own)),
            "wish_term": float(sum(boost.values[code] for boost in request.boosts if boost.own)),
        }
        for place, code in enumerate(shown.items.tolist())
    ]
