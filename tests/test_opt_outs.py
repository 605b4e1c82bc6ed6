"""What opting out costs: rates by group, held back where small; the cost by definition; and who is served worse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.opt_outs import EVERYBODY, opt_outs
from audit.plan import Plan

PLAN = Plan(draws=400)


def world(
    seed: int = 0, n: int = 400, share: float = 0.2
) -> tuple[frozenset[str], pd.Index, dict, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    people = pd.Index([f"u{i:04d}" for i in range(n)])
    region = pd.Series(rng.choice(["north", "south"], n, p=[0.6, 0.4]), index=people)
    out = frozenset(people[(rng.random(n) < np.where(region == "north", share, 2 * share))])
    same = pd.Series(rng.random(n) * 0.4, index=people)
    own = (same + rng.normal(0.1, 0.05, n))[~people.isin(list(out))]
    return out, people, {"region": region}, own, same


def wilson(count: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson 1927, eq. 4, as written there."""
    p = count / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def test_rates_are_shares_with_wilson_intervals() -> None:
    out, people, groups, own, same = world()
    found = opt_outs(out, people, groups, own, same, PLAN).rates
    for name in ("north", "south"):
        mine = people[groups["region"] == name]
        row = found[found["group"] == name].iloc[0]
        gone = len(set(mine) & out)
        assert (row["n"], row["opted_out"], row["rate"]) == (len(mine), gone, pytest.approx(gone / len(mine)))
        assert (row["low"], row["high"]) == pytest.approx(wilson(gone, len(mine)), abs=1e-9)
    whole = found[found["attribute"] == EVERYBODY].iloc[0]
    assert whole["opted_out"] == len(out)


def test_the_cost_is_the_paired_difference_of_those_who_have_both() -> None:
    out, people, groups, own, same = world()
    found = opt_outs(out, people, groups, own, same, PLAN).cost.set_index("group")
    for name in ("north", "south"):
        mine = [user for user in own.index if groups["region"][user] == name]
        assert found.loc[name, "difference"] == pytest.approx(np.mean(same[mine] - own[mine]), abs=1e-12)
        assert found.loc[name, "low"] < found.loc[name, "difference"] < found.loc[name, "high"] < 0
        assert found.loc[name, "n"] == len(mine)
    assert not set(own.index) & out, "no personal list was judged of anybody who opted out"


def test_who_opted_out_and_the_others_are_compared_as_they_are_served() -> None:
    out, people, groups, own, same = world()
    found = opt_outs(out, people, groups, own, same, PLAN).served.set_index("who")
    assert found.loc["who opted out", "value"] == pytest.approx(same[sorted(out)].mean())
    assert found.loc["the others", "value"] == pytest.approx(own.mean())
    gap = found.loc["difference"]
    assert gap["value"] == pytest.approx(same[sorted(out)].mean() - own.mean())
    assert gap["low"] < gap["value"] < gap["high"]


@given(st.integers(0, 10_000), st.floats(0.0, 0.5), st.integers(20, 200))
@settings(max_examples=40, deadline=None)
def test_no_small_number_is_shown_nor_can_be_worked_out(seed: int, share: float, n: int) -> None:
    out, people, groups, own, same = world(seed, n, share)
    groups["third"] = pd.Series(np.random.default_rng(seed).choice(["a", "b", "c"], n), index=people)
    found = opt_outs(out, people, groups, own, same, PLAN).rates
    for attribute, rows in found.groupby("attribute"):
        shown = rows[~rows["hidden"]]
        assert (shown["opted_out"] >= 10).all()
        assert (shown["n"] - shown["opted_out"] >= 10).all()
        hidden = rows[rows["hidden"]]
        assert hidden[["opted_out", "rate", "low", "high"]].isna().all(axis=None)
        if attribute != EVERYBODY and len(rows) > 1 and len(out) >= 10 and n - len(out) >= 10:
            assert len(hidden) != 1, "one hidden group is the total less the others"


def test_nobody_opted_out_is_said() -> None:
    _, people, groups, own, same = world()
    found = opt_outs(frozenset(), people, groups, own, same, PLAN)
    assert found.notes == ("Nobody opted out.",)
    assert found.served.set_index("who").loc["who opted out"].isna().all()
