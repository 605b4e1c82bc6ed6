"""Audits against others: models on the same people, files of lists, and the last audit; and what that refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from app.commands.base import cli
from app.displays import trade_off_rows, trade_off_table
from app.use_cases.auditing import audit
from app.use_cases.comparing import against_last, compare_models
from app.use_cases.judging import our_lists
from app.workspace import Workspace, opened
from audit.measured import measured
from audit.plan import Plan
from data.errors import BadInput
from data.keep.events import Kind
from tests import doors

QUICK = {"draws": 200, "attributes": ["gender"], "exploratory": ["recall"]}
PLAN = Plan.of(QUICK)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    base = tmp_path_factory.mktemp("beside")
    with opened(doors.copy_of_small_world(tmp_path_factory.getbasetemp(), base / "state")) as found:
        yield found


@pytest.fixture(scope="module")
def ids(workspace: Workspace) -> dict[str, str]:
    return {str(workspace.shelf.about(each)["model"]): each for each in workspace.shelf.ids()}


@pytest.fixture(scope="module")
def beside(workspace: Workspace, ids: dict[str, str]) -> dict[str, Any]:
    return compare_models(workspace, ids["linear"], [ids["popularity"]], PLAN)


def everybody(rows: list[dict[str, Any]], label: str, metric: str = "ndcg") -> dict[str, Any]:
    return next(row for row in rows if row["label"] == label and row["metric"] == metric and not row["attribute"])


def test_the_difference_is_that_of_the_same_people_and_agrees_with_a_paired_test(
    workspace: Workspace, ids: dict[str, str], beside: dict[str, Any]
) -> None:
    dataset = workspace.catalog.open("demo")
    one, two = (
        measured(our_lists(workspace, dataset, ids[name], 10).tables["profiled"], PLAN).per_user["recall"].dropna()
        for name in ("linear", "popularity")
    )
    assert one.index.equals(two.index)
    row = everybody(beside["rows"], ids["popularity"], "recall")
    assert (row["n"], row["against"]) == (len(one), ids["linear"])
    assert row["difference"] == pytest.approx((two - one).mean(), abs=1e-12)
    paired = stats.ttest_rel(two, one)
    assert row["p"] == pytest.approx(paired.pvalue, abs=0.02)
    ends = paired.confidence_interval(0.95)
    assert [row["low"], row["high"]] == pytest.approx([ends.low, ends.high], abs=0.01)


def test_the_lists_without_a_profile_always_stand_beside(ids: dict[str, str], beside: dict[str, Any]) -> None:
    assert beside["labels"] == [ids["linear"], ids["popularity"], "non-profiled"]
    assert {row["group"] for row in beside["rows"] if row["attribute"] == "gender"} >= {"man", "woman"}
    json.dumps(beside, allow_nan=False)


def test_the_list_without_a_profile_is_the_one_that_everybody_is_shown(
    workspace: Workspace, ids: dict[str, str]
) -> None:
    """Not the popularity model's, which leaves out what a person has seen: that takes a profile."""
    jobs = our_lists(workspace, workspace.catalog.open("demo"), ids["linear"], 10)
    tables = jobs.tables["non-profiled"]
    lists = tables.recommendations.sort_values(["user_id", "rank"]).groupby("user_id")["item_id"].agg(tuple)
    assert set(lists.index) == set(jobs.tables["profiled"].recommendations["user_id"])
    (shown,) = set(lists)
    chosen = tables.train.groupby("item_id")["user_id"].nunique()
    order = sorted(chosen.index, key=lambda item: (-chosen[item], list(tables.items.index).index(item)))
    assert list(shown) == order[:10]
    gains = [
        sum(1 / math.log2(place + 2) for place, item in enumerate(shown) if item in wanted)
        / sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))
        for wanted in tables.outcomes.groupby("user_id")["item_id"].agg(set)
    ]
    told = everybody(compare_models(workspace, ids["linear"], [], PLAN)["rows"], "non-profiled")
    assert told["value"] == pytest.approx(sum(gains) / len(gains), abs=1e-12)


def test_quality_stands_against_concentration(ids: dict[str, str], beside: dict[str, Any]) -> None:
    rows = trade_off_rows(beside["overall"]).set_index("label")
    popular, linear = rows.loc[ids["popularity"]], rows.loc[ids["linear"]]
    assert popular["concentration"] > linear["concentration"], "the most chosen titles are shown to everybody"
    assert (rows["low"] < rows["value"]).all()
    assert (rows["value"] < rows["high"]).all()
    table = trade_off_table(rows.reset_index())
    assert table["Gini of exposure"].tolist() == [f"{value:.3f}" for value in rows["concentration"]]


