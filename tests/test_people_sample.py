"""The sample of an audit: the group table made again from the file alone, and nothing in it that the report holds back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.use_cases.auditing import audit
from app.use_cases.reporting import report
from app.workspace import Workspace
from audit.measured import AuditTables
from audit.people_sample import HELD_BACK, people_sample
from audit.plan import Plan
from audit.run import Audit, run_audit
from data.errors import BadInput
from data.keep.events import Kind
from tests import doors
from tests.test_counted import World
from tests.test_report_sides import with_rare_group

METRICS = ("ndcg", "recall", "novelty")
PLAN = {
    "k": 4,
    "metrics": ["ndcg"],
    "exploratory": ["recall", "novelty"],
    "draws": 100,
    "own_materiality": {"novelty": 0.1},
}


@pytest.fixture(scope="module")
def found() -> Audit:
    """700 people; one region of about ten is held back with another, and so are some cells of sex and region."""
    world = World(seed=3, people=700)
    groups = {name: each.dropna() for name, each in world.groups.items()}
    groups["region"].iloc[:4] = "tiny"
    truth = world.truth[world.truth["user_id"].astype(int) % 9 > 0]  # some have no held-out choice, so no value
    return run_audit(AuditTables(world.lists, truth, world.known, world.items, groups=groups), Plan.of(PLAN))


@pytest.fixture(scope="module")
def table(found: Audit) -> pd.DataFrame:
    return people_sample(found)


def recompute(table: pd.DataFrame, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Make every shown row again with plain pandas; how many rows were shown, and how many were held back."""
    shown = 0
    for row in rows:
        block = table[(table["attribute"] == row["attribute"]) & (table["metric"] == row["metric"])]
        mine = block[block["group"] == row["group"]]["value"]
        if row["value"] is None:
            assert row["group"] == "unknown" or mine.empty, "a held-back group is in the file by name"
            continue
        assert len(mine) == row["n"]
        assert mine.mean() == pytest.approx(row["value"], abs=1e-12)
        others = block[(block["group"] != row["group"]) & (block["group"] != "unknown")]["value"]
        if row["gap"] is not None:
            assert mine.mean() - others.mean() == pytest.approx(row["gap"], abs=1e-12)
        shown += 1
    return shown, len(rows) - shown


def test_every_shown_value_count_and_gap_follows_from_the_sample_alone(found: Audit, table: pd.DataFrame) -> None:
    shown, held = recompute(table, found.document()["groups"])
    assert shown >= 6
    assert held >= 2, "the world must hold something back"


def test_whoever_is_held_back_has_no_value_of_their_own(found: Audit, table: pd.DataFrame) -> None:
    """The people whose values stand in the file are those of shown groups and of shown cells, told by the document alone."""
    told = found.document()
    labels = {name: found.given[name].reindex(found.per_user.index).fillna("unknown") for name in found.given}
    cells = {
        (row["first"], row["second"], row["first_group"], row["second_group"])
        for row in told["intersections"]
        if row["value"] is None
    }
    assert cells
    inside = {
        user
        for a, b, first, second in cells
        for user in found.per_user.index
        if labels[a][user] == first and labels[b][user] == second
    }
    rows = {(row["attribute"], row["metric"], row["group"]): row for row in told["groups"]}
    for (attribute, metric), block in table.groupby(["attribute", "metric"]):
        own = block[~block["averaged"]]
        allowed = Counter(
            round(value, 12)
            for user, value in found.per_user[metric].dropna().items()
            if user not in inside and rows[attribute, metric, labels[attribute][user]]["value"] is not None
        )
        assert not Counter(own["value"].round(12)) - allowed, (attribute, metric)
        assert len(own) > 100, "the sample is of people, not of means alone"
        for group, values in block[block["averaged"]].groupby("group")["value"]:
            assert values.nunique() == 1, group
            assert len(values) >= found.plan.minimum_cell


