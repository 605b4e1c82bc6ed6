"""Group tables: Fairlearn on the raw rows, literal gaps, exact permutation tests, the family, the three answers."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from audit.inference.answers import State
from audit.inference.families import adjust, permutation_p
from audit.inference.frames import metric_frame
from audit.inference.groups import group_tables
from audit.plan import Plan
from data.errors import BadInput


def people(**groups: tuple[int, float, float]) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Users of each group with a mean and a spread of nDCG; a group named 'unknown' has no label."""
    rng = np.random.default_rng(5)
    values = np.concatenate([np.clip(rng.normal(mean, sd, n), 0, 1) for n, mean, sd in groups.values()])
    labels = np.concatenate([[None if name == "unknown" else name] * n for name, (n, _, _) in groups.items()])
    index = pd.Index([f"u{n}" for n in range(len(values))], name="user_id", dtype=object)
    return pd.DataFrame({"ndcg": values}, index=index), {"group": pd.Series(labels, index=index, dtype=object)}


def plan(**settings: object) -> Plan:
    return Plan.of({"exploratory": [], "draws": 400, **settings})


def by_group(per_user: pd.DataFrame, groups: dict[str, pd.Series], **settings: object) -> pd.DataFrame:
    return group_tables(per_user, groups, plan(**settings)).rows.set_index("group")


def test_values_counts_gaps_difference_and_ratio_equal_their_definitions():
    per_user, groups = people(a=(40, 0.3, 0.1), b=(60, 0.4, 0.1), c=(20, 0.5, 0.1), unknown=(15, 0.2, 0.1))
    per_user.iloc[3] = math.nan
    tables = group_tables(per_user, groups, plan())
    rows, labels = tables.rows.set_index("group"), groups["group"].fillna("unknown")
    for name, row in rows.iterrows():
        mine = per_user["ndcg"][labels == name].dropna()
        rest = per_user["ndcg"][(labels != name) & (labels != "unknown")].dropna()
        assert (row["n"], row["value"]) == (len(mine), pytest.approx(mine.mean(), abs=1e-12))
        assert row["gap"] == pytest.approx(mine.mean() - rest.mean(), abs=1e-12)
        assert row["gap_low"] < row["gap"] < row["gap_high"]
        assert row["effect_size"] == pytest.approx(row["gap"] / per_user["ndcg"].std(ddof=1), abs=1e-12)
        assert row["low"] < row["value"] < row["high"]
    assert rows["n"].sum() == per_user["ndcg"].notna().sum()
    means = rows.loc[["a", "b", "c"], "value"]
    summary = tables.summary.iloc[0]
    assert summary["difference"] == pytest.approx(means.max() - means.min())
    assert summary["ratio"] == pytest.approx(means.min() / means.max())
    assert (summary["lowest"], summary["highest"], tables.family_size) == ("a", "c", 4)


def test_metricframe_is_the_engine(monkeypatch: pytest.MonkeyPatch):
    import fairlearn.metrics

    real, calls = fairlearn.metrics.MetricFrame, []

    class Spy(real):
        def __init__(self, **arguments: object) -> None:
            calls.append(len(arguments["y_pred"]))
            super().__init__(**arguments)

    monkeypatch.setattr(fairlearn.metrics, "MetricFrame", Spy)
    per_user, groups = people(a=(40, 0.3, 0.1), b=(60, 0.4, 0.1))
    by_group(per_user, groups)
    assert calls == [100]  # one row per user


def test_contraction_to_weighted_cells_equals_metricframe_on_the_raw_rows():
    from fairlearn.metrics import MetricFrame, count

    rng = np.random.default_rng(0)
    values = rng.random(6000)
    values[::50] = math.nan
    labels = pd.Series(rng.choice(["a", "b", "c"], 6000, p=[0.001, 0.4, 0.599]), name="group")
    keep = np.isfinite(values)
    raw = MetricFrame(
        metrics={"value": lambda _, x: float(np.mean(x)), "n": count},
        y_true=values[keep],
        y_pred=values[keep],
        sensitive_features=labels[keep],
    )
    ours = metric_frame(values, labels)
    pd.testing.assert_frame_equal(ours.by_group, raw.by_group.astype(float), rtol=0, atol=1e-12)
    assert ours.difference()["value"] == pytest.approx(raw.difference()["value"], abs=1e-12)


def test_two_groups_are_compared_once_and_shown_twice():
    per_user, groups = people(f=(50, 0.3, 0.1), m=(70, 0.4, 0.1))
    tables = group_tables(per_user, groups, plan())
    f, m = (tables.rows.iloc[n] for n in (0, 1))
    assert tables.family_size == 1
    assert (m["gap"], m["gap_low"]) == (pytest.approx(-f["gap"]), pytest.approx(-f["gap_high"]))
    assert (m["p"], m["p_adjusted"], m["state"]) == (f["p"], f["p_adjusted"], f["state"])
    assert f["p_adjusted"] == f["p"]


def test_the_three_answers():
    rows = by_group(*people(low=(300, 0.3, 0.05), same=(300, 0.4, 0.05), high=(300, 0.4, 0.05)))
    assert rows.loc["low", "state"] == State.FLAG
    assert "hard to put down to chance" in rows.loc["low", "reason"]
    even = by_group(*people(a=(800, 0.4, 0.05), b=(800, 0.4, 0.05)))
    assert even["state"].tolist() == [State.NO_FLAG] * 2
    assert "is ruled out" in even.loc["a", "reason"]
    noisy = by_group(*people(a=(40, 0.4, 0.3), b=(40, 0.4, 0.3)))
    assert noisy["state"].tolist() == [State.TOO_FEW] * 2
    assert "neither shown nor ruled out" in noisy.loc["a", "reason"]


