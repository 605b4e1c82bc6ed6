"""The report of an audit: what it says, that nothing of the data acts, and that a bundle can be checked."""

from __future__ import annotations

import copy
import csv
import hashlib
import html as html_text
import io
import json
import math
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.use_cases.auditing import audit
from app.use_cases.reporting import report
from app.use_cases.training import train
from app.workspace import Workspace
from audit.inference.closer import TABLES as CLOSER
from audit.measures.metrics import METRICS
from audit.plan import Plan
from audit.report import figures, findings, groups, html, pdf
from audit.report.contents import contents
from audit.report.flat import flat_tables
from audit.sanity import Sanity
from data.demo import demo_source
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.verifier import inclusion_holds, leaf_hash, verify_path
from data.tables import Source
from tests import doors

SCRIPT = "<script>alert(1)</script>"
TYPST = '#panic("x") *bold* $x$ @ref'
TURNED = 'דרום "x" & \u202egnp.exe'
BANNED = re.compile(r"\b(un)?fair(ness|ly)?\b|\bunbiased\b|\bcompliant\b|\bdebias\w*", re.IGNORECASE)


def hostile() -> Source:
    """The demo world with names that try to act."""
    source = demo_source(n_users=300, n_items=200)
    items, users = source.items.frame.copy(), source.users.frame.copy()
    items["provider"] = items["provider"].replace({"Independents": SCRIPT, "Grand Meridian": TYPST})
    users["region"] = users["region"].replace({"north": TURNED})
    return replace(source, items=replace(source.items, frame=items), users=replace(source.users, frame=users))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with doors.workspace_of(hostile(), tmp_path_factory.mktemp("state")) as only:
        yield only