def test_a_person_cannot_be_followed_from_row_to_row_or_from_file_to_file(found: Audit, table: pd.DataFrame) -> None:
    again = people_sample(found)
    assert table["person"].is_unique
    assert not set(table["person"]) & set(again["person"])
    assert not set(table["person"].astype(str)) & set(found.per_user.index)
    assert list(table["value"]) != list(again["value"]), "the rows are in another order every time"
    own = found.per_user["novelty"].dropna()
    block = table[(table["attribute"] == "sex") & (table["metric"] == "novelty") & ~table["averaged"]]
    place = block["value"].map({value: n for n, value in enumerate(own)}).dropna()
    assert abs(np.corrcoef(place, np.arange(len(place)))[0, 1]) < 0.2, "the order of rows tells who is who"


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with doors.workspace_of(with_rare_group(), tmp_path_factory.mktemp("state")) as only:
        yield only


@pytest.fixture(scope="module")
def files(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Lists and held-out choices of everybody, and a quick plan."""
    folder, dataset = tmp_path_factory.mktemp("lists"), workspace.catalog.open("tiny")
    pairs = dataset.interactions.frame()[["user_id", "item_id"]]
    pairs.groupby("user_id").head(2).to_csv(folder / "truth.csv", index=False)
    lists = pairs.groupby("user_id").tail(5)
    lists.assign(rank=lists.groupby("user_id").cumcount() + 1).to_parquet(folder / "lists.parquet", index=False)
    (folder / "plan.json").write_text(
        json.dumps({"draws": 100, "exploratory": ["recall"], "attributes": ["gender", "region"]})
    )
    return {name: folder / name for name in ("truth.csv", "lists.parquet", "plan.json")}


def run(workspace: Workspace, files: dict[str, Path], sample: Path | None, **more: Any) -> dict[str, Any]:
    given = {"recommendations": files["lists.parquet"], "outcomes": files["truth.csv"], "plan_file": files["plan.json"]}
    return audit(workspace, "tiny", sample=sample, **given, **more)


@pytest.mark.parametrize("name", ["sample.parquet", "sample.csv"])
def test_the_file_is_private_recorded_and_enough(
    workspace: Workspace, files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    told = run(workspace, files, out)
    read = pd.read_parquet(out) if name.endswith("parquet") else pd.read_csv(out, float_precision="round_trip")
    shown, held = recompute(read, told["groups"])
    assert shown >= 6
    assert held >= 2
    assert HELD_BACK in set(read["group"])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    event = list(workspace.log.entries(kind=Kind.EXPORT))[-1]
    about = {"run_id": told["run_id"], "purpose": "recomputation of an audit's group table", "data": "tiny"}
    assert about.items() <= event.detail.items()
    assert event.detail["sha256"] == told["sample"]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert "pseudonymised personal data" in told["sample"]["what"]
    bundle = report(workspace, told["run_id"], tmp_path / "r.zip")["path"]
    with zipfile.ZipFile(bundle) as archive:
        assert not [each for each in archive.namelist() if "sample." in each or "people" in each]
        assert "person" not in {
            head for each in archive.namelist() if each.endswith(".csv") for head in _heads(archive, each)
        }
    assert "sample" not in workspace.runs.load(told["run_id"])


def _heads(archive: zipfile.ZipFile, name: str) -> list[str]:
    return next(csv.reader(io.StringIO(archive.read(name).decode())))


def test_an_audit_without_the_option_writes_no_sample(
    workspace: Workspace, files: dict[str, Path], tmp_path: Path
) -> None:
    before = len(list(workspace.log.entries(kind=Kind.EXPORT)))
    told = run(workspace, files, None, out=tmp_path / "out")
    assert "sample" not in told
    assert len(list(workspace.log.entries(kind=Kind.EXPORT))) == before
    assert not [path for path in (tmp_path / "out").iterdir() if "sample" in path.name and "sampling" not in path.name]


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("s.txt", {}, "a sample is a file ending in .parquet or .csv"),
        ("none/s.csv", {}, "there is no such folder"),
        (
            "s.csv",
            {"engine": "duckdb"},
            "lists that are counted have no value for each person, so there is no sample of them",
        ),
    ],
)
def test_a_sample_that_cannot_be_is_refused_before_anything_is_done(
    workspace: Workspace, files: dict[str, Path], tmp_path: Path, name: str, more: dict[str, str], said: str
) -> None:
    size = workspace.log.head()["size"]
    with pytest.raises(BadInput, match=said):
        run(workspace, files, tmp_path / name, **more)
    assert workspace.log.head()["size"] == size
    assert not (tmp_path / name).exists()
