"""What stands beside the group tables of counted lists: that of the audit in memory on the same lists, and its definition."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.engine.closer import look_closer
from audit.engine.crowd import Crowd
from audit.engine.quality import judge
from audit.engine.scan import scan
from audit.plan import Plan
from data.errors import BadInput
from tests.test_counted import PLAN, World, close, rows_of

GROUP, CELL = ("attribute", "group", "metric"), ("first", "second", "first_group", "second_group", "metric")
KEYS = {
    "groups": GROUP,
    "directions": GROUP,
    "unknowns": GROUP,
    "equivalence": GROUP,
    "intersections": CELL,
    "impact_ratios": ("attribute", "group"),
}
EXACT = {
    "groups": ("n", "value", "gap", "effect_size"),
    "directions": ("n", "pooled_gap", "person_gap"),
    "unknowns": ("n_known", "n_unknown", "unknown_share", "gap", "lower", "upper", "reason"),
    "equivalence": ("n", "gap", "level", "threshold"),
    "intersections": ("n", "value", "gap"),
    "impact_ratios": ("n", "share", "selected", "rate", "reference", "ratio", "low", "high", "p", "p_adjusted",
                      "shortfall", "ratio_if_one_moves", "flips", "excluded", "state", "reason"),
}  # fmt: skip
ASKED = PLAN.model_copy(update={"impact_ratio": "selection", "equivalence": True})
WIDE = 0.5  # intervals of 32 buckets beside those of 100 resamples: their widths may differ by half


@pytest.fixture(scope="module")
def both() -> tuple[dict, dict]:
    world = World()
    return world.held(ASKED), world.counted(ASKED)


class Small(World):
    """Few people, some without a list, some without held-out choices, some whom the table of people does not have."""

    def __init__(self, seed: int, people: int, blank: float, third: bool) -> None:
        super().__init__(seed, people)
        rng = np.random.default_rng(seed)
        self.groups = {
            name: each.mask(rng.random(people) < blank)[rng.random(people) > 0.05]
            for name, each in {
                **self.groups,
                **({"age": self.groups["region"].replace({"w": "e"})} if third else {}),
            }.items()
        }
        listed, wanted = (np.flatnonzero(rng.random(people) < 0.9).astype(str) for _ in range(2))
        self.lists = self.lists[self.lists["user_id"].isin(listed)]
        few = rng.random(len(self.truth)) < 0.6  # people have one to four held-out choices
        self.truth = self.truth[self.truth["user_id"].isin(wanted) & few]


def alike(slow: dict, fast: dict, table: str) -> None:
    """The same rows in the same order with the same exact columns; what is held back is null in both."""
    one, two = (rows_of(each, table, *KEYS[table]) for each in (slow, fast))
    assert list(one) == list(two)
    for key, row in one.items():
        for name in EXACT[table]:
            if isinstance(row[name], float):
                close(two[key][name], row[name], 1e-12)
            else:
                assert two[key][name] == row[name], (table, key, name)


@given(
    st.integers(0, 10_000), st.integers(25, 260), st.sampled_from([0.0, 0.02, 0.2]), st.sampled_from([2, 5, 10]),
    st.sampled_from(["best", "largest", "rest"]), st.booleans(),
)  # fmt: skip
@settings(max_examples=6, deadline=None)
def test_small_worlds_are_told_and_held_back_as_in_memory(seed, people, blank, minimum, reference, third):
    world = Small(seed, people, blank, third)
    settings = {"minimum_cell": minimum, "impact_reference": reference, "exploratory": ("hit_rate", "reciprocal_rank")}
    plan = ASKED.model_copy(update=settings)
    slow, fast = world.held(plan), world.counted(plan)
    for table in KEYS:
        alike(slow, fast, table)
    hidden = {(row["attribute"], row["group"]) for row in fast["groups"] if row["n"] is None}
    for row in (*fast["exposure"], *fast["provider_exposure"]):
        if (row["attribute"], row["group"]) in hidden:
            assert not {"value", "exposure_share", "n_lists"} & {name for name, told in row.items() if told is not None}
    reached = {row["provider"]: row["n_lists"] for row in slow["providers"]}
    assert {row["provider"]: row["n_lists"] for row in fast["providers"]} == reached
    for row in fast["intersections"]:
        shown = {name for name in ("value", "low", "high", "gap", "gap_low", "p") if row[name] is not None}
        assert row["n"] is not None or not shown
        if row["n"] is not None and row["n"] < 200:
            assert row["p"] is row["p_adjusted"] is row["gap_low"] is row["gap_high"] is None


def test_many_people_are_told_as_in_memory(both):
    for table in KEYS:
        if table != "groups":  # test_counted compares them
            alike(*both, table)


def test_cells_have_tests_and_intervals_as_in_memory_where_both_sides_are_large(both):
    slow, fast = (rows_of(each, "intersections", *CELL) for each in both)
    tested = [key for key, row in fast.items() if row["p"] is not None]
    assert tested
    assert all(fast[key]["n"] >= 200 for key in tested)
    for key in tested:
        close(fast[key]["p"], slow[key]["p"], 1e-12)
        width, theirs = (each[key]["gap_high"] - each[key]["gap_low"] for each in (fast, slow))
        assert width == pytest.approx(theirs, rel=WIDE)
        width, theirs = (each[key]["high"] - each[key]["low"] for each in (fast, slow))
        assert width == pytest.approx(theirs, rel=WIDE)
    p = np.array([fast[key]["p"] for key in tested])
    order = np.argsort(p)
    expected = np.minimum.accumulate((p[order] * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    np.testing.assert_allclose(np.array([fast[key]["p_adjusted"] for key in tested])[order], expected)


def test_views_and_equivalence_have_intervals_near_those_in_memory(both):
    slow, fast = (rows_of(each, "directions", *GROUP) for each in both)
    for key, row in fast.items():
        close(row["stratified_gap"], slow[key]["stratified_gap"], 1e-12)
        if key[:2] == ("region", "w"):
            assert row["pooled_low"] is row["person_low"] is row["stratified_low"] is None
            assert not row["changes"]
            continue
        assert row["changes"] == slow[key]["changes"]
        for view in ("pooled", "person", "stratified"):
            width, theirs = (each[key][f"{view}_high"] - each[key][f"{view}_low"] for each in (fast, slow))
            assert width == pytest.approx(theirs, rel=WIDE)
    one, two = (rows_of(each, "equivalence", *GROUP) for each in both)
    for key, row in two.items():
        if key[:2] == ("region", "w"):
            assert (row["low"], row["answer"]) == (None, "not shown")
            assert row["reason"] == "Too few people on one side for an interval."
        else:
            assert row["high"] - row["low"] == pytest.approx(one[key]["high"] - one[key]["low"], rel=WIDE)


class People:
    """A handful of people with lists, held-out choices and groups, and what each is worth by the definitions, in loops."""

    def __init__(self, seed: int, n: int) -> None:
        rng = np.random.default_rng(seed)
        self.rows, self.truth, self.value, self.wanted = [], [], {}, {}
        for user in map(str, range(n)):
            items = rng.permutation(8).astype(str)
            shown, chosen = items[:3], set(rng.choice(items, rng.integers(1, 6), replace=False))
            self.rows += [(user, item, rank) for rank, item in enumerate(shown, 1)]
            self.truth += [(user, item) for item in chosen]
            hits = [rank for rank, item in enumerate(shown, 1) if item in chosen]
            ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(3, len(chosen)) + 1))
            self.value[user] = sum(1 / np.log2(rank + 1) for rank in hits) / ideal
            self.wanted[user] = len(chosen)
        self.group = {user: ["a", "b", None][rng.choice(3, p=[0.4, 0.3, 0.3])] for user in self.value}
        self.kind = {user: ["p", "q"][rng.integers(2)] for user in self.value}

    def closer(self, **more: object) -> dict[str, pd.DataFrame]:
        groups = pd.DataFrame({"sex": self.group, "kind": self.kind})
        lists = pd.DataFrame(self.rows, columns=["user_id", "item_id", "rank"])
        truth = pd.DataFrame(self.truth, columns=["user_id", "item_id"])
        found, judged = scan(lists, map(str, range(8)), groups, k=3), judge(lists, truth, groups, k=3)
        plan = Plan.of({"k": 3, "metrics": ["ndcg"], "exploratory": [], "minimum_cell": 2, **more})
        return look_closer(Crowd.of(found, judged), plan)[1].tables


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def check_bounds(people: People) -> int:
    """Every row about sex is the extremes over every way to label who has no label; how many rows there are."""
    blank = [user for user, group in people.group.items() if group is None]
    rows = people.closer(intersections=[])["unknowns"].query("attribute == 'sex'").dropna(subset=["lower"])
    for row in rows.to_dict("records"):
        own, rest = (
            [people.value[user] for user, group in people.group.items() if group and (group == row["group"]) == mine]
            for mine in (True, False)
        )
        gaps = []
        for size in range(len(blank) + 1):
            for joined in combinations(blank, size):
                inside = [people.value[user] for user in joined]
                outside = [people.value[user] for user in blank if user not in joined]
                gaps.append(mean(own + inside) - mean(rest + outside))
        assert row["lower"] == pytest.approx(min(gaps), abs=1e-12)
        assert row["upper"] == pytest.approx(max(gaps), abs=1e-12)
        assert (row["n_known"], row["n_unknown"]) == (len(own) + len(rest), len(blank))
    return len(rows)


@given(st.integers(0, 10_000), st.integers(9, 14))
@settings(max_examples=10, deadline=None)
def test_bounds_are_the_extremes_over_every_way_to_label(seed, n):
    check_bounds(People(seed, n))


def test_the_greatest_gap_may_give_a_group_some_of_the_people_who_have_one_value():
    """Group a has 0, group b 1, and eight without a label the same in between: some of them, not none and not all."""
    people = People(0, 14)
    hit = {"a": {"0"}, "b": {"7"}, None: {"0", "7"}}
    groups = dict(zip(people.value, ["a"] * 3 + ["b"] * 3 + [None] * 8, strict=True))
    people.group = groups
    people.rows = [(user, item, rank) for user in groups for rank, item in enumerate("765", 1)]
    people.truth = [(user, item) for user, group in groups.items() for item in sorted(hit[group])]
    some = 1 / (1 + 1 / np.log2(3))
    people.value = {user: {"a": 0.0, "b": 1.0, None: some}[group] for user, group in groups.items()}
    assert check_bounds(people) == 2


@given(st.integers(0, 10_000), st.integers(8, 40))
@settings(max_examples=10, deadline=None)
def test_pooled_gaps_and_cells_are_their_definitions(seed, n):
    people = People(seed, n)
    tables, told = people.closer(), 0
    few = sum(group is None for group in people.group.values()) == 1  # one of unknown group is among everybody else

    def weighed(users: list[str]) -> float:
        return sum(people.wanted[user] * people.value[user] for user in users) / sum(people.wanted[u] for u in users)

    for row in tables["directions"].dropna(subset=["pooled_gap"]).to_dict("records"):
        label = people.group if row["attribute"] == "sex" else people.kind
        own = [user for user in label if label[user] == row["group"]]
        rest = [user for user in label if user not in own and (label[user] or few)]
        assert row["pooled_gap"] == pytest.approx(weighed(own) - weighed(rest), abs=1e-12)
    rows = tables["intersections"]
    assert len(rows) == len(set(people.group.values())) * len(set(people.kind.values()))
    for row in rows.dropna(subset=["value"]).to_dict("records"):
        sex = None if row["first_group"] == "unknown" else row["first_group"]
        inside = [u for u in people.value if (people.group[u], people.kind[u]) == (sex, row["second_group"])]
        assert row["n"] == len(inside)
        assert row["value"] == pytest.approx(mean([people.value[user] for user in inside]), abs=1e-12)
        told += len(inside)
    assert told <= n


def test_a_plan_that_counts_cannot_answer_is_refused_before_the_lists_are_read():
    world = World(1, 30)
    for change, message in (
        ({"impact_ratio": "scoring"}, "impact ratios by scoring need every person's value for the median"),
        ({"impact_ratio": "selection", "impact_metric": "diversity"}, "'diversity' needs a row for each person"),
        ({"intersections": (("sex", "age"),)}, "crosses the user attribute 'age', which is not compared"),
    ):
        with pytest.raises(BadInput, match=message):
            world.counted(PLAN.model_copy(update=change))


def test_what_is_left_out_is_said_and_only_that(both):
    (line,) = (note for note in both[1]["notes"] if note.startswith("Not computed at this size"))
    assert "worst-served" in line
    assert "intersections" not in line
    assert "bounds" not in line
