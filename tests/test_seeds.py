"""Audits and evaluations over further seeds: each seed by hand, what is said, what is kept, and what is refused."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.use_cases.auditing import audit
from app.use_cases.evaluating import evaluate
from app.use_cases.stepping import Steps
from app.use_cases.training import train
from app.workspace import Workspace
from audit.plan import Plan
from audit.report import html, pdf
from audit.report.contents import contents
from audit.report.seeds import HOW_TO_ASK, ONE_TRUTH, seeds_section
from data.demo import demo_source
from data.errors import BadInput, Cancelled
from data.keep.events import Kind
from data.splits import random_split
from data.tables import Source
from models.registry import NAMES, create, recommender_class, reseeded
from tests import doors

RARE = "a rare group"
MAIN = str(Path(__file__).resolve().parent.parent / "app" / "main.py")
CHOSEN = {"draws": 100, "exploratory": ["recall"], "attributes": ["gender", "region"], "intersections": []}


def with_rare_group() -> Source:
    source = demo_source(n_users=300, n_items=200)
    users = source.users.frame.copy()
    users.loc[users.index[5:12], "region"] = RARE
    return replace(source, users=replace(source.users, frame=users))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with doors.workspace_of(with_rare_group(), tmp_path_factory.mktemp("state")) as only:
        yield only


@pytest.fixture(scope="module")
def popular(workspace: Workspace) -> str:
    return str(train(workspace, "tiny", "popularity", {})["model_id"])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def plan(out: Path) -> Path:
    path = out / "plan.json"
    path.write_text(json.dumps(CHOSEN))
    return path


@pytest.fixture(scope="module")
def told(workspace: Workspace, popular: str, plan: Path, out: Path) -> dict[str, Any]:
    return audit(workspace, "tiny", out / "tables", model_id=popular, plan_file=plan, seeds=3)


def ndcg_by_hand(workspace: Workspace, seed: int) -> dict[str, float]:
    """What the most chosen unseen titles are worth to each person, one person and one title at a time."""
    train_part, rest = random_split(workspace.catalog.open("tiny").interactions, 0.2, seed)
    seen, truth, counts = {}, {}, {}
    for table, pairs in ((seen, train_part.frame()), (truth, rest.frame())):
        for user, item in zip(pairs["user_id"], pairs["item_id"], strict=True):
            table.setdefault(user, set()).add(item)
    for items in seen.values():
        for item in items:
            counts[item] = counts.get(item, 0) + 1
    catalogue = sorted(map(str, workspace.catalog.open("tiny").items.index))
    ranked = sorted(catalogue, key=lambda item: -counts.get(item, 0))  # stable: ties go to the smaller id
    found = {}
    for user, wanted in truth.items():
        shown = [item for item in ranked if item not in seen.get(user, ())][:10]
        gain = sum(1 / math.log2(place + 2) for place, item in enumerate(shown) if item in wanted)
        found[user] = gain / sum(1 / math.log2(place + 2) for place in range(min(len(wanted), 10)))
    return found


def test_every_seed_is_what_it_is_by_hand(workspace: Workspace, told: dict[str, Any]) -> None:
    row = next(row for row in told["spread"]["overall"] if row["metric"] == "ndcg")
    by_hand = [ndcg_by_hand(workspace, seed) for seed in range(3)]
    assert row["values"] == pytest.approx([statistics.fmean(each.values()) for each in by_hand], abs=1e-12)
    assert len(set(row["values"])) == 3, "another seed is another draw"
    gender = workspace.catalog.sensitive("tiny", lambda read: None).read("gender", "test")
    gap = next(
        row
        for row in told["spread"]["gaps"]
        if (row["attribute"], row["metric"]) == ("gender", "ndcg") and row["gap"] is not None
    )
    for seed, each in enumerate(by_hand):
        known = {user: gender[user] for user in each if isinstance(gender[user], str)}
        mine = [each[user] for user, group in known.items() if group == gap["group"]]
        others = [each[user] for user, group in known.items() if group != gap["group"]]
        assert gap["values"][seed] == pytest.approx(statistics.fmean(mine) - statistics.fmean(others), abs=1e-12)


def test_the_audits_own_seed_gives_its_own_numbers_and_nothing_else_changes(
    workspace: Workspace, popular: str, plan: Path, told: dict[str, Any]
) -> None:
    for row in told["spread"]["overall"]:
        assert row["values"][0] == row["value"] == told["overall"][row["metric"]]["value"]
    for row, main in zip(told["spread"]["gaps"], told["groups"], strict=True):
        assert row["values"][0] in (main["gap"], None)
        assert (row["gap"] is None) or row["gap"] == main["gap"]
    alone = audit(workspace, "tiny", model_id=popular, plan_file=plan)
    new = {"spread", "seeds", "run_id", "path", "against_last"}
    assert {name: each for name, each in alone.items() if name not in new} == {
        name: each for name, each in told.items() if name not in new
    }
    assert {"spread", "seeds"} & set(alone) == set()
    assert alone["exit_code"] == told["exit_code"], "the spread decides nothing"


def test_a_rare_group_has_no_number_in_any_format(told: dict[str, Any], out: Path) -> None:
    rows = [row for row in told["spread"]["gaps"] if row["group"] == RARE]
    assert len(rows) == 2
    for row in rows:
        assert [row[name] for name in ("n", "gap", "mean", "sd", "least", "most", "same_sign", "reaches")] == [None] * 8
        assert row["values"] == [None] * 3
    with (out / "tables" / "seeds_gaps-profiled.csv").open(newline="") as file:
        table = [row for row in csv.DictReader(file) if row["group"] == RARE]
    assert [row[name] for row in table for name in ("gap", "seed_0", "seed_1", "seed_2")] == [""] * 8
    section = seeds_section(told)
    assert section is not None
    lines = [row for table in section.tables for row in table.rows if any(RARE in cell for cell in row)]
    assert len(lines) == 2, "the gaps by region, and the values at every seed"
    assert not any(sign.isdigit() for row in lines for cell in row for sign in cell)


def test_the_report_and_the_tables_say_the_numbers_of_the_document(told: dict[str, Any], out: Path) -> None:
    section = seeds_section(told)
    assert section is not None
    assert [each.key for each in contents(told).sides].count("seeds") == 1
    gaps = {(row["attribute"], row["group"]): row for row in told["spread"]["gaps"] if row["metric"] == "ndcg"}
    for table in section.tables[1:-1]:
        attribute = table.caption.removeprefix("Gaps by ")
        for cells in table.rows:
            row, said = gaps[attribute, cells[0]], dict(zip(table.heads, cells, strict=True))
            if row["gap"] is not None:
                assert said["This audit"] == f"{row['gap']:+.3f}"
                assert said["Standard deviation"] == f"{row['sd']:.3f}"
                assert (said["Same sign"], said["Reaches"]) == (f"{row['same_sign']} of 3", f"{row['reaches']} of 3")
    assert "no confidence interval" in section.reading
    assert "decides no answer and no exit code" in section.reading
    assert told["spread"]["protocol"] in section.told
    text = html.render(told)
    assert section.reading.split(".")[0] in text
    assert all(f"<caption>{table.caption}</caption>" in text for table in section.tables)
    assert pdf.render(told).startswith(b"%PDF-")
    with (out / "tables" / "seeds_overall-profiled.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    whole = told["spread"]["overall"][0]
    assert [float(first[f"seed_{n}"]) for n in range(3)] == whole["values"]


def test_a_flag_says_at_how_many_seeds_it_is_seen(told: dict[str, Any]) -> None:
    row = next(row for row in told["spread"]["gaps"] if row["gap"] is not None and row["metric"] == "ndcg")
    row = {**row, "same_sign": 2, "reaches": 1}
    key = {name: row[name] for name in ("attribute", "group", "metric")}
    spread = {
        **told["spread"],
        "gaps": [row if key.items() <= each.items() else each for each in told["spread"]["gaps"]],
    }
    flagged = {
        **told,
        "spread": spread,
        "groups": [{**each, "state": "flag"} for each in told["groups"] if key.items() <= each.items()],
    }
    section = seeds_section(flagged)
    assert section is not None
    (said,) = (each for each in section.told if "flagged in this audit" in each)
    assert "the same sign at 2 of 3 seeds and is at least 0.02 at 1 of them" in said
    assert f"from {row['least']:+.3f} to {row['most']:+.3f}." in said
    assert "flagged in this audit" not in " ".join(seeds_section({**told, "groups": []}).told)  # type: ignore[union-attr]


def test_nothing_is_stored_for_a_further_seed_but_the_run(
    workspace: Workspace, popular: str, plan: Path, told: dict[str, Any]
) -> None:
    def files() -> set[Path]:
        return {path for path in workspace.folder.rglob("*") if path.is_file()}

    before, models = files(), workspace.shelf.ids()
    run = audit(workspace, "tiny", model_id=popular, plan_file=plan, seeds=2)["run_id"]
    assert {path.name for path in files() - before} == {f"{run}.json"}
    assert workspace.shelf.ids() == models
    last = [event.detail for event in workspace.log.entries(kind=Kind.AUDIT)][-2:]
    assert [(event["stage"], event["seeds"]) for event in last] == [("plan", 2), ("result", 2)]


def test_a_plan_can_ask_and_both_must_agree(
    workspace: Workspace, popular: str, out: Path, told: dict[str, Any]
) -> None:
    path = out / "asks.json"
    path.write_text(json.dumps({**CHOSEN, "seeds": 2}))
    assert Plan.load(path).hash != told["plan_hash"]
    found = audit(workspace, "tiny", model_id=popular, plan_file=path)
    assert (found["spread"]["seeds"], found["plan"]["seeds"]) == ([0, 1], 2)
    for mine, other in zip(found["spread"]["overall"], told["spread"]["overall"], strict=True):
        assert mine["values"] == other["values"][:2]
    with pytest.raises(BadInput, match="the plan asks for 2 seeds"):
        audit(workspace, "tiny", model_id=popular, plan_file=path, seeds=3)


def test_plans_that_do_not_ask_keep_their_hash() -> None:
    assert "seeds" not in Plan.of().model_dump(mode="json")
    assert Plan.of({"seeds": None}).hash == Plan.of().hash
    assert len({Plan.of({"seeds": n}).hash for n in (2, 3)} | {Plan.of().hash}) == 3
    for wrong in (1, 21, "many"):
        with pytest.raises(BadInput, match="the setting 'seeds' must be a whole number from 2 to 20"):
            Plan.of({"seeds": wrong})


def test_imported_lists_have_no_other_seed(workspace: Workspace, out: Path) -> None:
    for name in ("lists", "truth"):
        (out / f"{name}.csv").write_text("user_id,item_id,rank\n")
    asks = out / "asks-too.json"
    asks.write_text(json.dumps({"seeds": 2}))
    files = {"recommendations": out / "lists.csv", "outcomes": out / "truth.csv"}
    for asked in ({"seeds": 2}, {"plan_file": asks}, {"seeds": 2, "engine": "duckdb"}):
        with pytest.raises(BadInput, match="imported lists come with one truth"):
            audit(workspace, "tiny", **files, **asked)


def test_it_says_how_far_it_is_and_can_be_stopped_between_seeds(workspace: Workspace, popular: str, plan: Path) -> None:
    done: list[float] = []
    runs, stop = len(workspace.runs.list()), Event()

    def progress(share: float) -> None:
        done.append(share)
        if share > 0.4:  # before the third of four fits
            stop.set()

    with pytest.raises(Cancelled):
        audit(workspace, "tiny", model_id=popular, plan_file=plan, seeds=4, progress=progress, cancel=stop)
    assert done == sorted(done)
    assert done[-1] < 0.6
    assert len(workspace.runs.list()) == runs


def test_a_part_of_the_work_tells_its_share_of_the_whole() -> None:
    told: list[float] = []
    part = Steps(told.append).part(0.5, 0.9)
    for share in (0.0, 0.5, 1.0):
        part.at(share)
    assert told == pytest.approx([0.5, 0.7, 0.9])


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_draws_says_by_which_setting_and_draws_anew(name: str) -> None:
    kind = recommender_class(name)
    seeds = {"seed", "random_state"} & set(kind.settings_class.model_fields)
    assert ({kind.seed_setting} if kind.seed_setting else set()) == seeds
    assert reseeded(name, {}, 0) == {}
    for seed in seeds:
        assert reseeded(name, {}, 3) == {seed: 3}
        assert reseeded(name, {seed: 5}, 3) == {seed: 8}
        assert create(name, **reseeded(name, {seed: 2**31 - 1}, 19)).settings.model_dump()[seed] == 18
    if not seeds:
        assert reseeded(name, {}, 3) == {}


def test_a_model_by_chance_has_its_own_seed_moved_along(workspace: Workspace, plan: Path) -> None:
    model = train(workspace, "tiny", "random", {"seed": 7})["model_id"]
    found = audit(workspace, "tiny", model_id=model, plan_file=plan, seeds=2)["spread"]
    assert found["protocol"].endswith("; its own seed goes along: 7, 8.")
    judged = evaluate(workspace, "tiny", "random", {"seed": 7}, seeds=2)["spread"]
    row = next(row for row in found["overall"] if row["metric"] == "ndcg")
    assert next(each["values"] for each in judged if each["metric"] == "ndcg") == pytest.approx(row["values"])


def test_an_evaluation_over_seeds_adds_to_what_there_was(workspace: Workspace) -> None:
    alone = evaluate(workspace, "tiny", "popularity")
    found = evaluate(workspace, "tiny", "popularity", seeds=3)
    assert found["metrics"] == alone["metrics"]
    assert set(found) - set(alone) == {"spread"}
    assert {name: each for name, each in found["protocol"].items() if name != "seeds"} == alone["protocol"]
    assert found["protocol"]["seeds"].startswith("seeds 0, 1, 2: ")
    rows = {row["metric"]: row for row in found["spread"]}
    assert set(rows) == set(alone["metrics"])
    by_hand = [statistics.fmean(ndcg_by_hand(workspace, seed).values()) for seed in range(3)]
    assert rows["ndcg"]["values"] == pytest.approx(by_hand, abs=1e-12)
    assert (rows["ndcg"]["mean"], rows["ndcg"]["sd"]) == pytest.approx(
        (statistics.fmean(by_hand), statistics.stdev(by_hand)), abs=1e-12
    )
    assert (rows["ndcg"]["least"], rows["ndcg"]["most"]) == pytest.approx((min(by_hand), max(by_hand)), abs=1e-12)
    for row in rows.values():
        assert row["value"] == row["values"][0] == alone["metrics"][row["metric"]]
    assert workspace.log.entries(kind=Kind.EVALUATE)[-1].detail["seeds"] == 3
    for file in ({"train": Path("a")}, {"test": Path("b")}):
        with pytest.raises(BadInput, match="a given split is one split"):
            evaluate(workspace, "tiny", "popularity", seeds=2, **file)


def test_the_page_shows_the_spread_or_says_how_to_ask(
    workspace: Workspace, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import cached

    def words(at: AppTest) -> str:
        return "\n".join(str(each.value).replace("\\", "") for each in (*at.caption, *at.info))

    monkeypatch.setattr(cached, "run", lambda run_id: told)
    monkeypatch.setenv("SIGHTGLASS_HOME", str(workspace.folder))
    at = AppTest.from_file(MAIN, default_timeout=120).run().switch_page("app_pages/audit.py").run()
    assert not at.exception
    assert "Would another draw of the held-out choices have shown the same?" in words(at)
    assert at.selectbox(key="seeds-by").options == ["Gaps by gender", "Gaps by region"]
    assert not at.selectbox(key="seeds-by").select("Gaps by region").run().exception
    alone = {name: each for name, each in told.items() if name != "spread"}
    monkeypatch.setattr(cached, "run", lambda run_id: alone)
    assert HOW_TO_ASK in words(at.run())
    monkeypatch.setattr(cached, "run", lambda run_id: {**alone, "model_id": None})
    assert ONE_TRUTH in words(at.run())
