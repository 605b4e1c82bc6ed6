"""What is worked out about a person: shown with its cause, switched off, and then in no audit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.use_cases.auditing import audit
from app.use_cases.choosing import choice
from app.use_cases.tagging import inferred, set_tag, switched_off, tags
from app.workspace import opened
from data.errors import NotFound
from tests import doors

PERSON = "u0007"


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path / "state")


def test_each_tag_is_what_audits_work_out_and_names_its_records(state: Path) -> None:
    with opened(state) as workspace:
        dataset = workspace.catalog.open("demo")
        found = inferred(dataset)
        told = {row["tag"]: row for row in tags(workspace, "demo", PERSON, found)}
        frame = dataset.interactions.frame()
        own = frame[frame["user_id"] == PERSON]
        sizes = frame.groupby("user_id").size()
        third = ["light", "medium", "heavy"][int(np.searchsorted(sizes.quantile([1 / 3, 2 / 3]), len(own)))]
        assert told["activity"]["value"] == third
        assert f"You chose {len(own)} titles." in told["activity"]["because"]
        titles = set(own["item_id"].map(dataset.titles()))
        for row in told.values():
            assert row["on"]
            assert row["value"] is not None
            assert set(row["records"]) <= titles
            assert row["records"]
        counts = frame.groupby("item_id").size()
        popular = set(counts.sort_values(ascending=False, kind="stable").index[: int(0.2 * len(counts))])
        several = counts[own["item_id"]].nunique() > 1
        assert several
        said = int(told["popularity taste"]["because"].split()[0])
        assert abs(said - len(set(own["item_id"]) & popular)) <= 1  # ties at the edge go by the smaller id


def test_a_tag_that_was_deleted_is_not_worked_out_again(state: Path) -> None:
    with opened(state) as workspace:
        set_tag(workspace, "demo", PERSON, "activity", on=False)
        row = next(row for row in tags(workspace, "demo", PERSON) if row["tag"] == "activity")
        assert (row["on"], row["value"], row["records"], row["because"]) == (False, None, [], "")
        assert switched_off(workspace, "demo")["activity"] == {PERSON}
        assert choice(workspace, "demo", PERSON)["rules"] == ["unused:tag:activity"]
        set_tag(workspace, "demo", PERSON, "activity", on=True)
        assert switched_off(workspace, "demo")["activity"] == frozenset()
        with pytest.raises(NotFound):
            set_tag(workspace, "demo", PERSON, "horoscope", on=False)


def test_an_audit_puts_nobody_into_a_segment_that_they_switched_off(state: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('draws = 100\nattributes = ["activity"]\n')
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)

        def known() -> int:
            told = audit(workspace, "demo", model_id=linear, plan_file=plan)
            return sum(row["n"] for row in told["groups"] if row["attribute"] == "activity" and row["metric"] == "ndcg"
                       and row["group"] in ("light", "medium", "heavy"))  # fmt: skip

        before = known()
        people = workspace.model(linear).training.users.values[:30]
        for user in people:
            set_tag(workspace, "demo", user, "activity", on=False)
        assert known() < before
