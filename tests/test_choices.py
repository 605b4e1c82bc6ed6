"""What people choose stays theirs: kept, recorded with them as the actor, and never moved by anybody else's setting."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from addresses import fresh_address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import BadInput, NotFound
from data.keep.choices import Choice, Choices
from data.keep.database import open_database
from data.keep.events import EventLog, Kind
from data.keep.policies import BoostRule, Policies
from data.keep.pseudonyms import Pseudonyms

USER, DATA = "the-person-4711", "ml"


class Rooms:
    """Everything a choice needs, opened on one folder as a process of its own would."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.database = open_database(url)
        self.log, self.names = EventLog(self.database), Pseudonyms(self.database, folder)
        self.choices, self.policies = Choices(self.database, self.log, self.names), Policies(self.database, self.log)


@pytest.fixture
def rooms(tmp_path: Path):
    with fresh_address(tmp_path) as url:
        opened = Rooms(tmp_path, url)
        yield opened
        opened.database.close()


def test_nothing_chosen_is_the_default(rooms: Rooms) -> None:
    choice = rooms.choices.get(DATA, USER)
    assert choice == Choice(slider=None, profiling=True, excluded=frozenset(), hidden=frozenset())
    assert rooms.names.known(DATA, USER) is None, "asking makes no key"
    with pytest.raises(FrozenInstanceError):
        choice.slider = 1.0  # type: ignore[misc]


def test_each_choice_is_kept_alone(rooms: Rooms) -> None:
    rooms.choices.set_slider(DATA, USER, 0.3)
    rooms.choices.set_profiling(DATA, USER, False)
    rooms.choices.exclude_item(DATA, USER, "i1")
    rooms.choices.exclude_item(DATA, USER, "i2")
    rooms.choices.restore_item(DATA, USER, "i1")
    rooms.choices.hide_item(DATA, USER, "i9")
    assert rooms.choices.get(DATA, USER) == Choice(0.3, False, frozenset({"i2"}), frozenset({"i9"}))
    rooms.choices.show_item(DATA, USER, "i9")
    rooms.choices.set_slider(DATA, USER, None)
    assert rooms.choices.get(DATA, USER) == Choice(None, False, frozenset({"i2"}), frozenset())
    assert rooms.choices.get(DATA, "another") == rooms.choices.get("another", USER) == Choice()


def test_a_choice_outlives_the_process(rooms: Rooms) -> None:
    rooms.choices.set_profiling(DATA, USER, False)
    rooms.database.close()
    again = Rooms(rooms.folder, rooms.url)
    assert again.choices.get(DATA, USER).profiling is False
    assert again.choices.opted_out(DATA) == {USER}
    again.database.close()


def test_the_record_has_the_person_as_actor_and_no_history(rooms: Rooms) -> None:
    rooms.choices.set_slider(DATA, USER, 0.3)
    rooms.choices.exclude_item(DATA, USER, "the-item-42")
    rooms.choices.set_profiling(DATA, USER, False)
    rooms.choices.set_profiling(DATA, USER, True)
    told = rooms.log.entries()
    assert [event.kind for event in told] == [Kind.CHOICE, Kind.CHOICE, Kind.OPT_OUT, Kind.OPT_OUT]
    assert {event.actor for event in told} == {event.subject for event in told} == {rooms.names.pseudonym(DATA, USER)}
    assert [event.detail.get("profiling") for event in told] == [None, None, False, True]
    assert not any(USER in event.leaf or "the-item-42" in event.leaf for event in told)
    seal = told[1].detail["item_commitment"]
    assert rooms.names.commitment(DATA, USER, "item:the-item-42") == seal
    assert rooms.names.commitment(DATA, USER, "item:the-item-43") != seal


def test_less_of_a_choice_is_kept_beside_the_others_and_taken_back(rooms: Rooms) -> None:
    rooms.choices.use_less(DATA, USER, "i1")
    rooms.choices.use_less(DATA, USER, "i2")
    rooms.choices.use_less(DATA, USER, "i1")
    rooms.choices.exclude_item(DATA, USER, "i2")
    rooms.choices.set_slider(DATA, USER, 0.3)
    rooms.database.close()
    again = Rooms(rooms.folder, rooms.url)
    assert again.choices.get(DATA, USER) == Choice(0.3, True, frozenset({"i2"}), frozenset(), frozenset({"i1", "i2"}))
    again.choices.use_fully(DATA, USER, "i2")
    again.choices.use_fully(DATA, USER, "never held back")
    assert again.choices.get(DATA, USER).less == {"i1"}
    assert again.choices.get(DATA, USER).excluded == {"i2"}
    assert again.choices.get(DATA, "another").less == frozenset()
    again.choices.forget(DATA, USER)
    assert again.choices.get(DATA, USER).less == frozenset()
    again.database.close()


