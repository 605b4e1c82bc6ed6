"""Being recommended as a decision about every pair: Fairlearn over all pairs, literal resamples, and what is held back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference.groups import planned_labels
from audit.inference.pair_rates import PairRates, pair_rates
from audit.measures.coded import Coded
from audit.plan import Plan

PLAN = Plan.of({"k": 3, "draws": 200, "minimum_cell": 2})
ITEMS = [f"i{n}" for n in range(7)]


def world(seed: int, people: int = 24) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    users = [f"u{n}" for n in range(people)]
    lists = [(u, i, r) for u in users if rng.random() < 0.9 for r, i in enumerate(rng.permutation(ITEMS)[:3], 1)]
    truth = [(u, i) for u in users for i in ITEMS if rng.random() < 0.3]
    group = pd.Series(rng.choice(["a", "b", "c"], people), index=users).mask(rng.random(people) < 0.2)
    columns = ["user_id", "item_id", "rank"]
    return pd.DataFrame(lists, columns=columns), pd.DataFrame(truth, columns=columns[:2]), group


def found(lists: pd.DataFrame, truth: pd.DataFrame, group: pd.Series, plan: Plan = PLAN, **options) -> PairRates:
    items = pd.DataFrame(index=pd.Index(ITEMS, name="item_id"))
    coded = Coded.of(lists, truth, None, items, k=plan.k)
    return pair_rates(coded, planned_labels({"kind": group}, pd.Index(coded.users.values), plan), plan, **options)


def raw(lists: pd.DataFrame, truth: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    shown, wanted = (set(zip(each["user_id"], each["item_id"], strict=True)) for each in (lists, truth))
    people = sorted({*lists["user_id"], *truth["user_id"]})
    rows = [(u, (u, i) in wanted, (u, i) in shown) for u in people for i in ITEMS]
    table = pd.DataFrame(rows, columns=["user", "chosen", "recommended"])
    return table.assign(group=table["user"].map(group).fillna("unknown"))


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_rates_and_differences_are_fairlearns_over_all_pairs(seed: int) -> None:
    lists, truth, group = world(seed)
    told, pairs = found(lists, truth, group), raw(lists, truth, group)
    shown = told.groups.dropna(subset=["people"])
    kept = pairs[pairs["group"].isin(set(shown["group"]))]
    for rate in ("selection_rate", "true_positive_rate", "false_positive_rate"):
        frame = metrics.MetricFrame(
            metrics=getattr(metrics, rate),
            y_true=kept["chosen"].astype(int),
            y_pred=kept["recommended"].astype(int),
            sensitive_features=kept["group"],
        )
        mine = shown[shown["rate"] == rate].set_index("group")["value"]
        for name, value in mine.dropna().items():
            assert value == pytest.approx(frame.by_group[name], abs=1e-12)
    sizes = pairs.groupby("group")["user"].nunique()
    assert (shown.set_index("group")["people"].astype(int) == sizes.reindex(shown["group"]).to_numpy()).all()
    between = told.between.set_index("measure")["value"]
    kept = kept[kept["group"] != "unknown"]
    if kept["group"].nunique() > 1:
        assert set(told.between["groups"]) == {kept["group"].nunique()}
        given_pairs = (kept["chosen"].astype(int), kept["recommended"].astype(int))
        parity = metrics.demographic_parity_difference(*given_pairs, sensitive_features=kept["group"])
        assert between["demographic_parity_difference"] == pytest.approx(parity, abs=1e-12)


def test_intervals_are_those_of_resampled_people() -> None:
    lists, truth, group = world(3, 150)
    plan = PLAN.model_copy(update={"draws": 2000})
    told = found(lists, truth, group, plan).groups
    pairs = raw(lists, truth, group)
    mine = (
        pairs[pairs["group"] == "a"]
        .groupby("user")
        .agg(chosen=("chosen", "sum"), both=("recommended", lambda r: (r & pairs.loc[r.index, "chosen"]).sum()))
    )
    rng = np.random.default_rng(9)
    drawn = [
        (picked := mine.iloc[rng.integers(0, len(mine), len(mine))])["both"].sum() / picked["chosen"].sum()
        for _ in range(2000)
    ]
    row = told[(told["group"] == "a") & (told["rate"] == "true_positive_rate")].iloc[0]
    assert row["low"] < row["value"] < row["high"]
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist(), abs=0.02)


def test_a_small_group_is_held_back_and_never_alone() -> None:
    lists, truth, _ = world(5, 40)
    group = pd.Series(["a"] * 20 + ["b"] * 16 + ["c"] * 3 + [None], index=[f"u{n}" for n in range(40)])
    told = found(lists, truth, group, PLAN.model_copy(update={"minimum_cell": 4}))
    held = set(told.groups.loc[told.groups["people"].isna(), "group"])
    assert held == {"c", "unknown"}
    assert told.groups[told.groups["group"].isin(held)][["pairs", "value", "low", "high"]].isna().all(axis=None)
    assert set(told.between["groups"]) == {2}
    whole = group.fillna("a")
    told = found(lists, truth, whole, PLAN.model_copy(update={"minimum_cell": 4}))
    assert set(told.groups.loc[told.groups["people"].isna(), "group"]) == {"b", "c"}
    told = found(lists, truth, whole, hidden=frozenset({("kind", "a")}))
    assert "a" in set(told.groups.loc[told.groups["people"].isna(), "group"])


def test_no_attribute_no_table() -> None:
    lists, truth, _ = world(1)
    coded = Coded.of(lists, truth, None, pd.DataFrame(index=pd.Index(ITEMS, name="item_id")), k=3)
    told = pair_rates(coded, {}, PLAN)
    assert told.groups.empty
    assert told.between.empty


def test_everybody_held_back() -> None:
    lists, truth, group = world(2)
    told = found(lists, truth, group, PLAN.model_copy(update={"minimum_cell": 100}))
    assert len(told.groups) == 3 * 4
    assert told.groups[["people", "value", "low", "high"]].isna().all(axis=None)
    assert told.between.empty
