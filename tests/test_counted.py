"""The audit of lists too large for memory: the numbers, tests and answers of the audit in memory, from counts alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest

from app.use_cases.auditing import audit
from app.use_cases.consenting import notice, withdraw
from app.use_cases.evaluating import everybody
from app.use_cases.judging import twin
from app.use_cases.reporting import report
from app.workspace import opened
from audit.engine.held import held_back, hide
from audit.engine.run import counted_audit
from audit.inference.withheld import Withheld
from audit.measured import AuditTables
from audit.plan import Plan
from audit.run import run_audit
from data.errors import BadInput, Cancelled, NotFound
from data.keep.verifier import verify_path
from tests import doors

K, PEOPLE, ITEMS = 4, 11_800, 60
PLAN = Plan.of(
    {"k": K, "metrics": ["ndcg", "recall"], "exploratory": ["hit_rate"], "draws": 100, "exposure_floor": 0.6}
)


class World:
    """Lists that serve one group worse, with histories, held-out choices and unknown groups; everybody has both."""

    def __init__(self, seed: int = 0, people: int = PEOPLE) -> None:
        rng = np.random.default_rng(seed)
        users, items = np.arange(people).astype(str), np.arange(ITEMS).astype(str)
        self.groups = {
            "sex": pd.Series(rng.choice(["f", "m"], people), index=users).mask(rng.random(people) < 0.1),
            "region": pd.Series(rng.choice(["n", "s", "e", "w"], people, p=[0.6, 0.2, 0.185, 0.015]), index=users),
        }
        worse = (self.groups["sex"] == "f").to_numpy() * 0.8
        order = np.argsort(rng.random((people, ITEMS)), axis=1)
        shown, wanted, known = order[:, :K], order[:, K : 2 * K], order[:, 2 * K : 2 * K + 6]
        hit = rng.random((people, K)) < 0.25 - 0.1 * worse[:, None]
        truth = np.where(hit, shown, wanted)
        length = rng.integers(1, 7, people)
        self.lists = self.pairs(users, items, shown).assign(rank=np.tile(np.arange(1, K + 1), people))
        self.truth = self.pairs(users, items, truth)
        past = self.pairs(users, items, known)
        self.known = past[(np.arange(6) < length[:, None]).ravel()].reset_index(drop=True)
        self.items = pd.DataFrame(
            {"provider": np.array(["a", "b", "c"])[np.arange(ITEMS) % 7 % 3]}, index=pd.Index(items, name="item_id")
        )

    @staticmethod
    def pairs(users: np.ndarray, items: np.ndarray, table: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"user_id": np.repeat(users, table.shape[1]), "item_id": items[table.ravel()]})

    def held(self, plan: Plan = PLAN) -> dict:
        groups = {name: each.dropna() for name, each in self.groups.items()}
        tables = AuditTables(self.lists, self.truth, self.known, self.items, groups=groups)
        return run_audit(tables, plan, label="imported").document()

    def counted(self, plan: Plan = PLAN, **options) -> dict:
        given = (self.lists, self.truth, self.items, {}, self.groups, self.known, plan)
        return counted_audit(*given, label="imported", **options).document()


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def both(world: World) -> tuple[dict, dict]:
    return world.held(), world.counted()


def rows_of(document: dict, table: str, *keys: str) -> dict:
    return {tuple(row[key] for key in keys): row for row in document[table]}


def close(one: object, two: object, within: float) -> None:
    assert (one is None) == (two is None)
    if one is not None:
        assert one == pytest.approx(two, abs=within)


def test_the_lowest_against_the_highest_group_is_that_of_the_audit_in_memory(both):
    """The same difference and ratio; intervals from buckets, and chance by the same normal limit of other draws."""
    held, counted = (rows_of(each, "group_summary", "attribute", "metric") for each in both)
    assert counted.keys() == held.keys()
    for key, slow in held.items():
        fast = counted[key]
        for name in ("difference", "ratio"):
            close(fast[name], slow[name], 1e-12)
            width, theirs = (row[f"{name}_high"] - row[f"{name}_low"] for row in (fast, slow))
            assert width == pytest.approx(theirs, rel=0.5)
            assert fast[f"{name}_low"] <= fast[f"{name}_high"]
        assert fast["difference_expected"] == pytest.approx(slow["difference_expected"], rel=0.15)
        assert 1 - fast["ratio_expected"] == pytest.approx(1 - slow["ratio_expected"], rel=0.15)


def test_gaps_and_tests_are_those_of_the_audit_in_memory(both):
    """Above 10,000 people both take the normal limit; the audit in memory is tested against permutations elsewhere."""
    held, counted = (rows_of(each, "groups", "attribute", "group", "metric") for each in both)
    assert counted.keys() == held.keys()
    small = {key for key in held if key[:2] == ("region", "w")}
    assert len(small) == 3
    for key, slow in held.items():
        fast = counted[key]
        assert fast["n"] == slow["n"]
        assert fast["family"] == slow["family"]
        exact = ("value", "gap", "effect_size", "adjusted_gap", "adjusted_share")
        for name in exact if key in small else (*exact, "p", "adjusted_p"):
            close(fast[name], slow[name], 1e-12)
        if key not in small:
            width, theirs = (row["gap_high"] - row["gap_low"] for row in (fast, slow))
            assert width == pytest.approx(theirs, rel=0.5)
            assert fast["detectable_gap"] == pytest.approx(slow["detectable_gap"], rel=0.5)


def test_a_small_side_has_no_test_and_no_answer(both):
    rows = [row for row in both[1]["groups"] if (row["attribute"], row["group"]) == ("region", "w")]
    assert rows
    for row in rows:
        assert 10 <= row["n"] < 200
        assert row["value"] is not None
        assert row["p"] is row["gap_low"] is row["adjusted_p"] is None
        assert row["state"] == "too few to say"
        assert "fewer than 200" in row["reason"]


def test_the_answers_and_the_exit_code_follow(both):
    held, counted = both
    flagged = {
        name: {(row["attribute"], row["group"], row["metric"]) for row in each["groups"] if row["state"] == "flag"}
        for name, each in (("held", held), ("counted", counted))
    }
    assert flagged["counted"] == flagged["held"]
    assert ("sex", "f", "ndcg") in flagged["counted"]
    assert counted["exit_code"] == held["exit_code"] == 1
    family = {row["metric"] for row in counted["groups"] if row["family"] == "confirmatory"}
    assert family == {"ndcg", "recall"}


def test_everything_overall_and_every_oddity_is_that_of_the_audit_in_memory(both):
    held, counted = both
    for name, row in counted["overall"].items():
        slow = held["overall"][name]
        close(row["value"], slow["value"], 1e-12)
        assert (row["n"], row["undefined"], row["label"]) == (slow["n"], slow["undefined"], slow["label"])
    assert {"ndcg", "precision", "reciprocal_rank", "coverage", "gini", "tail_share"} <= counted["overall"].keys()
    assert counted["lists"] == pytest.approx(held["lists"], abs=1e-12, nan_ok=True)
    assert counted["sanity"] == held["sanity"]
    slow = rows_of(held, "providers", "provider")
    for key, row in rows_of(counted, "providers", "provider").items():
        for name in ("catalogue_share", "training_share", "merit_share", "exposure_share", "exposure_ratio"):
            close(row[name], slow[key][name], 1e-12)
        assert row["state"] == slow[key]["state"]
        assert row["n_lists"] == slow[key]["n_lists"]


def same(one: object, two: object) -> None:
    """The same document; sums of squares are added up in any order."""
    assert type(one) is type(two)
    if isinstance(one, dict) and isinstance(two, dict):
        assert one.keys() == two.keys()
        one, two = list(one.values()), list(two.values())
    if isinstance(one, list) and isinstance(two, list):
        assert len(one) == len(two)
        for each, other in zip(one, two, strict=True):
            same(each, other)
    else:
        assert one == (pytest.approx(two, abs=1e-12) if isinstance(two, float) else two)


def odd(world: World) -> World:
    """Shorter lists, repeats, holes, unknown and already chosen items, lists without truth, truth without lists."""
    lists = world.lists.copy()
    lists.loc[lists.index[:40], "item_id"] = "stranger"
    lists.loc[4 * K : 4 * K + 1, "item_id"] = "7"
    lists = lists.drop(lists.index[400:403])
    lists.loc[lists["user_id"] == "300", "rank"] += 2
    seen = world.known[world.known["user_id"] == "500"]["item_id"].iloc[0]
    lists.loc[lists.index[lists["user_id"] == "500"][0], "item_id"] = seen
    world.lists = lists[~lists["user_id"].isin(["901", "902"])]
    world.truth = world.truth[~world.truth["user_id"].isin(["777"])]
    return world


def test_odd_lists_are_counted_as_the_audit_in_memory_counts_them():
    strange = odd(World(3, 1_200))
    plan = PLAN.model_copy(update={"metrics": ("ndcg",), "exploratory": ("recall",)})
    held, counted = strange.held(plan), strange.counted(plan, everybody=1_200)
    assert counted["sanity"] == held["sanity"]
    told = {name: count for name, count in counted["sanity"].items() if count}
    assert {"short_lists", "repeated_items", "skipped_ranks", "beyond_k", "unknown_items"} <= told.keys()
    assert {"already_seen", "truth_without_list", "list_without_truth"} <= told.keys()
    sentences = [line for line in held["notes"] if line[0].isdigit() and "comparisons" not in line]
    assert sentences
    assert set(sentences) <= set(counted["notes"])


@pytest.mark.parametrize("engine", ["streamed", "grouped"])
def test_who_must_not_be_audited_is_in_no_number(monkeypatch, engine):
    if engine == "grouped":
        monkeypatch.setattr("audit.engine.streaming.CELLS", 0)
    world, other = World(5, 1_500), World(5, 1_500)
    gone = {str(n) for n in range(0, 1_500, 7)} | {"nobody"}
    told = world.counted(without=gone)
    for name in ("lists", "truth", "known"):
        table = getattr(other, name)
        setattr(other, name, table[~table["user_id"].isin(gone)].reset_index(drop=True))
    other.groups = {name: each[~each.index.isin(gone)] for name, each in other.groups.items()}
    expected = other.counted()
    same(told, expected)


def test_a_measure_that_needs_a_row_for_each_person_is_refused_or_said(world: World):
    with pytest.raises(BadInput, match="'diversity' needs a row for each person"):
        world.counted(PLAN.model_copy(update={"metrics": ("diversity",)}))
    told = world.counted(PLAN.model_copy(update={"exploratory": ("diversity",)}))
    assert any("though planned: diversity" in note for note in told["notes"])


def test_an_audit_without_groups_and_with_one_group(world: World):
    plan = PLAN.model_copy(update={"exposure_floor": None})
    given = (world.lists, world.truth, world.items, {})
    none = counted_audit(*given, {}, world.known, plan).document()
    assert none["groups"] == []
    assert none["exit_code"] == 2
    bare = counted_audit(*given[:2], world.items[[]], {}, world.groups, world.known, plan).document()
    assert bare["providers"] == bare["provider_exposure"] == []
    one = pd.Series("only", index=world.groups["sex"].index)
    alone = counted_audit(*given, {"kind": one}, world.known, plan).document()
    assert [row["group"] for row in alone["groups"]] == ["only"] * 3
    assert all(row["gap"] is None and row["state"] == "too few to say" for row in alone["groups"])


def imported(folder: Path, state: Path) -> tuple[Path, Path]:
    """A folder with lists of everybody in two files, and the file of their held-out choices."""
    with opened(state) as workspace:
        judged = twin(workspace, doors.model_named("popularity", state))
        rows = everybody(judged.model, 10)
        judged.outcomes.to_parquet(folder / "truth.parquet")
    lists = folder / "lists"
    lists.mkdir()
    rows.iloc[:1000].to_parquet(lists / "a.parquet")
    rows.iloc[1000:].to_parquet(lists / "b.parquet")
    rows.to_parquet(folder / "one.parquet")
    return lists, folder / "truth.parquet"


def test_a_folder_of_lists_is_counted_and_says_what_the_audit_in_memory_says(home, tmp_path, tmp_path_factory):
    state = doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    lists, truth = imported(tmp_path, state)
    plan = tmp_path / "plan.toml"
    plan.write_text(doors.PLAN + "exposure_floor = 0.5\nminimum_cell = 12\n")
    told: list[float] = []
    with opened(state) as workspace:
        files = {"outcomes": truth, "plan_file": plan}
        many = audit(workspace, "demo", tmp_path / "out", recommendations=lists, progress=told.append, **files)
        one = audit(workspace, "demo", recommendations=tmp_path / "one.parquet", **files)
        for suffix in (".html", ".pdf", ".zip"):
            report(workspace, many["run_id"], tmp_path / f"report{suffix}")
        stages = [event.detail["stage"] for event in workspace.log.entries() if event.kind == "audit"]
        stop = Event()
        stop.set()
        with pytest.raises(Cancelled):
            audit(workspace, "demo", recommendations=lists, cancel=stop, **files)
        with pytest.raises(NotFound, match="no engine 'abacus'; known: duckdb, spark"):
            audit(workspace, "demo", recommendations=lists, engine="abacus", **files)
        assert len(workspace.runs.list()) == 2
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert verify_path(tmp_path / "report.zip")["ok"]
    page = (tmp_path / "report.html").read_text()
    assert "Concentration of exposure by group" in page
    assert "so they were counted" in page
    assert ">Intersections<" in page
    assert ">Direction check<" in page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(stages) == ["plan"] * 2 + ["result"] * 2
    assert many["overall"]["ndcg"]["value"] == pytest.approx(one["overall"]["ndcg"]["value"], abs=1e-12)
    assert many["lists"] == pytest.approx(one["lists"], abs=1e-12)
    slow = rows_of(one, "groups", "attribute", "group", "metric")
    for row in many["groups"]:
        other = slow[row["attribute"], row["group"], row["metric"]]
        assert row["n"] == other["n"]
        close(row["value"], other["value"], 1e-12)
    cells = rows_of(one, "intersections", "first", "second", "first_group", "second_group", "metric")
    assert many["intersections"]
    for row in many["intersections"]:
        other = cells[row["first"], row["second"], row["first_group"], row["second_group"], row["metric"]]
        assert row["n"] == other["n"]
        close(row["value"], other["value"], 1e-12)
    assert many["exit_code"] == 1  # popular titles only: some provider is far under the floor
    names = {"audit.json", "overall-imported.csv", "groups-imported.csv", "providers-imported.csv"}
    names |= {f"{name}-imported.csv" for name in ("directions", "unknowns", "intersections")}
    assert {*names, "exposure-imported.csv", "provider_exposure-imported.csv"} <= {
        file.name for file in (tmp_path / "out").iterdir()
    }


def test_small_groups_and_who_would_give_them_away_are_held_back():
    sizes = {("", "all"): 100, ("sex", "a"): 60, ("sex", "b"): 37, ("sex", "c"): 3}
    table = pd.DataFrame(
        [(*key, "ndcg", 0.5, n) for key, n in sizes.items()], columns=["attribute", "group", "metric", "value", "n"]
    )
    held, _ = held_back(table, "n", Withheld(10))
    assert ("sex", "c") in held
    assert len(held) == 2
    shown = hide(table, held, "n").set_index("group")
    assert shown.loc["all", "n"] == 100
    assert shown.loc["c", ["value", "n"]].isna().all()
    assert shown["value"].isna().sum() == shown["n"].isna().sum() == 2
    assert held_back(table, "n", Withheld(2))[0] == set()
    others = held_back(table, "n", Withheld(10, {"ndcg": frozenset({("sex", "a"), ("sex", "b", "age", "x")})}))
    assert others == ({("sex", "a"), ("sex", "c")}, set())
    assert hide(table, set(), "n")["value"].notna().all()


def test_who_withdrew_from_audits_is_in_no_audit_of_imported_lists(home, tmp_path, tmp_path_factory):
    state = doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    lists, truth = imported(tmp_path, state)
    with opened(state) as workspace:
        judged = pd.read_parquet(truth)["user_id"].unique()
        left = [str(user) for user in judged[:3]]
        before = audit(workspace, "demo", recommendations=lists, outcomes=truth)
        for user in left:
            withdraw(workspace, "demo", user, notice(workspace, "demo"), "audits")
        ways = (lists, tmp_path / "one.parquet")
        counted, held = (audit(workspace, "demo", recommendations=each, outcomes=truth) for each in ways)
        pd.read_parquet(ways[1]).to_parquet(tmp_path / "same.parquet")
        both = audit(
            workspace, "demo", recommendations=ways[1], outcomes=truth, versus=[str(tmp_path / "same.parquet")]
        )
    assert before["overall"]["ndcg"]["n"] == len(judged)
    for told in (counted, held, both):
        assert told["overall"]["ndcg"]["n"] == len(judged) - 3
        assert told["lists"]["n_lists"] == before["lists"]["n_lists"] - 3
    others = pd.read_parquet(tmp_path / "one.parquet")
    others[~others["user_id"].isin(left)].to_parquet(tmp_path / "rest.parquet")
    with opened(state) as workspace:
        rest = audit(workspace, "demo", recommendations=tmp_path / "rest.parquet", outcomes=truth)
    assert {row["n"] for row in both["side_by_side"]["overall"] if row["metric"] == "ndcg"} == {len(judged) - 3}
    for name, row in held["overall"].items():
        assert row["value"] == pytest.approx(rest["overall"][name]["value"], abs=1e-12, nan_ok=True)


def test_few_people_of_unknown_group_are_counted_and_their_values_cannot_be_worked_out():
    """Two of 12,000 without a label: they, and the smaller of the two others, have no value in any table."""
    world = World(3)
    sex = pd.Series(np.random.default_rng(4).choice(["f", "m"], PEOPLE), index=world.groups["sex"].index, dtype=object)
    sex.iloc[:2] = None
    world.groups = {"sex": sex}
    slow, fast = world.held(), world.counted()
    smaller = sex.value_counts().idxmin()
    rows, again = (rows_of(each, "groups", "attribute", "group", "metric") for each in (fast, slow))
    for (_, group, metric), row in rows.items():
        assert row["n"] == (2 if group == "unknown" else (sex == group).sum())
        assert (row["value"] is None) == (group in {"unknown", smaller})
        for name in ("value", "gap", "adjusted_gap", "p", "adjusted_p"):
            close(row[name], again["sex", group, metric][name], 1e-9)
    for table in ("exposure", "provider_exposure"):
        for row in fast[table]:
            if row["attribute"] == "sex" and row["group"] in {"unknown", smaller}:
                assert not {"value", "exposure_share"} & {name for name, told in row.items() if told is not None}


@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_audit():
    pytest.importorskip("pyspark", reason="pyspark is not installed: install sightglass-dashboard[spark]")
    if not shutil.which("java"):
        pytest.skip("Java is not on the path; Spark needs 17 or newer")
    from audit.engine.engines import Spark

    strange = odd(World(8, 700))
    here, there = (strange.counted(engine=engine, without=["3", "5"]) for engine in (None, Spark))
    assert there.pop("counted")["engine"] == "spark"
    here.pop("counted")
    for told in (here, there):
        told["notes"] = [note for note in told["notes"] if "duckdb" not in note and "spark" not in note]
    same(here, there)
