"""The quality of explanations: every measure against its literal definition, a refit against the update, and who is told less."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from app.use_cases.assessing import ACTIVITY, TASTE, assess_explanations, in_short, measured_groups
from app.use_cases.judging import twin
from app.workspace import opened
from audit.explanations import ExplanationPlan, by_outcome, deletion_test, overall, thirds
from audit.measures.explaining import EXPLANATIONS
from data.errors import BadInput
from data.ids import Ids
from data.keep.events import Kind
from models.base import Recommender
from models.counted.linear import Linear
from models.histories import Profiles, Training
from models.registry import create
from models.why import deletion
from models.why.deletion import CURVES, STEPS, Evidence, part_of, ranks
from models.why.quality import MEASURES, explanation_quality
from models.why.stability import LinearWithout, inverse_diagonal, lipschitz, stability
from tests import doors
from tests.worlds import published_split, small_training

K = 3
REASONED = [
    ("linear", {"regularization": 20.0}),
    ("item-neighbours", {"neighbours": 10}),
    ("user-neighbours", {"neighbours": 10}),
    ("content", {}),
]
IDS = [name for name, _ in REASONED]


@pytest.fixture(scope="module")
def training() -> Training:
    return small_training(people=40, titles=30)


@pytest.fixture(scope="module", params=REASONED, ids=IDS)
def model(request: pytest.FixtureRequest, training: Training) -> Recommender:
    name, chosen = request.param
    return create(name, **chosen).fit(training)


@pytest.fixture(scope="module")
def table(model: Recommender) -> pd.DataFrame:
    return explanation_quality(model, people=100, k=K, seed=5).per_user


# -- the literal definitions, a person and a step at a time -------------------------------------------------------


class Person:
    """One person of a model, slowly."""

    def __init__(self, model: Recommender, code: int) -> None:
        self.model, self.code = model, code
        self.one = model.profiles(np.array([code]))
        self.own = [int(item) for item in self.one.matrix.indices]
        self.values = dict(zip(self.own, self.one.matrix.data.tolist(), strict=True))
        self.title = self.ranking(self.own)[0]
        told = model.explain(self.one, self.title)
        ids = {part.id: part.value for part in told.parts if part.kind == "item"}
        self.phi = {item: ids.get(model.training.items[item], 0.0) for item in self.own}
        self.strongest = sorted(self.own, key=lambda item: (-self.phi[item], item))
        self.positive = [item for item in self.strongest if self.phi[item] > 0]

    def ranking(self, history: list[int]) -> list[int]:
        """Every item that is not in the full history, best first, scored from this history alone."""
        kept = sorted(history)
        shape = (1, len(self.model.training.items))
        row = sparse.csr_array(([self.values[item] for item in kept], kept, [0, len(kept)]), shape=shape)
        scores = self.model.scores(Profiles(np.array([self.code]), row))[0]
        return sorted((i for i in range(len(scores)) if i not in self.values), key=lambda i: (-scores[i], i))

    def shown(self, history: list[int]) -> bool:
        return self.title in self.ranking(history)[:K]

    def curve(self, order: list[int], *, insert: bool) -> float:
        parts = [list(part) for part in np.array_split(order, min(STEPS, len(order)))]
        kept = []
        for t in range(1, len(parts) + 1):
            first = [item for part in parts[:t] for item in part]
            kept.append(self.shown(first if insert else [item for item in order if item not in first]))
        return sum(kept) / len(kept)


def everybody(model: Recommender) -> list[Person]:
    return [Person(model, code) for code in range(len(model.training.users))]


def test_the_curves_are_their_literal_definition(model: Recommender, table: pd.DataFrame) -> None:
    keys = np.random.default_rng(5).random(model.training.matrix.nnz)
    pointers = model.training.matrix.indptr
    lengths = set()
    for person, row in zip(everybody(model), table.itertuples(), strict=True):
        lengths.add(len(person.own))
        drawn = dict(zip(person.own, keys[pointers[person.code] : pointers[person.code + 1]], strict=True))
        random = sorted(person.own, key=drawn.__getitem__)
        assert row.deletion == pytest.approx(person.curve(person.strongest, insert=False))
        assert row.deletion_random == pytest.approx(person.curve(random, insert=False))
        assert row.deletion_reversed == pytest.approx(person.curve(person.strongest[::-1], insert=False))
        assert row.insertion == pytest.approx(person.curve(person.strongest, insert=True))
        assert row.insertion_random == pytest.approx(person.curve(random, insert=True))
        left = [item for item in person.own if item not in person.positive[:3]]
        assert row.necessity == (not person.shown(left))
    assert min(lengths) < STEPS
    assert max(lengths) > STEPS
    assert (table["deletion"] < table["deletion_random"]).sum() > (table["deletion"] > table["deletion_random"]).sum()


def test_people_are_scored_in_blocks_that_change_nothing(
    model: Recommender, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "_CELLS", 7 * 51 * 30)  # seven people at a time
    pd.testing.assert_frame_equal(explanation_quality(model, people=100, k=K, seed=5).per_user, table)


def test_coverage_share_and_number_of_reasons_are_counted_by_hand(model: Recommender, table: pd.DataFrame) -> None:
    for person, row in zip(everybody(model), table.itertuples(), strict=True):
        assert row.item_id == model.training.items[person.title]
        weights = [person.phi[item] for item in person.positive]
        assert row.coverage == (len(weights) > 0)
        assert row.named_share == pytest.approx(sum(weights[:3]) / sum(weights))
        fewest = next(n for n in range(1, len(weights) + 1) if sum(weights[:n]) >= 0.8 * sum(weights) - 1e-12)
        assert row.reasons == fewest
        assert row.residual <= 1e-9


def test_the_counterfactual_is_the_smallest_of_all_subsets(model: Recommender, table: pd.DataFrame) -> None:
    """Every subset of up to three own titles is taken away and scored again; no arithmetic on contributions."""
    if model.name == "user-neighbours":
        assert table["counterfactual_size"].isna().all()
        return
    found = 0
    for person, row in zip(everybody(model), table.itertuples(), strict=True):
        sizes = (size for size in (1, 2, 3) if any(overtaken(person, each) for each in combinations(person.own, size)))
        smallest = next(sizes, None)
        found += smallest is not None
        assert row.counterfactual_size == smallest if smallest else not row.counterfactual_size <= 3
    assert found > 20


def overtaken(person: Person, gone: tuple[int, ...]) -> bool:
    return person.ranking([item for item in person.own if item not in gone])[0] != person.title


def test_stability_is_that_of_a_model_trained_without_the_person(model: Recommender, training: Training) -> None:
    removed = np.array([3, 17, 21])
    people = everybody(model)
    evidence = first_titles(model)
    told = stability(model, evidence, removed)
    expected = np.zeros((3, len(people)))
    for place, gone in enumerate(removed.tolist()):
        fresh = type(model)(**model.settings.model_dump()).fit(training.without_user(gone))
        for person in people:
            if person.code == gone:
                expected[place, gone] = np.nan
                continue
            name = training.users[person.code]
            one = fresh.profiles(np.array([fresh.training.users.code(name)]))
            parts = fresh.explain(one, person.title).parts
            after = [part.id for part in parts if part.kind == "item" and part.value > 0][:5]
            before = {training.items[item] for item in person.positive[:5]}
            expected[place, person.code] = len(before & set(after)) / len(before | set(after))
    np.testing.assert_allclose(told, np.nanmean(expected, axis=0), atol=1e-12)
    assert model.name == "content" or (told < 1).any()


def first_titles(model: Recommender) -> Evidence:
    people = everybody(model)
    phi = np.array([person.phi[item] for person in people for item in person.own])
    return Evidence(model.profiles(), np.array([person.title for person in people]), phi)


@pytest.mark.parametrize("people", [100, 25])
def test_the_table_holds_the_stability_of_a_drawn_sample(training: Training, people: int) -> None:
    model = create("linear", regularization=20.0).fit(training)
    told = explanation_quality(model, people=people, k=K, seed=2).per_user
    assert len(told) == min(people, 40)
    assert told.index.is_unique
    again = explanation_quality(model, people=people, k=K, seed=2).per_user
    pd.testing.assert_frame_equal(told, again)
    draws = np.random.default_rng(2)
    sample = np.sort(draws.choice(40, min(people, 40), replace=False))
    removed = draws.choice(40, 3, replace=False)
    assert told.index.tolist() == [training.users[code] for code in sample]
    expected = stability(model, first_titles(model), removed)[sample]
    np.testing.assert_allclose(told["stability"], expected, atol=1e-12)


# -- the update of the linear model ----------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.floats(0.5, 500), st.sampled_from([0.0, 0.25, 0.6]), st.integers(0, 39))
@settings(max_examples=40, deadline=None)
def test_the_update_equals_the_erased_model(seed: int, strength: float, dropout: float, user: int) -> None:
    model = Linear(regularization=strength, dropout=dropout).fit(small_training(seed, people=40, titles=25))
    rows, columns = np.divmod(np.arange(625), 25)
    ours = LinearWithout.of(model, user).at(rows, columns).reshape(25, 25)
    np.testing.assert_allclose(ours, model.erase(user).weights, atol=1e-9, rtol=0)
    strengths = strength + dropout / (1 - dropout) * np.diag(model.counts)
    inverse = np.linalg.inv(model.counts + np.diag(strengths))
    np.testing.assert_allclose(inverse_diagonal(model), np.diag(inverse), rtol=1e-9)


def test_the_largest_effect_is_that_of_one_title_alone(training: Training) -> None:
    model = create("item-neighbours", neighbours=10).fit(training)
    alone = Profiles(np.full(30, -1), sparse.csr_array(np.eye(30)))
    assert lipschitz(model) == pytest.approx(np.linalg.norm(model.scores(alone), axis=1).max())
    assert np.isnan(lipschitz(create("popularity").fit(training)))


# -- pieces ----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 60))
def test_parts_are_those_of_numpy(length: int) -> None:
    split = np.array_split(np.arange(length), min(STEPS, length))
    expected = [number for number, part in enumerate(split) for _ in part]
    assert part_of(np.arange(length), np.full(length, length)).tolist() == expected


def test_of_equal_scores_the_smaller_code_comes_first() -> None:
    scores = np.array([[1.0, 2.0, 1.0, -np.inf], [0.0, 0.0, 0.0, 0.0]])
    assert ranks(scores, np.array([2, 1])).tolist() == [3, 2]


# -- what is undefined -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["popularity", "random"])
def test_a_model_without_own_titles_as_reasons_says_so(training: Training, name: str) -> None:
    found = explanation_quality(create(name).fit(training), k=K)
    assert found.per_user["residual"].notna().all()
    assert found.per_user[[each for each in MEASURES if each != "residual"]].isna().all(axis=None)
    assert len(found.notes) == 1
    assert f"'{name}' no own title contributes to anybody's first title" in found.notes[0]


def test_a_model_that_does_not_add_up_has_no_smallest_set(training: Training) -> None:
    found = explanation_quality(create("user-neighbours", neighbours=10).fit(training), k=K)
    assert found.per_user["counterfactual_size"].isna().all()
    assert found.per_user["deletion"].notna().all()
    assert any("exact given neighbours" in note for note in found.notes)


def with_extremes(training: Training) -> Training:
    """The same with one person who chose nothing and one who chose everything."""
    users = Ids([*training.users.values, "v-nothing", "w-everything"])
    rows = sparse.vstack([training.matrix, sparse.csr_array((1, 30)), sparse.csr_array(np.ones((1, 30)))])
    names = Ids.ordered(np.array([*training.users.values, "v-nothing", "w-everything"], dtype=object))
    return replace(training, users=users, matrix=sparse.csr_array(rows.tocsr()[names.codes(users.values)]))


def test_people_with_no_choice_or_every_choice(training: Training) -> None:
    found = explanation_quality(create("linear", regularization=20.0).fit(with_extremes(training)), people=50, k=K)
    nothing, everything = found.per_user.loc["v-nothing"], found.per_user.loc["w-everything"]
    assert (nothing["residual"], nothing["coverage"]) == (0, 0)
    assert nothing[[name for name in MEASURES if name not in ("residual", "coverage")]].isna().all()
    assert everything.isna().all()
    assert "1 of 42 people have no title left to recommend." in found.notes
    assert "For 1 of 41 people no own title contributes to their first title." in found.notes


def test_a_history_that_says_nothing_is_no_evidence(training: Training) -> None:
    dense = training.matrix.toarray()
    dense[:, 4] = 0
    dense[12] = np.eye(30)[4]  # one title, which nobody else chose
    odd = replace(training, matrix=sparse.csr_array(dense))
    row = explanation_quality(create("item-neighbours", neighbours=10).fit(odd), k=K).per_user.iloc[12]
    assert (row["residual"], row["coverage"]) == (0, 0)
    assert row[[name for name in MEASURES if name not in ("residual", "coverage")]].isna().all()


def test_one_person_alone_has_no_stability(training: Training) -> None:
    lonely = replace(training, users=Ids(["u"]), matrix=sparse.csr_array(training.matrix[[7]]))
    found = explanation_quality(create("content").fit(lonely), k=K)
    assert found.per_user["coverage"].tolist() == [1]
    assert found.per_user["stability"].isna().all()
    assert any("nobody else is there" in note for note in found.notes)


def test_nobody_cannot_be_asked(training: Training) -> None:
    with pytest.raises(BadInput, match="number of people must be at least 1"):
        explanation_quality(create("popularity").fit(training), people=0)


def test_hits_are_looked_up_one_by_one(training: Training) -> None:
    model = create("linear", regularization=20.0).fit(training)
    first = {training.users[p.code]: training.items[p.title] for p in everybody(model)}
    truth = [("u1", first["u1"]), ("u1", "5"), ("u2", first["u1"]), ("u3", "no such title"), ("stranger", first["u4"])]
    truth[2:3] = [("u2", next(item for item in training.items.values if item != first["u2"]))]
    told = explanation_quality(model, people=50, k=K, outcomes=pd.DataFrame(truth, columns=["user_id", "item_id"]))
    assert told.per_user["hit"].dropna().to_dict() == {"u1": 1, "u2": 0, "u3": 0}


# -- an explainer that lies ------------------------------------------------------------------------------------------


class Liar(Linear):
    """The linear model, with the contributions of its titles dealt out anew."""

    name: ClassVar[str] = "linear"

    def contributions(self, one: Profiles, targets: np.ndarray) -> np.ndarray:
        told = super().contributions(one, targets)
        return told[np.random.default_rng(int(one.users[0])).permutation(len(told))]


def test_true_reasons_pass_the_deletion_test_and_false_ones_do_not() -> None:
    training, plan = small_training(1, people=200), ExplanationPlan.of({"k": K})
    honest, liar = (
        deletion_test(explanation_quality(kind(regularization=20.0).fit(training), k=K).per_user, plan)
        for kind in (Linear, Liar)
    )
    assert honest["passed"] is True
    assert honest["high"] < 0
    assert honest["p"] < 1e-6
    assert liar["passed"] is False
    assert liar["low"] < 0 < liar["high"]


def test_the_deletion_test_is_mcnemars(model: Recommender, table: pd.DataFrame) -> None:
    told = deletion_test(table, ExplanationPlan.of({"k": K}))
    gap = table["deletion"] - table["deletion_random"]
    assert (told["sooner"], told["later"], told["same"]) == (
        (gap < -1e-9).sum(),
        (gap > 1e-9).sum(),
        (abs(gap) < 1e-9).sum(),
    )
    decided, rarer = told["sooner"] + told["later"], min(told["sooner"], told["later"])
    exact = min(1.0, 2 * sum(comb(decided, n) for n in range(rarer + 1)) / 2**decided)
    assert told["p"] == pytest.approx(exact)
    assert told["difference"] == pytest.approx(gap.mean())
    assert told["low"] < told["difference"] < told["high"]


def test_reasons_that_matter_less_than_chance_do_not_pass() -> None:
    curves = {"deletion": [0.9] * 30, "deletion_random": [0.5] * 30}
    told = deletion_test(pd.DataFrame(curves), ExplanationPlan.of())
    assert (told["later"], told["passed"]) == (30, False)
    assert told["p"] < 1e-6
    assert told["difference"] == pytest.approx(0.4)


def test_without_any_curve_the_deletion_test_says_nothing() -> None:
    empty = pd.DataFrame({"deletion": [np.nan] * 4, "deletion_random": [np.nan] * 4})
    told = deletion_test(empty, ExplanationPlan.of())
    assert (told["n"], told["passed"]) == (0, None)
    assert np.isnan([told["difference"], told["low"], told["high"], told["p"]]).all()


# -- tables of many people -------------------------------------------------------------------------------------------


def test_means_and_outcomes_are_plain_means() -> None:
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"deletion": rng.random(90), "coverage": rng.integers(0, 2, 90).astype(float)})
    people.loc[:9, "deletion"] = np.nan
    people["hit"] = np.repeat([1.0, 0.0, np.nan], [40, 45, 5])
    plan = ExplanationPlan.of()
    means = overall(people, plan)
    assert means.loc["deletion", "n"] == 80
    assert means.loc["deletion", "value"] == pytest.approx(people["deletion"].mean())
    rows = by_outcome(people, plan)
    for name in ("deletion", "coverage"):
        hit, miss = people[name][people["hit"] == 1], people[name][people["hit"] == 0]
        row = rows.loc[name]
        assert (row["n_hit"], row["n_miss"]) == (hit.count(), miss.count())
        assert (row["hit"], row["miss"]) == (pytest.approx(hit.mean()), pytest.approx(miss.mean()))
        assert row["gap"] == pytest.approx(hit.mean() - miss.mean())
        assert row["hit_low"] < row["hit"] < row["hit_high"]
        assert row["gap_low"] < row["gap"] < row["gap_high"]
    few = by_outcome(people.iloc[31:], plan).loc["coverage"]  # 9 hits
    assert few["n_hit"] == 9
    assert few[["hit", "hit_low", "hit_high", "gap", "gap_low", "gap_high"]].isna().all()
    assert few["miss"] == pytest.approx(people["coverage"][people["hit"] == 0].mean())


@given(st.lists(st.integers(0, 8) | st.none(), min_size=1, max_size=60))
def test_thirds_keep_equals_together_and_end_where_a_third_of_people_is(values: list[int | None]) -> None:
    told = thirds(pd.Series(values, dtype=float), ("a", "b", "c"))
    known = sorted(value for value in values if value is not None)
    for value, group in zip(values, told, strict=True):
        if value is None:
            assert pd.isna(group)
            continue
        edges = [known[int((len(known) - 1) * share)] for share in (1 / 3, 2 / 3)]
        assert group == ("a" if value <= edges[0] else "b" if value <= edges[1] else "c")


def test_groups_nobody_has_to_supply(training: Training) -> None:
    world = with_extremes(training)
    told = measured_groups(world)
    histories = {
        name: np.flatnonzero(row) for name, row in zip(world.users.values, world.matrix.toarray(), strict=True)
    }
    chosen = (world.matrix.toarray() > 0).sum(axis=0)
    taste = {name: chosen[own].sum() / len(own) for name, own in histories.items() if len(own)}
    length = {name: len(own) for name, own in histories.items()}
    assert told[ACTIVITY].to_dict() == thirds_of(length, ("newcomers", "middle", "most active"))
    assert told[TASTE].dropna().to_dict() == thirds_of(taste, ("niche", "diverse", "blockbuster"))
    assert told[TASTE].index[told[TASTE].isna()].tolist() == ["v-nothing"]
    assert told[TASTE].value_counts().min() > 10


def thirds_of(values: dict[str, float], names: tuple[str, str, str]) -> dict[str, str]:
    ordered = sorted(values.values())
    first, second = (ordered[int((len(ordered) - 1) * share)] for share in (1 / 3, 2 / 3))
    return {who: names[0] if x <= first else names[1] if x <= second else names[2] for who, x in values.items()}


def test_every_measure_is_registered_in_words(table: pd.DataFrame) -> None:
    assert set(MEASURES) | {"lipschitz"} == set(EXPLANATIONS)
    assert set(CURVES) < set(MEASURES)
    for name in MEASURES:
        metric = EXPLANATIONS[name]
        assert metric.name == name
        assert all((metric.title, metric.meaning, metric.formula, metric.denominator, metric.convention, metric.omits))
        values = table[name].dropna()
        assert values.between(metric.low, metric.high).all()


def test_a_plan_of_explanations_knows_their_measures_only() -> None:
    with pytest.raises(BadInput, match="no metric 'ndcg' of users"):
        ExplanationPlan.of({"metrics": ["ndcg"]})
    with pytest.raises(BadInput, match="does not run from 0 to 1"):
        ExplanationPlan.of({"own_materiality": {}})


# -- the use case and its door ---------------------------------------------------------------------------------------


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


def test_the_document_says_how_true_and_for_whom(state: Path) -> None:
    with opened(state) as workspace:
        linear = doors.model_named("linear", state)
        told = assess_explanations(workspace, linear, people=150, seed=1)
        judged = twin(workspace, linear)
        entry, *_ = workspace.log.entries(kind=Kind.AUDIT, newest_first=True)
        reads = workspace.log.entries(kind=Kind.SENSITIVE_READ)
    text = json.dumps(told, allow_nan=False)
    assert not any(f'"{name}"' in text for name in judged.model.training.users.values)
    assert (told["model_id"], told["people"], told["k"], told["seed"]) == (linear, 150, 10, 1)
    assert entry.detail["what"] == "explanations"
    assert any("gender" in read.detail.values() for read in reads), (
        "sensitive attributes come through their logged door"
    )
    table = explanation_quality(judged.model, people=150, seed=1, outcomes=judged.outcomes).per_user
    means = {row["metric"]: row for row in told["overall"]}
    assert set(means) == set(EXPLANATIONS)
    for name in MEASURES:
        assert means[name]["value"] == pytest.approx(table[name].mean())
        assert means[name]["low"] <= means[name]["value"] <= means[name]["high"]
        assert means[name]["meaning"] == EXPLANATIONS[name].meaning
    assert told["deletion_test"]["passed"]
    check_groups(told, table, measured_groups(judged.model.training)[ACTIVITY])
    assert {row["metric"] for row in told["by_outcome"]} == set(MEASURES)


def check_groups(told: dict[str, Any], table: pd.DataFrame, activity: pd.Series) -> None:
    rows = pd.DataFrame(told["groups"])
    assert {ACTIVITY, TASTE, "gender", "region"} <= set(rows["attribute"])
    assert set(rows["state"]) <= {"flag", "no flag", "too few to say"}
    few = rows["n"] < 10
    assert few.any()
    assert rows.loc[few, ["value", "low", "high", "gap", "p"]].isna().all(axis=None)
    assert (rows.loc[few, "state"] == "too few to say").all()
    assert told["family_size"] == (rows[rows["family"] == "confirmatory"]["p_adjusted"].notna()).sum() - mirrors(rows)
    mine = rows[(rows["attribute"] == ACTIVITY) & (rows["metric"] == "named_share")].set_index("group")
    for name, values in table["named_share"].groupby(activity.reindex(table.index)):
        assert mine.loc[name, "n"] == values.count()
        assert mine.loc[name, "value"] == pytest.approx(values.mean())


def mirrors(rows: pd.DataFrame) -> int:
    """Second rows of attributes with two known groups: the same comparison seen from the other side."""
    tested = rows[(rows["family"] == "confirmatory") & rows["p_adjusted"].notna() & (rows["group"] != "unknown")]
    known = rows[rows["group"] != "unknown"].groupby("attribute")["group"].nunique()
    sizes = tested.groupby(["attribute", "metric"]).size()
    return sum(1 for (attribute, _), size in sizes.items() if known[attribute] == 2 and size == 2)


def test_a_list_that_is_the_same_for_all_has_nothing_to_compare(state: Path) -> None:
    with opened(state) as workspace:
        told = assess_explanations(workspace, doors.model_named("popularity", state), people=60)
    assert (told["groups"], told["family_size"], told["deletion_test"]["passed"]) == ([], 0, None)
    assert {row["metric"] for row in told["overall"] if row["n"]} == {"residual"}
    assert any("no own title contributes" in note for note in told["notes"])
    assert in_short(told)["groups"] == []


@pytest.mark.parametrize(("setting", "told"), [({"people": 0}, "people"), ({"k": 0}, "'k'"), ({"seed": -1}, "'seed'")])
def test_a_refusal_is_a_sentence_and_is_not_recorded(state: Path, setting: dict[str, int], told: str) -> None:
    with opened(state) as workspace:
        before = workspace.log.head()
        with pytest.raises(BadInput, match=told):
            assess_explanations(workspace, doors.model_named("linear", state), **setting)
        assert workspace.log.head() == before


def test_the_command_prints_one_document(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.cli import main

    linear = doors.model_named("linear", state)
    words = ["sightglass", "explanation-quality", "--model", linear, "--people", "40", "--seed", "3", "-k", "5"]
    for more in (["--json"], []):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        out = capsys.readouterr().out
        if more:
            document = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
            assert (document["people"], document["k"], document["seed"]) == (40, 5, 3)
        else:
            assert "Deletion, strongest first" in out


# -- published numbers -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def movielens(ml100k_folder: Path) -> tuple[Recommender, pd.DataFrame, float]:
    training, test = published_split(ml100k_folder)
    model = create("linear", regularization=458.0).fit(training)
    found = explanation_quality(model, people=1000, outcomes=test)
    return model, found.per_user, found.lipschitz


def test_movielens_counterfactuals_have_the_published_size(movielens: tuple[Recommender, pd.DataFrame, float]) -> None:
    sizes = movielens[1]["counterfactual_size"]
    assert sizes.notna().all()
    assert sizes.mean() == pytest.approx(2.10, abs=0.005)
    assert (sizes == 1).mean() == pytest.approx(0.51, abs=0.005)
    assert (sizes.median(), sizes.quantile(0.95)) == (1, 5)


def test_movielens_reasons_are_true_spread_and_steady(movielens: tuple[Recommender, pd.DataFrame, float]) -> None:
    _, table, largest = movielens
    assert len(table) == 943
    assert table["residual"].max() <= 1e-9
    assert table["named_share"].mean() == pytest.approx(0.25, abs=0.005)  # methods 2.2: the top three carry 25 %
    assert table["coverage"].min() == 1
    told = deletion_test(table, ExplanationPlan.of())
    assert told["passed"]
    assert told["high"] < -0.6
    order = table[["deletion", "deletion_random", "deletion_reversed"]].mean()
    assert order.is_monotonic_increasing
    assert table["stability"].mean() > 0.97
    assert largest == pytest.approx(np.linalg.norm(movielens[0].weights, axis=1).max())


def test_movielens_update_equals_the_erased_model(movielens: tuple[Recommender, pd.DataFrame, float]) -> None:
    model = movielens[0]
    busiest = int(np.argmax(np.diff(model.training.matrix.indptr)))
    size = len(model.weights)
    rows, columns = np.divmod(np.arange(size * size), size)
    ours = LinearWithout.of(model, busiest).at(rows, columns).reshape(size, size)
    assert np.abs(ours - model.erase(busiest).weights).max() < 1e-9
    assert np.abs(ours - model.weights).max() > 1e-4
