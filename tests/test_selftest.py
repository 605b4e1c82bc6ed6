"""The self-test of explanations: it holds, it can fail, it is kept, and the server starts it apart and ends it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from app import server
from app.cli import main
from app.use_cases import self_testing
from app.use_cases.self_testing import is_due, last_self_test, self_test, self_test_apart, start_apart
from app.workspace import opened
from models.base import Recommender
from models.counted.linear import Linear
from models.explanation import Part
from models.histories import Profiles
from models.popularity import Popularity
from models.why import selftest
from models.why.selftest import largest, residual_check
from models.why.selftest import self_test as checks_of
from models.why.shapley import closed_form, enumerated, linear_explainer
from models.why.world import World
from tests import doors
from tests.worlds import small_training

KINDS = (
    "linear: closed form",
    "linear: shown reasons",
    "content: closed form",
    "content: shown reasons",
    "warning holds: LinearExplainer",
    "warning holds: KernelExplainer",
    "KernelExplainer without",
    "hybrid, logistic",
    "hybrid, trees",
    "warning holds: TreeExplainer",
    "linear: parts are Shapley",
    "item-neighbours: parts are Shapley",
)


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


# -- the arithmetic ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_every_check_holds_on_any_seed(seed: int) -> None:
    told = checks_of(seed)
    assert [check.name for check in told if not check.ok] == []
    assert len(told) == len(KINDS)
    assert all(any(check.name.startswith(kind) for check in told) for kind in KINDS)


def test_the_closed_form_is_the_mean_over_orders_and_background() -> None:
    """Shapley's definition, each feature outside the set taken from a background row, by hand for three features."""
    rng = np.random.default_rng(0)
    weights, row, background = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(7, 3))

    def value(inside: Sequence[int]) -> float:
        mixed = background.copy()
        mixed[:, list(inside)] = row[list(inside)]
        return float((mixed @ weights).mean())

    for feature in range(3):
        others = [one for one in range(3) if one != feature]
        expected = sum(
            factorial(size) * factorial(2 - size) / factorial(3) * (value([*chosen, feature]) - value(chosen))
            for size in range(3)
            for chosen in combinations(others, size)
        )
        assert closed_form(weights, row, background)[feature] == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(
        linear_explainer(weights, row, background), closed_form(weights, row, background), atol=1e-12
    )


class Squared(Popularity):
    """Score of every item: the square of the number of own items, plus 5 when the first item is among them."""

    def _scores(self, profiles: Profiles) -> np.ndarray:
        dense = profiles.matrix.toarray() > 0
        return (dense.sum(axis=1)[:, None] ** 2.0 + 5.0 * dense[:, [0]]) * np.ones(dense.shape)


def test_the_definition_gives_the_values_of_a_game_worked_out_by_hand() -> None:
    """n² is shared alike, n each; the 5 belong to the first item alone (symmetry and dummy)."""
    model = Squared().fit(small_training())
    history = np.zeros((1, 40))
    history[0, [0, 3, 9, 30]] = 2.0
    found = enumerated(model, Profiles(np.array([-1]), sparse.csr_array(history)), 7)
    np.testing.assert_allclose(found, [9.0, 4.0, 4.0, 4.0], atol=1e-12)


def test_the_world_has_what_the_checks_need() -> None:
    world = World(0)
    lengths = np.diff(world.training.matrix.indptr)
    assert lengths[0] == 8
    assert lengths.max() > 10  # more reasons than the ten that SHAP keeps
    assert len(world.training.users) > 100  # more people than the hundred that SHAP samples
    weights = [np.abs(world.linear.weights[:, item]).max() for _, item in world.pairs(world.linear)]
    assert len(weights) == 10
    assert min(weights) > 0.01  # an agreement of zeros would say nothing


# -- it can fail ---------------------------------------------------------------------------------------------------


class Wrong(Linear):
    """A model that explains with weights other than those it scores with."""

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        base, parts, extra = super()._attribute(one, item)
        return base + 1e-8, parts, extra


class Lost(Linear):
    """A model whose explanation is not a number."""

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        return float("nan"), super()._attribute(one, item)[1], {}


@pytest.mark.parametrize("kind", [Wrong, Lost])
def test_parts_that_do_not_add_up_are_caught(kind: type[Recommender]) -> None:
    assert residual_check(Linear(regularization=20).fit(small_training())).ok
    assert not residual_check(kind(regularization=20).fit(small_training())).ok


def test_nothing_compared_is_nothing_held() -> None:
    assert np.isnan(largest([]))
    assert np.isnan(largest([0.0, float("nan")]))
    full = small_training()
    everything = sparse.csr_array(np.ones(full.matrix.shape))
    model = Linear(regularization=20).fit(
        type(full)(full.users, full.items, everything, full.content, full.kinds, False)
    )
    assert not residual_check(model).ok  # nobody has a title that they did not choose


