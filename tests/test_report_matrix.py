"""User group by item group in reports and on the page: the most shown drawn, all others in one row, nothing held back told."""

from __future__ import annotations

from typing import Any

from app.displays import matrix_table
from audit.exposure_matrix import OTHERS
from audit.report.charts import Heatmap, NotDrawn
from audit.report.drawn import shares_of_groups
from audit.report.flat import flat_tables
from audit.report.matrix import DRAWN, categories, matrix_section
from audit.report.plots import plot

COUNT = 15  # groups of items with a row of their own


def row(group: str, category: str, share: float | None, joined: int | None = 0) -> dict[str, Any]:
    held = share is None
    told = {"column": "provider", "attribute": "gender", "group": group, "category": category, "joined": joined}
    ends = {"low": None, "high": None} if held else {"low": share - 0.001, "high": share + 0.001}
    numbers = {"people": None if held else 40, "catalogue_share": None if held else 0.05, "share": share}
    return {**told, **numbers, **ends, "reason": "Not shown." if held else ""}


def document() -> dict[str, Any]:
    """Two groups that are shown, two that are not; fifteen providers, and six that are joined."""
    rows = [
        row(group, f"p{n:02d}", (COUNT - n + more) / 200) for group, more in (("F", 0), ("M", 1)) for n in range(COUNT)
    ]
    rest = [row(group, OTHERS, 1 - sum(r["share"] for r in rows if r["group"] == group), 6) for group in "FM"]
    every = [*rows[:COUNT], rest[0], *rows[COUNT:], rest[1], row("rare", "", None, None), row("rarer", "", None, None)]
    return {"exposure_matrix": every, "plan": {"minimum_cell": 10}}


def test_the_table_of_a_report_has_the_most_shown_and_the_joint_share_of_all_others() -> None:
    told = document()
    section = matrix_section(told)
    assert section is not None
    (table,) = section.tables
    rows = [dict(zip(table.heads, each, strict=True)) for each in table.rows]
    for group, more in (("F", 0), ("M", 1)):
        mine = [each for each in rows if each["Group"] == group]
        assert [each["Titles"] for each in mine] == [*(f"p{n:02d}" for n in range(DRAWN)), "9 others together"]
        shares = [(COUNT - n + more) / 200 for n in range(DRAWN)]
        assert mine[-1]["Exposure"] == f"{100 * (1 - sum(shares)):.1f} %"
        assert mine[-1]["Catalogue"] == "20.0 %", "three of 5 % and the joined row's 5 %"
        assert mine[-1]["Interval"] == "–", "no interval can be made of intervals"
    assert [(each["Group"], each["Titles"], each["Exposure"]) for each in rows[-2:]] == [
        ("rare", "", "–"),
        ("rarer", "", "–"),
    ]
    assert section.told[0] == "provider by gender: 6 of 21 groups of titles have no row of their own."
    assert "fewer than 10 people of some group see it" in section.told[1]
    assert section.told[2].startswith(f"A table here has the {DRAWN} most shown")


def test_the_tables_of_the_run_and_of_the_page_have_every_row() -> None:
    told = document()
    flat = flat_tables({**told, "overall": {}, "groups": [], "providers": []})["exposure_matrix"]
    assert list(flat) == told["exposure_matrix"]
    shown = matrix_table(told["exposure_matrix"])
    assert len(shown) == len(told["exposure_matrix"])
    assert shown["titles"].tolist()[COUNT] == "6 others together"
    assert set(shown.loc[shown["group"].isin(["rare", "rarer"]), "share of exposure"]) == {"–"}


def test_the_chart_has_the_groups_of_people_across_and_says_what_the_table_says() -> None:
    told = document()
    section = matrix_section(told)
    assert section is not None
    found = section.tables[0].chart
    assert isinstance(found, Heatmap)
    assert found.across == ("F", "M", "rare", "rarer")
    assert found.down == tuple(f"p{n:02d}" for n in range(DRAWN))
    values = [[(COUNT - n + more) / 200 for more in (0, 1)] for n in range(DRAWN)]
    low, high = min(map(min, values)), max(map(max, values))
    for cells, line in zip(found.cells, values, strict=True):
        assert [text for text, _ in cells] == [*(f"{100 * value:.1f} %" for value in line), "not shown", "not shown"]
        wanted = [min(9, int(10 * (value - low) / (high - low) + 1e-9)) for value in line]
        assert [shade for _, shade in cells] == [*wanted, None, None]
    assert plot(found).count("not shown") == 2 * DRAWN


def test_nothing_is_drawn_where_nothing_may_be_shown_or_too_much_is() -> None:
    held = {**document(), "exposure_matrix": [row("rare", "", None, None), row("rarer", "", None, None)]}
    section = matrix_section(held)
    assert section is not None
    assert section.tables[0].chart == NotDrawn("Not drawn: no cell may be shown.")
    rows = [row(f"g{n}", f"p{m}", 0.1) for n in range(21) for m in range(12)]
    assert shares_of_groups(rows) == NotDrawn(
        "Not drawn: 252 cells are too many for a chart that reads; the table has them."
    )


def test_a_run_from_before_has_its_twelve_and_says_nothing_of_others() -> None:
    old = [{k: v for k, v in each.items() if k != "joined"} for each in document()["exposure_matrix"][:12]]
    section = matrix_section({**document(), "exposure_matrix": old})
    assert section is not None
    assert section.told == ()
    assert categories(old) == [f"p{n:02d}" for n in range(12)]
    assert len(section.tables[0].rows) == 12
    assert matrix_section({"plan": {}}) is None
