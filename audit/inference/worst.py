"""Who is served worst, without names: how quality spreads over people, and what the worst tenth has in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from audit.plan import Plan

DECILES = ("metric", "decile", "n", "mean", "lowest", "highest")
TRAITS = ("metric", "trait", "n", "worst", "others", "difference", "low", "high", "reason")
TASTE, HISTORY, TRUTH = "profile_popularity", "history_length", "n_relevant"


def deciles(per_user: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Ten equal parts of all people with a value, the worst first, in every confirmatory metric.

    `mean` of each part; `lowest` and `highest` are rounded to two decimals. Equal people may fall into two parts, which
    changes no number. Parts of fewer than `minimum_cell` people have no numbers.
    """
    rows: list[dict[str, Any]] = []
    for metric in plan.metrics:
        values = np.sort(per_user[metric].dropna().to_numpy(dtype=np.float64))
        for place, part in enumerate(np.array_split(values, 10), 1):
            told = {"mean": np.nan, "lowest": np.nan, "highest": np.nan}
            if len(part) >= plan.minimum_cell:
                told = {"mean": part.mean(), "lowest": round(part[0], 2), "highest": round(part[-1], 2)}
            rows.append({"metric": metric, "decile": place, "n": len(part), **told})
    return pd.DataFrame(rows, columns=list(DECILES))


def worst_traits(per_user: pd.DataFrame, sizes: pd.Series, plan: Plan) -> pd.DataFrame:
    """What the worst-served tenth has in common: means of history length, taste, and held-out choices.

    The tenth is everybody at or below the 10 % quantile of the metric, so people with equal values are all in it and it
    may be larger. `difference` = worst - others, the interval resamples people. No numbers where either side has fewer
    than `minimum_cell` people. `reason` says how many people are in it where they are more than a tenth, and which value
    they tie at. A trait in common is no cause.
    """
    rows: list[dict[str, Any]] = []
    traits = pd.DataFrame({HISTORY: sizes.reindex(per_user.index)})
    traits = traits.join(per_user[[name for name in (TASTE, TRUTH) if name in per_user]])
    bootstrap = Bootstrap.of(plan)
    for metric in plan.metrics:
        values = per_user[metric].dropna()
        if values.empty:
            continue
        worst = (values <= values.quantile(0.1)).to_numpy()
        reason = _reason(values.to_numpy(dtype=np.float64), worst, plan.minimum_cell)
        for name in traits:
            column = traits[str(name)].reindex(values.index).to_numpy(dtype=np.float64)
            inside, outside = np.isfinite(column) & worst, np.isfinite(column) & ~worst
            told: dict[str, Any] = {"metric": metric, "trait": name, "reason": ""}
            if min(inside.sum(), outside.sum()) >= plan.minimum_cell:
                gap = bootstrap.difference(column, worst)
                told |= {"n": int(inside.sum()), "worst": column[inside].mean(), "others": column[outside].mean()}
                told |= {"difference": gap.value, "low": gap.low, "high": gap.high, "reason": reason}
            rows.append(told)
    return pd.DataFrame(rows, columns=list(TRAITS))


def _reason(values: np.ndarray, worst: np.ndarray, minimum: int) -> str:
    """Why more than a tenth are the worst-served tenth; nothing where they are not, or too few tie to say so."""
    edge = values[worst].max()
    tied = int((values == edge).sum())
    if worst.sum() <= np.ceil(len(values) / 10) or tied < minimum:
        return ""
    return (
        f"The worst-served are {worst.sum():,} people, {worst.mean():.0%} of {len(values):,} and more than a tenth, because "
        f"{tied:,} tie at {round(float(edge), 2):g}."
    )
