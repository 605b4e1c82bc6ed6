"""The consent ledger: nothing in it changes, any past state comes back, and what is withdrawn stops."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from addresses import fresh_address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.use_cases import consenting
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.remodelling import training_of
from app.workspace import Workspace
from data.errors import BadInput, NotFound
from data.keep.choices import Effect, Rule
from data.keep.consents import Category, Consents, Purpose
from data.keep.database import open_database
from data.keep.events import EventLog, Kind
from data.keep.pseudonyms import Pseudonyms
from data.keep.requests import Right
from data.tables import Dataset
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import create
from tests.doors import copy_of_small_world, model_named

DATA, USER, NOTICE = "ml", "the-person-4711", "What we do with your data."
CELLS = [(purpose, category) for purpose in Purpose for category in (Category.CHOICES, Category.RATINGS)]
START = datetime(2026, 1, 1, tzinfo=UTC)
new_person = count()


class Ledger:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.database = folder, url, open_database(url)
        self.log = EventLog(self.database)
        self.consents = Consents(self.database, self.log, Pseudonyms(self.database, folder))

    def say(self, user: str, cells: list, given_: bool, notice: str = NOTICE, now: datetime | None = None) -> str:
        with self.database.write() as session:
            return self.consents.record(session, DATA, user, cells, given_, notice, now=now)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("ledger")
    with fresh_address(folder) as url:
        opened = Ledger(folder, url)
        yield opened
        opened.database.close()


said = st.tuples(
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from(["one notice", "another notice"]),
    st.integers(-5, 20),  # seconds that the clock moved, back too
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(said, max_size=8), st.integers(-10, 80))
def test_any_past_state_is_a_literal_replay(ledger: Ledger, story: list, asked: int) -> None:
    user = f"p{next(new_person)}"
    clock, told = START, []
    for cells, given_, notice, step in story:
        clock += timedelta(seconds=step)
        effective = max([clock, *(at for at, *_ in told)])
        ledger.say(user, cells, given_, notice, clock)
        told.append((effective, cells, given_, notice))
    moment, replayed = START + timedelta(seconds=asked), {}
    for at, cells, given_, notice in told:
        if at <= moment:
            for cell in cells:
                replayed[cell] = (given_, hashlib.sha256(notice.encode()).hexdigest(), at)
    found = ledger.consents.state_at(DATA, user, moment)
    assert {
        cell: (entry.given, entry.notice, datetime.fromisoformat(entry.at)) for cell, entry in found.items()
    } == replayed
    history = ledger.consents.history(DATA, user)
    assert [entry.number for entry in history] == list(range(sum(len(set(cells)) for cells, *_ in story)))
    assert [entry.at for entry in history] == sorted(entry.at for entry in history), "time never falls"


def test_a_notice_is_kept_once_by_its_hash_and_is_what_was_shown(ledger: Ledger) -> None:
    ledger.say("n1", CELLS[:1], True, "Wörter, die gezeigt wurden.")
    ledger.say("n2", CELLS[:1], True, "Wörter, die gezeigt wurden.")
    (entry,) = ledger.consents.history(DATA, "n1")
    assert entry.notice == hashlib.sha256("Wörter, die gezeigt wurden.".encode()).hexdigest()
    assert ledger.consents.notice(DATA, entry.notice) == "Wörter, die gezeigt wurden."
    with pytest.raises(NotFound, match="no notice"):
        ledger.consents.notice(DATA, "0" * 64)


def test_the_record_has_the_cells_and_the_hash_and_names_nobody(ledger: Ledger) -> None:
    size = ledger.log.head()["size"]
    ledger.say(USER, CELLS[:2], False)
    (event,) = ledger.log.entries(start=size)
    assert (event.kind, event.actor) == (Kind.CONSENT, event.subject)
    assert event.detail["cells"] == [["lists", "choices"], ["lists", "ratings"]]
    assert event.detail["given"] is False
    assert event.detail["notice_sha256"] == hashlib.sha256(NOTICE.encode()).hexdigest()
    assert USER not in event.leaf


def test_what_is_refused_leaves_nothing(ledger: Ledger) -> None:
    size = ledger.log.head()["size"]
    for cells, notice in (([], NOTICE), (CELLS, " ")):
        with pytest.raises(BadInput, match="a notice that was shown"):
            ledger.say("nobody", cells, True, notice)
    with pytest.raises(BadInput, match="a time needs its zone"):
        ledger.consents.state_at(DATA, USER, datetime(2026, 1, 1))
    assert ledger.consents.history(DATA, "nobody") == []
    assert ledger.log.head()["size"] == size


def test_an_entry_and_its_event_are_kept_together_or_not(ledger: Ledger) -> None:
    size = ledger.log.head()["size"]

    def interrupted() -> None:
        with ledger.database.write() as session:
            ledger.consents.record(session, DATA, "half", CELLS, True, NOTICE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ledger.consents.history(DATA, "half") == []
    assert ledger.log.head()["size"] == size


def test_many_sessions_at_once_lose_nothing(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.say("busy", CELLS, n % 2 == 0), range(24)))
    history = ledger.consents.history(DATA, "busy")
    assert [entry.number for entry in history] == list(range(24 * len(CELLS)))
    last = {cell: entry.given for cell, entry in ledger.consents.state_at(DATA, "busy").items()}
    told = [event for event in ledger.log.entries(kind=Kind.CONSENT) if event.detail["data"] == DATA]
    assert set(last.values()) == {told[-1].detail["given"]}, "the last one recorded holds"


# -- what follows ------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Workspace]:
    copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    opened = Workspace.open()
    yield opened
    opened.database.close()


WHO = "u0007"


def test_withdrawing_takes_the_steps_that_giving_takes() -> None:
    import inspect

    from typer.main import get_command

    from app.cli import cli

    assert inspect.signature(consenting.give) == inspect.signature(consenting.withdraw)
    known = get_command(cli).commands["consent"].params  # type: ignore[attr-defined]
    options = {name: flag for name in ("--give", "--withdraw") for flag in known if name in flag.opts}
    assert len(options) == 2
    assert len({(type(flag), flag.required, flag.is_flag) for flag in options.values()}) == 1


def test_withdrawing_lists_gives_the_list_that_is_the_same_for_all(world: Workspace, home: Path) -> None:
    model_id = model_named("linear", home)
    before = recommend(world, model_id, WHO)
    consenting.withdraw(world, "demo", WHO, NOTICE, "lists")
    assert recommend(world, model_id, WHO)["items"] == recommend_non_profiled(world, model_id)["items"]
    told = consenting.give(world, "demo", WHO, NOTICE, "lists")
    assert recommend(world, model_id, WHO) == before
    states = {(row["purpose"], row["category"]): row["state"] for row in told["consents"]}
    assert states["lists", "choices"] == "given"
    assert states["learning", "choices"] == "never asked"


def test_one_kind_of_data_is_withdrawn_alone(world: Workspace) -> None:
    consenting.give(world, "demo", WHO, NOTICE)
    consenting.withdraw(world, "demo", WHO, NOTICE, "lists", "ratings")
    held = world.choices.get("demo", WHO)
    assert held.profiling
    assert held.learning
    assert held.rules == {Rule(Effect.UNUSED, "data", "ratings")}
    consenting.give(world, "demo", WHO, NOTICE, "lists", "ratings")
    assert world.choices.get("demo", WHO).rules == frozenset()


def test_agreeing_to_a_part_switches_nothing_off(world: Workspace) -> None:
    untouched = world.choices.get("demo", WHO)
    for purpose, category in consenting.cells_of(world.catalog.open("demo")):
        consenting.give(world, "demo", WHO, NOTICE, purpose, category)
        assert world.choices.get("demo", WHO) == untouched
        assert world.choices.not_learned("demo") == frozenset()
    consenting.withdraw(world, "demo", WHO, NOTICE, "learning", "choices")
    assert not world.choices.get("demo", WHO).learning, "one kind of data keeps whole records out"
    consenting.give(world, "demo", WHO, NOTICE, "learning", "choices")
    assert world.choices.get("demo", WHO) == untouched


def fitted_anew(world: Workspace, model_id: str) -> str:
    """By hand: the same kind and settings on what training may use now."""
    about = world.shelf.about(model_id)
    view = training_of(world, world.catalog.open(about["data"]))
    return statistics_hash(create(about["model"], **about["settings"]).fit(view).statistics())


def test_withdrawing_learning_reaches_the_models_now(world: Workspace, home: Path) -> None:
    told = consenting.withdraw(world, "demo", WHO, NOTICE, "learning")
    assert {proof["name"] for proof in told["models"]} == set(world.shelf.ids())
    for proof in told["models"]:
        model_id = proof["name"]
        assert WHO not in world.model(model_id).training.users
        assert proof["stats_hash_before"] != proof["stats_hash_after"] == proof["stats_hash_retrain"]
        assert world.shelf.about(model_id)["statistics_hash"] == fitted_anew(world, model_id)
    assert WHO in world.catalog.open("demo").interactions.users, "the records stay"
    assert world.choices.not_learned("demo") == {WHO}
    (request,) = world.requests.of("demo", WHO)
    assert (request.kind, request.outcome, request.late) == (Right.WITHDRAWAL, "done", False)


def test_who_withdraws_while_a_model_is_fitted_is_not_in_it(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.use_cases import training

    def interrupted(workspace: Workspace, dataset: Dataset) -> Training:
        view = training_of(workspace, dataset)
        consenting.withdraw(workspace, "demo", WHO, NOTICE, "learning")  # as another session would at this moment
        return view

    monkeypatch.setattr(training, "training_of", interrupted)
    told = training.train(world, "demo", "popularity")
    assert WHO not in world.model(told["model_id"]).training.users
    assert world.shelf.about(told["model_id"])["statistics_hash"] == fitted_anew(world, told["model_id"])
    monkeypatch.undo()
    again = training.train(world, "demo", "popularity")["model_id"]
    assert WHO not in world.shelf.load(again).training.users, "later trainings leave them out"


def test_forgetting_what_was_learned_is_another_button(world: Workspace) -> None:
    records = world.catalog.open("demo").interactions.hash
    told = consenting.forget_learned(world, "demo", WHO)
    assert all(proof["stats_hash_after"] == proof["stats_hash_retrain"] for proof in told["models"])
    assert all(WHO not in world.model(name).training.users for name in world.shelf.ids())
    assert world.choices.get("demo", WHO).learning, "later trainings may learn again"
    assert world.choices.get("demo", WHO).profiling
    assert world.catalog.open("demo").interactions.hash == records
    assert consenting.forget_learned(world, "demo", WHO)["models"] == [], "there is nothing left to forget"


def test_withdrawing_from_audits_is_known_to_them(world: Workspace) -> None:
    consenting.give(world, "demo", WHO, NOTICE, "audits")
    assert consenting.attributes_withheld(world, "demo") == frozenset()
    consenting.withdraw(world, "demo", WHO, NOTICE, "audits", "demographics")
    assert consenting.attributes_withheld(world, "demo") == {WHO}
    assert consenting.records_withheld(world, "demo") == frozenset()
    consenting.withdraw(world, "demo", WHO, NOTICE, "audits")
    assert consenting.records_withheld(world, "demo") == {WHO}


def test_only_what_the_data_set_has_is_asked(world: Workspace) -> None:
    cells = consenting.cells_of(world.catalog.open("demo"))
    assert ("lists", "ratings") in cells
    assert ("lists", "views") not in cells
    for purpose, category in (("money", None), (None, "views"), ("audits", "ratings")):
        with pytest.raises(BadInput):
            consenting.give(world, "demo", WHO, NOTICE, purpose, category)
    with pytest.raises(NotFound, match="no person 'nobody'"):
        consenting.withdraw(world, "demo", "nobody", NOTICE)
    assert world.consents.history("demo", WHO) == []


def test_the_state_of_a_past_time_is_told(world: Workspace) -> None:
    consenting.give(world, "demo", WHO, NOTICE)
    between = datetime.now(UTC)
    consenting.withdraw(world, "demo", WHO, NOTICE)
    now = {row["state"] for row in consenting.consents(world, "demo", WHO)["consents"]}
    then = {row["state"] for row in consenting.consents(world, "demo", WHO, between)["consents"]}
    assert (then, now) == ({"given"}, {"withdrawn"})
    assert not consenting.consents(world, "demo", WHO, datetime(2020, 1, 1, tzinfo=UTC))["asked"]
    assert consenting.asked_under(world, "demo", WHO, NOTICE)
    assert not consenting.asked_under(world, "demo", WHO, NOTICE + ".")


def test_a_locked_database_changes_nothing_and_says_so(world: Workspace, home: Path) -> None:
    patient = open_database(world.database_url, wait=0.1)
    impatient = Workspace(world.folder, world.database_url)
    impatient.__dict__["database"] = patient
    world.pseudonyms.pseudonym("demo", WHO)
    with closing(sqlite3.connect(home / "sightglass.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="in use by another process"):
            consenting.withdraw(impatient, "demo", WHO, NOTICE)
        other.rollback()
    patient.close()
    assert world.consents.history("demo", WHO) == []
    assert world.choices.get("demo", WHO).profiling
    assert world.requests.of("demo", WHO) == []
