"""The split card: literal formulas, scipy, and a broken split that must stand out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy, kendalltau

from audit.split_audit import gini_diversity, split_audit


def table(counts: list[int]) -> pd.DataFrame:
    rows = [(user, item) for item, count in enumerate(counts) for user in range(count)]
    return pd.DataFrame(rows, columns=["user_id", "item_id"], dtype=object)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_every_column_equals_its_definition(counts: list[tuple[int, int]]):
    train, test = ([pair[side] for pair in counts] for side in (0, 1))
    full = [a + b for a, b in counts]
    catalogue = [n for n, each in enumerate(full) if each]
    if not catalogue:
        return
    shifted = table(test).assign(user_id=lambda t: t["user_id"] + 100)
    card = split_audit(table(train), shifted)
    for name, side in (("full", full), ("train", train), ("test", test)):
        x = [side[n] for n in catalogue]
        n, row = len(x), card.loc[name]
        assert (row["interactions"], row["items_seen"]) == (sum(x), sum(c > 0 for c in x))
        assert (row["maximum"], row["mean"]) == (max(x), pytest.approx(sum(x) / n))
        if sum(x):
            diversity = 2 * sum((n + 1 - i) / (n + 1) * value for i, value in enumerate(sorted(x), 1)) / sum(x)
            assert row["gini_diversity"] == pytest.approx(diversity)
            assert row["shannon"] == pytest.approx(entropy(x, base=2), abs=1e-12)
        else:
            assert row[["gini_diversity", "shannon"]].isna().all()
        tau = kendalltau(x, [full[n] for n in catalogue]).statistic if len(set(x)) > 1 else math.nan
        assert row["kendall_tau"] == pytest.approx(tau, nan_ok=True)


def test_ends_of_gini_diversity():
    assert gini_diversity(np.full(7, 3)) == pytest.approx(1)
    assert gini_diversity(np.array([0, 0, 5])) == pytest.approx(2 / 4)


def test_pairs_given_twice_count_once():
    twice = pd.concat([table([2, 1])] * 2)
    assert split_audit(twice, table([1, 1])).loc["train", "interactions"] == 3


def test_a_test_set_taken_from_the_head_stands_out():
    rng = np.random.default_rng(0)
    counts = np.sort(rng.pareto(1.2, 200) * 5 + 2).astype(int)
    full = table(list(counts)).sample(frac=1, random_state=1)
    cut = int(0.8 * len(full))
    sound = split_audit(full.iloc[:cut], full.iloc[cut:])
    by_head = full.sort_values("item_id", kind="stable")
    broken = split_audit(by_head.iloc[:cut], by_head.iloc[cut:])
    assert sound.loc["test", "kendall_tau"] > 0.5 > broken.loc["test", "kendall_tau"]
    assert broken.loc["test", "gini_diversity"] < 0.5 * sound.loc["test", "gini_diversity"]


def test_the_published_split_is_sound(ml100k_folder):
    train, test = (
        pd.read_csv(ml100k_folder / f"mcrec.{part}.rating", sep="\t", header=None, usecols=[0, 1], dtype=str).set_axis(
            ["user_id", "item_id"], axis=1
        )
        for part in ("train", "test")
    )
    card = split_audit(train, test)
    assert card["interactions"].tolist() == [100_000, 80_000, 20_000]
    assert card.loc["full", "maximum"] == 583  # Star Wars
    assert card["gini_diversity"].max() - card["gini_diversity"].min() < 0.02
