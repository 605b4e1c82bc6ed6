"""Careful words: what people read assesses and flags for review, and claims nothing that no measure can show."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

WORDS = re.compile(
    r"\b(fair(?:ly|ness|er|est)?|unfair(?:ly|ness)?|un-?biased|de-?bias(?:ed|es|ing)?|compliant)\b", re.I
)
# each with its reason; a text that matches is left out of the search
ALLOWED = (
    (r"\b[Ff]airlearn\b", "it is the name of a library"),
    (r"[\w./-]+[-_/]fairness\b|\bfairness[-_/][\w./-]+", "it is part of a file name or an address"),
    (r'Never "fair", "unbiased" or "compliant" as a claim', "the rule for contributors names the words it forbids"),
)
ROOMS = ("app", "audit", "models", "data")
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
_ENDINGS = {".j2", ".typ", ".html", ".toml", ".svg"}
_TEMPLATES = (path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in _ENDINGS)
TEXTS = sorted([*_TEMPLATES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def offences(text: str) -> list[str]:
    """Sentences that hold one of the words outside of what is allowed."""
    for pattern, _ in ALLOWED:
        text = re.sub(pattern, " ", text)
    return [text[max(0, found.start() - 40) : found.end() + 40].strip() for found in WORDS.finditer(text)]


def strings(code: str) -> list[tuple[int, str]]:
    """Every text of a module that somebody may come to read, with its line; the pieces of f-strings too."""
    tree = ast.parse(code)
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_texts_of_the_code_use_no_such_word(path: Path) -> None:
    found = [(line, bad) for line, text in strings(path.read_text(encoding="utf-8")) if (bad := offences(text))]
    assert not found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_pages_of_text_use_no_such_word(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


def test_there_are_texts_to_look_at() -> None:
    names = {path.name for path in TEXTS}
    assert {"README.md", "template.html.j2", "template.typ"} <= names
    assert len(CODE) > 50


@pytest.mark.parametrize(
    "text",
    [
        "This model is fair.", "An unfair list", "Unfairness was found", "The fairness of the lists", "unbiased estimates",
        "a debiased model", "Debiasing helps", "The audit is GDPR compliant", "treats people fairly", "non-compliant",
    ],
)  # fmt: skip
def test_the_lint_can_fail(text: str) -> None:
    assert offences(text)
    assert [bad for _, told in strings(f"x = f'{text} {{1}}'") if (bad := offences(told))]


@pytest.mark.parametrize(
    "text",
    ["compliance reviewer", "Fairlearn's MetricFrame", "from fairlearn import x", "a fairy tale", "bias", "affair"],
)
def test_the_lint_lets_names_pass(text: str) -> None:
    assert offences(text) == []


@pytest.mark.parametrize(("pattern", "reason"), ALLOWED)
def test_every_exception_has_a_reason(pattern: str, reason: str) -> None:
    assert re.compile(pattern)
    assert len(reason.split()) > 3
