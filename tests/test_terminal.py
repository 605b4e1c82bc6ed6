"""What is printed for a person at a terminal: whole, at any width."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.terminal import show

LONG = "item-neighbours-0123456789abcdef0123456789abcdef"
MODELS = [
    {"model_id": LONG, "model": "item-neighbours", "data": "ml-100k", "settings": {"shrink": 10, "k": 50},
     "seconds": 1.25, "trained_at": "2026-01-31T12:00:00+00:00", "people": 943, "data_hash": "f" * 64},
]  # fmt: skip


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("narrow")
def test_an_id_can_be_copied_from_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for told in (
        MODELS,
        {"models": MODELS},
        {"requests": [{"request_id": "a" * 32, "right": "access", "due": "x" * 30}]},
    ):
        show(told)
        out = capsys.readouterr().out
        assert "…" not in out
        assert (LONG if "a" * 32 not in out else "a" * 32) in out
    show({"certificate": f"/a/long/folder/{'x' * 90}/certificates/{'b' * 32}.json"})
    assert f"{'b' * 32}.json" in capsys.readouterr().out


@pytest.mark.usefixtures("narrow")
def test_a_small_table_stays_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"item_id": "i1", "title": "A long title of many short words that can go on in the next line, as text does"}])
    out = capsys.readouterr().out
    assert "┃" in out
    assert max(map(len, out.splitlines())) <= 80


words = st.text(st.characters(categories=("Ll", "Nd")), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.fixed_dictionaries({"user": words, "case": words, "name": words, "why": words}), min_size=1, max_size=4)
)
@pytest.mark.usefixtures("narrow")
def test_no_id_is_ever_cut(capsys: pytest.CaptureFixture[str], rows: list[dict[str, str]]) -> None:
    capsys.readouterr()
    show(rows)
    out = capsys.readouterr().out
    for row in rows:
        assert all(row[name] in out for name in ("user", "case", "name"))