def test_a_check_that_cannot_be_run_has_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(world: World) -> Any:
        raise TypeError("LinearExplainer() got an unexpected keyword argument")

    refused.__name__ = "_linear"
    monkeypatch.setattr(selftest, "_linear", refused)
    told = checks_of()
    assert [check.name for check in told if not check.ok] == ["linear"]
    assert "unexpected keyword" in told[0].figure
    assert len(told) == len(KINDS) - 1


def test_reasons_from_other_weights_are_caught_by_shap_and_by_the_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(0)
    monkeypatch.setitem(world.__dict__, "linear", Shifted(regularization=20).fit(world.training))
    broken = [
        check.name for group in (selftest._linear, selftest._definition) for check in group(world) if not check.ok
    ]
    assert broken == [
        "linear: shown reasons are SHAP's values, empty history",
        "linear: parts are Shapley values by the definition",
    ]


class Shifted(Linear):
    """The two strongest reasons change places: the parts still add up."""

    def _attribute(self, one: Profiles, item: int) -> tuple[float, Sequence[Part], dict[str, Any]]:
        base, parts, extra = super()._attribute(one, item)
        first, second, *others = parts
        return base, [first._replace(value=second.value), second._replace(value=first.value), *others], extra


# -- kept, and due again -------------------------------------------------------------------------------------------


def test_the_result_is_kept_and_due_again_after_a_day_or_with_other_versions(state: Path) -> None:
    with opened(state) as workspace:
        assert last_self_test(workspace) is None
        assert is_due(workspace)
        told = self_test(workspace)
        assert told["ok"]
        assert last_self_test(workspace) == told
        assert {row.get("model_id") for row in told["checks"]} == {None, *workspace.shelf.ids()}
        assert not is_due(workspace)
        file = state / "self-test.json"
        yesterday = (datetime.now(UTC) - timedelta(days=1, seconds=1)).isoformat(timespec="seconds")
        file.write_text(json.dumps({**told, "at": yesterday}))
        assert is_due(workspace)
        file.write_text(json.dumps({**told, "versions": {**told["versions"], "shap": "0.1"}}))
        assert is_due(workspace)
        for broken in ("", "[]", '{"ok": true}', '{"ok": tr'):
            file.write_text(broken)
            assert last_self_test(workspace) is None
            assert is_due(workspace)


def test_a_stored_model_whose_files_changed_is_a_check_that_does_not_hold(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model_id = doors.model_named("linear", state)
    assert run_command(monkeypatch, capsys, "--model", model_id)[0] == 0
    file = next((state / "models" / model_id).glob("weights-*.npy"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    code, told = run_command(monkeypatch, capsys, "--model", model_id)
    assert code == 1
    assert not told["ok"]
    bad = [row for row in told["checks"] if not row["ok"]]
    assert [row["model_id"] for row in bad] == [model_id]
    assert bad[0]["figure"]


def run_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    monkeypatch.setattr(sys, "argv", ["sightglass", "self-test", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


# -- apart from the server -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="this system has no niceness")
def test_it_runs_in_a_process_of_the_lowest_priority(state: Path) -> None:
    with opened(state) as workspace:
        process = start_apart(workspace)
        lowest = 0
        while process.poll() is None:
            lowest = max(lowest, os.getpriority(os.PRIO_PROCESS, process.pid))
            time.sleep(0.05)
        assert (process.returncode, lowest) == (0, 19)
        told = last_self_test(workspace)
        assert told is not None
        assert told["ok"]


def test_waiting_for_it_gives_what_it_kept(state: Path) -> None:
    model_id = doors.model_named("popularity", state)
    with opened(state) as workspace:
        told = self_test_apart(workspace, model_id)
        assert told == last_self_test(workspace)
        assert [row["model_id"] for row in told["checks"] if "model_id" in row] == [model_id]


def started_by_the_server(monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[subprocess.Popen[bytes]]:
    """The processes that the server's task starts in so many seconds; it is ended as the server's end ends it."""
    started: list[subprocess.Popen[bytes]] = []
    real = self_testing.start_apart

    def noted(*given: Any) -> subprocess.Popen[bytes]:
        started.append(real(*given))
        return started[-1]

    monkeypatch.setattr(self_testing, "start_apart", noted)
    monkeypatch.setattr(server, "_QUIET", 0.0)

    async def life() -> None:
        task = asyncio.create_task(server._self_test())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(life())
    return started


def test_the_server_starts_it_and_ends_it_with_itself(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = started_by_the_server(monkeypatch, 0.5)
    assert len(started) == 1
    assert started[0].returncode not in (None, 0)  # killed, and waited for
    assert not (state / "self-test.json").exists()


def test_the_server_leaves_a_fresh_result_alone(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(state) as workspace:
        self_test(workspace)
    assert started_by_the_server(monkeypatch, 0.3) == []
