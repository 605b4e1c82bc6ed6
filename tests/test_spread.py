"""Numbers over seeds: gaps and moments by their definitions, the audit's own at its own seed, and nothing told twice."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from audit.inference.closer import look_closer
from audit.plan import Plan
from audit.spread import HELD, Seen, Spread, spread_over_seeds

PLAN = Plan.of({"metrics": ["ndcg"], "exploratory": ["recall"], "draws": 100, "materiality": 0.05, "intersections": []})
METRICS = ("ndcg", "recall")
LEAST = PLAN.minimum_cell


def seen_at(seed: int, n: int, undefined: float) -> Seen:
    """Numbers of n people, some of them undefined, and their means; which people have one differs with the seed."""
    rng = np.random.default_rng([seed, n])
    index = pd.Index([f"u{each}" for each in range(n)], name="user_id", dtype=object)
    table = pd.DataFrame(rng.random((n, 2)), index=index, columns=list(METRICS))
    table = table.mask(np.repeat(rng.random((n, 1)) < undefined, 2, axis=1))
    table = table.drop(index=index[rng.random(n) < 0.05])  # people who are in no table at this seed
    overall = {
        "value": [math.fsum(table[m].dropna()) / table[m].count() for m in METRICS],
        "n": table.count().to_numpy(),
    }
    return Seen(table, pd.DataFrame(overall, index=list(METRICS)))


def world(n: int, seed: int, sizes: list[int], seeds: int, undefined: float = 0.1) -> tuple[Spread, pd.DataFrame, Any]:
    """The spread over seeds, the group table of the first, and what it was made of; group g<k> has `sizes[k]` people."""
    seen = {each: seen_at(seed + each, n, undefined) for each in range(seeds)}
    names = [f"g{place}" for place, size in enumerate(sizes) for _ in range(size)]
    rng = np.random.default_rng(seed)
    column = rng.permutation([*names, *["rest"] * (n - len(names))]).astype(object)
    users = [f"u{each}" for each in range(n)]
    groups = {"kind": pd.Series(column, index=users), "half": pd.Series(rng.choice(["a", "b"], n), index=users)}
    first = seen[0].per_user
    rows = look_closer(first, groups, pd.Series(1.0, index=first.index), PLAN)[0].rows
    return spread_over_seeds(seen, groups, rows, PLAN), rows, (seen, groups)


def gap_by_definition(per_user: pd.DataFrame, labels: pd.Series, group: str, metric: str) -> float:
    mine, others = [], []
    for user, value in per_user[metric].items():
        if not math.isnan(value):
            (mine if labels[user] == group else others).append(value)
    return math.fsum(mine) / len(mine) - math.fsum(others) / len(others)


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_every_gap_and_every_moment_is_what_its_definition_says(seed: int, seeds: int) -> None:
    found, _, (seen, groups) = world(200, seed, [40, 60], seeds)
    assert found.seeds == tuple(range(seeds))
    for row in found.gaps.to_dict("records"):
        labels = groups[row["attribute"]]
        at = [gap_by_definition(each.per_user, labels, row["group"], row["metric"]) for each in seen.values()]
        assert row["values"] == pytest.approx(at, abs=1e-12)
        assert row["gap"] == row["values"][0]
        assert row["mean"] == pytest.approx(statistics.fmean(at), abs=1e-12)
        assert row["sd"] == pytest.approx(statistics.stdev(at), abs=1e-12)
        assert (row["least"], row["most"]) == pytest.approx((min(at), max(at)), abs=1e-12)
        assert row["same_sign"] == sum((value > 0) == (at[0] > 0) for value in at)
        assert row["reaches"] == sum(abs(value) >= 0.05 for value in at)
        counts = [
            sum(labels[user] == row["group"] for user in each.per_user[row["metric"]].dropna().index)
            for each in seen.values()
        ]
        assert row["n"] == min(counts)
    for row in found.overall.to_dict("records"):
        at = [each.overall["value"][row["metric"]] for each in seen.values()]
        assert row["values"] == at
        assert (row["value"], row["n"]) == (at[0], min(each.overall["n"][row["metric"]] for each in seen.values()))
        assert (row["mean"], row["sd"]) == pytest.approx((statistics.fmean(at), statistics.stdev(at)), abs=1e-12)


def test_the_audits_own_seed_has_its_numbers_to_the_last_bit() -> None:
    found, rows, _ = world(300, 4, [40, 12, 30], 3)
    shown = found.gaps["gap"].notna()
    assert shown.sum() >= 8
    keys = ["attribute", "group", "metric", "family"]
    assert found.gaps[keys].equals(rows[keys].reset_index(drop=True))
    assert (found.gaps.loc[shown, "gap"].to_numpy() == rows.loc[shown.to_numpy(), "gap"].to_numpy()).all()


@given(st.integers(0, 10_000), st.lists(st.integers(1, 30), min_size=2, max_size=4), st.floats(0, 0.4))
@example(3, [13, 40], 0.2)  # ten or more in this audit, fewer at another seed
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_a_group_held_back_at_one_seed_has_no_number_at_any_nor_can_be_worked_out(
    seed: int, sizes: list[int], undefined: float
) -> None:
    found, rows, (seen, groups) = world(160, seed, sizes, 3, undefined)
    numbers = ["n", "gap", "mean", "sd", "least", "most", "same_sign", "reaches"]
    held = found.gaps["gap"].isna()
    assert held[rows["gap"].isna().to_numpy()].all(), "what the audit holds back stays held back"
    assert found.gaps.loc[held, numbers].isna().all(axis=None)
    assert all(math.isnan(value) for row in found.gaps.loc[held, "values"] for value in row)
    assert found.gaps.loc[~held, numbers].notna().all(axis=None)
    assert set(found.gaps.loc[held, "reason"]) <= {HELD}
    assert set(found.gaps.loc[~held, "reason"]) <= {""}
    for (attribute, metric), table in found.gaps.groupby(["attribute", "metric"]):
        shown = set(table.loc[table["gap"].notna(), "group"])
        for each in seen.values():
            people = groups[attribute].reindex(each.per_user[metric].dropna().index).value_counts()
            assert all(people[name] >= LEAST and people.sum() - people[name] >= LEAST for name in shown)
            hidden = people[~people.index.isin(list(shown))]
            if len(hidden[hidden < LEAST]):
                assert len(hidden) > 1, "one hidden group would be everybody less the others"


def test_a_group_that_is_small_at_another_seed_alone_is_held_back() -> None:
    found, rows, (seen, groups) = world(160, 3, [13, 40], 3, 0.2)
    of = groups["kind"]
    sizes = [(of.reindex(each.per_user["ndcg"].dropna().index) == "g0").sum() for each in seen.values()]
    here = ((rows["group"] == "g0") & (rows["metric"] == "ndcg")).to_numpy()
    assert (sizes[0] >= LEAST, min(sizes) < LEAST) == (True, True), "the world is as it was meant"
    assert rows.loc[here, "gap"].notna().all()
    assert found.gaps.loc[here, "gap"].isna().all()


def test_what_the_audit_holds_back_for_a_reason_of_its_own_stays_held_back() -> None:
    """Crossed groups, which are not looked at here, can make an audit hold back a group of any size."""
    _, rows, (seen, groups) = world(200, 1, [40, 60], 2)
    one = ((rows["group"] == "g1") & (rows["metric"] == "ndcg")).to_numpy()
    found = spread_over_seeds(seen, groups, rows.assign(gap=rows["gap"].mask(one)), PLAN).gaps
    assert found["gap"].isna().to_numpy().tolist() == one.tolist()
    assert all(math.isnan(value) for value in found.loc[one, "values"].iloc[0])


def test_what_is_undefined_at_one_seed_has_no_mean() -> None:
    seen = {0: seen_at(0, 50, 0), 1: seen_at(1, 50, 0)}
    seen[1].overall.loc["recall", "value"] = math.nan
    found = spread_over_seeds(seen, {}, pd.DataFrame(columns=["attribute", "group", "metric", "family", "gap"]), PLAN)
    told = {row["metric"]: row for row in found.document()["overall"]}
    assert [told["recall"][name] for name in ("mean", "sd", "least", "most")] == [None] * 4
    assert told["recall"]["values"] == [seen[0].overall["value"]["recall"], None]
    assert told["ndcg"]["mean"] is not None
    assert found.document()["gaps"] == []


def test_a_gap_of_nothing_agrees_with_nothing_alone() -> None:
    """The audit's gap is exactly 0, another seed's is exactly the threshold."""
    plan = PLAN.model_copy(update={"materiality": 0.5})
    users = [f"u{each}" for each in range(40)]
    groups = {"half": pd.Series(["a", "b"] * 20, index=users)}
    tables = [pd.DataFrame(0.5, index=pd.Index(users, dtype=object), columns=list(METRICS)) for _ in range(3)]
    tables[1].loc[groups["half"] == "a", "ndcg"] = 1.0
    overall = pd.DataFrame({"value": [0.5, 0.5], "n": [40, 40]}, index=list(METRICS))
    rows = look_closer(tables[0], groups, pd.Series(1.0, index=tables[0].index), plan)[0].rows
    found = spread_over_seeds({n: Seen(each, overall) for n, each in enumerate(tables)}, groups, rows, plan).gaps
    row = found[(found["group"] == "a") & (found["metric"] == "ndcg")].iloc[0]
    assert (row["values"], row["same_sign"], row["reaches"]) == ([0.0, 0.5, 0.0], 2, 1)