def test_the_record_of_less_names_neither_the_person_nor_the_choice(rooms: Rooms) -> None:
    rooms.choices.use_less(DATA, USER, "the-item-42")
    rooms.choices.use_fully(DATA, USER, "the-item-42")
    added, removed = rooms.log.entries()
    assert [event.kind for event in (added, removed)] == [Kind.CHOICE, Kind.CHOICE]
    assert [(event.detail["choice"], event.detail["change"]) for event in (added, removed)] == [
        ("less", "added"),
        ("less", "removed"),
    ]
    assert {event.actor for event in (added, removed)} == {rooms.names.pseudonym(DATA, USER)}
    assert not any(USER in event.leaf or "the-item-42" in event.leaf for event in (added, removed))
    assert added.detail["item_commitment"] == rooms.names.commitment(DATA, USER, "item:the-item-42")


def test_nothing_is_changed_that_cannot_be_recorded(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no record")

    monkeypatch.setattr(rooms.log, "append_within", broken)
    with pytest.raises(RuntimeError, match="no record"):
        rooms.choices.set_slider(DATA, USER, 0.3)
    assert rooms.choices.get(DATA, USER) == Choice()


@pytest.mark.parametrize("position", [-0.01, 1.01, float("nan"), float("inf"), "0.5"])
def test_a_wrong_position_is_refused_and_changes_nothing(rooms: Rooms, position: object) -> None:
    with pytest.raises(BadInput, match="the slider must be a number from 0 to 1"):
        rooms.choices.set_slider(DATA, USER, position)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="the slider must be a number from 0 to 1"):
        rooms.policies.set_default_slider(DATA, position, "manager", "try")  # type: ignore[arg-type]
    assert rooms.choices.get(DATA, USER) == Choice()
    assert rooms.log.head()["size"] == 0


def test_forgetting_leaves_nothing_in_the_files(rooms: Rooms) -> None:
    rooms.choices.hide_item(DATA, USER, "the-item-42")
    rooms.choices.hide_item(DATA, "another", "i3")
    rooms.choices.forget(DATA, USER)
    assert rooms.choices.get(DATA, USER) == Choice()
    assert rooms.choices.get(DATA, "another").hidden == {"i3"}
    for path in rooms.folder.glob("state.db*"):
        assert USER.encode() not in path.read_bytes()
        assert b"the-item-42" not in path.read_bytes()


def test_the_default_is_zero_until_set_and_is_recorded_with_a_reason(rooms: Rooms) -> None:
    assert rooms.policies.default_slider(DATA) == 0.0
    rooms.policies.set_default_slider(DATA, 0.4, "manager", " more variety asked for ")
    rooms.policies.set_default_slider(DATA, 0.2, "manager", "too much")
    assert rooms.policies.default_slider(DATA) == 0.2
    assert rooms.policies.default_slider("another") == 0.0
    told = rooms.log.entries(kind=Kind.POLICY)
    assert [(event.detail["before"], event.detail["after"]) for event in told] == [(0.0, 0.4), (0.4, 0.2)]
    assert told[0].detail["reason"] == "more variety asked for"
    with pytest.raises(BadInput, match="needs a reason"):
        rooms.policies.set_default_slider(DATA, 0.9, "manager", " ")


def rule(target: str = "i1", amount: float = 0.1, label: str = "ours") -> BoostRule:
    return BoostRule("item", target, amount, label)


def test_boosts_are_kept_per_data_set_and_model_one_a_target(rooms: Rooms) -> None:
    assert rooms.policies.boosts(DATA, "linear") == ()
    for made in (rule("i2"), rule("i1"), rule("i2", -0.5), BoostRule("provider", "i2", 1.0, "partner")):
        rooms.policies.set_boost(DATA, "linear", made, "manager", "because")
    rooms.policies.set_boost(DATA, "svd", rule("i9"), "manager", "because")
    held = (rule("i1"), rule("i2", -0.5), BoostRule("provider", "i2", 1.0, "partner"))
    rooms.database.close()
    again = Rooms(rooms.folder, rooms.url)
    assert again.policies.boosts(DATA, "linear") == held
    assert again.policies.boosts(DATA, "svd") == (rule("i9"),)
    assert again.policies.boosts("another", "linear") == ()
    again.policies.remove_boost(DATA, "linear", "item:i2", "manager", "over")
    assert again.policies.boosts(DATA, "linear") == (held[0], held[2])
    again.database.close()


