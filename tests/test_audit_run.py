"""A whole audit: what it counts, says, flags and exports."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from audit.measures.exposure import ListStatistics
from audit.measures.metrics import METRICS
from audit.plan import Plan
from audit.run import Audit, AuditTables, run_audit
from audit.split_audit import split_audit
from data.columns import Kind
from data.errors import BadInput
from tests.audit_world import World, worlds


def tables(n: int = 400, gap: float = 0.0, seed: int = 0) -> AuditTables:
    """Users whose five held-out items are listed with chance .6, for group f lower by `gap`; 'starved' is shown less."""
    rng = np.random.default_rng(seed)
    users = np.arange(n)
    group = np.where(users % 2, "f", "m")
    items = pd.DataFrame(
        {"provider": np.where(np.arange(100) < 50, "fed", "starved"), "genres": rng.choice(["a|b", "b", "c"], 100)},
        index=pd.Index(np.arange(100), name="item_id"),
    )
    truth = np.stack([rng.permutation(50)[:5] for _ in users])
    hit = rng.random((n, 5)) < (0.6 - gap * (group == "f"))[:, None]
    shown = np.where(hit, truth, 50 + np.arange(5))
    outcomes = pd.DataFrame({"user_id": np.repeat(users, 5), "item_id": truth.ravel()})
    lists = pd.DataFrame(
        {"user_id": np.repeat(users, 5), "item_id": shown.ravel(), "rank": np.tile(np.arange(1, 6), n)}
    )
    train = pd.DataFrame({"user_id": np.repeat(users, 4), "item_id": rng.integers(0, 100, 4 * n)})
    kinds = {"provider": Kind.CATEGORY, "genres": Kind.MULTI}
    return AuditTables(lists, outcomes, train, items, kinds, {"gender": pd.Series(group, index=users)})


def plan(**settings: object) -> Plan:
    return Plan.of({"k": 5, "draws": 300, "exploratory": ["recall"], **settings})


@pytest.fixture(scope="module")
def audit() -> Audit:
    return run_audit(tables(gap=0.3), plan(), label="planted")


def test_a_planted_gap_is_flagged_with_an_interval_that_covers_it(audit: Audit):
    rows = audit.groups.rows.set_index(["group", "metric"])
    recall = rows.loc[("f", "recall")]  # recall is hits / 5, so its true gap is the planted one
    assert recall["gap_low"] <= -0.3 <= recall["gap_high"]
    assert (recall["state"], rows.loc[("f", "ndcg"), "state"]) == ("flag", "flag")
    assert audit.exit_code == 1


def test_exit_codes_without_a_gap():
    assert run_audit(tables(40), plan()).exit_code == 2  # forty people cannot rule out .02
    assert run_audit(tables(400), plan(materiality=0.2)).exit_code == 0
    assert run_audit(replace(tables(40), groups={}), plan()).exit_code == 2


def test_exploratory_flags_do_not_decide():
    judged = run_audit(tables(gap=0.3), plan(metrics=["diversity"], exploratory=["ndcg"], materiality=0.2))
    rows = judged.groups.rows
    assert (rows.loc[rows["metric"] == "ndcg", "state"] == "flag").all()
    assert judged.exit_code != 1


def test_a_provider_under_the_planned_floor_is_flagged():
    without = run_audit(tables(), plan(materiality=0.2))
    assert without.providers["state"].isna().all()
    floored = run_audit(tables(), plan(materiality=0.2, exposure_floor=0.9))
    rows = floored.providers.set_index("provider")
    assert (rows.loc["starved", "state"], rows.loc["fed", "state"]) == ("flag", "no flag")
    assert rows.loc["starved", "exposure_low"] < rows.loc["starved", "exposure_share"] < 0.45
    assert rows.loc["fed", "p"] == 1
    assert floored.exit_code == 1
    np.testing.assert_allclose(rows[["exposure_share", "catalogue_share", "merit_share"]].sum(), 1)


def test_the_document_is_json_with_null_for_undefined(audit: Audit):
    document = audit.document()
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again == document
    assert {"groups", "providers", "overall", "plan_hash", "label", "exit_code", "notes"} <= set(document)
    assert document["overall"]["gini"]["low"] is None
    wanted = {"attribute", "group", "metric", "n", "value", "low", "high", "gap", "p", "p_adjusted", "state"}
    assert all(wanted <= set(row) for row in document["groups"])
    assert document["overall"]["ndcg"] | {"n": 400, "undefined": 0, "label": "ndcg@5"} == document["overall"]["ndcg"]


def test_every_number_is_registered_in_words(audit: Audit):
    shares = {name for name in audit.providers if name.endswith(("_share", "_ratio"))}
    counted = {field.name for field in fields(ListStatistics)} - {"n_lists", "n_items"}
    split = set(split_audit(tables().train, tables().outcomes))
    computed = {*audit.per_user, *audit.overall.index, *shares, *counted, *split}
    assert computed == set(METRICS)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert all((metric.title, metric.meaning, metric.formula, metric.denominator, metric.omits))
        assert metric.low < metric.high
        text = f"{metric.title} {metric.meaning} {metric.convention} {metric.omits}".lower()
        assert not any(word in text for word in ("unbiased", "compliant", "debias", " fair "))


@given(worlds())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_small_world_is_audited_within_the_registered_ranges(world: World):
    given_tables = AuditTables(world.recommendations, world.outcomes, world.train, world.items, world.kinds)
    result = run_audit(given_tables, Plan.of({"k": world.k, "draws": 100}))
    for name, row in result.overall.iterrows():
        assert not row["value"] < METRICS[name].low - 1e-9
        assert not row["value"] > METRICS[name].high + 1e-9
    json.dumps(result.document(), allow_nan=False)


def test_oddities_are_counted_and_said():
    lists = pd.DataFrame(
        [("a", "1", 1), ("a", "1", 2), ("a", "9", 4), ("a", "2", 7), ("b", "2", 1), ("b", "3", 2), ("b", "1", 3)],
        columns=["user_id", "item_id", "rank"],
    )
    outcomes = pd.DataFrame([("a", "2"), ("c", "1")], columns=["user_id", "item_id"])
    train = pd.DataFrame([("b", "3"), ("d", "1"), ("c", "1")], columns=["user_id", "item_id"])
    items = pd.DataFrame(index=["1", "2", "3"])
    result = run_audit(AuditTables(lists, outcomes, train, items, n_users_total=6), Plan.of({"k": 4, "draws": 100}))
    assert asdict(result.sanity) == {
        "short_lists": 2,
        "repeated_items": 1,
        "skipped_ranks": 1,
        "beyond_k": 1,
        "unknown_items": 1,
        "already_seen": 1,
        "outcomes_seen": 1,
        "truth_without_list": 1,
        "list_without_truth": 1,
        "users_without_both": 3,
    }
    assert len([note for note in result.notes if note[0].isdigit()]) == 10 + 1  # and the sentence on the family
    assert "1 users have held-out choices and no list; they count as 0 hits." in result.notes


def test_missing_groups_are_counted_as_unknown():
    base = tables(60)
    known = replace(base, groups={"gender": base.groups["gender"].iloc[:40]})
    rows = run_audit(known, plan()).groups.rows
    ndcg = rows[rows["metric"] == "ndcg"].set_index("group")["n"]
    assert ndcg.to_dict() == {"f": 20, "m": 20, "unknown": 20}


def test_the_same_input_gives_the_same_document(audit: Audit):
    shuffled = tables(gap=0.3)
    shuffled = replace(shuffled, recommendations=shuffled.recommendations.sample(frac=1, random_state=1))
    assert run_audit(shuffled, plan(), label="planted").document() == audit.document()


def test_the_hash_of_a_plan_follows_its_settings(tmp_path):
    assert Plan.of().hash == Plan.of({"k": 10}).hash
    own = {"novelty": 0.5, "list_length": 1}
    turned = dict(reversed(own.items()))
    assert Plan.of({"own_materiality": own}).hash == Plan.of({"own_materiality": turned}).hash
    assert len({Plan.of(each).hash for each in ({}, {"k": 9}, {"alpha": 0.01}, {"seed": 1})}) == 4
    (tmp_path / "plan.toml").write_text('k = 9\nmetrics = ["recall"]\nexploratory = []\n')
    (tmp_path / "plan.json").write_text('{"k": 9, "metrics": ["recall"], "exploratory": []}')
    assert Plan.load(tmp_path / "plan.toml").hash == Plan.load(tmp_path / "plan.json").hash


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"k": 0}, "the setting 'k' must be a whole number from 1 to 1000 .given: '0'"),
        ({"depth": 3}, "the plan has no setting 'depth'; settings are k, metrics"),
        ({"metrics": ["accuracy"]}, "there is no metric 'accuracy' of users; known: precision, recall"),
        ({"metrics": ["coverage"]}, "there is no metric 'coverage' of users"),
        ({"metrics": []}, "at least one metric must be confirmatory"),
        ({"metrics": ["recall"]}, "'recall' is confirmatory already"),
        ({"metrics": ["novelty"]}, "'novelty' does not run from 0 to 1; say which gap in it matters"),
        ({"browsing": "eyes"}, "there is no model 'eyes'; known: log"),
        ({"alpha": 1}, "the setting 'alpha' must be a number above 0 and below 1 .given: '1'"),
    ],
)
def test_a_bad_plan_is_refused_with_a_sentence(settings: dict[str, object], says: str):
    with pytest.raises(BadInput, match=says):
        Plan.of(settings)


def test_a_plan_file_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text("k = ")
    with pytest.raises(BadInput, match=r"bad\.toml: it is not well formed"):
        Plan.load(tmp_path / "bad.toml")
    with pytest.raises(BadInput, match=r"none\.toml: it cannot be read"):
        Plan.load(tmp_path / "none.toml")
    (tmp_path / "k.json").write_text('{"k": "many"}')
    with pytest.raises(BadInput, match=r"k\.json: the setting 'k' .*given: 'many'"):
        Plan.load(tmp_path / "k.json")


def test_own_materiality_admits_metrics_without_a_natural_scale():
    assert Plan.of({"metrics": ["novelty"], "own_materiality": {"novelty": 0.5}}).threshold("novelty") == 0.5
