"""What the operator adds: told where it acts, in every list that is made, previewed or judged, and refused without a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.use_cases.auditing import audit, run_label
from app.use_cases.boost_previewing import preview_boost, score_scale
from app.use_cases.boosting import boosts, boosts_of, remove_boost, set_boost
from app.use_cases.choosing import set_contact, set_profiling
from app.use_cases.evaluating import evaluate
from app.use_cases.explaining import explain
from app.use_cases.judging import twin
from app.use_cases.previewing import preview
from app.use_cases.recommending import recommend, recommend_all, recommend_non_profiled
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.errors import SightglassError
from data.keep.policies import BoostRule
from models.histories import Training
from models.serving import serve_everybody
from tests import doors
from tests.test_cli import Sightglass, sightglass  # noqa: F401 - a fixture

PERSON = "u0001"


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def workspace(state: Path) -> Iterator[Workspace]:
    with opened(state) as workspace:
        yield workspace


@pytest.fixture
def linear(state: Path) -> str:
    return doors.model_named("linear", state)


def provider_of(workspace: Workspace, item: str) -> str:
    return str(workspace.catalog.open("demo").items.loc[item, "provider"])


def titles_of(workspace: Workspace, provider: str) -> set[str]:
    items = workspace.catalog.open("demo").items
    return {str(name) for name in items.index[items["provider"].astype(str) == provider]}


def table_of_scores(workspace: Workspace, model_id: str) -> tuple[np.ndarray, np.ndarray, Training]:
    """Scores by the definition of the model, from its training table: people x items; and who chose what."""
    model = workspace.model(model_id)
    chosen = (model.training.matrix.toarray() > 0).astype(float)
    gram = chosen.T @ chosen + model.settings.regularization * np.eye(chosen.shape[1])  # type: ignore[attr-defined]
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    return chosen @ weights, chosen > 0, model.training


def lists_by_hand(scores: np.ndarray, chosen: np.ndarray, added: np.ndarray, k: int = 10) -> np.ndarray:
    return np.argsort(-np.where(chosen, -np.inf, scores + added), axis=1, kind="stable")[:, :k]


def added_to(training: Training, items: set[str], amount: float) -> np.ndarray:
    return np.array([amount if str(name) in items else 0.0 for name in training.items.values])


# -- one list -----------------------------------------------------------------------------------------


def test_a_boost_moves_a_title_by_its_amount_and_is_told(workspace: Workspace, linear: str) -> None:
    before = recommend(workspace, linear, PERSON, 30)["items"]
    target = before[19]["item_id"]
    amount = before[2]["score"] - before[19]["score"] + 1e-6
    set_boost(workspace, linear, "item", target, amount, "our  pick", "a campaign")
    after = recommend(workspace, linear, PERSON, 30)["items"]
    row = after[2]
    assert row["item_id"] == target
    assert row["boost_term"] == amount
    assert row["score"] == pytest.approx(before[19]["score"] + amount, abs=1e-12)
    assert [r["item_id"] for r in after if r["item_id"] != target] == [
        r["item_id"] for r in before if r["item_id"] != target
    ]
    assert all(r["boost_term"] == 0 for r in after if r["item_id"] != target)
    told = explain(workspace, linear, PERSON, target)
    parts = [part for part in told["parts"] if part["kind"] == "boost"]
    assert parts == [{"kind": "boost", "id": f"item:{target}", "title": "our pick", "value": amount}]
    assert told["base"] + sum(part["value"] for part in told["parts"]) == pytest.approx(row["score"], abs=1e-9)
    assert any("our pick" in line for line in told["labels"])
    other = explain(workspace, linear, PERSON, after[0]["item_id"])
    assert not any(part["kind"] == "boost" for part in other["parts"])


def test_every_title_of_a_boosted_provider_says_so(workspace: Workspace, linear: str) -> None:
    target = recommend(workspace, linear, PERSON)["items"][4]["item_id"]
    provider = provider_of(workspace, target)
    set_boost(workspace, linear, "provider", provider, 0.05, "partner of the month", "a contract")
    set_boost(workspace, linear, "item", target, -0.01, "shown often already", "balance")
    mine = titles_of(workspace, provider)
    for row in recommend(workspace, linear, PERSON, 40)["items"]:
        told = explain(workspace, linear, PERSON, row["item_id"], k=40)
        expected = [0.05] * (row["item_id"] in mine) + [-0.01] * (row["item_id"] == target)
        assert sorted(part["value"] for part in told["parts"] if part["kind"] == "boost") == sorted(expected)
        assert row["boost_term"] == pytest.approx(sum(expected), abs=1e-15)


def test_a_second_boost_for_a_target_takes_the_place_of_the_first(workspace: Workspace, linear: str) -> None:
    item = recommend(workspace, linear, PERSON)["items"][0]["item_id"]
    set_boost(workspace, linear, "item", item, 0.1, "first", "because")
    set_boost(workspace, linear, "item", item, 0.2, "second", "because")
    assert [(row["amount"], row["label"]) for row in boosts(workspace, linear)] == [(0.2, "second")]
    remove_boost(workspace, linear, f"item:{item}", "over")
    assert boosts(workspace, linear) == []


def test_without_a_boost_lists_are_the_same_bytes_as_before(workspace: Workspace, linear: str, tmp_path: Path) -> None:
    def everything() -> tuple[str, bytes]:
        one = json.dumps([recommend(workspace, linear, f"u{n:04d}", serendipity=0.0) for n in range(1, 20)])
        out = tmp_path / "all.parquet"
        recommend_all(workspace, linear, out)
        return one, out.read_bytes()

    before = everything()
    item = recommend(workspace, linear, PERSON, 15)["items"][14]["item_id"]
    set_boost(workspace, linear, "item", item, 5.0, "pushed", "a try")
    assert everything() != before
    remove_boost(workspace, linear, f"item:{item}", "a try no more")
    assert everything() == before


def test_boosts_are_of_one_model_and_never_in_the_list_without_a_profile(
    workspace: Workspace, linear: str, state: Path
) -> None:
    popular = doors.model_named("popularity", state)
    before = recommend(workspace, popular, PERSON), recommend_non_profiled(workspace, linear)
    item = recommend(workspace, linear, PERSON, 60)["items"][59]["item_id"]
    set_boost(workspace, linear, "item", item, 1000.0, "pushed", "a try")
    assert (recommend(workspace, popular, PERSON), recommend_non_profiled(workspace, linear)) == before
    set_profiling(workspace, "demo", PERSON, on=False)
    assert item not in {row["item_id"] for row in recommend(workspace, linear, PERSON)["items"]}


# -- everybody's lists --------------------------------------------------------------------------------


def test_everybodys_lists_hold_the_boosts(workspace: Workspace, linear: str, tmp_path: Path) -> None:
    scores, chosen, training = table_of_scores(workspace, linear)
    provider = provider_of(workspace, training.items[0])
    set_boost(workspace, linear, "provider", provider, 0.07, "partner", "a contract")
    out = tmp_path / "all.parquet"
    recommend_all(workspace, linear, out)
    found = pd.read_parquet(out)
    expected = lists_by_hand(scores, chosen, added_to(training, titles_of(workspace, provider), 0.07))
    names = training.items.values[expected].ravel().tolist()
    assert found["item_id"].tolist() == names
    person = recommend(workspace, linear, PERSON)["items"]
    assert found.loc[found["user_id"] == PERSON, "item_id"].tolist() == [row["item_id"] for row in person]


def test_an_audit_judges_lists_with_the_boosts_and_says_so(workspace: Workspace, linear: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(doors.PLAN)
    plain = audit(workspace, "demo", model_id=linear, plan_file=plan)
    assert "boost" not in plain["protocol"]
    unboosted = run_label(workspace, linear)
    items = workspace.catalog.open("demo").items
    provider = str(items["provider"].value_counts().index[-1])
    set_boost(workspace, linear, "provider", provider, 500.0, "partner", "a contract")
    boosted = audit(workspace, "demo", model_id=linear, plan_file=plan)
    assert boosted["protocol"] == plain["protocol"] + "; lists hold the operator's 1 boost"
    share = {
        name: next(row for row in run["providers"] if row["provider"] == provider)["exposure_share"]
        for name, run in (("plain", plain), ("boosted", boosted))
    }
    # by hand: the twin's scores by its own definition, with 500 points more for the titles of the provider
    judged = twin(workspace, linear)
    chosen = (judged.model.training.matrix.toarray() > 0).astype(float)
    inverse = np.linalg.inv(chosen.T @ chosen + judged.model.settings.regularization * np.eye(200))  # type: ignore[attr-defined]
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    mine = added_to(judged.model.training, titles_of(workspace, provider), 1.0)
    attention = 1 / np.log2(np.arange(2, 12))
    for name, amount in (("plain", 0.0), ("boosted", 500.0)):
        lists = lists_by_hand(chosen @ weights, chosen > 0, amount * mine)
        expected = (mine[lists] * attention).sum() / (attention.sum() * len(lists))
        assert share[name] == pytest.approx(expected, abs=1e-12)
    assert share["boosted"] > share["plain"]
    assert run_label(workspace, linear) != unboosted, (
        "an audit made before the boost is not taken for one of these lists"
    )
    other = next(iter(boosted["compared_with"].values()))
    assert other["providers"] == next(iter(plain["compared_with"].values()))["providers"], "no boost without a profile"
    remove_boost(workspace, linear, f"provider:{provider}", "over")
    assert run_label(workspace, linear) == unboosted


def test_a_preview_of_the_slider_is_of_lists_with_the_boosts(workspace: Workspace, linear: str) -> None:
    plain = preview(workspace, linear)
    provider = str(plain.providers.index[0])
    set_boost(workspace, linear, "provider", provider, 3.0, "partner", "a contract")
    boosted = preview(workspace, linear)
    assert "lists hold the operator's 1 boost" in boosted.protocol
    assert "boost" not in plain.protocol
    assert (boosted.providers.loc[provider] > plain.providers.loc[provider]).all()
    judged = twin(workspace, linear)
    lists = serve_everybody(judged.model, 10, 0.0, judged.boosts).lists.items
    mine = added_to(judged.model.training, titles_of(workspace, provider), 1.0)
    attention = 1 / np.log2(np.arange(2, 12))
    expected = (mine[lists] * attention).sum() / (attention.sum() * len(lists))
    assert boosted.providers.loc[provider, 0.0] == pytest.approx(expected, abs=1e-12)


def test_an_evaluation_judges_a_kind_of_model_and_holds_no_boost(workspace: Workspace, linear: str) -> None:
    before = evaluate(workspace, "demo", "linear", {"regularization": 200})["metrics"]
    set_boost(
        workspace, linear, "provider", provider_of(workspace, boosts_target(workspace)), 3.0, "partner", "a contract"
    )
    assert evaluate(workspace, "demo", "linear", {"regularization": 200})["metrics"] == before


def boosts_target(workspace: Workspace) -> str:
    return str(workspace.catalog.open("demo").items.index[0])


# -- before it is saved -------------------------------------------------------------------------------


def test_a_preview_of_a_boost_recounted_by_hand(workspace: Workspace, linear: str) -> None:
    scores, chosen, training = table_of_scores(workspace, linear)
    provider = provider_of(workspace, training.items[0])
    mine = titles_of(workspace, provider)
    seen = preview_boost(workspace, linear, "provider", provider, 0.1)
    was, now = (lists_by_hand(scores, chosen, added_to(training, mine, amount)) for amount in (0.0, 0.1))
    member = added_to(training, mine, 1.0)
    attention = 1 / np.log2(np.arange(2, 12))
    assert (seen.people, seen.titles) == (300, len(mine))
    assert seen.changed == np.mean([a.tolist() != b.tolist() for a, b in zip(was, now, strict=True)])
    assert seen.renewed == np.mean([set(a.tolist()) != set(b.tolist()) for a, b in zip(was, now, strict=True)])
    assert 0 < seen.renewed < seen.changed <= 1
    for lists, shown, exposure in (
        (was, seen.shown_before, seen.exposure_before), (now, seen.shown_after, seen.exposure_after),
    ):  # fmt: skip
        assert shown == np.mean([bool(member[row].any()) for row in lists])
        assert exposure == pytest.approx(np.mean([(member[row] * attention).sum() for row in lists]) / attention.sum())
    assert boosts(workspace, linear) == [], "nothing was saved"
    assert workspace.log.entries(kind="policy") == []


def test_the_sample_is_seeded_and_leaves_out_who_switched_profiling_off(workspace: Workspace, linear: str) -> None:
    asked = (workspace, linear, "item", "i0001" if "i0001" in titles(workspace) else titles(workspace)[0], 0.2)
    assert preview_boost(*asked, people=50, seed=3) == preview_boost(*asked, people=50, seed=3)  # type: ignore[arg-type]
    assert preview_boost(*asked, people=50).people == 50  # type: ignore[arg-type]
    for n in range(1, 11):
        set_profiling(workspace, "demo", f"u{n:04d}", on=False)
    assert preview_boost(*asked).people == 290  # type: ignore[arg-type]


def titles(workspace: Workspace) -> list[str]:
    return [str(name) for name in workspace.catalog.open("demo").items.index]


def test_a_preview_of_the_present_boost_changes_nothing_and_of_0_takes_it_away(
    workspace: Workspace, linear: str
) -> None:
    item = titles(workspace)[3]
    up = preview_boost(workspace, linear, "item", item, 0.3)
    assert up.changed > 0
    assert up.exposure_after > up.exposure_before
    set_boost(workspace, linear, "item", item, 0.3, "pushed", "a try")
    assert preview_boost(workspace, linear, "item", item, 0.3).changed == 0
    away = preview_boost(workspace, linear, "item", item, 0.0)
    assert (away.changed, away.exposure_before, away.exposure_after) == (
        up.changed,
        up.exposure_after,
        up.exposure_before,
    )


def test_the_scale_is_the_median_first_tenth_and_distance(workspace: Workspace, linear: str) -> None:
    scores, chosen, _ = table_of_scores(workspace, linear)
    ordered = -np.sort(-np.where(chosen, -np.inf, scores), axis=1)
    scale = score_scale(workspace, linear)
    assert scale["people"] == 300
    assert scale["first"] == pytest.approx(np.median(ordered[:, 0]))
    assert scale["last"] == pytest.approx(np.median(ordered[:, 9]))
    assert scale["distance"] == pytest.approx(np.median(ordered[:, 0] - ordered[:, 9]))


def test_lists_shorter_than_ten_have_no_scale(home: Path) -> None:
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source([(f"p{n}", f"t{n % 4}") for n in range(12)]), "few")
        model_id = train(workspace, "few", "popularity")["model_id"]
        scale = score_scale(workspace, model_id)
        assert scale["people"] == 0
        assert np.isnan(scale["distance"])
        assert preview_boost(workspace, model_id, "item", "t1", 5.0).people == 12


# -- what is refused, and what is kept ----------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"target": "nothing"}, r"There is no item 'nothing'; known: "),
    ({"kind": "provider", "target": "nobody"}, r"There is no provider 'nobody'; known: "),
    ({"amount": 0.0}, r"a boost of 0 changes nothing; give the points to add, such as 0\.1, or remove it\."),
    ({"amount": float("nan")}, r"a boost is a number \(given: 'nan'\)"),
    ({"amount": float("inf")}, r"a boost is a number \(given: 'inf'\)"),
    ({"label": "  "}, r"a boost needs words of at most 300 characters that people read beside it"),
    ({"label": "x" * 301}, r"a boost needs words of at most 300 characters"),
    ({"reason": " "}, r"a boost needs a reason; say in a sentence why it is changed\."),
]


@pytest.mark.parametrize(
    ("wrong", "sentence"), REFUSED, ids=[str(next(iter(wrong.items())))[:40] for wrong, _ in REFUSED]
)
def test_a_wrong_boost_is_refused_and_changes_nothing(
    workspace: Workspace, linear: str, wrong: dict[str, Any], sentence: str
) -> None:
    given = {
        "kind": "item",
        "target": titles(workspace)[0],
        "amount": 0.1,
        "label": "ours",
        "reason": "because",
        **wrong,
    }
    with pytest.raises(SightglassError, match=sentence):
        set_boost(workspace, linear, **given)
    assert boosts(workspace, linear) == []
    assert workspace.log.entries(kind="policy") == []


def test_taking_away_what_is_not_there_or_without_a_reason_is_refused(workspace: Workspace, linear: str) -> None:
    set_boost(workspace, linear, "item", titles(workspace)[0], 0.1, "ours", "because")
    with pytest.raises(SightglassError, match=r"There is no boost 'item:other'; known: item:"):
        remove_boost(workspace, linear, "item:other", "over")
    with pytest.raises(SightglassError, match="taking a boost away needs a reason"):
        remove_boost(workspace, linear, f"item:{titles(workspace)[0]}", "")
    assert len(boosts(workspace, linear)) == 1


def test_data_without_providers_says_so(home: Path) -> None:
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source([(f"p{n}", f"t{n % 4}") for n in range(12)]), "few")
        model_id = train(workspace, "few", "popularity")["model_id"]
        with pytest.raises(
            SightglassError, match=r"this data set names no provider \(given: 'x'\); boost single items"
        ):
            set_boost(workspace, model_id, "provider", "x", 1.0, "ours", "because")


def test_a_boost_whose_target_is_gone_moves_nothing_and_says_so(home: Path) -> None:
    choices = [(f"p{n % 9}", f"t{n % 4}") for n in range(36)]
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source([*choices, ("p0", "old")]), "shop")
        model_id = train(workspace, "shop", "popularity")["model_id"]
        set_boost(workspace, model_id, "item", "old", 50.0, "ours", "because")
        workspace.catalog.register(doors.little_source(choices), "shop", replace=True)
        again = train(workspace, "shop", "popularity")["model_id"]
        assert "old" not in {row["item_id"] for row in recommend(workspace, again, "p1")["items"]}
        assert [(row["target"], row["titles"]) for row in boosts_of(workspace, again)] == [("old", 0)]


def test_the_record_says_who_why_and_what_and_names_no_person(workspace: Workspace, linear: str) -> None:
    item = titles(workspace)[0]
    set_boost(workspace, linear, "item", item, 0.1, "ours", "  a campaign ", "product manager")
    remove_boost(workspace, linear, f"item:{item}", "over", "another manager")
    added, removed = workspace.log.entries(kind="policy")
    rule = {"kind": "item", "target": item, "amount": 0.1, "label": "ours"}
    assert added.detail == {
        "data": "demo",
        "policy": "boosts:linear",
        "before": [],
        "after": [rule],
        "reason": "a campaign",
    }
    assert removed.detail == {
        "data": "demo",
        "policy": "boosts:linear",
        "before": [rule],
        "after": [],
        "reason": "over",
    }
    assert (added.actor, removed.actor) == ("product manager", "another manager")
    assert (added.subject, removed.subject) == (None, None)
    people = workspace.model(linear).training.users.values.astype(str)
    assert not any(name in event.leaf for event in (added, removed) for name in people)


def test_boosts_and_contact_outlive_the_process(state: Path, linear: str) -> None:
    with opened(state) as workspace:
        item = titles(workspace)[0]
        set_boost(workspace, linear, "item", item, 0.1, "ours", "because")
        set_contact(workspace, "demo", "  The film   desk, film@example.org ")
    with opened(state) as workspace:
        assert workspace.policies.boosts("demo", "linear") == (BoostRule("item", item, 0.1, "ours"),)
        assert workspace.policies.contact("demo") == "The film desk, film@example.org"
        assert (
            explain(workspace, linear, PERSON, recommend(workspace, linear, PERSON)["items"][0]["item_id"])[
                "responsible"
            ]
            == "The film desk, film@example.org"
        )


# -- the command line ---------------------------------------------------------------------------------


def test_the_boost_command_adds_lists_and_removes(linear: str, sightglass: Sightglass) -> None:  # noqa: F811
    before = sightglass("recommend", "--model", linear, "--user", PERSON, "-k", 20, "--json").document()["items"]
    item = before[15]["item_id"]
    assert sightglass("boost", "--model", linear, "--json").document() == []
    words = ("boost", "--model", linear, "--item", item, "--json")
    made = sightglass(*words, "--amount", 2.5, "--label", "ours", "--reason", "because").document()
    assert made == [{"id": f"item:{item}", "kind": "item", "target": item, "amount": 2.5, "label": "ours"}]
    after = sightglass("recommend", "--model", linear, "--user", PERSON, "-k", 20, "--json").document()["items"]
    assert (after[0]["item_id"], after[0]["boost_term"]) == (item, 2.5)
    assert sightglass("boost", "--model", linear, "--json").document() == made
    assert sightglass(*words, "--remove", "--reason", "over").document() == []
    again = sightglass("recommend", "--model", linear, "--user", PERSON, "-k", 20, "--json").document()["items"]
    assert again == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--item", "nothing", "--amount", "1", "--label", "x", "--reason", "y"), "There is no item 'nothing'"),
        (("--item", "{item}", "--provider", "x", "--amount", "1"), "not both"),
        (("--item", "{item}", "--label", "x", "--reason", "y"), "a boost of 0 changes nothing"),
        (("--item", "{item}", "--amount", "nan", "--label", "x", "--reason", "y"), "a boost is a number"),
        (("--item", "{item}", "--amount", "1", "--reason", "y"), "needs words"),
        (("--item", "{item}", "--amount", "1", "--label", "x"), "a boost needs a reason"),
        (("--item", "{item}", "--remove", "--reason", "over"), "There is no boost"),
    ],
)
def test_the_boost_command_refuses_in_one_sentence(
    workspace: Workspace,
    linear: str,
    sightglass: Sightglass,  # noqa: F811
    words: tuple[str, ...],
    sentence: str,
) -> None:
    filled = [word.format(item=titles(workspace)[0]) for word in words]
    assert sentence in sightglass("boost", "--model", linear, *filled, "--json").sentence()
    assert boosts(workspace, linear) == []


def test_the_contact_command(linear: str, sightglass: Sightglass) -> None:  # noqa: F811
    assert sightglass("contact", "--data", "demo", "--json").document() == {"data": "demo", "contact": ""}
    named = {"data": "demo", "contact": "The film desk"}
    assert sightglass("contact", "--data", "demo", "--set", "The film desk", "--json").document() == named
    assert sightglass("contact", "--data", "demo", "--json").document() == named
    assert (
        "a contact is 1 to 300 characters" in sightglass("contact", "--data", "demo", "--set", " ", "--json").sentence()
    )
    assert "a contact is 1 to 300" in sightglass("contact", "--data", "demo", "--set", "x" * 301, "--json").sentence()
    assert "'nowhere'" in sightglass("contact", "--data", "nowhere", "--set", "me", "--json").sentence()
    assert sightglass("contact", "--data", "demo", "--json").document() == named


def test_explain_versus_compares_two_titles(workspace: Workspace, linear: str, sightglass: Sightglass) -> None:  # noqa: F811
    scores, _, training = table_of_scores(workspace, linear)
    first, other = (row["item_id"] for row in recommend(workspace, linear, PERSON)["items"][:2])
    words = ("explain", "--model", linear, "--user", PERSON, "--item", first, "--json", "--versus")
    told = sightglass(*words, other).document()["contrast"]
    row = scores[training.users.code(PERSON)]
    difference = row[training.items.code(first)] - row[training.items.code(other)]
    assert told["difference"] == pytest.approx(difference, abs=1e-9)
    assert told["base"] + sum(part["value"] for part in told["parts"]) == pytest.approx(difference, abs=1e-9)
    assert " scores " in told["sentence"]
    assert "a title is not compared with itself" in sightglass(*words, first).sentence()
    assert "There is no item 'nothing'" in sightglass(*words, "nothing").sentence()


def test_every_model_takes_a_boost(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), home)
    with opened(state) as workspace:
        for model_id in workspace.shelf.ids():
            row = recommend(workspace, model_id, PERSON, 40)["items"][35]
            scale = score_scale(workspace, model_id)
            set_boost(workspace, model_id, "item", row["item_id"], 3 * scale["distance"] + 1, "ours", "because")
            first = recommend(workspace, model_id, PERSON)["items"][0]
            assert first["item_id"] == row["item_id"], model_id
            told = explain(workspace, model_id, PERSON, row["item_id"])
            assert [part["value"] for part in told["parts"] if part["kind"] == "boost"] == [first["boost_term"]]
            assert any(line.startswith("The operator boosts it: “ours”") for line in told["labels"]), model_id
            assert told["score"] == pytest.approx(first["score"], abs=1e-9)
