"""What the operator adds after the model: each boost and the default slider, measured like any other parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from models.base import Recommender
from models.histories import Profiles
from models.ranking import top_k
from models.serving import Boost, Request, reranked, shown_scores
from models.slider import CANDIDATES
from models.why.importance import changed_share


def operator_effects(
    model: Recommender,
    profiles: Profiles,
    k: int = 10,
    *,
    slider: float = 0.0,
    boosts: Sequence[Boost] = (),
    bootstrap: Bootstrap | None = None,
) -> pd.DataFrame:
    """A row for the slider and for each boost: id, title, setting, changed, low, high, n.

    `changed` is the mean over people of the share of the shown list, with the slider at `slider` and all boosts, that is
    not in the list made without this one (the slider at 0); 0 = nothing changes. Nobody's own slider is used.
    """
    shown = _lists(model, profiles, k, slider, boosts)
    rows = [("slider", "The relevance-serendipity slider", f"{slider:g} of 1")]
    without = [_lists(model, profiles, k, 0.0, boosts)]
    for place, boost in enumerate(boosts):
        reach, amount = int(np.count_nonzero(boost.values)), float(boost.values[np.argmax(np.abs(boost.values))])
        rows.append((f"boost:{boost.id}", boost.title, f"{amount:+g} on {reach} titles"))
        without.append(_lists(model, profiles, k, slider, [*boosts[:place], *boosts[place + 1 :]]))
    changed = pd.DataFrame({row[0]: changed_share(shown, other) for row, other in zip(rows, without, strict=True)})
    means = (bootstrap or Bootstrap(draws=1000)).means(changed).rename(columns={"value": "changed"})
    return pd.concat([pd.DataFrame(rows, columns=["id", "title", "setting"]), means.reset_index(drop=True)], axis=1)


def _lists(model: Recommender, profiles: Profiles, k: int, slider: float, boosts: Sequence[Boost]) -> np.ndarray:
    request = Request(profiles, k, slider, boosts=tuple(boosts))
    depth = min(k if slider == 0 else max(CANDIDATES, k), len(model.training.items))
    candidates = top_k(lambda block: shown_scores(model, request, block), profiles, depth)
    return reranked(model, profiles, candidates, slider, k).lists.items
