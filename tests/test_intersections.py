"""Crossed attributes: all cells listed, counts that add up, Fairlearn's own means, literal gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from audit.inference.closer import look_closer
from audit.inference.intersections import intersections, planned_pairs
from audit.plan import Plan
from data.errors import BadInput


def world(n: int, seed: int) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    rng = np.random.default_rng(seed)
    index = pd.Index([f"u{each}" for each in range(n)], dtype=object)
    groups = {
        "a": pd.Series(rng.choice(["x", "y", "unknown"], n, p=[0.5, 0.4, 0.1]), index=index, dtype=object, name="a"),
        "b": pd.Series(rng.choice(["p", "q", "r"], n), index=index, dtype=object, name="b"),
    }
    values = np.where(rng.random(n) < 0.1, np.nan, rng.random(n))
    return pd.DataFrame({"ndcg": values}, index=index), groups


def plan(**given_settings: object) -> Plan:
    return Plan.of({"exploratory": [], "draws": 200, **given_settings})


@given(st.integers(5, 120), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_every_cell_is_listed_and_margins_are_sums(n: int, seed: int) -> None:
    per_user, groups = world(n, seed)
    table = intersections(per_user, groups, [("a", "b")], plan(draws=100))
    assert len(table) == groups["a"].nunique() * groups["b"].nunique()
    valid = per_user["ndcg"].notna()
    for name, column in (("a", "first_group"), ("b", "second_group")):
        margin = groups[name][valid].value_counts()
        summed = table.groupby(column)["n"].sum()
        assert {group: summed[group] for group in margin.index} == margin.to_dict()
    assert table["n"].sum() == valid.sum()


def test_values_equal_fairlearns_and_gaps_their_definition() -> None:
    from fairlearn.metrics import MetricFrame

    per_user, groups = world(900, 1)
    table = intersections(per_user, groups, [("a", "b")], plan()).set_index(["first_group", "second_group"])
    valid = per_user["ndcg"].notna()
    values = per_user["ndcg"][valid]
    frame = MetricFrame(
        metrics=lambda _, x: float(np.mean(x)), y_true=values, y_pred=values,
        sensitive_features=pd.DataFrame(groups)[valid],
    )  # fmt: skip
    for key, value in frame.by_group.items():
        assert table.loc[key, "value"] == pytest.approx(value, abs=1e-12)
    known = valid & (groups["a"] != "unknown")
    inside = known & (groups["a"] == "x") & (groups["b"] == "q")
    row = table.loc["x", "q"]
    gap = per_user["ndcg"][inside].mean() - per_user["ndcg"][known & ~inside].mean()
    assert row["gap"] == pytest.approx(gap, abs=1e-12)
    assert row["gap_low"] < gap < row["gap_high"]
    assert table.loc["unknown", "gap"].isna().all()
    tested = table["p"].dropna()
    np.testing.assert_allclose(table["p_adjusted"].dropna(), false_discovery_control(tested, method="bh"))


def test_a_planted_cell_is_found_where_neither_margin_shows_it() -> None:
    rng = np.random.default_rng(2)
    index = pd.Index([f"u{n}" for n in range(1200)])
    a, b = rng.integers(0, 2, 1200), rng.integers(0, 2, 1200)
    per_user = pd.DataFrame({"ndcg": np.clip(0.5 + 0.1 * (a ^ b) + rng.normal(0, 0.1, 1200), 0, 1)}, index=index)
    groups = {"a": pd.Series(a.astype(str), index=index), "b": pd.Series(b.astype(str), index=index)}
    tables, closer = look_closer(per_user, groups, pd.Series(1, index=index), plan())
    assert (tables.rows["p_adjusted"] > 0.05).all()
    table = closer.tables["intersections"]
    assert (table["p_adjusted"] < 0.05).all()
    assert (np.sign(table["gap"]) == np.where(table["first_group"] != table["second_group"], 1, -1)).all()


def test_small_cells_show_nothing_and_say_why() -> None:
    per_user, groups = world(150, 4)
    shown = look_closer(per_user, groups, pd.Series(1, index=per_user.index), plan())[1].tables["intersections"]
    counts = pd.crosstab(groups["a"][per_user["ndcg"].notna()], groups["b"])
    for row in shown.to_dict("records"):
        true = counts.loc[row["first_group"], row["second_group"]]
        if true < 10:
            assert pd.isna(row["n"])
        if pd.isna(row["n"]):
            assert all(pd.isna(row[name]) for name in ("value", "low", "gap", "p", "p_adjusted"))
            assert row["reason"].startswith("Not shown")
    assert shown["n"].isna().any()


def test_pairs_are_those_of_the_plan_or_all_that_are_small_enough() -> None:
    index = pd.Index([str(n) for n in range(60)])
    labels = {
        name: pd.Series((np.arange(60) % n).astype(str), index=index) for name, n in (("a", 2), ("b", 3), ("c", 60))
    }
    assert planned_pairs(labels, plan())[0] == [("a", "b"), ("a", "c"), ("b", "c")]
    labels["d"] = pd.Series((np.arange(60) % 50).astype(str), index=index)
    pairs, left_out = planned_pairs(labels, plan())
    assert ("c", "d") not in pairs
    assert left_out == ["'c' and 'd' are not crossed: 3,000 cells, more than 200; the plan can name them."]
    assert planned_pairs(labels, plan(intersections=[["c", "d"]])) == ([("c", "d")], [])
    with pytest.raises(
        BadInput, match="crosses the user attribute 'e', which is not compared; choose from: a, b, c, d"
    ):
        planned_pairs(labels, plan(intersections=[["a", "e"]]))
    with pytest.raises(BadInput, match="'a' is paired with itself"):
        plan(intersections=[["a", "a"]])
    assert planned_pairs(labels, plan(intersections=[]))[0] == []
