"""User group x item group: the literal share of attention, resampled people, and what is held back."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from audit.exposure_matrix import exposure_matrix
from audit.inference.groups import planned_labels
from audit.measures.coded import Coded
from audit.plan import Plan
from data.columns import Kind

PLAN = Plan.of({"k": 4, "draws": 1500, "minimum_cell": 3})
ITEMS = pd.DataFrame(
    {"provider": ["p", "p", "q", "q", "r", "r", None], "genres": ["A|B", "A", "B", "A|C", "C", "B|C", "A"]},
    index=pd.Index([f"i{n}" for n in range(7)], name="item_id"),
)
KINDS = {"genres": Kind.MULTI}


def world(people: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(2)
    users = [f"u{n}" for n in range(people)]
    rows = [(u, i, r) for u in users for r, i in enumerate(rng.permutation(ITEMS.index)[:4], 1)]
    group = pd.Series(rng.choice(["a", "b"], people), index=users)
    group.iloc[:4] = "tiny"
    group.iloc[4:6] = None
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]), group


def found(lists: pd.DataFrame, group: pd.Series, plan: Plan = PLAN, **options) -> pd.DataFrame:
    coded = Coded.of(lists, pd.DataFrame({"user_id": ["u1"], "item_id": ["i1"]}), None, ITEMS, k=plan.k)
    labels = planned_labels({"kind": group}, pd.Index(coded.users.values), plan)
    return exposure_matrix(coded, ITEMS, KINDS, labels, plan, **options)


def test_shares_are_the_literal_ones_of_each_group() -> None:
    lists, group = world()
    told = found(lists, group, PLAN.model_copy(update={"minimum_cell": 2}))
    for column, split in (("provider", lambda v: [v or "unknown"]), ("genres", lambda v: v.split("|"))):
        for name in ("a", "b", "tiny", "unknown"):
            members = {u for u in group.index if (group[u] if isinstance(group[u], str) else "unknown") == name}
            given: dict[str, float] = defaultdict(float)
            for user, item, rank in lists.itertuples(index=False):
                value = ITEMS.loc[item, column]
                names = split(value if isinstance(value, str) else None)
                for each in names:
                    given[each] += (user in members) / math.log2(rank + 1) / len(names)
            mine = told[(told["column"] == column) & (told["group"] == name)].set_index("category")
            assert set(mine["people"]) == {len(members)}
            total = sum(given.values())
            assert mine["share"].to_dict() == pytest.approx({k: v / total for k, v in given.items()}, abs=1e-12)
            assert ((mine["low"] <= mine["share"]) & (mine["share"] <= mine["high"])).all()


def test_intervals_are_those_of_the_groups_own_people() -> None:
    lists, group = world(200)
    told = found(lists, group)
    weight = (1 / np.log2(lists["rank"] + 1)).to_numpy()
    mine = lists.assign(w=weight, p=lists["item_id"].map(ITEMS["provider"]) == "p")
    mine = mine[mine["user_id"].map(group) == "a"]
    users = mine.groupby("user_id").apply(lambda t: pd.Series({"p": (t["w"] * t["p"]).sum(), "all": t["w"].sum()}))
    rng = np.random.default_rng(6)
    drawn = [
        (each := users.iloc[rng.integers(0, len(users), len(users))])["p"].sum() / each["all"].sum()
        for _ in range(2000)
    ]
    row = told[(told["column"] == "provider") & (told["group"] == "a") & (told["category"] == "p")].iloc[0]
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist(), abs=0.01)


def test_small_groups_are_held_back_and_never_alone() -> None:
    lists, group = world()
    told = found(lists, group, PLAN.model_copy(update={"minimum_cell": 5}))
    held = told[told["people"].isna()]
    assert set(held["group"]) == {"tiny", "unknown"}
    assert held[["share", "low", "high"]].isna().all(axis=None)
    assert (held["reason"] != "").all()
    known = group.fillna("a")
    told = found(lists, known, PLAN.model_copy(update={"minimum_cell": 5}))
    assert told.loc[told["people"].isna(), "group"].nunique() == 2
