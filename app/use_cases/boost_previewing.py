"""Preview of a boost: whose lists it would change, and what exposure it would move, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.use_cases.boosting import Target, boost_of, boosts_for, check_target, items_of
from app.workspace import Workspace
from audit.measures.weights import DEFAULT, weights
from data.errors import BadInput
from data.keep.policies import BoostRule, checked_amount
from models.base import Recommender
from models.histories import Profiles
from models.ranking import Lists
from models.serving import serve_everybody

_SAMPLE = 500


@dataclass(frozen=True)
class BoostPreview:
    """What one boost would change in the lists of a sample of people; every share is from 0 to 1.

    `changed`: people whose titles or their order change; `renewed`: people who get another title; `shown_*`: people
    whose list holds a title that it is for; `exposure_*`: of the attention that all places get (1/log2(rank + 1)), the
    part on those titles.
    """

    people: int
    titles: int
    changed: float
    renewed: float
    shown_before: float
    shown_after: float
    exposure_before: float
    exposure_after: float


def preview_boost(
    workspace: Workspace,
    model_id: str,
    kind: Target,
    target: str,
    amount: float,
    *,
    k: int = 10,
    people: int = _SAMPLE,
    seed: int = 0,
) -> BoostPreview:
    """Lists of a seeded sample before and after the boost takes its place among those that are there; saves nothing.

    An amount of 0 is the boost taken away. The slider is at the default, people's own settings are left out, and nobody
    is drawn who switched profiling off.
    """
    about, model = workspace.shelf.about(model_id), workspace.model(model_id)
    dataset, slider = workspace.catalog.open(about["data"]), workspace.policies.default_slider(about["data"])
    rule = BoostRule(kind, target, checked_amount(amount), "")
    check_target(rule, dataset)
    new, before = boost_of(rule, dataset, model), boosts_for(workspace, model_id, model)
    after = (*(boost for boost in before if boost.id != rule.id), *([new] if amount else []))
    sample = _sample(workspace, about["data"], model, people, seed)
    was, now = (serve_everybody(model, k, slider, boosts, sample).lists for boosts in (before, after))
    codes = model.training.items.codes(items_of(rule, dataset))
    codes = codes[codes >= 0]
    shown, exposure = zip(*(_reach(lists, codes) for lists in (was, now)), strict=True)
    return BoostPreview(
        len(sample),
        len(codes),
        float((was.items != now.items).any(axis=1).mean()),
        float((np.sort(was.items, axis=1) != np.sort(now.items, axis=1)).any(axis=1).mean()),
        *shown,
        *exposure,
    )


def score_scale(
    workspace: Workspace, model_id: str, *, k: int = 10, people: int = _SAMPLE, seed: int = 0
) -> dict[str, float]:
    """Medians over a sample of lists: the first score, the k-th, and the distance between; so that an amount means something.

    The model's own scores, before boosts and slider. `people` counts the lists that have k titles; without any, the
    medians are NaN.
    """
    model = workspace.model(model_id)
    sample = _sample(workspace, workspace.shelf.about(model_id)["data"], model, people, seed)
    scores = model.recommend(sample, k).scores
    whole = scores[np.isfinite(scores).all(axis=1)] if scores.shape[1] == k else scores[:0]
    if not len(whole):
        return {"first": np.nan, "last": np.nan, "distance": np.nan, "people": 0}
    first, last = whole[:, 0], whole[:, -1]
    medians = (float(np.median(values)) for values in (first, last, first - last))
    return {**dict(zip(("first", "last", "distance"), medians, strict=True)), "people": len(whole)}


def _sample(workspace: Workspace, data: str, model: Recommender, people: int, seed: int) -> Profiles:
    users = model.training.users.values.astype(str)
    allowed = np.flatnonzero(~np.isin(users, list(workspace.choices.opted_out(data))))
    if not len(allowed):
        raise BadInput("everybody switched profiling off, so there is no list to change", fix="use more data")
    return model.profiles(np.sort(np.random.default_rng(seed).permutation(allowed)[:people]))


def _reach(lists: Lists, codes: np.ndarray) -> tuple[float, float]:
    """Share of lists that hold one of the items, and the items' share of all attention."""
    there, theirs = lists.items >= 0, np.isin(lists.items, codes)
    attention = weights(DEFAULT, np.arange(1, lists.items.shape[1] + 1))
    return float(theirs.any(axis=1).mean()), float((theirs * attention).sum() / (there * attention).sum())
