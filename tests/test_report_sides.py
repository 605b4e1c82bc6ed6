"""The parts of a report beyond groups and providers: each section's numbers, its words, and what is held back."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app import assessment_words
from app.use_cases.auditing import audit
from app.use_cases.reporting import report
from app.use_cases.training import train
from app.workspace import Workspace
from audit.report import html, pdf
from audit.report.activity import CAVEAT, adjusted_words, without_attributes
from audit.report.contents import contents
from audit.report.drawn import lorenz
from audit.report.findings import too_few
from audit.report.flat import flat_tables
from audit.report.inequality import at_tenths
from audit.report.plots import plot
from audit.report.reach import reach_rows
from audit.report.tables import Section
from data.demo import demo_source
from data.tables import Source
from tests import doors

SECTIONS = (
    "pairs", "matrix", "item_shares", "item_places", "item_columns", "inequality", "reach", "segments", "lift", "privacy",
    "opt_outs", "against_last", "trade_off", "side_by_side",
)  # fmt: skip
RARE = "a rare group"
NUMBER = re.compile(r"\d")


def with_rare_group() -> Source:
    """The demo world with seven people of a region of their own, and seven others of a gender of their own."""
    source = demo_source(n_users=300, n_items=200)
    users = source.users.frame.copy()
    users.loc[users.index[5:12], "region"] = RARE
    users.loc[users.index[20:27], "gender"] = RARE
    return replace(source, users=replace(source.users, frame=users))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with doors.workspace_of(with_rare_group(), tmp_path_factory.mktemp("state")) as only:
        yield only


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def told(workspace: Workspace, out: Path) -> dict[str, Any]:
    """The second audit of a model, beside another, with privacy: every section has rows."""
    chosen = {"draws": 100, "exploratory": ["recall"], "attributes": ["gender", "region"], "impact_ratio": "selection"}
    plans = [out / "first.json", out / "second.json"]
    plans[0].write_text(json.dumps(chosen))
    plans[1].write_text(json.dumps({**chosen, "privacy": True}))
    linear = train(workspace, "tiny", "linear", {"regularization": 100})["model_id"]
    other = train(workspace, "tiny", "popularity", {})["model_id"]
    audit(workspace, "tiny", model_id=linear, plan_file=plans[0])
    return audit(workspace, "tiny", out / "out", model_id=linear, plan_file=plans[1], versus=[other])


@pytest.fixture(scope="module")
def files(workspace: Workspace, told: dict[str, Any], out: Path) -> dict[str, list[dict[str, str]]]:
    """Every CSV table that leaves the house: of the evidence bundle, and of the folder of the audit."""
    with zipfile.ZipFile(report(workspace, told["run_id"], out / "r.zip")["path"]) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".csv")}
    texts |= {path.name: path.read_text() for path in (out / "out").glob("*.csv")}
    return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}


def section(document: dict[str, Any], key: str) -> Section:
    return next(each for each in contents(document).sides if each.key == key)


def rows_of(found: Section, table: int = 0) -> list[dict[str, str]]:
    return [dict(zip(found.tables[table].heads, row, strict=True)) for row in found.tables[table].rows]


def test_every_section_is_there_once_with_tables_and_what_it_leaves_out(told: dict[str, Any]) -> None:
    sides = contents(told).sides
    assert tuple(each.key for each in sides) == SECTIONS
    for each in sides:
        if each.key == "opt_outs":
            continue
        assert each.tables, each.key
        assert all(table.rows for table in each.tables), each.key
        assert re.search(r"[Ll]eft out: ", each.reading), each.key
        assert all(len(row) == len(table.heads) == len(table.numeric) for table in each.tables for row in table.rows)


def test_page_and_pdf_hold_every_section(told: dict[str, Any]) -> None:
    text = html.render(told)
    for each in contents(told).sides:
        assert f'id="{each.key}"' in text
        assert f'href="#{each.key}"' in text
        for table in each.tables:
            assert text.count(f"<caption>{table.caption}</caption>") >= 1
    assert text.count("Lorenz curves of exposure over items") == 2, "a title and a label"
    assert pdf.render(told).startswith(b"%PDF-")


def test_groups_of_items_say_the_numbers_of_the_document(told: dict[str, Any]) -> None:
    shares, places = section(told, "item_shares"), section(told, "item_places")
    columns = list(dict.fromkeys(row["column"] for row in told["item_groups"]["groups"]))
    assert [table.caption for table in shares.tables] == columns
    assert "age of the item" in columns, "which the new-item share is read from"
    for place, column in enumerate(columns):
        wanted = [row for row in told["item_groups"]["groups"] if row["column"] == column]
        for row, got, other in zip(wanted, rows_of(shares, place), rows_of(places, place), strict=True):
            assert got["Group"] == other["Group"] == row["group"]
            assert got["Exposure"] == f"{100 * row['exposure_share']:.1f} %"
            if row["dp_ratio"] is not None and row["dp_ratio"] < 10 and row["dp_ratio_low"] is not None:
                assert got["DP ratio"].startswith(f"{row['dp_ratio']:.3f} ({row['dp_ratio_low']:.3f} to ")
            assert other["Gini inside"] == ("–" if row["gini_within"] is None else f"{row['gini_within']:.3f}")
            assert other["Pass FA*IR"] == ("–" if row["fastar_share"] is None else f"{100 * row['fastar_share']:.1f} %")


def test_segments_lift_and_privacy_say_the_numbers_of_the_document(told: dict[str, Any]) -> None:
    segments = section(told, "segments")
    names = [row["attribute"] for row in told["segments"]["rows"]]
    assert {"activity", "popularity taste", "tenure"} <= set(names)
    assert "Miscalibration (Jensen-Shannon)" in {row["Measure"] for row in rows_of(segments)}
    for row, got in zip(told["popularity_by_group"], rows_of(section(told, "lift")), strict=True):
        assert got["Lift"] == ("–" if row["lift"] is None else f"{100 * row['lift']:.1f} %")
    guessed = rows_of(section(told, "privacy"))
    assert [row["AUC"] for row in guessed] == [
        "–" if row["auc"] is None else f"{row['auc']:.3f}" for row in told["privacy"]["inference"]
    ]


def test_the_last_audit_and_other_models_stand_beside(told: dict[str, Any]) -> None:
    last = section(told, "against_last")
    assert told["against_last"]["run_id"] in " ".join(last.told)
    assert {row["Measure"] for row in rows_of(last)} == {"nDCG"}, "groups in confirmatory measures; the rest is in CSV"
    assert {row["What else"] for row in rows_of(last)} >= {"Also different: plan."}
    beside = section(told, "side_by_side")
    assert [table.caption for table in beside.tables] == told["side_by_side"]["labels"][1:]
    first = next(row for row in told["side_by_side"]["rows"] if not row["attribute"])
    assert rows_of(beside)[0]["Difference"] == f"{first['difference']:+.3f}"
    values = {(row["label"], row["metric"]): row["value"] for row in told["side_by_side"]["overall"]}
    drawn = {(row["Lists"], row["Measure"]): row["Value"] for row in rows_of(section(told, "trade_off"))}
    base = told["side_by_side"]["base"]
    assert drawn[base, "nDCG"] == f"{values[base, 'ndcg']:.3f}"
    assert drawn["non-profiled", "Gini of exposure"] == f"{values['non-profiled', 'gini_exposure']:.3f}"


def test_that_nobody_opted_out_is_one_sentence_and_no_table(told: dict[str, Any]) -> None:
    found = section(told, "opt_outs")
    row = next(row for row in told["opt_outs"]["cost"] if row["attribute"] == "everybody")
    assert (found.tables, found.told) == ((), ())
    assert found.reading.startswith("Nobody opted out; ")
    assert (
        f"{row['difference']:+.3f} on average (95 % interval {row['low']:+.3f} to {row['high']:+.3f}" in found.reading
    )
    assert found.reading in html.render(told)
    undefined = {**told["opt_outs"], "cost": [{**row, "difference": None}]}
    assert section({**told, "opt_outs": undefined}, "opt_outs").reading == "Nobody opted out."


def test_a_number_of_opt_outs_that_is_held_back_is_not_nobody(told: dict[str, Any]) -> None:
    """Three people who opted out are held back like nobody is; only the note tells the two apart."""
    few = {**told["opt_outs"], "notes": ["Fewer than 10 people opted out; their number is held back."]}
    found = section({**told, "opt_outs": few}, "opt_outs")
    assert [table.caption for table in found.tables] == [
        "Who opted out", "What it would cost the others", "How they are served",
    ]  # fmt: skip
    assert "Nobody" not in found.reading
    assert re.search(r"[Ll]eft out: ", found.reading)


def test_reach_by_group_is_of_the_largest_providers_and_the_rest_is_in_the_tables(told: dict[str, Any]) -> None:
    found = section(told, "reach")
    rows = rows_of(found, 1)
    every = list(reach_rows(told))
    sizes = sorted((each["n_items"] for each in told["provider_details"].values()), reverse=True)
    assert {told["provider_details"][row["Provider"]]["n_items"] for row in rows} == set(sizes[:10])
    assert {row["Attribute"] for row in rows} == {row["attribute"] for row in told["groups"]} == {"gender", "region"}
    assert found.told == (
        f"{len(every) - len(rows):,} rows of smaller providers, or of other attributes, are in the tables of the run.",
    )
    without = section({**told, "groups": []}, "reach")
    assert {row["Attribute"] for row in rows_of(without, 1)} == {row["attribute"] for row in every}


def test_runs_from_before_have_none_of_it(told: dict[str, Any]) -> None:
    gone = (
        "pair_rates",
        "exposure_matrix",
        "item_groups",
        "provider_details",
        "segments",
        "popularity_by_group",
        "privacy",
        "against_last",
        "side_by_side",
        "opt_outs",
    )
    old = {name: value for name, value in told.items() if name not in gone}
    assert [each.key for each in contents(old).sides] == ["trade_off"], "which the kinds of list are enough for"
    assert contents({**old, "compared_with": {}}).sides == ()
    assert set(flat_tables(old)) & {"item_groups", "segments", "lorenz", "side_by_side"} == set()
    assert "Groups of items" not in html.render(old)


# --- what is held back ----------------------------------------------------------------------------------------------


def hidden_groups(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["attribute"], row["group"]) for row in told["groups"] if row["value"] is None]


def test_a_held_back_group_has_no_number_in_any_csv(
    told: dict[str, Any], files: dict[str, list[dict[str, str]]]
) -> None:
    hidden = set(hidden_groups(told))
    assert {("region", RARE), ("gender", RARE)} <= hidden
    seen: set[str] = set()
    for name, rows in files.items():
        for row in rows:
            where = row.get("attribute"), row.get("group")
            if where not in hidden:
                continue
            seen.add(name.removeprefix("tables/").split("-")[0])
            if name.startswith(("reach", "tables/reach")):
                assert row["reached"] == row["share"] == "", name
                continue
            spoken = {"attribute", "group", "metric", "family", "state", "reason", "label", "against", "state_before"}
            held = {key: value for key, value in row.items() if key not in spoken and NUMBER.search(value)}
            assert held == {}, name
    assert {"groups", "popularity_by_group", "against_last", "side_by_side", "reach"} <= seen
    assert {"impact_ratios", "unknowns", "directions"} & seen


def test_a_held_back_group_has_no_number_on_page_or_paper(told: dict[str, Any]) -> None:
    """Page and PDF are set from the same text: every row that names the group is dashes and words."""
    seen = 0
    hidden = {group for _, group in hidden_groups(told)}
    report = contents(told)
    for each in (*report.closer, *report.sides):
        if each.key in ("intersections", "reach", "privacy", "item_shares", "item_places"):
            continue
        for table in each.tables:
            place = next((n for n, head in enumerate(table.heads) if head in ("Group", "Category")), 0)
            for row in table.rows:
                if row[place] in hidden:
                    numbers = [cell for cell, numeric in zip(row, table.numeric, strict=True) if numeric]
                    assert not NUMBER.search(" ".join(numbers)), (each.key, row)
                    seen += 1
    assert seen >= 4
    for attribute in report.attributes:
        for group in (row for table in attribute.tables for row in table.rows if row.group in hidden):
            assert {group.people, group.value, group.gap, group.adjusted, group.interval} == {"–"}


def test_its_mean_is_nowhere_in_what_leaves_the_house(
    workspace: Workspace, told: dict[str, Any], files: dict[str, list[dict[str, str]]]
) -> None:
    """The true means of the seven people, computed from the tables themselves."""
    from app.use_cases.judging import our_lists
    from audit.measured import measured
    from audit.plan import Plan

    dataset = workspace.catalog.open("tiny")
    jobs = our_lists(workspace, dataset, told["model_id"], 10)
    per_user = measured(jobs.tables["profiled"], Plan.of(told["plan"])).per_user
    rare = jobs.tables["profiled"].groups["region"] == RARE
    people = per_user.loc[per_user.index.isin(rare[rare].index.astype(str))]
    assert len(people) == 7
    means = [repr(float(people[name].mean())) for name in ("ndcg", "recall", "list_popularity")]
    text = json.dumps(told) + json.dumps(files) + html.render(told)
    assert not [mean for mean in means if mean[:12] in text]
    shown = told["overall"]["ndcg"]["value"]
    assert repr(shown)[:12] in text, "a number that is shown is found in this way"


def test_guesses_do_not_count_a_small_group_out(told: dict[str, Any]) -> None:
    """300 people less the people of groups that are large enough would tell how many are in the small one."""
    rows = [row for row in told["privacy"]["inference"] + told["privacy"]["proxies"] if row["attribute"] == "gender"]
    assert len(rows) > 3
    assert {row["n"] for row in rows} == {None}


# --- words ----------------------------------------------------------------------------------------------------------


def row(**more: Any) -> dict[str, Any]:
    base = {"attribute": "gender", "group": "F", "metric": "ndcg", "family": "confirmatory", "gap": -0.05}
    base |= {"state": "flag"}
    base |= {"gap_low": -0.08, "gap_high": -0.02, "adjusted_gap": -0.026, "adjusted_low": -0.06, "adjusted_high": 0.01}
    return {**base, **more}


def words(*rows: dict[str, Any]) -> list[str]:
    return adjusted_words({"groups": list(rows), "plan": {"level": 0.95}})


@pytest.mark.parametrize(
    ("adjusted", "said"),
    [
        (-0.026, "About half of it (48 %) goes with activity."),
        (-0.04, "A part of it (20 %) goes with activity."),
        (-0.0005, "All of it (99 %) goes with activity."),
        (-0.05, "None of it goes with activity."),
        (-0.07, "It is wider when activity is alike."),
        (0.02, "It turns around when activity is alike."),
    ],
)
def test_what_goes_with_activity_is_said_with_its_caveat(adjusted: float, said: str) -> None:
    first, caveat = words(row(adjusted_gap=adjusted))
    assert first.endswith(said)
    assert caveat == CAVEAT
    assert "no proof of equality and none of harm" in caveat


def test_a_gap_that_is_not_flagged_or_of_an_exploratory_measure_is_not_told_as_a_finding() -> None:
    """An uncorrected interval without 0 is no finding: one in twenty null groups has one."""
    for state in ("no flag", "too few to say"):
        assert words(row(state=state)) == []
    assert words(row(family="exploratory")) == words(row(adjusted_gap=None)) == words(row(gap=None)) == []
    old = {name: value for name, value in row().items() if not name.startswith("adjusted")}
    assert words(old) == []


def test_rows_without_an_answer_agree_with_the_family_that_was_tested() -> None:
    """30 rows, 26 comparisons: two rows of an attribute of two groups are one, and a row of too few people is none."""
    assert too_few(4, 30, 30).endswith("that is not evidence of equality.")
    told = too_few(30, 30, 26)
    assert told.startswith("For 30 of 30 rows of groups there is too little evidence to say")
    assert "The 30 rows rest on 26 tested comparisons" in told


def test_of_two_mirrored_gaps_the_group_that_is_served_worse_is_named() -> None:
    other = row(group="M", gap=0.05, gap_low=0.02, gap_high=0.08, adjusted_gap=0.026)
    assert [line[:14] for line in words(other, row())] == [line[:14] for line in words(row(), other)]
    assert "F" in words(other, row())[0][:14]


def test_groups_that_nobody_supplied_are_not_said_to_be_missing(told: dict[str, Any]) -> None:
    bare = {**told, "groups": []}
    for said in (without_attributes(bare), assessment_words.no_groups(bare), " ".join(assessment_words.findings(bare))):
        assert "Groups read off the histories are compared instead (activity," in said
        assert "no group is compared" not in said
    assert without_attributes(told) == ""
    assert "so no group is compared" in without_attributes({**bare, "segments": {"rows": []}})


# --- Lorenz ---------------------------------------------------------------------------------------------------------


def test_the_curve_is_read_at_tenths_and_drawn() -> None:
    curve = {"part": [0.0, 0.5, 1.0], "share": [0.0, 0.2, 1.0]}
    assert at_tenths(curve) == [0, 0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 1]
    assert 'points="56.0,270.0 186.0,218.0 316.0,10.0"' in plot(lorenz({"items": curve}))
    assert "&lt;b&gt;" in plot(lorenz({"<b>": curve}))


def test_the_tenths_of_an_audit_are_those_of_its_exposures(workspace: Workspace, told: dict[str, Any]) -> None:
    from app.use_cases.judging import our_lists

    dataset = workspace.catalog.open("tiny")
    lists = our_lists(workspace, dataset, told["model_id"], 10).tables["profiled"].recommendations
    weight = 1 / pd.Series(lists["rank"].to_numpy() + 1.0).map(lambda place: __import__("math").log2(place))
    given = weight.groupby(lists["item_id"].to_numpy()).sum().reindex(dataset.items.index.astype(str)).fillna(0)
    ordered = given.sort_values()
    wanted = [f"{100 * ordered[: len(ordered) * tenth // 10].sum() / ordered.sum():.1f} %" for tenth in range(1, 11)]
    assert [row["Share of exposure, items"] for row in rows_of(section(told, "inequality"))] == wanted
