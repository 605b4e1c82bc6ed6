"""The lowest against the highest group: intervals by literal resampling, chance by every permutation, nothing held back."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference import extremes
from audit.inference.closer import look_closer
from audit.inference.constant import Reach
from audit.inference.extremes import ENDS, Extremes, Moments, exchanged, limit
from audit.inference.groups import group_tables
from audit.inference.intervals import Resampled
from audit.plan import Plan
from audit.report.groups import spread_words
from audit.run import plain

SIZES = {"a": 60, "b": 90, "c": 40}


def people(seed: int = 0, **sizes: int) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Skewed values between 0 and 1, some undefined, in groups that do not differ."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(list(sizes), list(sizes.values()))
    index = pd.Index([f"u{n}" for n in range(len(labels))], name="user_id", dtype=object)
    values = pd.DataFrame({"ndcg": rng.beta(1, 2, len(labels)), "recall": rng.beta(1, 3, len(labels))}, index=index)
    values.loc[rng.random(len(labels)) < 0.1, "recall"] = np.nan
    return values, {"group": pd.Series(labels, index=index, dtype=object)}


def summary(per_user: pd.DataFrame, groups: dict[str, pd.Series], **settings: object) -> pd.DataFrame:
    plan = Plan.of({"exploratory": ["recall"], "draws": 2000, **settings})
    sizes = pd.Series(1, index=per_user.index)
    return look_closer(per_user, groups, sizes, plan)[0].summary.set_index("metric")


def literal(values: np.ndarray, labels: np.ndarray, draws: int) -> np.ndarray:
    """Difference and ratio of extremes in resamples of everybody, a loop over resamples and over groups."""
    rng, found = np.random.default_rng(99), []
    for _ in range(draws):
        picked = rng.integers(0, len(values), len(values))
        means = [np.nanmean(values[picked][labels[picked] == name]) for name in np.unique(labels)]
        found.append((max(means) - min(means), min(means) / max(means)))
    return np.array(found)


@pytest.mark.parametrize("metric", ["ndcg", "recall"])
def test_intervals_are_those_of_a_literal_bootstrap_of_people(metric: str) -> None:
    per_user, groups = people(**SIZES)
    row = summary(per_user, groups).loc[metric]
    drawn = literal(per_user[metric].to_numpy(), groups["group"].to_numpy(dtype=str), 4000)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    spread = drawn.std(axis=0)
    for place, name in enumerate(("difference", "ratio")):
        assert row[f"{name}_low"] == pytest.approx(low[place], abs=0.2 * spread[place])
        assert row[f"{name}_high"] == pytest.approx(high[place], abs=0.2 * spread[place])


def test_the_interval_is_that_of_metricframe() -> None:
    from fairlearn.metrics import MetricFrame

    per_user, groups = people(**SIZES)
    row, values = summary(per_user, groups).loc["ndcg"], per_user["ndcg"].to_numpy()
    frame = MetricFrame(
        metrics=lambda _, shown: float(np.mean(shown)), y_true=values, y_pred=values, random_state=0,
        sensitive_features=groups["group"].to_numpy(), n_boot=400, ci_quantiles=[0.025, 0.975],
    )  # fmt: skip
    for name, ends in (("difference", frame.difference_ci()), ("ratio", frame.ratio_ci())):
        width = row[f"{name}_high"] - row[f"{name}_low"]
        assert [row[f"{name}_low"], row[f"{name}_high"]] == pytest.approx(ends, abs=0.12 * width)


def test_resamples_and_exchanges_are_read_exactly() -> None:
    """Three draws of three groups, read at the level 0: both ends are the middle draw."""
    drawn = np.array([[0.2, 0.5, 0.9], [0.4, 0.5, 0.6], [0.3, 0.5, 0.9]])
    means = np.array([[[0.5, 0.5, 0.4]], [[0.2, 0.8, 0.6]]])
    told = Extremes(
        ["ndcg"], ["a", "b", "c"], Resampled(drawn[2], drawn, None), None, lambda _, places: means[..., places], 1e-12
    )
    row = told.ends({"ndcg": ["a", "b", "c"]}).loc["ndcg"]
    assert row.to_numpy() == pytest.approx([0.6, 0.6, 0.35, 0.3 / 0.9, 0.3 / 0.9, (0.8 + 0.25) / 2])
    two = told.ends({"ndcg": ["b", "a"]}).loc["ndcg"]
    assert two.to_numpy() == pytest.approx([0.2, 0.2, 0.3, 0.6, 0.6, (1 + 0.25) / 2])
    assert told.ends({"ndcg": ["a"]}).isna().all(axis=None)


@pytest.mark.parametrize("many", [False, True])
def test_chance_is_the_mean_over_every_exchange_of_labels(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven people, one of them in no compared group, and every order of the other six."""
    values, codes = np.array([0.1, 0.2, 0.4, 0.5, 0.9, 1.0, 0.7]), np.array([0, 0, 0, 1, 1, 3, 2])
    every = np.array(
        [[order[:3].mean(), order[3:5].mean(), order[5]] for order in map(np.array, permutations(values[:6]))]
    )
    monkeypatch.setattr(extremes, "DRAWS", 20_000)
    if many:
        monkeypatch.setattr(extremes, "PERMUTED", 0)
    drawn = exchanged(values[:, None], codes, [1, 2])([0], [0, 1, 3])[:, 0]
    assert drawn.mean(axis=0) == pytest.approx(every.mean(axis=0), abs=0.01)
    assert np.cov(drawn.T) == pytest.approx(np.cov(every.T), abs=0.005)
    if not many:
        seen, wanted = (np.ptp(each, axis=1).mean() for each in (drawn, every))
        assert seen == pytest.approx(wanted, abs=0.005)


