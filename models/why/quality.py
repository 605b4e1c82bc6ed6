"""How good the reasons of a model are, person by person: do they add up, do they matter, are they short, do they stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.columns import ITEM, USER
from data.errors import BadInput
from models.base import Recommender
from models.explanation import Exactness
from models.histories import Profiles, Training
from models.serving import Request
from models.why.counterfactual import overtaken
from models.why.deletion import CURVES, NAMED, STEPS, Evidence, curves
from models.why.stability import REASONS, contributions, lipschitz, stability

MEASURES = (
    *("residual", *CURVES, "necessity"),
    *("coverage", "named_share", "reasons", "counterfactual_size", "stability"),
)
REMOVED = 3  # people whose absence the reasons are tested by
_CARRIED = 0.8
_ROUNDOFF = 1e-12


@dataclass(frozen=True, eq=False)
class ExplanationQuality:
    """`per_user`: index user_id; columns item_id (the first title), hit (1, 0; NaN without truth) and `MEASURES`."""

    per_user: pd.DataFrame
    lipschitz: float
    notes: tuple[str, ...]


def explanation_quality(
    model: Recommender, *, people: int = 500, k: int = 10, seed: int = 0, outcomes: pd.DataFrame | None = None
) -> ExplanationQuality:
    """Measure the reasons for the first title of `people` people drawn by `seed`, or of everybody if there are fewer.

    residual: |score − base − sum of parts|, 0 up to rounding where the parts are the score. The curves and necessity:
    see `curves`. coverage: 1 if any own title speaks for the first one. named_share: the part of all positive
    contributions of own titles that the three strongest carry. reasons: how many of the strongest carry 80 % of them.
    counterfactual_size: how many own titles must go for another title to come first, the smallest such set, re-scored
    (methods 2.4; models that add up over the history only). stability: see `stability`, over refits without 3 people.

    Undefined (NaN): all but residual where nobody's own titles contribute anything; all but residual and coverage for a
    person whose own titles contribute nothing; see `notes`. `outcomes` (user_id, item_id) says whether the title is a hit.
    """
    if people < 1:
        raise BadInput("the number of people must be at least 1", value=people, fix="ask for 500")
    draws = np.random.default_rng(seed)
    everybody = len(model.training.users)
    sample = np.sort(draws.choice(everybody, min(people, everybody), replace=False))
    removed = _others(model.training, draws)
    evidence = _first_titles(model, sample)
    users = model.training.users.values[evidence.profiles.users]
    table = pd.DataFrame(index=pd.Index(users, name=USER), columns=list(MEASURES), dtype=np.float64)
    table.insert(0, ITEM, model.training.items.values[evidence.titles])
    table.insert(1, "hit", _hits(model.training, evidence, outcomes))
    table["residual"] = _residuals(model, evidence)
    if (evidence.phi != 0).any():
        measured = _measured(model, evidence, removed, k, seed)
        table[measured.columns] = measured.to_numpy()
    notes = _notes(model, evidence, table, len(sample), len(removed))
    return ExplanationQuality(table.reindex(model.training.users.values[sample]), lipschitz(model), notes)


def _others(training: Training, draws: np.random.Generator) -> np.ndarray:
    """The people to leave out one at a time; none where nobody would be left to learn from."""
    there = np.flatnonzero(np.diff(training.matrix.indptr))
    return draws.choice(there, min(REMOVED, len(there)), replace=False) if len(there) > 1 else there[:0]


def _first_titles(model: Recommender, sample: np.ndarray) -> Evidence:
    """The evidence for the first title of everybody who has one."""
    titles = model.recommend(model.profiles(sample), 1).items[:, 0].astype(np.int64)
    profiles = model.profiles(sample[titles >= 0])
    titles = titles[titles >= 0]
    return Evidence(profiles, titles, contributions(model, profiles, titles))


def _residuals(model: Recommender, evidence: Evidence) -> list[float]:
    """A model explains one title of one person at a time."""
    ones = (evidence.profiles.rows(row, row + 1) for row in range(len(evidence)))
    return [abs(model.explain(one, int(title)).residual) for one, title in zip(ones, evidence.titles, strict=True)]


def _measured(model: Recommender, evidence: Evidence, removed: np.ndarray, k: int, seed: int) -> pd.DataFrame:
    table = curves(model, evidence, k, seed)
    table = table.join(_concentration(evidence))
    table["stability"] = stability(model, evidence, removed)
    if model.kind is Exactness.EXACT:
        table["counterfactual_size"] = _sizes(model, evidence.profiles, evidence.titles)
    silent = ~evidence.any_of(evidence.phi != 0)
    table.loc[silent, [name for name in table if name != "coverage"]] = np.nan
    return table


def _concentration(evidence: Evidence) -> pd.DataFrame:
    """coverage, named_share and reasons: how many own titles speak for the title, and how the weight lies on them."""
    n, owner = len(evidence), evidence.owner
    positive = np.maximum(evidence.phi, 0)
    total = np.bincount(owner, weights=positive, minlength=n)
    share = positive / np.where(total > 0, total, np.nan)[owner]
    order = np.lexsort((evidence.places, owner))
    cumulated = pd.Series(share[order]).groupby(owner[order]).cumsum().to_numpy()
    short = (cumulated < _CARRIED - _ROUNDOFF) & (positive[order] > 0)
    covered = total > 0
    named = np.bincount(owner, weights=np.where(evidence.strongest(NAMED), share, 0), minlength=n)
    reasons = 1 + np.bincount(owner[order][short], minlength=n)
    return pd.DataFrame(
        {
            "coverage": covered.astype(np.float64),
            "named_share": np.where(covered, named, np.nan),
            "reasons": np.where(covered, reasons, np.nan),
        }
    )


def _sizes(model: Recommender, profiles: Profiles, titles: np.ndarray) -> list[float]:
    ones = (Request(profiles.rows(row, row + 1), 1) for row in range(len(titles)))
    found = [overtaken(model, request, int(title)) for request, title in zip(ones, titles, strict=True)]
    return [np.nan if each is None else float(len(each.remove)) for each in found]


def _hits(training: Training, evidence: Evidence, outcomes: pd.DataFrame | None) -> np.ndarray:
    """1 where the title is among the person's held-out choices, 0 where not, NaN where the person has none."""
    if outcomes is None:
        return np.full(len(evidence), np.nan)
    items = training.items
    user, item = training.users.codes(outcomes[USER]), items.codes(outcomes[ITEM])
    user, item = user[user >= 0].astype(np.int64), item[user >= 0]
    hit = np.isin(evidence.profiles.users * len(items) + evidence.titles, (user * len(items) + item)[item >= 0])
    return np.where(np.isin(evidence.profiles.users, user), hit, np.nan)


