"""The long simulations of the audit's statistics: how often it is wrong where the truth is known.

`python -m tests.simulations` prints the table of docs/simulations.md.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from audit.inference.adjusted import adjusted_gaps
from audit.inference.groups import coded, group_tables, planned_labels, resampled_gaps
from audit.inference.intervals import Bootstrap
from audit.inference.strata import activity_strata
from audit.plan import Plan

_GROUPS = {"two": 2, "five": 5}


def null_audits(runs: int) -> dict[str, float]:
    """Share of audits with any confirmed flag, raw and inside strata, where no group differs from any other.

    300 people of uneven activity, ten places each, two attributes of 2 and 5 groups; quality rises with
    activity; every threshold is next to 0, so that p alone decides; Holm over all comparisons.
    """
    raw = adjusted = 0
    for run in range(runs):
        rng = np.random.default_rng(run)
        sizes = np.ceil(rng.lognormal(3, 1, 300))
        chance = rng.beta(1, 3, 300) * (0.4 + 0.6 * pd.Series(sizes).rank(pct=True).to_numpy())
        index = pd.Index([str(n) for n in range(300)])
        per_user = pd.DataFrame({"ndcg": rng.binomial(10, chance) / 10}, index=index)
        groups = {name: pd.Series(rng.integers(0, n, 300).astype(str), index=index) for name, n in _GROUPS.items()}
        plan = Plan.of({"exploratory": [], "draws": 200, "materiality": 1e-9, "seed": run})
        rows = group_tables(per_user, groups, plan).rows
        strata = activity_strata(pd.Series(sizes, index=index), index)
        table = adjusted_gaps(per_user, planned_labels(groups, index, plan), strata, rows, plan)
        raw += bool((rows["state"] == "flag").any())
        adjusted += bool((table["adjusted_p_adjusted"] < plan.alpha).any())
    return {"raw": raw / runs, "adjusted": adjusted / runs}


def coverages(runs: int, kind: str) -> dict[str, float]:
    """Share of 95 % intervals that hold the truth, for a group's mean, its gap, and its gap inside strata.

    300 people in five strata, ten places each whose hits depend on the person (beta), so places of a person go together;
    the group is twice as common among the most active; quality rises by .05 a stratum; the group is .04 worse in each.
    """
    held = dict.fromkeys(("mean", "gap", "adjusted gap"), 0)
    share = np.array([0.3, 0.35, 0.4, 0.5, 0.6])
    mean = 0.2 + 0.05 * np.arange(5)
    truth = {"mean": float((share * (mean - 0.04)).sum() / share.sum()), "adjusted gap": -0.04}
    truth["gap"] = truth["mean"] - float(((1 - share) * mean).sum() / (1 - share).sum())
    for run in range(runs):
        rng = np.random.default_rng(run)
        stratum = rng.integers(0, 5, 300)
        member = rng.random(300) < share[stratum]
        target = mean[stratum] - 0.04 * member
        values = rng.binomial(10, rng.beta(3 * target, 3 * (1 - target))) / 10
        index = pd.Index([str(n) for n in range(300)])
        per_user = pd.DataFrame({"ndcg": values}, index=index)
        labels = {"group": pd.Series(np.where(member, "a", "b"), index=index, name="group", dtype=object)}
        plan = Plan.of({"exploratory": [], "draws": 1000, "seed": run, "interval": kind})
        codes, names = coded(labels["group"])
        found = resampled_gaps(values[:, None], codes, len(names), plan)
        ends = {name: [end[0] for end in found[key].bounds(0.95)] for name, key in (("mean", "value"), ("gap", "gap"))}
        rows = pd.DataFrame(
            {"attribute": "group", "group": ["a"], "metric": "ndcg", "family": "confirmatory", "gap": 0.0, "p": 0.5}
        )
        strata = pd.Series(stratum, index=index)
        row = adjusted_gaps(per_user, labels, strata, rows, plan).iloc[0]
        ends["adjusted gap"] = [row["adjusted_low"], row["adjusted_high"]]
        for name, (low, high) in ends.items():
            held[name] += bool(low <= truth[name] <= high)
    return {name: hits / runs for name, hits in held.items()}


def impressions(runs: int) -> float:
    """The same simulation with places for units, the mistake that E8 forbids: share of intervals that hold the mean."""
    hits = 0
    for run in range(runs):
        rng = np.random.default_rng(run)
        places = rng.binomial(1, np.repeat(rng.beta(0.4, 0.8, 300), 10)).astype(float)
        interval = Bootstrap(500, seed=run).mean(places)
        hits += interval.low <= 1 / 3 <= interval.high
    return hits / runs


if __name__ == "__main__":
    quick = len(sys.argv) > 1
    audits, runs = (50, 50) if quick else (2000, 1500)
    for name, value in null_audits(audits).items():
        print(f"| {audits} null audits, any confirmed flag, {name} gaps | {value:.4f} | at most .065 |", flush=True)
    for kind, (name, value) in [(k, each) for k in ("percentile", "bca") for each in coverages(runs, k).items()]:
        print(
            f"| {runs} clustered simulations, 95 % {kind} interval of the {name} holds it | {value:.4f} | .93 to .97 |"
        )
    print(f"| {runs // 5} of them with places for units | {impressions(runs // 5):.4f} | shown as a warning |")