def test_the_limit_is_the_exchange_of_many_people() -> None:
    per_user, groups = people(a=900, b=400, c=200)
    values, codes = per_user[["ndcg"]].to_numpy(), groups["group"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    by = per_user["ndcg"].groupby(groups["group"])
    sums = (by.count(), by.sum(), (per_user["ndcg"] ** 2).groupby(groups["group"]).sum())
    quick = np.ptp(limit(Moments(*(each.to_numpy(dtype=float)[None] for each in sums)), [3]), axis=-1)
    slow = np.ptp(exchanged(values, codes, [4])([0], [0, 1, 2]), axis=-1)
    assert quick.mean() == pytest.approx(slow.mean(), rel=0.08)


def test_groups_that_do_not_differ_look_as_chance_makes_them() -> None:
    """The difference of extremes is far from 0 on average, and as far as what is expected under no difference."""
    rows = [summary(*people(seed, **dict.fromkeys("abcdefgh", 30)), draws=100).loc["ndcg"] for seed in range(40)]
    table = pd.DataFrame(rows).astype(dict.fromkeys(("difference", "ratio", *ENDS), float))
    assert table["difference_low"].gt(0).all(), "an interval of a largest difference never reaches 0"
    for name in ("difference", "ratio"):
        error = table[name].std() / np.sqrt(len(table))
        assert table[name].mean() == pytest.approx(table[f"{name}_expected"].mean(), abs=3 * error)


@given(st.integers(0, 10_000), st.sampled_from(["percentile", "bca"]))
@settings(max_examples=15, deadline=None)
def test_people_of_held_back_groups_change_nothing_that_is_shown(seed: int, kind: str) -> None:
    per_user, groups = people(seed, **SIZES, d=15, e=4)
    rng = np.random.default_rng(seed)
    plan = Plan.of({"exploratory": ["recall"], "draws": 100, "interval": kind})
    sizes = pd.Series(1, index=per_user.index)
    tables, _ = look_closer(per_user, groups, sizes, plan)
    hidden = {group for _, group in tables.hidden}
    assert hidden > {"e"}, "a second group must be held back with the small one"
    other = per_user.copy()
    mine = groups["group"].isin(hidden).to_numpy()
    other.loc[mine, "ndcg"] = rng.random(mine.sum())
    again, _ = look_closer(other, groups, sizes, plan)
    pd.testing.assert_frame_equal(tables.summary, again.summary)
    assert tables.summary["difference_low"].notna().all()
    assert not tables.extremes, "nothing that could make the numbers again goes along"


def test_bounds_of_a_group_that_hardly_deviates_widen_both_intervals() -> None:
    per_user, groups = people(a=100, b=30)
    per_user.loc[groups["group"] == "b", "ndcg"] = 0.0
    row = summary(per_user, groups).loc["ndcg"]
    worst = 1 - 0.025 ** (1 / 30)  # Clopper-Pearson: so many of all might deviate where none of 30 did
    mean = per_user["ndcg"][groups["group"] == "a"].mean()
    assert (row["ratio"], row["ratio_low"]) == (0, 0)
    assert row["ratio_high"] == pytest.approx(worst / mean, abs=1e-9)
    assert row["difference_low"] < row["difference"] - worst
    assert 0 <= row["difference_low"] <= row["difference"] <= row["difference_high"] <= 1


def test_a_reach_of_nothing_changes_nothing() -> None:
    drawn = np.random.default_rng(0).random((50, 3))
    none = Reach(*np.zeros((4, 1, 3)))
    both = [
        Extremes(["m"], ["a", "b", "c"], Resampled(drawn[0], drawn, None), each, lambda _, __: drawn[:, None], 0.9)
        for each in (None, none)
    ]
    first, second = (each.ends({"m": ["a", "b", "c"]}) for each in both)
    pd.testing.assert_frame_equal(first, second)


def test_a_ratio_below_0_or_of_nothing_is_undefined_with_its_interval() -> None:
    per_user, groups = people(a=30, b=30)
    row = summary(per_user * 0, groups).loc["ndcg"]
    assert row[["ratio", "ratio_expected"]].isna().all()
    assert (row["difference"], row["difference_expected"]) == (0, 0)


def test_the_words_name_chance_beside_the_difference() -> None:
    per_user, groups = people(**SIZES)
    row = plain(summary(per_user, groups).loc["ndcg"].to_dict())
    told = spread_words(row)
    for name in ("difference", "ratio"):
        assert f"{row[name]:.3f} (interval {row[f'{name}_low']:.3f} to {row[f'{name}_high']:.3f})" in told
    assert "picked after looking" in told
    assert f"a difference of {row['difference_expected']:.3f} and a ratio of {row['ratio_expected']:.3f}" in told
    old = {name: value for name, value in row.items() if name not in ENDS}
    assert spread_words(old).endswith(").")
    assert "expected" not in spread_words(old), "a run from before there was one shows what it has"


def test_the_summary_without_a_table_of_what_is_held_back_has_the_same_numbers() -> None:
    per_user, groups = people(**SIZES)
    plan = Plan.of({"exploratory": ["recall"], "draws": 2000})
    pd.testing.assert_frame_equal(
        group_tables(per_user, groups, plan).summary.set_index("metric"), summary(per_user, groups)
    )


@pytest.mark.slow
def test_intervals_of_two_groups_cover_the_truth() -> None:
    """1,000 pairs of groups that differ: the interval of the difference and of the ratio holds the truth."""
    held = np.zeros(2)
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        values = np.concatenate([rng.beta(1, 2, 150), rng.beta(2, 2, 100)])
        index = pd.Index([f"u{n}" for n in range(250)])
        labels = {"group": pd.Series(["a"] * 150 + ["b"] * 100, index=index, dtype=object)}
        plan = Plan.of({"exploratory": [], "draws": 500, "seed": seed})
        row = group_tables(pd.DataFrame({"ndcg": values}, index=index), labels, plan).summary.iloc[0]
        truth = {"difference": 1 / 2 - 1 / 3, "ratio": 2 / 3}
        held += [row[f"{name}_low"] <= true <= row[f"{name}_high"] for name, true in truth.items()]
    assert (held / 1000 >= 0.93).all()
    assert (held / 1000 <= 0.97).all()
