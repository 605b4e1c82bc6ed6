"""The yardstick: tiny constructed inputs on which a widely used monitoring library is wrong, and the right answers."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from audit.measures.quality import evaluate
from audit.plan import Plan
from audit.run import AuditTables, run_audit
from audit.yardstick import same
from audit.yardstick_cases import cases, yardstick
from data.columns import Kind

TEN = [str(n) for n in range(130, 140)]


def lists(rows: dict[str, list[str]]) -> pd.DataFrame:
    table = [(user, item, rank) for user, items in rows.items() for rank, item in enumerate(items, 1)]
    return pd.DataFrame(table, columns=["user_id", "item_id", "rank"])


def pairs(rows: dict[str, list[str]]) -> pd.DataFrame:
    return lists(rows)[["user_id", "item_id"]]


def catalogue(kinds: list[str], ids: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"kind": kinds}, index=pd.Index(ids or TEN, name="item_id"))


def audit(recommendations, outcomes, train, items, k=10):
    tables = AuditTables(recommendations, outcomes, train, items, {"kind": Kind.CATEGORY})
    return run_audit(tables, Plan.of({"k": k, "draws": 100}))


@pytest.mark.parametrize("k", [5, 10])
def test_ten_mutually_orthogonal_items_have_diversity_1_at_every_k(k: int):
    result = audit(lists({"u": TEN}), pairs({"u": TEN}), pairs({"u": TEN}), catalogue(list("abcdefghij")), k)
    assert result.per_user.loc["u", "diversity"] == 1.0


def test_ten_hits_identical_to_the_history_have_serendipity_0():
    old = [str(n) for n in range(10)]
    items = catalogue(["same"] * 20, [*TEN, *old])
    result = audit(lists({"u": TEN}), pairs({"u": TEN}), pairs({"u": old}), items)
    assert result.per_user.loc["u", "serendipity"] == pytest.approx(0, abs=1e-12)


def test_gini_counts_the_half_of_the_catalogue_that_is_never_shown():
    never = [str(n) for n in range(10)]
    result = audit(
        lists({"u": TEN, "v": TEN}), pairs({"u": TEN}), pairs({"u": TEN}), catalogue(["x"] * 20, [*TEN, *never])
    )
    assert result.lists.gini == pytest.approx(0.53, abs=0.005)
    assert result.lists.gini == pytest.approx(10 / 19)


def test_coverage_at_3_is_the_same_for_the_same_data():
    rows = lists({"u": TEN, "v": TEN[::-1]})
    a, b = (
        audit(frame, pairs({"u": TEN}), pairs({"u": TEN}), catalogue(["x"] * 10), 3) for frame in (rows, rows.copy())
    )
    assert a.lists.coverage == b.lists.coverage == 0.6


def test_recall_is_one_half_when_the_list_holds_5_of_10_held_out_items():
    result = evaluate(lists({"u": TEN[:5], "v": TEN[5:]}), pairs({"u": TEN, "v": TEN}), 10)
    assert result.per_user["recall"].tolist() == [0.5, 0.5]
    assert (result.per_user["ndcg"] < 1).all()


def test_hit_rate_is_one_quarter_when_3_of_12_users_are_hit():
    users = [f"u{n}" for n in range(12)]
    shown = {user: ["130"] if n < 3 else ["131"] for n, user in enumerate(users)}
    result = evaluate(lists(shown), pairs({user: ["130"] for user in users}), 10)
    assert result.per_user["hit_rate"].mean() == 0.25
    assert len(result.per_user) == 12


@pytest.mark.parametrize("as_given", [str, int])
def test_item_ids_that_are_digits_work_as_text_and_as_numbers(as_given):
    rows, truth = lists({"u": TEN}), pairs({"u": TEN})
    for frame in (rows, truth):
        frame["item_id"] = frame["item_id"].map(as_given)
    result = audit(rows, truth, truth, catalogue(list("abcdefghij")))
    assert result.per_user.loc["u", ["diversity", "recall"]].tolist() == [1.0, 1.0]


def test_ranks_are_1_to_10_and_the_first_counts_in_full():
    result = evaluate(lists({"u": TEN}), pairs({"u": ["130"], "v": ["130"]}), 10)
    assert result.per_user.loc["u", "ndcg"] == 1.0
    last = evaluate(lists({"u": TEN}), pairs({"u": ["139"]}), 10)
    assert last.per_user.loc["u", "ndcg"] == pytest.approx(1 / math.log2(11))


def test_serendipity_of_3000_users_and_4000_items_takes_seconds_not_a_minute():
    import time

    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(3000), 10)
    rows = pd.DataFrame(
        {"user_id": users, "item_id": rng.integers(0, 4000, 30_000), "rank": np.tile(np.arange(1, 11), 3000)}
    )
    train = pd.DataFrame({"user_id": np.repeat(np.arange(3000), 40), "item_id": rng.integers(0, 4000, 120_000)})
    items = catalogue(list(rng.choice(list("abcdefgh"), 4000)), [str(n) for n in range(4000)])
    start = time.perf_counter()
    result = audit(rows, rows, train, items)
    assert time.perf_counter() - start < 10
    assert result.per_user["serendipity"].between(0, 1).all()


# -- the page and the command ----------------------------------------------------------------------------------------


def test_every_golden_value_and_every_case_holds() -> None:
    checks = yardstick()
    assert [check for check in checks if not check.ok] == []
    assert len(checks) >= 75
    assert len({(check.part, check.name) for check in checks}) == len(checks)
    assert all(check.source for check in checks)


@pytest.mark.parametrize(
    "wanted",
    [
        *(
            "3.341242",
            ".135380",
            "-.170403",
            ".025140",
            ".194049",
            "-.287682",
            ".0078125",
            "1.203125",
            "2.390625",
            ".132812",
        ),
        *("000000111112", "000111223334", "011223345566", ".146887188699111", ".078125", ".10515247355215251"),
        *("0.82", "0.58", "0.78", "0.97", "0.65", "0.75", "3.91", "0.0000034", "0.390", "0.795", "0.53"),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ],
)
def test_the_values_that_were_agreed_on_are_among_them(wanted: str) -> None:
    assert wanted in {check.expected for check in yardstick()}


@pytest.mark.parametrize(
    "says",
    ["4.5", "-9.0", "0.0 ", "0.15 against 0.50", "1.0 ", "KeyError", "ImportError", "0.11517506930977106", "rank 11"],
)
def test_what_a_known_library_says_stands_beside_ours(says: str) -> None:
    told = [check.library for check in cases()]
    assert any(library.startswith(says) for library in told)


@pytest.mark.parametrize(
    ("value", "printed", "held"),
    [
        (0.1353795, ".135380", True), (0.135379, ".135380", False), (-0.1747944, "-.174794", True), (2.0, "2", True),
        (2.51, "2", False), (float("nan"), "1.0", False),
    ],
)  # fmt: skip
def test_a_value_holds_to_its_last_printed_digit(value: float, printed: str, held: bool) -> None:
    assert same(value, printed) is held


def test_the_command_prints_them_and_fails_when_one_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from app.cli import cli
    from audit.measures import weights

    told = CliRunner().invoke(cli, ["yardstick", "--json"])
    document = json.loads(told.stdout)
    assert (told.exit_code, document["ok"], document["held"]) == (0, True, document["of"])
    monkeypatch.setitem(weights.BROWSING, "rbp", lambda ranks: 0.8 ** (ranks - 1))
    told = CliRunner().invoke(cli, ["yardstick", "--json"])
    document = json.loads(told.stdout)
    assert (told.exit_code, document["ok"]) == (1, False)
    assert "rbp" in document["checks"][0]["name"]  # what fails comes first
