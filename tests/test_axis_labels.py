"""Names on axes: short, all different, nothing of the data acts; and the colours of charts are seen on both pages."""

from __future__ import annotations

import html

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import charts
from app.axis_labels import labels

NAMES = st.text(max_size=80)
LIGHT, DARK = "#ffffff", "#171614"  # the backgrounds of the page


@given(st.lists(NAMES, max_size=8), st.integers(0, 10**9))
def test_labels_are_short_and_equal_only_where_the_names_are(names: list[str], n: int) -> None:
    for tails in ((), [f" (n = {n:,})"] * len(names)):
        told = labels(names, tails)
        assert len(told) == len(names)
        assert len(set(told)) == len(told), "a grid would put two groups into one row"
        for name, label in zip(names, told, strict=True):
            lines = html.unescape(label.replace("<br>", "\n")).split("\n")
            assert len(lines) <= 2
            assert max(map(len, lines)) <= 20 + len(" (8)")
            assert "<" not in label.replace("<br>", "")
            if tails and len(set(names)) == len(names):
                assert f"{n:,}" in label.replace("<br>", "")
            if len(name) <= 18 and not tails and name.isascii() and name.isalnum():
                assert label.split(" (")[0] == name


def test_a_long_name_keeps_its_start_and_its_count() -> None:
    (told,) = labels(["The Very Long Name of a Provider That Nobody Expected"], [" (n = 1,234)"])
    assert told == "The Very Long Name<br>of a Pr… (n = 1,234)"
    assert labels(["x" * 90, "x" * 90]) == [f"{'x' * 20}<br>{'x' * 19}…", f"{'x' * 20}<br>{'x' * 19}… (2)"]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [charts.FOR, charts.AGAINST, charts.OTHER, charts.ACCENT])
def test_marks_and_lines_have_three_to_one_on_both_pages(colour: str) -> None:
    assert min(contrast(colour, LIGHT), contrast(colour, DARK)) >= 3


def test_a_whisker_is_seen_on_both_pages_and_on_its_bar() -> None:
    for ground in (LIGHT, DARK, charts.FOR):
        assert max(contrast(charts.CORE, ground), contrast(charts.HALO, ground)) >= 4.5
    table = pd.DataFrame(
        {
            "provider": ["a"],
            "catalogue_share": [0.4],
            "exposure_share": [0.5],
            "exposure_low": [0.4],
            "exposure_high": [0.7],
        }
    )
    figure = charts.shares(table, {"catalogue_share": "catalogue", "exposure_share": "exposure"})
    whiskers = [trace for trace in figure.data if trace.error_x.array is not None]
    assert [trace.error_x.color for trace in whiskers] == [charts.HALO, charts.CORE]
    for trace in whiskers:
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(0.4)
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(0.7)
        assert trace.offsetgroup == "exposure_share", "on the bar of exposure, and not beside it"
    assert len([trace for trace in figure.data if trace.showlegend is not False]) == 2


def test_every_shade_of_a_grid_carries_the_dark_text_of_plotly() -> None:
    """Plotly writes #444 on what is lighter than half; a straight line between two light colours stays light."""
    assert min(contrast(end, "#444444") for end in charts.SCALE) >= 4.5


def crossed(down: int, across: int, held: tuple[int, int] = (0, 0)) -> pd.DataFrame:
    rows = [(f"d{a}", f"a{b}", None if (a, b) == held else (a + b) / 100) for a in range(down) for b in range(across)]
    return pd.DataFrame(rows, columns=["first_group", "second_group", "value"]).astype({"value": float})


@pytest.mark.parametrize(("down", "across"), [(2, 5), (5, 2), (3, 3)])
def test_the_shorter_side_of_a_grid_goes_across_and_every_number_stays_with_its_names(down: int, across: int) -> None:
    figure = charts.heatmap(crossed(down, across), "x", percent=True)
    grid = figure.data[0]
    assert charts.across(figure) == min(down, across)
    for y, line, told in zip(grid.y, grid.text, grid.customdata, strict=True):
        for x, text, hover in zip(grid.x, line, told, strict=True):
            names = sorted((x, y), key=lambda name: name[0] == "a")
            value = None if names == ["d0", "a0"] else int(names[0][1:]) + int(names[1][1:])
            assert (text, hover) == (("–", "not shown") if value is None else (f"{value}.0", f"{value}.0"))