def _notes(model: Recommender, evidence: Evidence, table: pd.DataFrame, asked: int, removed: int) -> tuple[str, ...]:
    missing = f"{asked - len(evidence)} of {asked} people have no title left to recommend."
    notes = [missing] if asked > len(evidence) else []
    if not (evidence.phi != 0).any():
        why = f"In the model '{model.name}' no own title contributes to anybody's first title"
        return (*notes, f"{why}, so only the residual is measured.")
    silent = int((~evidence.any_of(evidence.phi != 0)).sum())
    if silent:
        notes.append(f"For {silent} of {len(evidence)} people no own title contributes to their first title.")
    notes.append(
        f"A history is cut into {STEPS} equal parts, or into single titles where it has fewer than {STEPS}; every step "
        "is scored again by the model, and titles of the full history never come back."
    )
    compared = f"compares the {REASONS} strongest reasons without each of {removed} people drawn at random"
    notes.append(f"Stability {compared if removed else 'is not measured: nobody else is there to be left out'}.")
    if model.kind is not Exactness.EXACT:
        notes.append(
            f"The smallest counterfactual is not measured: the model is {model.kind}, so without a title more changes "
            "than its own term, and no set is proven to be the smallest."
        )
    elif lacking := int(table["counterfactual_size"].isna().sum()) - silent:
        notes.append(f"For {lacking} people no set of 25 own titles or fewer brings another title first.")
    return tuple(notes)
