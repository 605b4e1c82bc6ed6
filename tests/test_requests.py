"""The register of rights: each request has a date by which it is due, goes one way, and is counted as what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.use_cases.judging import audited
from app.use_cases.objecting import object_to_profiling, restrict
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.remodelling import training_of
from app.use_cases.requesting import begun, ended, requests, set_deadline
from app.use_cases.training import train
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.events import Kind
from data.keep.requests import Right, Stage
from tests.doors import copy_of_small_world

WHO, NOW = "u0007", datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("register") / "state"
        patch.setenv("SIGHTGLASS_HOME", str(home))
        patch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
        copy_of_small_world(tmp_path_factory.getbasetemp(), home)
        opened = Workspace.open()
        yield opened
        opened.database.close()


asked = st.tuples(st.sampled_from(list(Right)), st.integers(0, 100), st.none() | st.integers(0, 100))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(asked, max_size=6), st.booleans())
def test_what_is_overdue_is_counted_as_by_hand(world: Workspace, seeded: list, ccpa: bool) -> None:
    """`seeded`: right, days ago that it came, days it took (None: open)."""
    data = f"seeded-{'ccpa' if ccpa else 'gdpr'}"
    if data not in world.catalog.names():
        from data.demo import demo_source

        world.catalog.register(demo_source(n_users=60, n_items=100), data)
        set_deadline(world, data, "ccpa" if ccpa else "gdpr", "as the law says")
    before = {row["right"]: row for row in requests(world, data, now=NOW)["rights"]}
    wanted = {right: {"open": 0, "overdue": 0, "late": 0, "received": 0} for right in Right}
    for right, ago, took in seeded:
        came = NOW - timedelta(days=ago)
        request_id = world.requests.open(data, "u0001", right, now=came)
        limit = 0 if right in ("objection", "restriction", "withdrawal") else 45 if ccpa else 30
        row = wanted[right]
        row["received"] += 1
        if took is None:
            row["open"] += 1
            row["overdue"] += ago > limit
        else:
            world.requests.close(request_id, "done", now=came + timedelta(days=took))
            row["late"] += took > limit
    found = {row["right"]: row for row in requests(world, data, now=NOW)["rights"]}
    for right, counts in wanted.items():
        assert {name: found[right][name] - before[right][name] for name in counts} == counts


def test_the_table_has_what_a_reviewer_asks_for(world: Workspace) -> None:
    request_id = world.requests.open("demo", "u0009", Right.ACCESS, now=NOW - timedelta(days=40))
    told = requests(world, "demo", "access", now=NOW)
    (row,) = [row for row in told["requests"] if row["request_id"] == request_id]
    assert (row["days"], row["overdue"], row["late"], row["outcome"]) == (40.0, True, False, None)
    assert datetime.fromisoformat(row["due"]) - datetime.fromisoformat(row["received"]) == timedelta(days=30)
    assert {one["right"] for one in told["rights"]} == {"access"}
    assert "u0009" not in json.dumps(told), "the register names nobody"
    with pytest.raises(BadInput, match="there is no such right"):
        requests(world, "demo", "left")
    with pytest.raises(BadInput, match="needs a reason"):
        set_deadline(world, "demo", "ccpa", " ")
    with pytest.raises(BadInput, match="no such deadline"):
        set_deadline(world, "demo", "mars", "why not")


def test_a_request_goes_one_way_and_each_stage_is_recorded(world: Workspace) -> None:
    size = world.log.head()["size"]
    request_id = world.requests.open("demo", "u0010", Right.CORRECTION, {"item_id": "secret"})
    world.requests.advance(request_id, Stage.CONFIRMED)
    with pytest.raises(BadInput, match="at 'confirmed' already"):
        world.requests.advance(request_id, Stage.RECEIVED)
    world.requests.advance(request_id, Stage.EXECUTED, {"done": 1})
    world.requests.close(request_id, "done")
    with pytest.raises(BadInput, match="this request is closed"):
        world.requests.close(request_id, "again")
    with pytest.raises(BadInput, match="this request is closed"):
        world.requests.advance(request_id, Stage.VERIFIED)
    with pytest.raises(NotFound):
        world.requests.close("f" * 32, "done")
    told = [event for event in world.log.entries(start=size) if event.kind == Kind.REQUEST]
    assert [event.detail["stage"] for event in told] == ["received", "confirmed", "executed", "closed"]
    assert all(event.detail["due_at"] and event.subject for event in told)
    assert not any("secret" in event.leaf or "u0010" in event.leaf for event in told)
    assert world.requests.get(request_id).detail == {"item_id": "secret", "done": 1}


def test_one_that_was_cut_off_goes_on_as_the_same(world: Workspace) -> None:
    first = begun(world, "demo", "u0011", Right.CORRECTION, {"item_id": "a"})
    assert begun(world, "demo", "u0011", Right.CORRECTION, {"item_id": "a"}) == first
    assert begun(world, "demo", "u0011", Right.CORRECTION, {"item_id": "b"}) != first
    assert begun(world, "demo", "u0012", Right.CORRECTION, {"item_id": "a"}) != first
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ended(world, first), range(1)))
    ended(world, first)
    assert world.requests.get(first).outcome == "done"
    assert begun(world, "demo", "u0011", Right.CORRECTION, {"item_id": "a"}) != first


def test_an_objection_is_one_action_and_holds_at_the_next_list(world: Workspace) -> None:
    (model_id,) = [name for name in world.shelf.ids() if name.startswith("linear")]
    personal = recommend(world, model_id, WHO)["items"]
    assert object_to_profiling(world, "demo", WHO) == {"data": "demo", "profiling": False}
    assert recommend(world, model_id, WHO)["items"] == recommend_non_profiled(world, model_id)["items"] != personal
    (request,) = world.requests.of("demo", WHO)
    assert (request.kind, request.outcome, request.late) == ("objection", "done", False)


def test_restricted_records_stay_and_are_not_trained_on(world: Workspace) -> None:
    restrict(world, "demo", "u0020")
    dataset = world.catalog.open("demo")
    assert "u0020" in dataset.interactions.users
    assert "u0020" not in training_of(world, dataset).users
    assert world.choices.restricted("demo") == {"u0020"}
    trained = train(world, "demo", "popularity")["model_id"]
    assert "u0020" not in world.shelf.load(trained).training.users
    assert "u0020" not in audited(world, "demo").users.index
    restrict(world, "demo", "u0020", on=False)
    assert "u0020" in training_of(world, dataset).users
    assert [told.kind for told in world.requests.of("demo", "u0020")] == ["restriction", "restriction"]
    with pytest.raises(NotFound, match="no person 'nobody'") as refused:
        restrict(world, "demo", "nobody")
    assert "u00" not in str(refused.value)


def test_half_an_objection_is_none(world: Workspace) -> None:
    size = world.log.head()["size"]

    def interrupted() -> None:
        with world.requests.at_once("demo", "u0030", Right.OBJECTION) as session:
            world.choices.set_profiling("demo", "u0030", False, session)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert world.choices.get("demo", "u0030").profiling
    assert world.requests.of("demo", "u0030") == []
    assert world.log.head()["size"] == size
