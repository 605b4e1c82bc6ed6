"""The audit page's item side, segments and privacy, and the yardstick page, as a person meets them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import item_tables, item_words
from app.use_cases.auditing import audit
from app.use_cases.checking import check_yardstick
from app.workspace import opened
from app.yardstick_words import parts, result
from tests.doors import copy_of_small_world

MAIN = str(Path(__file__).resolve().parent.parent / "app" / "main.py")
PLAN = 'draws = 100\nattributes = ["gender"]\nexploratory = ["recall"]\nprivacy = true\n'


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("sides")
    folder = copy_of_small_world(tmp_path_factory.getbasetemp(), base / "state")
    plan = base / "plan.toml"
    plan.write_text(PLAN)
    with opened(folder) as workspace:
        for model_id in workspace.shelf.ids():
            audit(workspace, "demo", model_id=model_id, plan_file=plan)
    return folder


@pytest.fixture
def page(audited: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("SIGHTGLASS_HOME", str(audited))
    at = AppTest.from_file(MAIN, default_timeout=120).run()
    return at.switch_page("app_pages/audit.py").run()


def words(at: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*at.markdown, *at.caption, *at.info, *at.success, *at.error))


def test_a_provider_is_picked_and_said_in_a_sentence(page: AppTest) -> None:
    assert not page.exception
    box = page.selectbox(key="one-provider")
    other = box.options[1]
    told = box.select(box.options[1]).run()
    assert not told.exception
    assert f"see a title of {other}" in words(told).replace("\\", "")
    assert item_words.RANKS in words(told)
    assert told.selectbox(key="reach-by").options


def test_titles_are_grouped_by_any_column_each_with_its_reading(page: AppTest) -> None:
    box = page.selectbox(key="items-by")
    assert {"provider", "genres", "age of the item", "popularity of the item"} <= set(box.options)
    told = box.select("genres").run()
    assert not told.exception
    assert item_words.GROUPS_OF_ITEMS in words(told)
    assert item_words.LORENZ in words(told)


def test_segments_lift_and_privacy_are_shown(page: AppTest) -> None:
    box = page.selectbox(key="segments-by")
    assert {"activity", "tenure", "popularity taste"} <= set(box.options)
    told = box.select("activity").run()
    assert not told.exception
    assert "Thirds of all people" in words(told)
    for reading in (item_words.LIFT, item_words.INFERENCE, item_words.PROXIES):
        assert reading in words(told)


def test_another_model_is_set_beside_on_the_same_people(page: AppTest) -> None:
    assert "Nobody opted out; the list that is the same for all" in words(page)
    (box,) = (each for each in page.multiselect if each.label == "Other models")
    told = box.select(box.options[0]).run()
    assert not told.exception
    assert len(told.selectbox(key="beside-by").options) == 2, "the other model, and the list without a profile"
    assert "Every measure of every kind of list" in [each.label for each in told.expander]
    assert "The same people on both sides" in words(told)


def test_a_run_of_an_earlier_version_says_that_it_has_no_such_measures(
    audited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import cached

    whole = cached.run

    def without(run_id: str) -> dict[str, object]:
        gone = ("item_groups", "provider_details", "segments", "popularity_by_group", "privacy")
        return {name: value for name, value in whole(run_id).items() if name not in gone}

    monkeypatch.setattr(cached, "run", without)
    monkeypatch.setenv("SIGHTGLASS_HOME", str(audited))
    at = AppTest.from_file(MAIN, default_timeout=120).run().switch_page("app_pages/audit.py").run()
    assert not at.exception
    assert item_words.OLD_RUN in words(at)
    assert item_words.PRIVACY_OFF in words(at)


def test_the_yardstick_page_says_that_all_hold_and_shows_every_row(
    audited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTGLASS_HOME", str(audited))
    at = AppTest.from_file(MAIN, default_timeout=120).run().switch_page("app_pages/yardstick.py").run()
    assert not at.exception
    told = check_yardstick()
    assert [str(each.value).replace("\\", "") for each in at.success] == [result(told)]
    assert sum(len(table.value) for table in at.dataframe) == told["of"]
    assert not at.button(key="yardstick-again").click().run().exception


def test_a_value_that_does_not_hold_is_said_first() -> None:
    told = check_yardstick()
    broken = {
        **told,
        "ok": False,
        "held": told["of"] - 1,
        "checks": [{**told["checks"][0], "ok": False}, *told["checks"][1:]],
    }
    assert result(broken).startswith("1 value of")
    shown = [row for _, _, rows in parts(broken) for row in rows if row["holds"] == "✗"]
    assert [row["what"] for row in shown] == [told["checks"][0]["name"]]


def test_what_is_held_back_is_a_word_and_not_a_number() -> None:
    rows = [
        {"group": "x", "people": 30, "reached": None, "share": None},
        {"group": "y", "people": None, "reached": 12, "share": 0.4},
    ]
    table = item_tables.reach_table(rows)
    assert table.loc[0, ["reached", "share"]].tolist() == ["held back", "held back"]
    assert table.loc[1, "people with a list"] == "held back"
    assert table.loc[1, "share"] == "40.0%"


def test_the_lorenz_table_is_read_at_every_tenth() -> None:
    curve = pd.DataFrame({"part": [0, 0.5, 1], "share": [0, 0.2, 1]})
    table = item_tables.lorenz_table({"items": curve})
    assert table["share of exposure, items"].iloc[[4, 9]].tolist() == ["20.0%", "100.0%"]