@pytest.fixture(scope="module")
def told(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A real run of two kinds of list, under a plan with a floor and few draws."""
    plan = tmp_path_factory.mktemp("plan") / "plan.json"
    chosen = {"draws": 200, "exposure_floor": 0.5, "exploratory": ["recall"], "attributes": ["gender", "region"]}
    plan.write_text(json.dumps(chosen))
    model = train(workspace, "tiny", "linear", {"regularization": 100})["model_id"]
    return audit(workspace, "tiny", model_id=model, plan_file=plan)


@pytest.fixture
def document(told: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(told)


class Page(HTMLParser):
    """What a browser would see: tags, attributes, and the text of every table cell."""

    void = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words.append(data)
        if self.rows and {"td", "th"} & set(self.open) and "title" not in self.open:
            self.rows[-1][-1] += data + ("" if data.isspace() else "|")


def three(value: float) -> str:
    """The number as the report writes it, from its own rule."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}" if abs(value) < 100 else f"{value:,.1f}"


def test_the_page_is_whole_and_stands_alone(document: dict[str, Any]) -> None:
    text = html.render(document)
    page = Page(text)
    assert not page.open
    assert not {"script", "iframe", "img", "link", "object", "base", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")]
        assert (attributes.get("href") or "#").startswith("#")
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text
    assert ("meta", "default-src 'none'; style-src 'unsafe-inline'") in [
        (tag, attributes.get("content")) for tag, attributes in page.tags
    ]


def test_names_are_shown_as_written_and_never_act(document: dict[str, Any]) -> None:
    text = html.render(document)
    page = Page(text)
    first = [row[0].rstrip("|") for row in page.rows]
    assert SCRIPT in first
    assert TYPST in first
    assert 'דרום "x" & gnp.exe' in first, "the character that turns text around is gone, the rest is there"
    assert "\u202e" not in text
    assert "<script" not in text.lower()
    assert html_text.escape(SCRIPT) in text


def test_every_anchor_of_the_contents_is_there(document: dict[str, Any]) -> None:
    tags = Page(html.render(document)).tags
    targets = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = {str(attributes["href"])[1:] for tag, attributes in tags if tag == "a"}
    assert links
    assert links <= targets


def test_overall_numbers_with_interval_n_convention_and_denominator(document: dict[str, Any]) -> None:
    rows = {row[0].split("|")[1]: row for row in Page(html.render(document)).rows if "@" in row[0] and len(row) == 6}
    other = document["compared_with"]["non-profiled"]["overall"]
    assert len(document["overall"]) > 20
    for name, number in document["overall"].items():
        row = rows[f"{name}@10"]
        ends = "–" if number["low"] is None else f"{three(number['low'])} to {three(number['high'])}"
        assert row[1].split("|")[:2] == [three(number["value"]), ends]
        assert row[2] == f"{number['n']:,}|"
        assert row[3] == f"{number['undefined']:,}|"
        assert row[4].startswith(three(other[name]["value"]))
        assert number["convention"] in row[5]
        assert number["denominator"] in row[5]


def test_group_rows_say_the_numbers_of_the_document(document: dict[str, Any]) -> None:
    rows = [row for row in Page(html.render(document)).rows if len(row) == 10]
    wanted = [row for row in document["groups"] if row["value"] is not None and row["gap"] is not None]
    assert len(wanted) > 10
    for row in wanted:
        name = " ".join("".join(c if c.isprintable() else " " for c in row["group"]).split())
        same = [got for got in rows if got[0] == f"{name}|" and got[2].startswith(three(row["value"]))]
        assert [
            got
            for got in same
            if got[1] == f"{row['n']:,}|"
            and f"{row['gap']:+.3f}|{row['gap_low']:+.3f} to {row['gap_high']:+.3f}" in got[3]
            and row["reason"] in got[9]
        ]


def test_a_suppressed_group_is_a_dash_with_its_reason(document: dict[str, Any]) -> None:
    hidden = [row for row in document["groups"] if row["value"] is None]
    assert hidden, "the demo world has a group that is too small"
    rows = [row for row in Page(html.render(document)).rows if len(row) == 10]
    for row in hidden:
        name = " ".join("".join(c if c.isprintable() else " " for c in row["group"]).split())
        same = [got for got in rows if got[:2] == [f"{name}|", "–|"] and row["reason"] in got[9]]
        assert same
        assert all(set("".join(got[2:9])) == {"–", "|"} for got in same)
        assert row["n"] is None, "the count itself is held back"
        assert "fewer than 10" in row["reason"]


def test_providers_stand_side_by_side(document: dict[str, Any]) -> None:
    rows = {row[0].rstrip("|"): row for row in Page(html.render(document)).rows if len(row) == 12}
    other = {row["provider"]: row for row in document["compared_with"]["non-profiled"]["providers"]}
    for row in document["providers"]:
        got = rows[" ".join(row["provider"].split())]
        assert got[3] == f"{100 * row['catalogue_share']:.1f} %|"
        assert got[5] == f"{100 * row['merit_share']:.1f} %|"
        low, high = 100 * row["exposure_low"], 100 * row["exposure_high"]
        assert got[6] == f"{100 * row['exposure_share']:.1f} %|{low:.1f} to {high:.1f} %|"
        assert got[10] == f"{100 * other[row['provider']]['exposure_share']:.1f} %|"
        assert row["reason"] in got[11]


def test_the_words_are_careful(document: dict[str, Any]) -> None:
    assert not BANNED.findall(" ".join(Page(html.render(document)).words))
    assert not BANNED.findall(Path(pdf.__file__).with_name("template.typ").read_text())
    assert BANNED.search("this model is fair"), "the lint can fail"


def test_the_footer_and_the_glossary(document: dict[str, Any]) -> None:
    words = " ".join(Page(html.render({**document, "data_hash": "d" * 64})).words)
    assert "Intervals resample people" in words
    for value in (document["run_id"], document["plan_hash"], "d" * 64, document["protocol"]):
        assert value in words
    for name in document["overall"]:
        assert METRICS[name].meaning in words
        assert METRICS[name].omits in words
    assert METRICS["kendall_tau"].meaning not in words, "only what is used is explained"


def test_everything_has_words() -> None:
    assert set(findings.SANITY) == {field.name for field in fields(Sanity)}
    assert set(findings.PLAN) == set(Plan.model_fields)


def test_every_confirmatory_flag_is_told_first(document: dict[str, Any]) -> None:
    row = next(row for row in document["groups"] if row["family"] == "confirmatory" and row["gap"] is not None)
    row.update(state="flag", gap=-0.25, gap_low=-0.3, gap_high=-0.2, p_adjusted=0.0012)
    document["exit_code"] = 1
    told = findings.findings(document)
    assert told[0] == "At least one planned comparison is flagged for review."
    sentence = next(each for each in told if "0.250 lower nDCG" in each)
    assert "-0.300 to -0.200, adjusted p 0.0012" in sentence
    row.update(gap=0.25)
    assert any("0.250 higher nDCG" in each for each in findings.findings(document))
    row.update(family="exploratory")
    assert not any("0.250" in each for each in findings.findings(document))


def test_an_audit_without_groups_providers_or_comparison(document: dict[str, Any]) -> None:
    bare = {**document, "groups": [], "group_summary": [], "providers": [], "compared_with": {}, "model_id": None}
    page = Page(html.render(bare))
    assert "No other lists are compared with these." in " ".join(page.words)
    told = next(words for words in page.words if words.startswith("No user attribute is given or planned"))
    assert "Groups read off the histories are compared instead (activity," in told
    assert "decide nothing" in told
    nobody = Page(html.render({**bare, "segments": None}))
    assert "No user attribute is given or planned, so no group is compared." in nobody.words
    assert pdf.render(bare).startswith(b"%PDF")


def test_many_groups_leave_the_smallest_out_but_no_flag(document: dict[str, Any]) -> None:
    first = next(row for row in document["groups"] if row["gap"] is not None)
    many = [{**first, "group": f"g{n}", "n": 1000 + n, "state": "too few to say"} for n in range(200)]
    many[3]["state"] = "flag"
    table = contents({**document, "groups": many}).attributes[0].tables[0]
    kept = [row.group for row in table.rows]
    assert table.left_out == 200 - len(kept) == 140
    assert kept == ["g3", *(f"g{n}" for n in range(141, 200))]


def test_equal_documents_give_equal_reports(document: dict[str, Any]) -> None:
    again = copy.deepcopy(document)
    assert html.render(document) == html.render(again)
    made = pdf.render(document)
    assert made == pdf.render(again)
    assert b"CreationDate" not in made, "the time of printing is not in it"
    assert b"CreateDate" not in made


# --- charts ---------------------------------------------------------------------------------------------------------

FINITE = st.floats(-5, 5, allow_nan=False)


@given(FINITE, FINITE, FINITE, st.floats(0.01, 2), st.text(max_size=40))
def test_a_gap_chart_puts_numbers_where_they_belong(
    gap: float, low: float, high: float, reach: float, words: str
) -> None:
    root = ElementTree.fromstring(figures.gap_chart(gap, low, high, reach=reach, threshold=reach / 4, words=words))

    def pixels(value: float) -> float:
        return 85 + 80 * max(-1.0, min(1.0, value / reach))

    circle = root.find(".//circle[@class='mark']")
    whisker, *ends = root.findall(".//line[@class='rule']")
    band = root.find(".//rect[@class='band']")
    assert float(circle.get("cx")) == pytest.approx(pixels(gap), abs=0.06)
    assert float(whisker.get("x1")) == pytest.approx(pixels(low), abs=0.06)
    assert float(whisker.get("x2")) == pytest.approx(pixels(high), abs=0.06)
    assert [float(end.get("x1")) for end in ends] == [float(whisker.get("x1")), float(whisker.get("x2"))]
    assert float(band.get("x")) == pytest.approx(65, abs=0.06)
    assert float(band.get("width")) == pytest.approx(40, abs=0.11)
    assert root.get("aria-label") == root.findtext("title")
    assert root.get("aria-label").split() == "".join(c if c.isprintable() else " " for c in words).split()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_share_bars_are_as_long_as_their_shares(catalogue: float, merit: float, exposure: float) -> None:
    root = ElementTree.fromstring(
        figures.share_chart(
            catalogue=catalogue, merit=merit, exposure=exposure, low=None, high=None, reach=1.0, words=SCRIPT
        )
    )
    widths = [float(bar.get("width")) for bar in root.findall("rect")]
    assert widths == pytest.approx([160 * catalogue, 160 * merit, 160 * exposure], abs=0.06)
    assert root.findtext("title") == SCRIPT


def test_the_charts_of_a_page_show_the_numbers_of_its_rows(document: dict[str, Any]) -> None:
    drawn = [
        ElementTree.fromstring(svg)
        for svg in re.findall(r'<svg class="chart".*?</svg>', html.render(document), re.DOTALL)
    ]
    rows = iter([row for row in document["groups"] if row["gap"] is not None])
    reach, seen = math.nan, 0
    for root in drawn:
        if root.find("text") is not None:  # the axis over a column
            reach = float(root.findall("text")[-1].text)
        if root.find("circle") is not None:
            row, whisker = next(rows), root.find("line[@class='rule']")
            places = [float(each) for each in (whisker.get("x1"), root.find("circle").get("cx"), whisker.get("x2"))]
            wanted = [85 + 80 * row[name] / reach for name in ("gap_low", "gap", "gap_high")]
            assert places == pytest.approx(wanted, abs=0.06)
            seen += 1
    assert seen > 10
    assert next(rows, None) is None


def test_a_chart_without_any_share_is_empty_not_broken() -> None:
    drawn = figures.share_chart(catalogue=0, merit=None, exposure=0, low=0, high=0, reach=0, words="none")
    assert [bar.get("width") for bar in ElementTree.fromstring(drawn).findall("rect")] == ["0.0", "0.0"]


@given(st.floats(1e-6, 1e6))
def test_the_axis_reaches_at_least_as_far_and_little_further(value: float) -> None:
    reach = groups._rounded_up(value)
    assert value * (1 - 1e-8) <= reach <= value * 1.1 + 1e-12
    assert float(f"{reach:.1e}") == pytest.approx(reach)


# --- PDF ------------------------------------------------------------------------------------------------------------


def texts(value: Any) -> Iterator[str]:
    """Every text in what typst laid out."""
    if isinstance(value, dict):
        if value.get("func") == "text":
            yield value["text"]
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


@pytest.fixture(scope="module")
def laid_out(told: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    import typst

    folder = tmp_path_factory.mktemp("typst")
    main = pdf.write_sources(told, folder)
    return list(texts(json.loads(typst.query(str(main), "table", root=str(folder)))))


def test_the_pdf_says_the_same_numbers(document: dict[str, Any], laid_out: list[str]) -> None:
    for number in document["overall"].values():
        assert three(number["value"]) in laid_out
        if number["low"] is not None:
            assert f"{three(number['low'])} to {three(number['high'])}" in laid_out
    for row in document["groups"]:
        if row["gap"] is not None:
            assert f"{row['gap_low']:+.3f} to {row['gap_high']:+.3f}" in laid_out
        assert row["reason"] in laid_out
    for row in document["providers"]:
        assert f"{100 * row['exposure_low']:.1f} to {100 * row['exposure_high']:.1f} %" in laid_out


def test_the_pdf_sets_names_as_text_and_never_as_markup(laid_out: list[str]) -> None:
    assert SCRIPT in laid_out
    assert TYPST in laid_out
    assert 'דרום "x" & gnp.exe' in laid_out


def test_the_pdf_is_one_and_every_page_has_ink(document: dict[str, Any]) -> None:
    from PIL import Image

    assert pdf.render(document).startswith(b"%PDF-")
    pages = pdf.compiled(document, "png")
    assert len(pages) > 3
    for page in pages:
        darkest, lightest = Image.open(io.BytesIO(page)).convert("L").getextrema()
        assert darkest < 60
        assert lightest == 255


def test_the_pdf_is_accessible_unless_no_font_has_a_sign(document: dict[str, Any]) -> None:
    assert b"pdfuaid:part" in pdf.render(document)
    document["providers"][0]["provider"] = "\U00013000 東京"
    assert pdf.render(document).startswith(b"%PDF-"), "a box is no reason to have no report"


# --- what stands first ----------------------------------------------------------------------------------------------


def test_that_nobody_gave_a_plan_stands_at_the_top_everywhere(document: dict[str, Any]) -> None:
    from app import assessment_words

    assert document["planned"] is True
    assert not any("No plan" in said for said in (*findings.findings(document), *assessment_words.findings(document)))
    document["planned"] = False
    said = findings.NO_PLAN
    assert findings.findings(document)[1] == assessment_words.findings(document)[1] == said
    assert contents(document).found[1] == contents(document).preparation == said
    words = " ".join(Page(html.render(document)).words)
    assert words.index(said.replace("'", "'")) < words.index("What this report does not say", words.index(said))


def test_that_hardly_anything_joined_stands_at_the_top(document: dict[str, Any]) -> None:
    from app import assessment_words

    document["thin"] = "Only 3 of 900 people with held-out choices have a list, so every answer is 'too few to say'."
    assert findings.findings(document)[1] == assessment_words.findings(document)[1] == document["thin"]


# --- the use case ---------------------------------------------------------------------------------------------------


def entries(workspace: Workspace) -> int:
    return int(workspace.log.head()["size"])


@pytest.mark.parametrize("suffix", ["html", "pdf", "HTML"])
def test_a_report_is_written_and_recorded(
    workspace: Workspace, told: dict[str, Any], tmp_path: Path, suffix: str
) -> None:
    written = report(workspace, told["run_id"][:8], tmp_path / f"r.{suffix}")
    content = Path(written["path"]).read_bytes()
    assert written["sha256"] == hashlib.sha256(content).hexdigest()
    assert written["size"] == len(content)
    event = workspace.log.entries(kind=Kind.REPORT, newest_first=True)[0]
    assert event.index == written["log_index"]
    assert event.detail == {"run_id": told["run_id"], "format": suffix.lower(), "sha256": written["sha256"]}
    assert [path.name for path in tmp_path.iterdir()] == [f"r.{suffix}"], "nothing half written is left"


@pytest.fixture(scope="module")
def bundle(workspace: Workspace, told: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(report(workspace, told["run_id"], tmp_path_factory.mktemp("bundle") / "evidence.zip")["path"])


def test_the_bundle_holds_the_evidence_and_verifies(workspace: Workspace, told: dict[str, Any], bundle: Path) -> None:
    assert [check for check in verify_path(bundle)["checks"] if not check["ok"]] == []
    assert verify_path(bundle)["ok"]
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {"audit.json", "plan.json", "report.html", "log.json", "README.txt", "verify.py", "manifest.json"} < set(
        files
    )
    assert files["audit.json"] == workspace.runs.content(told["run_id"])
    assert hashlib.sha256(files["plan.json"]).hexdigest() == told["plan_hash"]
    assert told["run_id"].encode() in files["report.html"]
    manifest = json.loads(files["manifest.json"])
    named = json.loads(manifest["leaf"])["detail"]
    assert named["run_id"] == told["run_id"]
    assert named["sha256"] == hashlib.sha256(files["audit.json"]).hexdigest()


def test_the_plan_comes_before_the_result_in_the_log_of_the_bundle(told: dict[str, Any], bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        log = json.loads(archive.read("log.json"))
    leaves = [json.loads(entry["leaf"]) for entry in log["entries"]]
    plan, result = leaves[:2]
    assert (plan["detail"]["stage"], plan["detail"]["plan_hash"]) == ("plan", told["plan_hash"])
    assert (result["detail"]["stage"], result["detail"]["run_id"]) == ("result", told["run_id"])
    assert plan["index"] < result["index"]
    for entry in log["entries"]:
        proof = entry["inclusion_proof"]
        path = [bytes.fromhex(digest) for digest in proof["path"]]
        root = bytes.fromhex(log["head"]["root"])
        assert inclusion_holds(proof["index"], log["head"]["size"], leaf_hash(entry["leaf"].encode()), path, root)


def test_the_tables_of_the_bundle_are_those_of_the_run(told: dict[str, Any], bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        read = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))
            for name in archive.namelist()
            if name.endswith(".csv")
        }
    more = [name for name in flat_tables(told) if name not in ("overall", "groups", "providers")]
    assert len(read) == 6 + len(more), "three tables of each kind of list, and what stands beside the groups"
    assert {name for name in CLOSER if told[name]} < set(more)
    assert {"item_groups", "item_columns", "lorenz", "reach", "segments", "popularity_by_group"} < set(more)
    assert {"intersections", "deciles"} < set(more)
    rows = read["tables/groups-1-profiled.csv"]
    assert len(rows) == len(told["groups"])
    for got, wanted in zip(rows, told["groups"], strict=True):
        assert got["gap"] == ("" if wanted["gap"] is None else repr(wanted["gap"]))
    others = read["tables/providers-2-non-profiled.csv"]
    assert [row["provider"] for row in others] == [
        row["provider"] for row in told["compared_with"]["non-profiled"]["providers"]
    ]


def test_a_stranger_checks_the_bundle_with_python_alone(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(bundle)]
    assert subprocess.run(command, capture_output=True, cwd=tmp_path, check=False).returncode == 0
    broken = tmp_path / "broken.zip"
    broken.write_bytes(bundle.read_bytes().replace(b"interval", b"Interval", 1))
    assert subprocess.run([*command[:-1], str(broken)], capture_output=True, cwd=tmp_path, check=False).returncode == 1


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_one_changed_byte_is_seen(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, place: float, change: int
) -> None:
    content = bytearray(bundle.read_bytes())
    content[math.floor(place * len(content))] ^= change
    broken = tmp_path_factory.getbasetemp() / "one-byte.zip"
    broken.write_bytes(content)
    assert not verify_path(broken)["ok"]


def test_a_result_that_names_its_hash_is_the_anchor(
    workspace: Workspace, document: dict[str, Any], tmp_path: Path
) -> None:
    """Where the result event of the run carries the document's hash, the bundle rests on that very entry."""
    run_id = workspace.runs.save({**document, "label": "anchored"}, "audit", "anchored")
    about = {name: document[name] for name in ("data", "model_id", "plan_hash")}
    sha256 = workspace.runs.about(run_id)["sha256"]
    result = workspace.log.append(
        Kind.AUDIT, "reviewer", {**about, "stage": "result", "run_id": run_id, "sha256": sha256}
    )
    before = entries(workspace)
    written = report(workspace, run_id, tmp_path / "e.zip")
    assert entries(workspace) == before + 2, "the seal, the report, and nothing else"
    with zipfile.ZipFile(written["path"]) as archive:
        assert json.loads(archive.read("manifest.json"))["leaf"] == result.leaf
    assert verify_path(tmp_path / "e.zip")["ok"]


def test_a_run_from_before_hashes_were_logged_gets_its_anchor_once(
    workspace: Workspace, document: dict[str, Any], tmp_path: Path
) -> None:
    run_id = workspace.runs.save({**document, "label": "old"}, "audit", "old")
    workspace.log.append(Kind.AUDIT, "reviewer", {"stage": "result", "run_id": run_id})
    before = entries(workspace)
    for name in ("one.zip", "two.zip"):
        report(workspace, run_id, tmp_path / name)
        assert verify_path(tmp_path / name)["ok"]
    added = workspace.log.entries(start=before)
    assert [event.detail.get("stage") for event in added] == ["anchor", "seal", None, "seal", None]
    assert added[0].detail["sha256"] == workspace.runs.about(run_id)["sha256"]


def test_a_second_bundle_rests_on_the_same_entry(
    workspace: Workspace, told: dict[str, Any], bundle: Path, tmp_path: Path
) -> None:
    before = entries(workspace)
    again = report(workspace, told["run_id"], tmp_path / "again.zip")
    assert entries(workspace) == before + 2
    leaves = []
    for path in (bundle, Path(again["path"])):
        with zipfile.ZipFile(path) as archive:
            leaves.append(json.loads(archive.read("manifest.json"))["leaf"])
    assert leaves[0] == leaves[1]


def test_refusals_change_nothing(workspace: Workspace, told: dict[str, Any], tmp_path: Path) -> None:
    other = workspace.runs.save({"label": "x"}, "policy", "x")
    (tmp_path / "folder.html").mkdir()
    before = entries(workspace)
    for name in ("r.docx", "r", "missing/r.html", "folder.html"):
        with pytest.raises(BadInput, match="; "):
            report(workspace, told["run_id"], tmp_path / name)
    with pytest.raises(BadInput, match=r"ending in \.html, \.pdf or \.zip"):
        report(workspace, told["run_id"], tmp_path / "r.docx")
    with pytest.raises(NotFound, match="no run 'ffffffffffff'"):
        report(workspace, "ffffffffffff", tmp_path / "r.html")
    with pytest.raises(BadInput, match="of kind 'policy'"):
        report(workspace, other, tmp_path / "r.html")
    assert entries(workspace) == before
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


def test_a_run_that_was_changed_leaves_the_old_report(
    workspace: Workspace, document: dict[str, Any], tmp_path: Path
) -> None:
    run_id = workspace.runs.save({**document, "label": "changed"}, "audit", "changed")
    out = tmp_path / "r.html"
    report(workspace, run_id, out)
    before = out.read_bytes(), entries(workspace)
    kept = workspace.folder / "runs" / f"{run_id}.json"
    kept.write_bytes(kept.read_bytes().replace(b'"label": "changed"', b'"label": "Changed"'))
    with pytest.raises(BadInput, match="changed since it was stored"):
        report(workspace, run_id, out)
    assert (out.read_bytes(), entries(workspace)) == before
