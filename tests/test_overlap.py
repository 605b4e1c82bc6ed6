"""Lists and held-out choices that are hardly about the same people or items: refused, or measured and never answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.use_cases.auditing import audit
from app.workspace import opened
from audit.measures.coded import Coded
from audit.overlap import LEAST, Overlap, spelling
from audit.plan import Plan
from audit.run import run_audit
from data.errors import BadInput
from tests import doors
from tests.test_audit_run import plan, tables
from tests.test_counted import PLAN as COUNTED_PLAN
from tests.test_counted import World, imported

IDS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("12345678")), min_size=1, unique=True)


@settings(deadline=None, max_examples=40)
@given(IDS, IDS, st.sets(st.sampled_from("12345678"), min_size=1))
def test_the_counts_are_those_of_a_literal_count(
    lists: list[tuple[str, str]], choices: list[tuple[str, str]], catalogue: set[str]
) -> None:
    shown, wanted = (pd.DataFrame(each, columns=["user_id", "item_id"]) for each in (lists, choices))
    ranked = shown.assign(rank=shown.groupby("user_id").cumcount() + 1)
    listed, judged = {user for user, _ in lists}, {user for user, _ in choices}
    expected = Overlap(
        len(listed), len(judged), len(listed & judged),
        len(lists), sum(item in catalogue for _, item in lists),
        len(choices), sum(item in catalogue for _, item in choices),
    )  # fmt: skip
    assert Overlap.of(ranked, wanted, catalogue) == expected
    items = pd.DataFrame(index=pd.Index(sorted(catalogue), name="item_id"))
    assert Overlap.of_coded(Coded.of(ranked, wanted, None, items, k=100)) == expected
    joined = (expected.both, expected.shown_known, expected.held_out_known)
    wholes = (expected.judged, expected.shown, expected.held_out)
    assert bool(expected.thin) is any(part < LEAST * whole for part, whole in zip(joined, wholes, strict=True))


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (["1.0", "2.0"], ["1", "2"], "ids like '1.0' look like whole numbers written as decimals; write 1"),
        (["1", "2"], ["x", "2.00"], "ids like '2.00' look like whole numbers written as decimals; write 2"),
        (["1.5"], ["1"], ""),
        (["1.0"], ["1.0", "1"], ""),
        (["zz1"], ["1"], ""),
        ([], ["1"], ""),
    ],
)
def test_whole_numbers_that_were_written_as_decimals(here: list[str], there: list[str], said: str) -> None:
    assert spelling(here, there) == said


def strange(share: float, column: str = "user_id", table: str = "recommendations"):
    """A world with a gap of .3 that is flagged, in which this share of ids of a table are of nobody or nothing."""
    base = tables(gap=0.3)
    frame = getattr(base, table).astype({column: str})
    ids = frame[column].drop_duplicates()
    foreign = set(ids.iloc[: round(share * len(ids))])
    frame[column] = ("zz" + frame[column]).where(frame[column].isin(foreign), frame[column])
    return replace(base, **{table: frame})


CASES = [
    ("user_id", "recommendations", "people with held-out choices have a list"),
    ("user_id", "outcomes", "people with held-out choices have a list"),
    ("item_id", "recommendations", "rows of the lists show an item of the catalogue"),
    ("item_id", "outcomes", "held-out choices are of an item of the catalogue"),
]


@pytest.mark.parametrize(("column", "table", "said"), CASES)
@pytest.mark.parametrize("share", [0.95, 1.0])
def test_where_hardly_anything_joins_nothing_is_answered(column: str, table: str, said: str, share: float) -> None:
    asked = plan(exposure_floor=0.9, equivalence=True, own_materiality={"ndcg": 0.9})
    told = run_audit(strange(share, column, table), asked)
    document = told.document()
    answers = {row["state"] for name in ("groups", "providers") for row in document[name]}
    answers |= {row["state"] for row in document["segments"]["rows"]}
    assert answers <= {"too few to say", None}
    assert {row["answer"] for row in document["equivalence"]} <= {"not shown", None}
    assert told.exit_code == document["exit_code"] == 2
    assert said in document["notes"][0]
    assert document["thin"] == document["notes"][0]


@pytest.mark.parametrize(("column", "table", "_"), CASES)
def test_where_enough_joins_the_audit_is_as_ever(column: str, table: str, _: str) -> None:
    told = run_audit(strange(0.2, column, table), plan(exposure_floor=0.9))
    assert told.overlap.thin == told.document()["thin"] == ""
    assert {*told.groups.rows["state"], *told.providers["state"]} & {"flag", "no flag"}


def test_people_with_a_list_and_no_choice_do_not_count_against_it() -> None:
    base = tables(gap=0.3)
    few = base.outcomes[base.outcomes["user_id"] < 30]
    assert run_audit(replace(base, outcomes=few), plan()).overlap.thin == ""


# -- the doors ------------------------------------------------------------------------------------------------------


def foreign(column: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{column: "zz" + rows[column].astype(str)})


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(user_id=rows["user_id"].str.extract(r"(\d+)")[0].astype(int).astype(str) + ".0")


@pytest.fixture(scope="module")
def given_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, pd.DataFrame, pd.DataFrame]:
    base = tmp_path_factory.mktemp("foreign")
    state = doors.copy_of_small_world(tmp_path_factory.getbasetemp(), base / "state")
    imported(base, state)
    return state, base, pd.read_parquet(base / "one.parquet"), pd.read_parquet(base / "truth.parquet")


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize(
    ("change", "truth_too", "said"),
    [
        (foreign("user_id"), None, "no listed person has held-out choices"),
        (foreign("item_id"), None, "no listed item is in the catalogue"),
        (foreign("item_id"), foreign("item_id"), "no listed item is in the catalogue"),
    ],
)
def test_lists_of_which_nothing_joins_are_refused(
    given_files: tuple[Path, Path, pd.DataFrame, pd.DataFrame],
    tmp_path: Path,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    truth_too: Callable[[pd.DataFrame], pd.DataFrame] | None,
    said: str,
    counted: bool,
) -> None:
    state, _, lists, truth = given_files
    folder = tmp_path / "lists"
    folder.mkdir()
    change(lists).to_parquet(folder / "one.parquet")
    (truth_too or (lambda rows: rows))(truth).to_parquet(tmp_path / "truth.parquet")
    (tmp_path / "plan.toml").write_text(doors.PLAN)
    path = folder if counted else folder / "one.parquet"
    with opened(state) as workspace:
        runs = len(workspace.runs.list())
        files = {"outcomes": tmp_path / "truth.parquet", "plan_file": tmp_path / "plan.toml"}
        with pytest.raises(BadInput) as refused:
            audit(workspace, "demo", recommendations=path, **files)
        column = "user_id" if "person" in said else "item_id"
        assert str(refused.value).startswith(f"{path.name}, column '{column}': {said}")
        assert "; write ids as the data set does, in lists and in choices" in str(refused.value)
        if not counted:
            assert f"(given: '{change(lists)[column].iloc[0]}')" in str(refused.value)
            like = truth["user_id"].iloc[0] if column == "user_id" else workspace.catalog.open("demo").items.index[0]
            assert str(refused.value).endswith(f", like '{like}'.")
        assert len(str(refused.value).splitlines()) == 1
        assert len(workspace.runs.list()) == runs


def test_ids_that_a_spreadsheet_wrote_as_decimals_are_refused_with_what_to_write() -> None:
    world = World(2, 300)
    wrong = world.lists.assign(user_id=world.lists["user_id"] + ".0")
    with pytest.raises(BadInput, match=r"ids like '0\.0' look like whole numbers written as decimals; write 0"):
        Overlap.of(wrong, world.truth, world.items.index).refuse_nothing()
    wrong = world.truth.assign(item_id=world.truth["item_id"] + ".0")
    with pytest.raises(
        BadInput, match=r"no held-out item is in the catalogue \(given: '\d+\.0'\); ids like '\d+\.0' look like"
    ):
        Overlap.of(world.lists, wrong, world.items.index).refuse_nothing()


def test_another_file_of_lists_of_which_nothing_joins_is_refused(
    given_files: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    state, base, lists, _ = given_files
    foreign("user_id")(lists).to_parquet(tmp_path / "other.parquet")
    (tmp_path / "plan.toml").write_text(doors.PLAN)
    files = {"outcomes": base / "truth.parquet", "plan_file": tmp_path / "plan.toml"}
    with opened(state) as workspace, pytest.raises(BadInput, match="no listed person has held-out choices"):
        audit(
            workspace, "demo", recommendations=base / "one.parquet", versus=[str(tmp_path / "other.parquet")], **files
        )


@pytest.mark.parametrize(("column", "table"), [("user_id", "lists"), ("item_id", "lists"), ("item_id", "truth")])
def test_counted_lists_say_what_those_in_memory_say(column: str, table: str) -> None:
    world = World(4, 1_500)
    frame = getattr(world, table)
    keep = np.random.default_rng(0).random(len(frame)) < 0.05
    if column == "user_id":
        keep = frame[column].isin(frame[column].unique()[:60]).to_numpy()
    setattr(world, table, frame.assign(**{column: frame[column].where(keep, "zz" + frame[column])}))
    held, counted = world.held(), world.counted()
    assert held["thin"] == counted["thin"] != ""
    assert held["exit_code"] == counted["exit_code"] == 2
    assert {row["state"] for row in counted["groups"]} == {"too few to say"}
    assert counted["notes"][0] == counted["thin"]


def test_the_plain_world_is_not_thin() -> None:
    world = World(6, 1_200)
    assert world.counted(COUNTED_PLAN)["thin"] == world.held(Plan.of({**COUNTED_PLAN.model_dump()}))["thin"] == ""