def test_a_certain_gap_that_is_too_small_to_matter_is_no_flag():
    rows = by_group(*people(a=(3000, 0.400, 0.02), b=(3000, 0.405, 0.02)))
    assert (rows["p_adjusted"] < 0.05).all()
    assert rows["state"].tolist() == [State.NO_FLAG] * 2
    assert by_group(*people(a=(3000, 0.4, 0.02), b=(3000, 0.405, 0.02)), materiality=0.003)["state"].eq("flag").all()


def test_small_groups_keep_their_n_and_lose_every_number():
    rows = by_group(*people(tiny=(9, 0.1, 0.01), a=(50, 0.5, 0.01), b=(50, 0.5, 0.01)))
    numbers = ["value", "low", "high", "gap", "gap_low", "gap_high", "detectable_gap", "p", "p_adjusted"]
    assert rows.loc["tiny", numbers].isna().all()
    assert (rows.loc["tiny", "n"], rows.loc["tiny", "state"]) == (9, State.TOO_FEW)
    assert rows.loc["tiny", "reason"] == "9 people with a value, fewer than 10."
    alone = by_group(*people(a=(50, 0.5, 0.01), b=(9, 0.5, 0.01)))
    assert math.isnan(alone.loc["a", "gap"])
    assert alone.loc["a", "reason"] == "Everybody else is 9 people, fewer than 10."
    assert by_group(*people(a=(50, 0.5, 0.1)))["state"].tolist() == [State.TOO_FEW]


def test_exploratory_metrics_are_another_family():
    per_user, groups = people(a=(50, 0.3, 0.1), b=(50, 0.4, 0.1), c=(50, 0.4, 0.1))
    per_user["recall"] = per_user["ndcg"] ** 2
    tables = group_tables(per_user, groups, plan(exploratory=["recall"]))
    assert tables.family_size == 3
    for family, method in (("confirmatory", "holm"), ("exploratory", "benjamini-hochberg")):
        rows = tables.rows[tables.rows["family"] == family]
        np.testing.assert_allclose(rows["p_adjusted"], adjust(rows["p"].to_numpy(), method))


def test_numbers_of_an_attribute_do_not_depend_on_the_other_attributes():
    per_user, groups = people(a=(30, 0.3, 0.1), b=(40, 0.4, 0.1))
    groups["other"] = groups["group"].sample(frac=1, random_state=0).set_axis(per_user.index)
    both = group_tables(per_user, groups, plan()).rows
    alone = group_tables(per_user, groups, plan(attributes=["group"])).rows
    columns = ["value", "low", "gap_low", "p"]
    pd.testing.assert_frame_equal(both[both["attribute"] == "group"][columns], alone[columns])


def test_refusals():
    per_user, groups = people(a=(20, 0.3, 0.1), b=(20, 0.4, 0.1))
    with pytest.raises(BadInput, match="user attribute 'age', which is not there; choose from: group"):
        by_group(per_user, groups, attributes=["age"])
    twice = {"group": pd.concat([groups["group"], groups["group"].iloc[:1]])}
    with pytest.raises(BadInput, match="column 'group': user 'u0' has two values"):
        by_group(per_user, twice)


def test_p_equals_the_exact_test_over_all_relabellings():
    rng = np.random.default_rng(3)
    values, codes = rng.integers(0, 4, 10) / 3, np.array([0] * 4 + [1] * 6)
    seen = abs(values[:4].mean() - values[4:].mean())
    extreme = [
        abs(np.mean(values[list(c)]) - np.mean(np.delete(values, list(c)))) >= seen - 1e-12
        for c in combinations(range(10), 4)
    ]
    p = permutation_p(values[:, None], codes, 2, draws=40_000)
    assert p[0, 0] == p[1, 0] == pytest.approx(np.mean(extreme), abs=0.01)


def test_many_users_by_the_normal_limit_or_by_subsets_equal_the_drawn_p(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    values, codes = rng.exponential(size=(3000, 2)), np.repeat([0, 1, 2], [1400, 1500, 100])
    values[codes == 0] += 0.06
    drawn = permutation_p(values, codes, 3, draws=4000)
    monkeypatch.setattr("audit.inference.families._PERMUTED", 1000)
    quick = permutation_p(values, codes, 3, draws=4000)
    np.testing.assert_allclose(quick, drawn, atol=0.02)
    assert (drawn[0] < 0.1).all()


def test_labels_that_mean_nothing_are_seldom_significant():
    rng = np.random.default_rng(1)
    any_flag = [
        (adjust(permutation_p(rng.random((80, 1)), rng.integers(0, 4, 80), 4, draws=199, seed=n)[:, 0]) < 0.05).any()
        for n in range(400)
    ]
    assert np.mean(any_flag) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


@given(st.lists(st.floats(0, 1) | st.just(math.nan), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_corrections_equal_their_definitions(p: list[float]):
    tested = [value for value in p if not math.isnan(value)]
    m = len(tested)
    ordered = sorted(tested)
    holm = [min(1, max((m - j) * ordered[j] for j in range(m) if ordered[j] <= v)) for v in tested]
    keep = np.isfinite(p)
    np.testing.assert_allclose(adjust(np.array(p))[keep], holm, atol=1e-12)
    assert np.isnan(adjust(np.array(p))[~keep]).all()
    if m:
        bh = false_discovery_control(tested, method="bh")
        np.testing.assert_allclose(adjust(np.array(p), "benjamini-hochberg")[keep], bh, atol=1e-12)
    np.testing.assert_allclose(adjust(np.array(p), "bonferroni")[keep], np.minimum(np.array(tested) * m, 1))
