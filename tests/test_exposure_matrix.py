"""User group x item group: the literal share of attention, resampled people, and what is held back."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.exposure_matrix import MOST, OTHERS, exposure_matrix
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


def world(people: int = 60, tiny: int = 4, unknown: int = 2) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(2)
    users = [f"u{n}" for n in range(people)]
    rows = [(u, i, r) for u in users for r, i in enumerate(rng.permutation(ITEMS.index)[:4], 1)]
    group = pd.Series(rng.choice(["a", "b"], people), index=users)
    group.iloc[:tiny] = "tiny"
    group.iloc[tiny : tiny + unknown] = None
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]), group


def found(lists: pd.DataFrame, group: pd.Series, plan: Plan = PLAN, **options) -> pd.DataFrame:
    coded = Coded.of(lists, pd.DataFrame({"user_id": ["u1"], "item_id": ["i1"]}), None, ITEMS, k=plan.k)
    labels = planned_labels({"kind": group}, pd.Index(coded.users.values), plan)
    return exposure_matrix(coded, ITEMS, KINDS, labels, plan, **options)


def test_shares_are_the_literal_ones_of_each_group() -> None:
    lists, group = world(tiny=9, unknown=9)
    told = found(lists, group, PLAN.model_copy(update={"minimum_cell": 2}))
    assert set(told["joined"]) == {0}
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
            everybody = lists["rank"].map(lambda rank: 1 / math.log2(rank + 1))
            sizes = {
                each: sum(
                    weight / len(split(v if isinstance(v := ITEMS.loc[item, column], str) else None))
                    for item, weight in zip(lists["item_id"], everybody, strict=True)
                    if each in split(v if isinstance(v := ITEMS.loc[item, column], str) else None)
                )
                for each in mine.index
            }
            assert list(mine.index) == sorted(mine.index, key=lambda each: -sizes[each]), (
                "most shown by all lists first"
            )


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


def everyone_but(item: str, seers: list[str], group: pd.Series) -> pd.DataFrame:
    """Every list has the same titles, but for one of them, which only some people see: the others see i0 there."""
    rows = [(u, i if i != item or u in seers else "i0", r) for u in group.index for r, i in enumerate(ITEMS.index, 1)]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]).drop_duplicates(["user_id", "item_id"])


def test_what_few_people_of_one_group_see_is_joined_for_all_groups_of_the_attribute() -> None:
    """i6 is the only title of 'unknown', and two people of group a see it: its share would tell that they are two."""
    group = pd.Series(["a"] * 20 + ["b"] * 20, index=[f"u{n}" for n in range(40)])
    seers = ["u0", "u1", *(f"u{n}" for n in range(20, 40))]
    plan = PLAN.model_copy(update={"k": 7})
    told = found(everyone_but("i6", seers, group), group, plan)
    mine = told[told["column"] == "provider"]
    assert set(mine["category"]) == {"p", "q", OTHERS}, (
        "the least shown of the rest goes with it, so it is not what is left"
    )
    for _, rows in mine.groupby("group"):
        assert rows["category"].iloc[-1] == OTHERS
        assert rows["joined"].tolist() == [0, 0, 2]
        assert rows["share"].sum() == pytest.approx(1)
        assert rows["catalogue_share"].sum() == pytest.approx(1)
        assert rows["low"].iloc[-1] <= rows["share"].iloc[-1] <= rows["high"].iloc[-1]
    told = found(everyone_but("i6", [*seers, "u2"], group), group, plan)
    assert "unknown" in set(told.loc[told["column"] == "provider", "category"]), "three people are enough"


def test_a_title_that_nobody_at_all_sees_is_told_to_be_seen_by_nobody() -> None:
    group = pd.Series(["a"] * 20 + ["b"] * 20, index=[f"u{n}" for n in range(40)])
    told = found(everyone_but("i6", [], group), group, PLAN.model_copy(update={"k": 7}))
    rows = told[(told["column"] == "provider") & (told["category"] == "unknown")]
    assert rows["share"].tolist() == [0, 0]
    assert set(told["joined"]) == {0}


def test_categories_after_the_most_shown_are_joined() -> None:
    names = [f"t{n:03d}" for n in range(MOST + 7)]
    items = pd.DataFrame({"provider": names}, index=pd.Index(names, name="item_id"))
    rows = [(f"u{n}", item, rank) for n in range(12) for rank, item in enumerate(names, 1)]
    coded = Coded.of(
        pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]),
        pd.DataFrame({"user_id": ["u1"], "item_id": [names[0]]}),
        None,
        items,
        k=len(names),
    )
    labels = planned_labels({"kind": pd.Series("a", index=[f"u{n}" for n in range(12)])}, coded_users(coded), PLAN)
    told = exposure_matrix(coded, items, {}, labels, PLAN.model_copy(update={"k": len(names)}))
    assert told["category"].tolist() == [*names[:MOST], OTHERS]
    weight = [1 / math.log2(rank + 1) for rank in range(1, len(names) + 1)]
    last = told.iloc[-1]
    assert last["joined"] == 7
    assert last["share"] == pytest.approx(sum(weight[MOST:]) / sum(weight), abs=1e-12)
    assert last["catalogue_share"] == pytest.approx(7 / len(names))


def coded_users(coded: Coded) -> pd.Index:
    return pd.Index(coded.users.values)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 3))
def test_no_row_is_about_fewer_people_than_the_least_cell(seed: int, least: int, k: int) -> None:
    """Counted by loops: in every group that is shown, enough people see a title of every row, or nobody anywhere does."""
    rng = np.random.default_rng(seed)
    users = [f"u{n}" for n in range(24)]
    rows = [(u, i, r) for u in users for r, i in enumerate(rng.permutation(ITEMS.index[: rng.integers(3, 8)])[:k], 1)]
    group = pd.Series(rng.choice(["a", "b", "c"], len(users)), index=users)
    plan = PLAN.model_copy(update={"minimum_cell": least, "draws": 20, "k": k})
    told = found(pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]), group, plan)
    for column in ("provider", "genres"):
        mine = told[(told["column"] == column) & told["people"].notna()]
        own = set(mine.loc[mine["joined"] == 0, "category"])
        for place in mine.index:
            name, joined = told.loc[place, "group"], told.loc[place, "joined"] > 0
            seen: dict[str, set[str]] = {each: set() for each in (name, "anybody")}
            for user, item, _ in rows:
                value = ITEMS.loc[item, column]
                belongs = set(value.split("|") if isinstance(value, str) else ["unknown"])
                if (belongs - own) if joined else (told.loc[place, "category"] in belongs):
                    seen["anybody"].add(user)
                    if group[user] == name:
                        seen[name].add(user)
            assert len(seen[name]) >= least or not seen["anybody"]
        assert (mine.groupby("group")["share"].sum() - 1).abs().max() < 1e-12 or mine.empty