def test_an_audit_keeps_what_stood_beside_it_and_logs_the_plan_first(
    workspace: Workspace, ids: dict[str, str], beside: dict[str, Any], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(QUICK))
    told = audit(workspace, "demo", model_id=ids["linear"], plan_file=plan, versus=[ids["popularity"]])
    assert told["versus"] == [ids["popularity"]]
    assert told["side_by_side"] == json.loads(json.dumps(beside))
    assert workspace.runs.load(told["run_id"])["side_by_side"] == told["side_by_side"]
    before, after = workspace.log.entries(kind=Kind.AUDIT)[-2:]
    assert (before.detail["stage"], before.detail["versus"]) == ("plan", [ids["popularity"]])
    assert (after.detail["stage"], after.detail["run_id"]) == ("result", told["run_id"])
    alone = audit(workspace, "demo", model_id=ids["linear"], plan_file=plan)
    assert "side_by_side" not in alone
    assert alone["exit_code"] == told["exit_code"], "what stands beside decides nothing"


def test_an_audit_is_set_against_the_last_one_of_the_same_model(
    workspace: Workspace, ids: dict[str, str], tmp_path: Path
) -> None:
    runs = []
    for seed in (11, 12):
        plan = tmp_path / f"plan{seed}.json"
        plan.write_text(json.dumps({**QUICK, "seed": seed}))
        runs.append(audit(workspace, "demo", model_id=ids["popularity"], plan_file=plan))
    first, second = runs
    assert first["against_last"] is None, "the audits of the other model are not its own"
    last = second["against_last"]
    assert last["run_id"] == first["run_id"]
    assert last["sha256"] == workspace.runs.about(first["run_id"])["sha256"]
    assert {row["change"] for row in last["rows"] if row["change"] is not None} == {0.0}
    assert {row["reason"] for row in last["rows"] if row["change"] is not None} == {"Also different: plan."}
    assert [(row["attribute"], row["group"], row["metric"]) for row in last["rows"]] == [
        (row["attribute"], row["group"], row["metric"]) for row in second["groups"]
    ]
    assert against_last(workspace, first["run_id"]) is None, "an earlier audit never looks ahead"
    assert "against_last" not in workspace.runs.load(second["run_id"])


@pytest.fixture
def lists(workspace: Workspace, ids: dict[str, str], tmp_path: Path) -> dict[str, Path]:
    """The lists of two models as files of anybody, and their truth."""
    dataset = workspace.catalog.open("demo")
    found = {}
    for name, model_id in ids.items():
        tables = our_lists(workspace, dataset, model_id, 10).tables["profiled"]
        found[name] = tmp_path / f"{name}.csv"
        tables.recommendations.to_csv(found[name], index=False)
        found["truth"] = tmp_path / "truth.csv"
        tables.outcomes.to_csv(found["truth"], index=False)
    return found


def test_files_of_lists_stand_side_by_side(
    workspace: Workspace, ids: dict[str, str], beside: dict[str, Any], lists: dict[str, Path], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(QUICK))
    given = {"recommendations": lists["linear"], "outcomes": lists["truth"], "plan_file": plan}
    told = audit(workspace, "demo", **given, versus=[str(lists["popularity"])])["side_by_side"]
    assert told["labels"] == ["imported", str(lists["popularity"])]
    mine = everybody(told["rows"], str(lists["popularity"]))
    ours = everybody(beside["rows"], ids["popularity"])
    assert [mine[name] for name in ("n", "difference", "low", "high")] == pytest.approx(
        [ours[name] for name in ("n", "difference", "low", "high")]
    )
    assert mine["p"] == pytest.approx(ours["p"], abs=0.01), "three models rest on more draws than two"
    with pytest.raises(BadInput, match="no such file of lists"):
        audit(workspace, "demo", **given, versus=["nothing.csv"])


def test_what_cannot_stand_beside_is_refused_before_anything_is_computed(
    workspace: Workspace, ids: dict[str, str]
) -> None:
    before = workspace.log.head()["size"]
    linear, other = ids["linear"], ids["popularity"]
    for versus in ([linear], [other, other]):
        with pytest.raises(BadInput, match="the same lists stand there twice"):
            audit(workspace, "demo", model_id=linear, versus=versus)
    with pytest.raises(Exception, match="nothing"):
        audit(workspace, "demo", model_id=linear, versus=["nothing"])
    assert workspace.log.head()["size"] == before


def test_the_command_takes_versus_and_prints_everything(
    workspace: Workspace, ids: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    import app.cli  # noqa: F401 - registers the commands

    monkeypatch.setenv("SIGHTGLASS_HOME", str(workspace.folder))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({**QUICK, "seed": 21}))
    words = ["audit", "--data", "demo", "--model", ids["linear"], "--versus", ids["popularity"], "--plan", str(plan)]
    made = CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "out")])
    assert made.exit_code in (0, 1, 2), made.output
    for title in ("Overall numbers", "Groups of items", "Groups that nobody has to supply", "Side by side", "Notes"):
        assert title in made.output
    assert not [line for line in made.output.splitlines() if "{'" in line], "no row is printed as it is stored"
    rows = pd.read_csv(tmp_path / "out" / "side_by_side-profiled.csv")
    assert set(rows["label"]) == {ids["popularity"], "non-profiled"}
    told = json.loads(CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "out"), "--json"]).output)
    assert told["side_by_side"]["base"] == ids["linear"]
