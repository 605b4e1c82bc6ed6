"""Impact ratios: the rule's own example, published intervals and tests, and the guards that never leave a ratio alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from scipy.stats.contingency import relative_risk

from audit.inference.closer import look_closer
from audit.inference.impact import impact_rows, selected
from audit.plan import Plan
from data.errors import BadInput


def rows(counts: dict[str, tuple[int, int]], **given_settings: object) -> pd.DataFrame:
    """Rows by group from n and selected."""
    table = pd.DataFrame(counts, index=["n", "selected"]).T
    plan = Plan.of({"impact_ratio": "selection", "minimum_cell": 2, **given_settings})
    return impact_rows(table, plan).set_index("group")


def test_the_example_of_the_rule_itself() -> None:
    """Requirements 7.1, from 6 RCNY 5-301; 64.2 is truncated there."""
    sex = rows({"male": (92, 50), "female": (76, 34)})
    assert (100 * sex["rate"]).round(1).tolist() == [54.3, 44.7]
    assert sex["ratio"].round(2).tolist() == [1.00, 0.82]
    race = rows({"a": (28, 18), "b": (40, 15), "c": (32, 16), "d": (8, 5), "e": (24, 10)})
    assert race["rate"].to_numpy() * 100 == pytest.approx([64.2, 37.5, 50.0, 62.5, 41.7], abs=0.1)
    assert race["ratio"].round(2).tolist() == [1.00, 0.58, 0.78, 0.97, 0.65]
    assert set(race["reference"]) == {"a"}


@pytest.mark.parametrize(
    ("group", "reference", "ratio", "low", "high", "p", "state"),
    [
        ((100, 30), (100, 40), 0.75, 0.51, 1.10, 0.18, "too few to say"),
        ((1000, 300), (1000, 400), 0.75, 0.66, 0.85, 3.4e-6, "flag"),
        ((10, 1), (20, 4), 0.50, 0.06, 3.91, 0.64, "too few to say"),
    ],
)
def test_intervals_and_exact_tests_of_requirements(
    group: tuple[int, int], reference: tuple[int, int], ratio: float, low: float, high: float, p: float, state: str
) -> None:
    row = rows({"g": group, "best": reference}).loc["g"]
    assert [round(row[name], 2) for name in ("ratio", "low", "high")] == [ratio, low, high]
    assert float(f"{row['p']:.1e}" if p < 0.01 else f"{row['p']:.2f}") == p
    assert (row["state"], row["reference"]) == (state, "best")


@pytest.mark.parametrize(
    ("group", "reference", "moved", "flips"),
    [((40, 8), (75, 20), 0.89, True), ((10, 1), (20, 4), 1.33, True), ((1000, 300), (1000, 400), 0.75, False)],
)
def test_what_one_person_would_change(
    group: tuple[int, int], reference: tuple[int, int], moved: float, flips: bool
) -> None:
    row = rows({"g": group, "best": reference}).loc["g"]
    assert (round(row["ratio_if_one_moves"], 2), bool(row["flips"])) == (moved, flips)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
@settings(deadline=None)
def test_numbers_equal_scipys(n: int, m: int, data: st.DataObject) -> None:
    k, best = data.draw(st.integers(1, n)), data.draw(st.integers(1, m))
    table = rows({"g": (n, k), "h": (m, best)}, impact_reference="rest")
    told = relative_risk(k, n, best, m)
    row = table.loc["g"]
    assert row["ratio"] == pytest.approx(told.relative_risk)
    interval = told.confidence_interval(0.95)
    if k < n or best < m:
        assert [row["low"], row["high"]] == pytest.approx([interval.low, interval.high])
    assert row["p"] == pytest.approx(fisher_exact(np.array([[k, n - k], [best, m - best]])).pvalue)
    assert row["shortfall"] == pytest.approx(n * best / m - k)
    assert table.loc["h", "ratio"] == pytest.approx(1 / row["ratio"])


def test_the_reference_is_named_and_chosen_by_the_plan() -> None:
    counts = {"a": (100, 40), "b": (300, 90), "c": (50, 30)}
    assert set(rows(counts)["reference"]) == {"c"}
    assert set(rows(counts, impact_reference="largest")["reference"]) == {"b"}
    rest = rows(counts, impact_reference="rest")
    assert set(rest["reference"]) == {"everybody else"}
    assert rest.loc["a", "ratio"] == pytest.approx(0.4 / (120 / 350))


def test_no_ratio_without_its_interval_its_test_and_a_named_reference() -> None:
    table = rows({"a": (100, 40), "b": (300, 90), "c": (50, 30), "unknown": (10, 3)})
    compared = table[table["ratio"].notna() & (table["reference"] != table.index)]
    assert (
        compared[["low", "high", "p", "p_adjusted", "shortfall", "ratio_if_one_moves", "reference"]].notna().all().all()
    )
    assert compared["state"].isin(["flag", "no flag", "too few to say"]).all()
    assert pd.isna(table.loc["unknown", "ratio"])
    assert "counted here and in no ratio" in table.loc["unknown", "reason"]


def test_categories_under_two_percent_are_listed_and_the_rule_changes_only_the_ratio() -> None:
    counts = {"a": (500, 200), "b": (490, 150), "c": (10, 9), "unknown": (3, 1)}
    kept, left = rows(counts), rows(counts, impact_exclude=True)
    same = ["n", "share", "selected", "rate"]
    pd.testing.assert_frame_equal(kept[same], left[same])
    assert pd.isna(left.loc["c", "ratio"])
    assert "Under 2%" in left.loc["c", "reason"]
    assert set(kept["reference"].dropna()) == {"c"}, "the smallest category is the best one, and inflates every gap"
    assert set(left["reference"].dropna()) == {"a"}


def test_nobody_selected_is_undefined_and_said() -> None:
    table = rows({"a": (50, 0), "b": (60, 0)})
    assert table["ratio"].isna().all()
    assert table["reason"].str.startswith("Undefined").all()
    none = rows({"a": (50, 0), "b": (60, 30)}).loc["a"]
    assert none["ratio"] == 0
    assert math.isnan(none["low"]), "the logarithm of nothing"
    assert none["state"] == "flag"


def test_selection_and_scoring_rates_by_hand() -> None:
    values = pd.Series([0.0, 0.2, 0.4, 0.6, None])
    assert selected(values, "selection").tolist()[:4] == [0, 1, 1, 1]
    assert selected(values, "scoring").tolist()[:4] == [0, 0, 1, 1], "above the median .3 of all four"
    assert math.isnan(selected(values, "scoring").iloc[4])


def audited(**given_settings: object) -> tuple[pd.DataFrame, int]:
    rng = np.random.default_rng(0)
    index = pd.Index([f"u{n}" for n in range(400)])
    groups = {
        "sex": pd.Series(rng.choice(["f", "m", None], 400, p=[0.45, 0.45, 0.1]), index=index),
        "race": pd.Series(rng.choice(["x", "y", "z"], 400), index=index),
    }
    per_user = pd.DataFrame({"ndcg": rng.random(400), "hit_rate": rng.integers(0, 2, 400).astype(float)}, index=index)
    plan = Plan.of({"exploratory": ["hit_rate"], "draws": 100, **given_settings})
    return look_closer(per_user, groups, pd.Series(1, index=index), plan)[1].tables["impact_ratios"], 400


def test_the_table_is_off_unless_the_plan_asks() -> None:
    assert audited()[0].empty


@pytest.mark.parametrize(("kind", "metric"), [("selection", "hit_rate"), ("scoring", "ndcg")])
def test_blocks_of_attributes_and_intersections_count_everybody(kind: str, metric: str) -> None:
    table, total = audited(impact_ratio=kind)
    assert set(table["attribute"]) == {"sex", "race", "sex × race"}
    assert set(table["metric"]) == {metric}
    assert table.groupby("attribute")["n"].sum().eq(total).all(), "known and unknown are everybody"
    assert table.groupby("attribute")["group"].apply(lambda names: "unknown" in set(names)).all()
    assert (table["attribute"] == "sex × race").sum() == 2 * 3 + 1


def test_the_metric_of_the_ratios_is_one_of_the_plan() -> None:
    with pytest.raises(BadInput, match="impact_metric: 'recall' is not among the metrics of the plan"):
        audited(impact_ratio="scoring", impact_metric="recall")


def test_a_small_category_is_no_reference_and_shows_nothing() -> None:
    rng = np.random.default_rng(0)
    index = pd.Index([f"u{n}" for n in range(305)])
    groups = {"g": pd.Series(["a"] * 140 + ["b"] * 90 + ["c"] * 70 + ["z"] * 5, index=index)}
    per_user = pd.DataFrame({"ndcg": np.r_[rng.random(300) * 0.9, np.ones(5)]}, index=index)
    plan = Plan.of({"exploratory": [], "draws": 100, "impact_ratio": "scoring"})
    table = look_closer(per_user, groups, pd.Series(1, index=index), plan)[1].tables["impact_ratios"].set_index("group")
    assert table.loc[["c", "z"], ["n", "share", "selected", "rate", "ratio", "excluded"]].isna().all().all()
    assert set(table["reference"].dropna()) <= {"a", "b"}
    assert table.loc["z", "reason"] == table.loc["c", "reason"]
