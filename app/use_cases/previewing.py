"""Preview: what a default slider position would change, for whom, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.use_cases.judging import audited, groups_of, known_choices, twin
from app.workspace import Workspace
from audit.inference.intervals import Bootstrap
from audit.measures.coded import Coded
from audit.measures.exposure import list_statistics, provider_exposure
from audit.measures.popularity import popularity
from audit.measures.quality import quality
from data.columns import PROVIDER
from models.serving import Request, candidates_of
from models.slider import CANDIDATES, budget_of, rerank
from models.surprise import surprise_of

POSITIONS = tuple(round(step / 10, 1) for step in range(11))
_DRAWS, _SEED = 1000, 0


@dataclass(frozen=True, eq=False)
class Preview:
    """Everything the manager's page compares, at every position of the slider.

    `overall`: index position; ndcg, coverage, surprise, tail_share, gini, relevance_kept. `per_user`: nDCG, people x
    positions. `providers`: exposure share, providers x positions. `groups`: attribute name: group by person.
    """

    overall: pd.DataFrame
    per_user: pd.DataFrame
    providers: pd.DataFrame
    catalogue_share: pd.Series
    groups: dict[str, pd.Series]
    protocol: str
    k: int


def preview(workspace: Workspace, model_id: str, k: int = 10) -> Preview:
    """Lists of everybody at eleven positions, boosts included, judged against held-out choices of a twin of the model."""
    judged = twin(workspace, model_id)
    model = judged.model
    data = workspace.shelf.about(model_id)["data"]
    dataset = audited(workspace, data)
    everybody = model.profiles()
    candidates = candidates_of(model, Request(everybody, k, boosts=judged.boosts), everybody, CANDIDATES)
    surprise = surprise_of(model).at(everybody, candidates.items)
    known = known_choices(model)
    overall, ndcg, exposure = {}, {}, {}
    share: pd.Series = pd.Series(dtype=float)
    for position in POSITIONS:
        done = rerank(candidates, surprise, budget_of(position), k)
        lists = done.lists.frame(model.training.users, model.training.items)
        coded = Coded.of(lists, judged.outcomes, known, dataset.items, k=k)
        judged_lists = quality(coded)
        ndcg[position] = judged_lists.per_user["ndcg"]
        shown = popularity(coded)
        totals = list_statistics(coded, shown)
        surprising = np.where(done.lists.items >= 0, done.surprise, np.nan)
        overall[position] = {
            "ndcg": float(ndcg[position].mean()),
            "coverage": totals.coverage,
            "surprise": float(np.nanmean(surprising)),
            "tail_share": float(shown["tail_share"].mean()),
            "gini": totals.gini,
            "relevance_kept": float(done.kept.mean()),
        }
        if PROVIDER in dataset.items:
            table = provider_exposure(coded, dataset.items, dataset.kinds, PROVIDER).table
            exposure[position], share = table["exposure_share"], table["catalogue_share"]
    return Preview(
        pd.DataFrame(overall).T.rename_axis("position"),
        pd.DataFrame(ndcg),
        pd.DataFrame(exposure),
        share,
        groups_of(workspace, dataset),
        judged.protocol,
        k,
    )


def group_changes(seen: Preview, attribute: str, before: float, after: float) -> pd.DataFrame:
    """Per group: n, nDCG before and after, and the paired change with a 95 % interval over people.

    A negative change means that the group is served worse. Both positions are judged on the same people, so equal
    positions give exactly 0. Groups of fewer than 10 people are counted and not shown.
    """
    labels = seen.groups[attribute].reindex(seen.per_user.index)
    labels = labels.where(labels.notna(), "unknown").astype(str)
    bootstrap = Bootstrap(_DRAWS, _SEED, 0.95)
    rows = []
    for name in sorted(labels.unique()):
        people = (labels == name).to_numpy()
        was, now = (seen.per_user.loc[people, position].to_numpy() for position in (before, after))
        enough = len(was) >= 10
        change = bootstrap.paired_difference(now, was)
        values = (was.mean(), now.mean(), change.value, change.low, change.high) if enough else (np.nan,) * 5
        rows.append((name, len(was), *values))
    return pd.DataFrame(rows, columns=["group", "n", "before", "after", "change", "low", "high"])


def provider_changes(seen: Preview, before: float, after: float) -> pd.DataFrame:
    """Per provider: share of the catalogue, share of exposure before and after, and the change; who loses comes first."""
    table = pd.DataFrame(
        {
            "catalogue_share": seen.catalogue_share,
            "before": seen.providers[before],
            "after": seen.providers[after],
        }
    )
    table["change"] = table["after"] - table["before"]
    return table.rename_axis("provider").reset_index().sort_values(["change", "provider"], ignore_index=True)
