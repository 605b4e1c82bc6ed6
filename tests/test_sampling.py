"""The sampling statement: no field is empty, what is read off the data says so, few people are not counted out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.use_cases.auditing import audit
from app.use_cases.reporting import report
from app.workspace import opened
from audit.overlap import Overlap
from audit.plan import STATED, Plan
from audit.report import html
from audit.report.contents import contents
from audit.sampling import FIELDS, Sampled, check_statement, statement
from data.errors import BadInput
from tests import doors

OVERLAP = Overlap(90, 80, 75, 900, 900, 300, 300)


def read(plan: Plan | None = None, **changes: Any) -> dict[str, dict[str, str]]:
    """The statement of 95 people of 120, by field."""
    given = {"everybody": 120, "left_out": 0, "times": np.array([86_400, 0, 31_535_999]), "split": "a fifth, seed 0"}
    rows = statement(plan or Plan.of({"seed": 7}), Sampled.of("shop", OVERLAP, **{**given, **changes}))
    assert tuple(row["field"] for row in rows) == FIELDS
    assert all(row["text"].strip() for row in rows)
    return {row["field"]: row for row in rows}


def test_what_the_plan_is_silent_about_is_read_off_the_data() -> None:
    told = read()
    assert {row["source"] for row in told.values()} == {"data"}
    texts = {name: row["text"] for name, row in told.items()}
    assert texts["frame"] == "people of data set 'shop' with a list or a held-out choice: 95 of 120; 75 have both"
    assert texts["period"] == "1970-01-01 to 1970-12-31, the days of the first and of the last interaction"
    assert texts["sample"].startswith("all 95 of them, nobody was drawn; nobody was left out")
    assert texts["representativeness"].startswith("not assessed")
    assert texts["seed"] == "a fifth, seed 0; resamples and permutations: seed 7"


def test_the_words_of_the_plan_come_first() -> None:
    words = {name: f"our {name}" for name in STATED}
    told = read(Plan.of(words))
    assert {name: told[name]["text"] for name in STATED} == words
    assert {name: row["source"] for name, row in told.items()} == {**dict.fromkeys(STATED, "plan"), "seed": "data"}
    assert read(Plan.of({"frame": "ours"}))["sample"]["source"] == "data"


def test_what_the_data_does_not_tell_is_said() -> None:
    told = read(times=None, split=None)
    assert told["period"]["text"] == "not known: the data has no times"
    assert told["seed"]["text"].startswith(
        "the held-out choices came with the lists, so how they were split is not known"
    )
    assert read(times=np.array([]))["period"] == told["period"]


@pytest.mark.parametrize(
    ("people", "said"), [(1, "fewer than 10 people"), (9, "fewer than 10 people"), (10, "10 people")]
)
def test_few_people_are_not_counted_out(people: int, said: str) -> None:
    assert said in read(left_out=people)["sample"]["text"]
    assert read(left_out=1) == read(left_out=9)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_statement_with_an_empty_field_is_refused_by_name(name: str, text: str | None) -> None:
    rows = [row if row["field"] != name else {**row, "text": text} for row in read().values()]
    with pytest.raises(BadInput, match=f"the sampling statement of the audit has nothing for '{name}'; audit again"):
        check_statement(rows)
    with pytest.raises(BadInput, match=f"nothing for '{name}'"):
        check_statement([row for row in read().values() if row["field"] != name])


def test_reports_carry_the_statement_and_refuse_an_empty_one(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "SIGHTGLASS_HOME", str(doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path / "home"))
    )
    monkeypatch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
    plan = tmp_path / "plan.toml"
    plan.write_text('frame = "the shop\'s people"\n' + doors.PLAN)
    with opened() as workspace:
        model_id = next(each for each in workspace.shelf.ids() if workspace.shelf.about(each)["model"] == "popularity")
        told = audit(workspace, "demo", tmp_path / "out", model_id=model_id, plan_file=plan)
        times = workspace.catalog.open("demo").interactions.timestamp
        days = [np.datetime64(int(end), "s").astype("datetime64[D]").astype(str) for end in (times.min(), times.max())]
        facts = {fact.name: fact for fact in contents(told).protocol}
        assert facts["Frame"].value == "the shop's people"
        assert "read off the data" not in facts["Frame"].meaning
        assert facts["Period"].value.startswith(f"{days[0]} to {days[1]},")
        assert "seed 0; resamples and permutations: seed 0" in facts["Seed"].value
        for name in ("Period", "Sample", "Representativeness", "Seed"):
            assert facts[name].meaning.endswith("not stated in the plan, read off the data")
            assert facts[name].value in html.render(told).replace("&#39;", "'")
        assert (tmp_path / "out" / "sampling-profiled.csv").read_text().count("\n") == 6

        document = workspace.runs.load(told["run_id"])
        cut = [{**row, "text": ""} if row["field"] == "period" else row for row in document["sampling"]]
        broken = workspace.runs.save({**document, "sampling": cut}, kind="audit", label="broken")
        size = workspace.log.head()["size"]
        for suffix in (".html", ".pdf", ".zip"):
            with pytest.raises(BadInput, match="nothing for 'period'; audit again"):
                report(workspace, broken, tmp_path / f"broken{suffix}")
            assert not (tmp_path / f"broken{suffix}").exists()
        assert workspace.log.head()["size"] == size
        old = json.loads(json.dumps(document))
        del old["sampling"]
        before = workspace.runs.save(old, kind="audit", label="old")
        written = Path(report(workspace, before, tmp_path / "old.html")["path"]).read_text()
        assert "this audit was made before such statements were kept" in written