WRONG = [
    (float("nan"), "ours", "why"),
    (0.0, "ours", "why"),
    (1.0, " ", "why"),
    (1.0, "x" * 301, "why"),
    (1.0, "ours", " "),
]


@pytest.mark.parametrize(("amount", "label", "reason"), WRONG)
def test_a_wrong_boost_is_refused_and_leaves_no_trace(rooms: Rooms, amount: float, label: str, reason: str) -> None:
    with pytest.raises(BadInput):
        rooms.policies.set_boost(DATA, "linear", rule("i1", amount, label), "manager", reason)
    assert rooms.policies.boosts(DATA, "linear") == ()
    assert rooms.log.head()["size"] == 0


def test_the_record_of_a_boost_has_before_after_and_the_reason(rooms: Rooms) -> None:
    rooms.policies.set_boost(DATA, "linear", rule(), "manager", " a campaign ")
    rooms.policies.remove_boost(DATA, "linear", "item:i1", "manager", "over")
    held = {"kind": "item", "target": "i1", "amount": 0.1, "label": "ours"}
    told = [(event.detail["before"], event.detail["after"], event.detail["reason"]) for event in rooms.log.entries()]
    assert told == [([], [held], "a campaign"), ([held], [], "over")]
    assert all(event.subject is None for event in rooms.log.entries())
    with pytest.raises(NotFound, match="There is no boost 'item:i1'; there is none yet"):
        rooms.policies.remove_boost(DATA, "linear", "item:i1", "manager", "again")


def test_the_contact_is_kept_on_one_line_and_recorded(rooms: Rooms) -> None:
    assert rooms.policies.contact(DATA) == ""
    rooms.policies.set_contact(DATA, " The film\n desk ", "manager")
    rooms.policies.set_contact(DATA, "Another", "manager")
    assert rooms.policies.contact(DATA) == "Another"
    assert rooms.policies.contact("another") == ""
    told = [(event.detail["before"], event.detail["after"]) for event in rooms.log.entries(kind=Kind.POLICY)]
    assert told == [("", "The film desk"), ("The film desk", "Another")]
    for wrong in ("", "  \n ", "x" * 301):
        with pytest.raises(BadInput, match="a contact is 1 to 300 characters"):
            rooms.policies.set_contact(DATA, wrong, "manager")
    assert rooms.policies.contact(DATA) == "Another"


moves = st.lists(
    st.one_of(
        st.tuples(st.just("own"), st.sampled_from("abc"), st.none() | st.floats(0, 1)),
        st.tuples(st.just("default"), st.just(""), st.floats(0, 1)),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_a_default_never_moves_who_chose(rooms: Rooms, made: list[tuple[str, str, float | None]]) -> None:
    own: dict[str, float | None] = {}
    for person in "abc":
        rooms.choices.forget(DATA, person)
    for what, person, value in made:
        if what == "own":
            rooms.choices.set_slider(DATA, person, value)
            own[person] = value
        else:
            rooms.policies.set_default_slider(DATA, value, "manager", "because")  # type: ignore[arg-type]
    assert {person: rooms.choices.get(DATA, person).slider for person in "abc"} == {p: own.get(p) for p in "abc"}


def move(folder: str, url: str, name: int, times: int) -> None:
    """What one of two processes does: its own slider positions, and items of its own."""
    rooms = Rooms(Path(folder), url)
    for turn in range(times):
        rooms.choices.set_slider(DATA, USER, name / 10)
        rooms.choices.hide_item(DATA, USER, f"{name}-{turn}")
    rooms.database.close()


def test_two_processes_change_one_person_at_once(rooms: Rooms) -> None:
    context, times = multiprocessing.get_context("spawn"), 20
    workers = [context.Process(target=move, args=(str(rooms.folder), rooms.url, name, times)) for name in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    choice, told = rooms.choices.get(DATA, USER), rooms.log.entries()
    assert choice.hidden == {f"{name}-{turn}" for name in (1, 2) for turn in range(times)}, "none lost"
    sliders = [event.detail["value"] for event in told if event.detail["choice"] == "slider"]
    assert len(told) == 4 * times
    assert sorted(sliders) == [0.1] * times + [0.2] * times
    assert choice.slider == sliders[-1], "the last one recorded is the one that holds"
    assert len({event.subject for event in told}) == 1, "both found one key"
    assert all(check["ok"] for check in rooms.log.verify())


def test_threads_of_one_process(rooms: Rooms) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: rooms.choices.exclude_item(DATA, USER, str(n)), range(40)))
    assert len(rooms.choices.get(DATA, USER).excluded) == 40
    assert [json.loads(event.leaf)["index"] for event in rooms.log.entries()] == list(range(40))
