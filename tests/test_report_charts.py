"""The charts of a report: they say what the tables say, in HTML and in PDF, and nothing of what is held back."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.plan import Plan
from audit.report import drawn, html, pdf
from audit.report.charts import Bars, Curves, Heatmap, Marks, NotDrawn, axis, shade
from audit.report.compared import compared_sections
from audit.report.contents import contents
from audit.report.plots import plot

FULL, GREY, PALE, BAND, INK = "#1f5fa8", "#8b949e", "#b9c6d6", "#e4e8ec", "#1b1f24"
LONG = "a name that nobody who made a chart has ever thought of, and that goes on, " * 2 + "x" * 90
TURNED = "קבוצה " * 12
PLAN = Plan(attributes=["gender"], exposure_floor=0.5).model_dump(mode="json")


# --- a document by hand ---------------------------------------------------------------------------------------------


def overall(metric: str, value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    words = {"title": metric, "label": f"{metric}@10", "convention": "", "denominator": "people"}
    return {"metric": metric, "value": value, "low": low, "high": high, "n": 300, "undefined": 0, **words}


def group(name: str, *gap: float, attribute: str = "gender", **more: Any) -> dict[str, Any]:
    """A row of the group table; without a gap it is held back, and every number with it."""
    shown = dict(zip(("gap", "gap_low", "gap_high"), gap or (None,) * 3, strict=True))
    numbers = dict.fromkeys(("value", "low", "high", "p_adjusted", "detectable_gap"), 0.25 if gap else None)
    told = {"attribute": attribute, "metric": "ndcg", "family": "confirmatory", "state": "too few to say"}
    return {**told, **shown, **numbers, "group": name, "n": 50 if gap else None, "reason": "as it is", **more}


def crossing(one: str, other: str, value: float | None) -> dict[str, Any]:
    names = ("low", "high", "gap", "gap_low", "gap_high", "p_adjusted")
    told = {"first": "gender", "first_group": one, "second": "region", "second_group": other, "metric": "ndcg"}
    return {**told, **dict.fromkeys(names), "value": value, "n": None if value is None else 40, "reason": ""}


def provider(
    name: str, catalogue: float, merit: float | None, exposure: float, low: float, high: float
) -> dict[str, Any]:
    shares = {"catalogue_share": catalogue, "merit_share": merit, "exposure_share": exposure, "training_share": 0.1}
    ends = {"exposure_low": low, "exposure_high": high, "exposure_ratio": 1.0, "merit_ratio": 1.0}
    told = {"column": "provider", "provider": name, "n_items": 4, "n_lists": 9, "state": "no flag", "reason": ""}
    return {**told, **shares, **ends}


def tenth(place: int, mean: float) -> dict[str, Any]:
    return {"metric": "ndcg", "decile": place, "n": 30, "mean": mean, "lowest": mean, "highest": mean}


CURVES = {
    "items": {"part": [0.0, 0.25, 0.5, 1.0], "share": [0.0, 0.0, 0.125, 1.0]},
    "provider": {"part": [0.0, 0.5, 1.0], "share": [0.0, 0.375, 1.0]},
}


def document(**more: Any) -> dict[str, Any]:
    """Two groups that are shown and one that is not, two providers, six crossings, three tenths, two kinds of list."""
    told: dict[str, Any] = {
        "plan": PLAN, "planned": True, "exit_code": 2, "label": "profiled", "data": "tiny", "model_id": "m",
        "lists": {"n_lists": 300, "n_items": 200}, "sanity": {"short_lists": 0}, "notes": ["A note."],
        "overall": {"ndcg": overall("ndcg", 0.25, 0.2, 0.3), "gini_exposure": overall("gini_exposure", 0.75)},
        "groups": [group("F", -0.1, -0.2, 0.05), group("M", 0.3, 0.1, 0.4), group("rare")],
        "group_summary": [],
        "providers": [
            provider("Atlas", 0.2, 0.1, 0.4, 0.3, 0.5), provider("Blue", 0.05, None, 0.0, 0.0, 0.01),
        ],
        "intersections": [
            crossing("F", "north", 0.1), crossing("F", "south", 0.2), crossing("F", "east", None),
            crossing("M", "north", None), crossing("M", "south", 0.6), crossing("M", "east", 0.35),
        ],
        "deciles": [tenth(1, 0.0), tenth(2, 0.15), tenth(3, 0.4)], "worst_traits": [],
        "item_groups": {"lorenz": CURVES},
        "compared_with": {
            "non-profiled": {
                "overall": {"ndcg": overall("ndcg", 0.11, 0.1, 0.15), "gini_exposure": overall("gini_exposure", 0.95)},
                "groups": [], "providers": [],
            }
        },
    }  # fmt: skip
    return {**copy.deepcopy(told), **more}


def chart(told: dict[str, Any], key: str) -> Any:
    report = contents(told)
    return next(each for each in (*report.closer, *report.sides) if each.key == key).tables[0].chart


# --- what typst drew, read back -------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
USE = "{http://www.w3.org/1999/xlink}href"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@cache
def _pages(told: str) -> tuple[bytes, ...]:
    return tuple(pdf.compiled(json.loads(told), "svg"))


def pages(told: dict[str, Any]) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(page) for page in _pages(json.dumps(told))]


def numbers(text: str | None) -> list[float]:
    return [float(each) for each in NUMBER.findall(text or "")]


def place(element: ElementTree.Element) -> tuple[float, float]:
    """How far an element is moved; typst writes translate(x), translate(x y) or matrix(1 0 0 ±1 x y)."""
    found = numbers(element.get("transform")) or [0.0]
    return (found[0], 0.0) if len(found) == 1 else (found[-2], found[-1])


def drawings(told: dict[str, Any], colour: str) -> list[list[ElementTree.Element]]:
    """The paths of every drawing that has a shape of this colour, in order."""
    groups = (g for page in pages(told) for g in page.iter(f"{SVG}g"))
    paths = (g.findall(f"{SVG}path") for g in groups)
    return [each for each in paths if any(path.get("fill") == colour for path in each)]


def size(path: ElementTree.Element) -> tuple[float, float]:
    """Width and height of a rectangle of typst: M 0 0v height h width v -height Z, or the other way round."""
    steps = re.findall(r"([hv]) (-?[\d.]+)", str(path.get("d")))
    return tuple(max((abs(float(n)) for kind, n in steps if kind == way), default=0.0) for way in "hv")  # type: ignore[return-value]


def corners(path: ElementTree.Element) -> list[tuple[float, float]]:
    """The points of a path, of which all steps are relative: m, l, h and v."""
    x = y = 0.0
    found = []
    for kind, step in re.findall(r"([mlhv]) ([-\d. ]+)", str(path.get("d"))):
        first, *rest = map(float, step.split())
        x, y = (x, y + first) if kind == "v" else (x + first, y + (rest[0] if rest else 0.0))
        found.append((x, y))
    return found


def test_gap_charts_of_the_pdf_put_gap_and_interval_where_they_belong() -> None:
    told = document()
    found = drawings(told, BAND)
    rows = [row for row in told["groups"] if row["gap"] is not None]
    assert len(found) == len(rows), "one drawing a group that is shown, none for the one that is not"
    for paths, row in zip(found, rows, strict=True):
        x = {name: 3 + 86 * (row[name] + 0.4) / 0.8 for name in ("gap", "gap_low", "gap_high")}
        (band,) = (path for path in paths if path.get("fill") == BAND)
        assert place(band)[0] == pytest.approx(3 + 86 * 0.38 / 0.8, abs=0.01)
        assert size(band)[0] == pytest.approx(86 * 0.04 / 0.8, abs=0.01)
        (dot,) = (path for path in paths if path.get("fill") == FULL)
        assert place(dot)[0] + 2 == pytest.approx(x["gap"], abs=0.01)
        line, low, high = (path for path in paths if path.get("stroke") == INK)
        assert place(line)[0] == place(low)[0] == pytest.approx(x["gap_low"], abs=0.01)
        assert place(high)[0] == pytest.approx(x["gap_high"], abs=0.01)
        assert numbers(line.get("d"))[-1] == pytest.approx(x["gap_high"] - x["gap_low"], abs=0.01)


def test_bars_of_the_pdf_are_as_long_as_the_shares() -> None:
    told = document()
    found = drawings(told, GREY)
    found = [paths for paths in found if sum(path.get("fill") == FULL for path in paths) == 1][-2:]
    assert len(found) == 2
    for paths, row in zip(found, told["providers"], strict=True):
        length = {path.get("fill"): size(path)[0] for path in paths if path.get("fill") in (GREY, PALE, FULL)}
        assert length[GREY] == pytest.approx(86 * row["catalogue_share"] / 0.5, abs=0.01)
        assert length.get(FULL, 0.0) == pytest.approx(86 * row["exposure_share"] / 0.5, abs=0.01)
        assert (PALE in length) == (row["merit_share"] is not None)
        if row["merit_share"] is not None:
            assert length[PALE] == pytest.approx(86 * row["merit_share"] / 0.5, abs=0.01)


def test_lorenz_curves_of_the_pdf_go_through_the_points_of_the_document() -> None:
    strokes = [path for page in pages(document()) for path in page.iter(f"{SVG}path")]
    curves = [path for path in strokes if "Z" not in str(path.get("d")) and str(path.get("d")).count("l") > 1]
    assert len(curves) == 2
    for path, curve in zip(curves, CURVES.values(), strict=True):
        wanted = [(190 * part, 190 * (1 - share)) for part, share in zip(curve["part"], curve["share"], strict=True)]
        assert corners(path) == [pytest.approx(each, abs=0.01) for each in wanted]


def darkness(colour: str) -> int:
    return sum(255 - int(colour[n : n + 2], 16) for n in (1, 3, 5))


def test_cells_of_the_pdf_are_darker_the_higher_and_white_where_held_back() -> None:
    told = document()
    known = {FULL, GREY, PALE, BAND, "none", "#000000", "#ffffff", "#555d66"}
    fills = [path.get("fill") for page in pages(told) for path in page.iter(f"{SVG}path") if path.get("fill")]
    shades = [str(fill) for fill in fills if fill not in known]
    values = [row["value"] for row in told["intersections"] if row["value"] is not None]
    assert len(shades) == len(values) == 4
    ordered = [colour for _, colour in sorted(zip(values, shades, strict=True))]
    assert sorted(ordered, key=darkness) == ordered
    assert len(set(map(darkness, ordered))) == 4


# --- the same charts as text and places -----------------------------------------------------------------------------


def test_shades_are_tenths_of_the_range_that_is_shown() -> None:
    found = chart(document(), "intersections")
    assert isinstance(found, Heatmap)
    assert (found.down, found.across) == (("F", "M"), ("north", "south", "east"))
    assert found.cells == (
        (("0.100", 0), ("0.200", 2), ("not shown", None)),
        (("not shown", None), ("0.600", 9), ("0.350", 5)),
    )
    assert shade(0.2, 0.2, 0.2) == 5, "where all are equal none is the lowest"
    assert "Denominator: " in found.caption
    assert "leaves out: " in found.caption


def at_ticks(ticks: tuple[tuple[float, str], ...], where: float) -> float:
    """The number at a place, read off the two ends of the axis."""
    (first, low), (last, high) = ticks[0], ticks[-1]
    return float(low) + (where - first) / (last - first) * (float(high) - float(low))


def test_marks_stand_where_their_axes_say() -> None:
    told = document()
    found = chart(told, "trade_off")
    assert isinstance(found, Marks)
    assert [(mark.letter, mark.name, mark.label) for mark in found.marks] == [
        ("A", "profiled", "A"),
        ("B", "non-profiled", "B"),
    ]
    for mark, lists in zip(found.marks, (told, told["compared_with"]["non-profiled"]), strict=True):
        quality = lists["overall"]["ndcg"]
        assert at_ticks(found.across.ticks, mark.along) == pytest.approx(lists["overall"]["gini_exposure"]["value"])
        assert at_ticks(found.up.ticks, mark.up) == pytest.approx(quality["value"])
        assert mark.ends is not None
        assert [at_ticks(found.up.ticks, end) for end in mark.ends] == pytest.approx([quality["low"], quality["high"]])


def test_marks_at_one_place_share_their_letters_and_a_missing_number_is_not_drawn() -> None:
    rows = [
        {**overall(metric, value), "label": label}
        for label in "xyz"
        for metric, value in (("ndcg", 0.2), ("gini_exposure", 0.5))
    ]
    rows[-1]["value"] = None
    found = drawn.trade_off(rows)
    assert isinstance(found, Marks)
    assert [(mark.name, mark.label, mark.ends) for mark in found.marks] == [("x", "A, B", None), ("y", "", None)]
    assert drawn.trade_off(rows[-2:]) == NotDrawn("Not drawn: no kind of list has both nDCG and Gini.")


def test_bars_of_tenths_are_as_high_as_their_means() -> None:
    found = chart(document(), "deciles")
    assert isinstance(found, Bars)
    assert [(name, told) for name, _, told in found.bars] == [("1", "0.000"), ("2", "0.150"), ("3", "0.400")]
    assert [at_ticks(found.up.ticks, height) for _, height, _ in found.bars] == pytest.approx([0, 0.15, 0.4])
    assert found.up.ticks[0] == (0.0, "0.0"), "a bar starts at 0"


@given(
    st.lists(st.floats(-1000, 1000).filter(lambda value: value == 0 or abs(value) > 1e-6), min_size=1, max_size=9),
    st.booleans(),
)
def test_an_axis_holds_its_values_and_little_more(values: list[float], zero: bool) -> None:
    found, at = axis("x", values, zero=zero)
    places = [where for where, _ in found.ticks]
    assert (places[0], places[-1]) == (0, 1)
    assert 2 <= len(places) <= 8
    assert all(-1e-6 <= at(value) <= 1 + 1e-6 for value in values)
    assert sorted(values, key=at) == sorted(values)
    spread = max(values) - min(values)
    if spread > 1e-3 and not zero:
        assert max(map(at, values)) > 1 - 1 / (len(places) - 1) - 1e-6
    if zero and min(values) >= 0:
        assert at(0.0) == pytest.approx(0, abs=1e-9)
    for where, told in found.ticks:
        assert at(float(told.replace(",", ""))) == pytest.approx(where, abs=1e-6)


def test_html_draws_the_same_places() -> None:
    told = document()
    curves, marks, bars = (chart(told, key) for key in ("inequality", "trade_off", "deciles"))
    assert isinstance(curves, Curves)
    lines = re.findall(r'<polyline class="curve (\w+)" points="([^"]*)"', plot(curves))
    assert [style for style, _ in lines] == ["full", "dashed"]
    for (_, points), (_, wanted) in zip(lines, curves.curves, strict=True):
        got = [tuple(map(float, each.split(","))) for each in points.split()]
        assert got == [pytest.approx((56 + 260 * x, 10 + 260 * (1 - y)), abs=0.06) for x, y in wanted]
    dots = re.findall(r'<circle class="mark" cx="([\d.]+)" cy="([\d.]+)"', plot(marks))
    assert [tuple(map(float, each)) for each in dots] == [
        pytest.approx((56 + 320 * mark.along, 10 + 190 * (1 - mark.up)), abs=0.06) for mark in marks.marks
    ]
    heights = [float(each) for each in re.findall(r'<rect class="full"[^>]* height="([\d.]+)"', plot(bars))]
    assert heights == pytest.approx([150 * height for _, height, _ in bars.bars], abs=0.06)
    text = html.render(told)
    for each in (curves, marks, bars, chart(told, "intersections")):
        assert plot(each) in text
    assert plot(None) == plot(NotDrawn("why")) == ""


def test_names_in_the_plots_of_the_page_never_act() -> None:
    name = "<script>\"'&"
    curve = drawn.lorenz({name: CURVES["items"]})
    marks = drawn.trade_off([{**overall(metric, 0.2), "label": name} for metric in drawn.TRADED])
    heat = drawn.heatmap([crossing(name, name, 0.1)], PLAN)
    for each in (curve, marks, heat):
        assert "<script" not in plot(each)
        assert "&lt;script&gt;" in plot(each)
        assert ElementTree.fromstring(f"<div>{plot(each)}</div>") is not None


# --- what is held back ----------------------------------------------------------------------------------------------

GAPS = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)).map(
    lambda ends: (sorted(ends)[1], min(ends), max(ends))
)


def drawn_groups(rows: list[dict[str, Any]]) -> Iterator[Any]:
    for attribute in contents(document(groups=rows)).attributes:
        for table in attribute.tables:
            yield table.reach, table.threshold, [(row.group, row.chart) for row in table.rows if row.chart is not None]


@settings(deadline=None, max_examples=30)
@given(st.lists(GAPS, min_size=1, max_size=5), st.integers(0, 5), st.floats(-9, 9))
def test_a_held_back_group_changes_no_drawing(gaps: list[tuple[float, float, float]], where: int, left: float) -> None:
    """Neither its own row nor the reach of the axis; not even where a number of it was left in the document."""
    rows = [group(f"g{n}", *ends) for n, ends in enumerate(gaps)]
    with_it = [*rows[:where], group("rare", gap_low=left, gap_high=left), *rows[where:]]
    assert list(drawn_groups(with_it)) == list(drawn_groups(rows))


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=6, max_size=6))
def test_a_held_back_cell_changes_no_shade(values: list[float | None]) -> None:
    rows = [
        crossing(one, other, value)
        for (one, other), value in zip(((a, b) for a in "FM" for b in "nse"), values, strict=True)
    ]
    found = drawn.heatmap(rows, PLAN)
    shown = [value for value in values if value is not None]
    if not shown:
        assert found == NotDrawn("Not drawn: no cell may be shown.")
        return
    assert isinstance(found, Heatmap)
    cells = [cell for line in found.cells for cell in line]
    for value, (told, level) in zip(values, cells, strict=True):
        assert (told, level) == ("not shown", None) if value is None else told == f"{value:.3f}"
    spread = max(shown) - min(shown)
    levels = [min(9, math.floor(round(10 * (value - min(shown)) / spread, 9))) if spread else 5 for value in shown]
    assert [level for _, level in cells if level is not None] == levels


def test_a_held_back_group_is_named_in_tables_and_in_no_drawing() -> None:
    told = document()
    charts = re.findall(r"<svg.*?</svg>", html.render(told), re.DOTALL)
    assert [each for each in charts if "F: gap" in each]
    assert not [each for each in charts if "rare" in each]
    assert "rare" in html.render(told)


# --- what is odd ----------------------------------------------------------------------------------------------------


def test_without_groups_or_with_one_the_report_says_why_nothing_is_drawn() -> None:
    none = document(groups=[], intersections=[])
    assert contents(none).attributes == ()
    assert "No user attribute is given or planned, so no group is compared." in contents(none).found
    assert drawings(none, BAND) == []
    one = document(
        groups=[group("F", reason="There is no other group.") | {"value": 0.25, "n": 50}],
        intersections=[crossing("F", "n", None)],
    )
    (table,) = contents(one).attributes[0].tables
    assert (table.rows[0].chart, table.rows[0].value) == (None, "0.250")
    assert table.rows[0].reason == "There is no other group."
    assert table.spread == "Fewer than two groups may be shown, so none is compared with another."
    assert drawings(one, BAND) == []
    assert chart(one, "intersections") == NotDrawn("Not drawn: no cell may be shown.")
    assert "Not drawn: no cell may be shown." in html.render(one)


def test_too_many_cells_are_said_to_be_too_many() -> None:
    rows = [crossing(f"a{n}", f"b{m}", 0.1) for n in range(16) for m in range(16)]
    assert drawn.heatmap(rows, PLAN) == NotDrawn(
        "Not drawn: 256 cells are too many for a chart that reads; the table has them."
    )


def test_one_kind_of_list_is_set_against_nothing() -> None:
    alone = document(compared_with={})
    assert [each.key for each in compared_sections(alone)] == []
    assert [each.key for each in compared_sections(document())] == ["trade_off"]


def glyphs(page: ElementTree.Element, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[float, float]]:
    """Where every sign of a page stands, in points from the left and from the top."""
    dx, dy = place(page)
    for each in page:
        if each.tag == f"{SVG}use" and each.get(USE):
            yield x + dx + float(each.get("x") or 0), y + dy
        elif each.tag == f"{SVG}g":
            yield from glyphs(each, x + dx, y + dy)


@pytest.mark.parametrize("name", [LONG, TURNED], ids=["long", "right to left"])
def test_long_and_turned_names_stay_on_the_page_and_leave_room_for_the_rest(name: str) -> None:
    names = [f"{name}{n}" for n in range(6)]
    told = document(
        groups=[
            group(each, 0.01 * n, -0.1, 0.1, reason="Some words on why this is so. " * 4)
            for n, each in enumerate(names)
        ],
        intersections=[crossing(one, other, 0.1 + 0.1 * n) for n, one in enumerate(names) for other in names],
        providers=[provider(each, 0.1, 0.1, 0.1, 0.1, 0.1) for each in names],
        label=name,
    )
    found = pages(told)
    for page in found:
        width, height = (float(str(page.get(side)).removesuffix("pt")) for side in ("width", "height"))
        places = list(glyphs(page))
        assert len(places) > 20
        assert max(x for x, _ in places) < width - 35
        assert min(x for x, _ in places) > 35
        assert max(y for _, y in places) < height
    plain = document(groups=told["groups"] and [{**row, "group": f"g{n}"} for n, row in enumerate(told["groups"])])
    assert len(found) <= len(pages(plain)) + 4


def test_equal_documents_give_equal_bytes_and_the_charts_have_words_for_those_who_do_not_see_them() -> None:
    made = pdf.render(document())
    assert made == pdf.render(document())
    assert b"pdfuaid:part" in made
    other = document()
    other["groups"][0]["gap"] = -0.11
    assert pdf.render(other) != made
