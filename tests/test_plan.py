"""The audit plan: its hash outlives new settings, its sampling statement stands in the report, its refusals are ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from audit.plan import STATED, Plan
from audit.plan_words import allowed
from data.errors import BadInput

DEFAULT = "8617e9e3b8fb78145c10e8080b419c87c8b51c1a4136070fc80026e29bbc3ac5"  # before there was a sampling statement
SHORT = "b1b5f91805e2075a2ebe7c01b36c5c81101b809c3898eeae6d4da3965dad3495"  # k = 5, draws = 100, likewise
STATEMENT = {
    "frame": "everybody with an account in Norway",
    "period": "2024-01-01 to 2024-06-30",
    "sample": "5,000 people, drawn at random by account number",
    "representativeness": "by age and region as all accounts",
}


def test_plans_without_a_sampling_statement_keep_the_hash_they_had() -> None:
    assert Plan.of().hash == DEFAULT
    assert Plan.of({"k": 5, "draws": 100}).hash == SHORT
    assert Plan.of(dict.fromkeys(STATED)).hash == Plan.of(dict.fromkeys(STATED, "  ")).hash == DEFAULT
    assert not set(STATED) & set(Plan.of().model_dump(mode="json"))


@pytest.mark.parametrize("name", STATED)
def test_a_statement_is_part_of_the_plan_and_of_its_hash(name: str) -> None:
    told = Plan.of({name: STATEMENT[name]})
    assert told.hash not in (DEFAULT, Plan.of({name: STATEMENT[name] + "!"}).hash)
    assert told.model_dump(mode="json")[name] == STATEMENT[name]
    assert Plan.of(told.model_dump(mode="json")) == told
    assert told.model_copy(update={"k": 10}).hash == told.hash


@pytest.mark.parametrize("text", ["two\nlines", "a\x1b[31mred", "x" * 501])
def test_a_statement_is_one_line(text: str) -> None:
    with pytest.raises(BadInput, match="the setting 'frame' must be one line of at most 500 letters"):
        Plan.of({"frame": text})


def protocol(plan: Plan) -> dict[str, str]:
    from audit.report.contents import _protocol

    lists = {"n_lists": 3, "n_items": 4}
    document = {"lists": lists, "label": "", "plan": plan.model_dump(mode="json")}
    return {fact.name: fact.value for fact in _protocol(document)}


def test_the_report_says_what_was_stated_and_what_was_not() -> None:
    names = {name.capitalize(): told for name, told in STATEMENT.items()}
    assert names.items() <= protocol(Plan.of(STATEMENT)).items()
    for name in (*names, "Seed"):
        assert protocol(Plan.of())[name].startswith("not stated: this audit was made before such statements were kept")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"k": "ten"}, "the setting 'k' must be a whole number from 1 to 1000 (given: 'ten'); change it and try again."),
    ({"k": 2.5}, "the setting 'k' must be a whole number from 1 to 1000 (given: '2.5'); change it and try again."),
    ({"level": 95}, "the setting 'level' must be a number above 0 and below 1 (given: '95'); change it and try again."),
    ({"seed": -1}, "the setting 'seed' must be a whole number from 0 (given: '-1'); change it and try again."),
    (
        {"exposure_floor": 0},
        "the setting 'exposure_floor' must be a number above 0 (given: '0'); change it and try again.",
    ),
    (
        {"correction": "hlm"},
        "the setting 'correction' must be one of 'holm', 'bonferroni', 'benjamini-hochberg' (given: 'hlm'); change it and "
        "try again.",
    ),
    (
        {"metrics": "ndcg"},
        "the setting 'metrics' must be a list of names, such as [\"ndcg\"] (given: 'ndcg'); change it and try again.",
    ),
    (
        {"privacy": "perhaps"},
        "the setting 'privacy' must be true or false (given: 'perhaps'); change it and try again.",
    ),
    (
        {"own_materiality": {"ndcg": -1}},
        "the setting 'own_materiality.ndcg' must be a table of numbers above 0 by measure, such as {ndcg = 0.01} (given: "
        "'-1'); change it and try again.",
    ),
    (
        {"intersections": [["a"]]},
        'the setting \'intersections.0.1\' must be a list of pairs of names, such as [["gender", "region"]]; change it '
        "and try again.",
    ),
    ({"browsing": 3}, "the setting 'browsing' must be text on one line (given: '3'); change it and try again."),
    ({"materialty": 0.1}, "the plan has no setting 'materialty'; write 'materiality'."),
]


@pytest.mark.parametrize(("settings", "said"), WRONG, ids=[next(iter(each)) for each, _ in WRONG])
def test_a_wrong_setting_is_refused_in_our_words(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(settings))
    with pytest.raises(BadInput) as refused:
        Plan.load(path)
    assert str(refused.value) == f"plan.json: {said}"


@pytest.mark.parametrize(
    "value", [object(), -1e9, {"x": {}}, [[1]], "\0"], ids=["object", "low", "map", "nested", "zero"]
)
@pytest.mark.parametrize("name", Plan.model_fields)
def test_no_refusal_speaks_the_words_of_a_library(name: str, value: object) -> None:
    try:
        Plan(**{name: value})
    except ValidationError:
        with pytest.raises(BadInput) as refused:
            Plan.of({name: value})
        said = str(refused.value)
        assert "nput should" not in said
        assert f"'{name}" in said or f"{name}:" in said


def test_every_setting_can_be_told_in_words() -> None:
    properties = Plan.model_json_schema()["properties"]
    assert set(properties) == set(Plan.model_fields)
    for name, schema in properties.items():
        wanted, told = str(Plan.model_fields[name].annotation), allowed(schema)
        kinds = {"Literal": "one of", "tuple": "a list of", "Mapping": "a table", "dict": "a table", "bool": "true or"}
        start = next((words for kind, words in kinds.items() if kind in wanted), "")
        numeric = "number" if "int" in wanted or "float" in wanted else "text"
        assert told.startswith(start) if start else numeric in told, name
