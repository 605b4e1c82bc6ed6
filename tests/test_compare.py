"""Audits side by side: identical models differ by exactly 0, pairing, exact sign tests, and two stored documents."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from audit.inference.comparing import against_last, compare
from audit.inference.intervals import Bootstrap
from audit.inference.signs import signs_p
from audit.plan import Plan


def plan(**given_settings: object) -> Plan:
    return Plan.of({"exploratory": ["recall"], "draws": 500, **given_settings})


def people(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    rng = np.random.default_rng(seed)
    index = pd.Index([f"u{each}" for each in range(n)], name="user_id", dtype=object)
    table = pd.DataFrame(rng.random((n, 2)), index=index, columns=["ndcg", "recall"])
    return table, {"gender": pd.Series(rng.choice(["f", "m"], n), index=index)}


def test_identical_models_differ_by_exactly_nothing() -> None:
    table, groups = people()
    rows = compare({"old": table, "new": table.copy()}, groups, plan())
    assert (rows[["difference", "low", "high"]] == 0).all().all()
    assert (rows["p"] == 1).all()
    assert rows["group"].unique().tolist() == ["", "f", "m"]


def test_differences_are_those_of_the_same_people() -> None:
    table, groups = people()
    rng = np.random.default_rng(1)
    better = table + rng.normal(0.02, 0.01, table.shape)
    better = better.sample(frac=1, random_state=0)
    better.iloc[:30, 0] = np.nan
    row = compare({"old": table, "new": better.iloc[:280]}, groups, plan()).iloc[0]
    both = better["ndcg"].iloc[:280].dropna().index
    wanted = (better["ndcg"] - table["ndcg"])[both]
    assert (row["n"], row["against"], row["label"]) == (250, "old", "new")
    assert row["difference"] == pytest.approx(wanted.mean(), abs=1e-12)
    assert row["value"] - row["base"] == pytest.approx(row["difference"], abs=1e-12)
    paired = Bootstrap(500, 0).mean(wanted.reindex(table.index.intersection(better.index[:280])).to_numpy())
    assert [row["low"], row["high"]] == pytest.approx([paired.low, paired.high])
    assert row["high"] - row["low"] < 0.005, "people differ by far more than the models do"
    assert row["p"] < 0.01


def test_sign_p_equals_the_exact_test_over_all_signs() -> None:
    d = np.array([0.3, -0.1, 0.2, 0.25, -0.05, 0.15, 0.0, 0.1])
    extreme = [abs(np.dot(signs, d)) >= abs(d.sum()) - 1e-12 for signs in product([1, -1], repeat=8)]
    assert signs_p(d[:, None], draws=40_000)[0] == pytest.approx(np.mean(extreme), abs=0.01)


def test_many_people_by_the_normal_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    d = np.random.default_rng(0).normal(0.03, 1, (3000, 2))
    d[::7, 1] = np.nan
    drawn = signs_p(d, draws=8000)
    monkeypatch.setattr("audit.inference.signs._DRAWN", 1000)
    np.testing.assert_allclose(signs_p(d), drawn, atol=0.015)
    assert np.isnan(signs_p(np.full((5, 1), np.nan)))


def test_models_that_differ_by_chance_are_seldom_significant() -> None:
    rng = np.random.default_rng(0)
    flags = [signs_p(rng.standard_t(3, (60, 1)), draws=199, seed=run)[0] < 0.05 for run in range(400)]
    assert np.mean(flags) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_families_are_corrected_apart_and_small_groups_held_back() -> None:
    table, groups = people(200)
    groups["gender"].iloc[:5] = "x"
    audits = {"a": table, "b": table + 0.01, "c": table + np.random.default_rng(0).normal(0, 0.1, table.shape)}
    rows = compare(audits, groups, plan(), base="a")
    small = rows[rows["n"].isna()]
    assert "x" in set(small["group"])
    assert len(set(small["group"])) == 2
    assert small[["value", "base", "difference", "low", "p", "p_adjusted"]].isna().all().all()
    told = rows[rows["n"].notna()]
    assert (told["p_adjusted"] >= told["p"]).all()
    assert set(rows["label"]) == {"b", "c"}
    assert compare({"only": table}, groups, plan()).empty


def test_five_models_side_by_side_can_be_told_apart() -> None:
    """140 comparisons in the family: at 2,000 draws the smallest corrected p would be .07, whatever the difference."""
    table, groups = people(400)
    rng = np.random.default_rng(2)
    groups |= {f"g{n}": pd.Series(rng.choice([*"abcde"], 400), index=table.index) for n in range(6)}
    groups["h"] = pd.Series(rng.choice([*"xy"], 400), index=table.index)
    audits = {"a": table} | {f"b{n}": table + rng.normal(0, 0.02, table.shape) for n in range(3)}
    rows = compare({**audits, "worse": table * 0.4}, groups, plan(draws=2000))
    family = rows[rows["metric"] == "ndcg"]
    assert len(family) == 140
    assert 140 / 2001 > 0.05
    assert (family.loc[family["label"] == "worse", "p_adjusted"] < 0.05).all()
    assert (family.loc[family["label"] != "worse", "p_adjusted"] < 0.05).mean() < 0.05
    worst = table["ndcg"] * -0.6
    assert ttest_1samp(worst, 0).pvalue < 1e-50, "scipy agrees"


def document(value: float, gap: float, *, plan_hash: str = "p", group: str = "f") -> dict[str, object]:
    row = {"attribute": "gender", "group": group, "metric": "ndcg", "n": 50, "value": value, "low": 0.1, "high": 0.4}
    row |= {"gap": gap, "gap_low": gap - 0.1, "gap_high": gap + 0.1, "state": "flag"}
    held = {**dict.fromkeys(row), "attribute": "gender", "group": "x", "metric": "ndcg", "state": "too few to say"}
    return {"groups": [row, held], "plan_hash": plan_hash, "data_hash": "d", "protocol": "q"}


def test_this_audit_against_the_last_one_per_group() -> None:
    table = against_last(document(0.3, -0.05), document(0.25, -0.08)).set_index("group")
    assert table.loc["f", "change"] == pytest.approx(0.05)
    assert table.loc["f", "gap_change"] == pytest.approx(0.03)
    assert (table.loc["f", "state_before"], table.loc["f", "reason"]) == ("flag", "")
    assert pd.isna(table.loc["x", "change"])
    assert "Not shown" in table.loc["x", "reason"]
    same = against_last(document(0.3, -0.05), document(0.3, -0.05)).set_index("group").loc["f"]
    assert (same["change"], same["gap_change"]) == (0, 0)


def test_what_else_changed_between_two_audits_is_said() -> None:
    moved = against_last(document(0.3, -0.05, plan_hash="other"), document(0.25, -0.08)).set_index("group")
    assert moved.loc["f", "reason"] == "Also different: plan."
    apart = against_last(document(0.3, 0, group="g"), document(0.3, 0)).set_index("group")
    assert "New" in apart.loc["g", "reason"]
    assert "Gone" in apart.loc["f", "reason"]


def test_rows_keep_the_order_of_the_later_audit_and_gone_ones_come_last() -> None:
    later, earlier = document(0.3, 0, group="z"), document(0.3, 0, group="b")
    later["groups"] = [*later["groups"], {**later["groups"][0], "group": "a"}]  # type: ignore[misc, index]
    assert against_last(later, earlier)["group"].tolist() == ["z", "x", "a", "b"]
