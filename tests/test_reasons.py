"""The sentences under a table: each once, with everybody whom it is about; nothing of the data acts."""

from __future__ import annotations

from app.reasons_table import MOST, NAMED, reasons_table


def test_who_has_one_reason_stands_in_one_row_and_flags_come_first() -> None:
    rows = [("a", "no flag", "small"), ("b", "flag", "large"), ("c", "no flag", "small"), ("d", "no flag", "")]
    told, left = reasons_table(rows, "group")
    assert told.to_dict("records") == [
        {"group": "b", "answer": "flag", "why": "large"},
        {"group": "a; c", "answer": "no flag", "why": "small"},
    ]
    assert left == 0
    assert reasons_table([("a", "", "small"), ("a", "", "small")], "whom")[0]["whom"].tolist() == ["a"], "named once"


def test_what_does_not_fit_is_counted() -> None:
    told, left = reasons_table([(f"g{n}", "", f"reason {n}") for n in range(MOST + 4)], "whom")
    assert (len(told), left) == (MOST, 4)
    assert list(told.columns) == ["whom", "why"], "no empty column of answers"
    told, left = reasons_table([(f"g{n}", "", "the same") for n in range(NAMED + 3)], "whom")
    assert told["whom"].iloc[0] == f"{'; '.join(f'g{n}' for n in range(NAMED))} and 3 more"
    assert reasons_table([("a", "flag", "")], "whom")[0].empty


def test_names_and_reasons_never_act_as_markdown() -> None:
    told, _ = reasons_table([("**a**", "", "see [it](http://x.example) :red[now] $x$")], "whom")
    assert told["whom"].iloc[0] == r"\*\*a\*\*"
    assert "](" not in told["why"].iloc[0]
    assert "\\[it\\]" in told["why"].iloc[0]
