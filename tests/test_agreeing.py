"""The ledger, the switches and what is done never disagree, whatever a person says in which order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app import consent_words
from app.use_cases import choosing, consenting, noticing
from app.use_cases.agreeing import NO_RATINGS, cells_of, decided, used_now
from app.use_cases.boosting import set_boost
from app.use_cases.objecting import object_to_profiling, restrict
from app.use_cases.personal import PersonalList, Why
from app.use_cases.remodelling import training_of
from app.use_cases.starting import start
from app.use_cases.training import train
from app.workspace import Workspace
from data.demo import demo_source
from data.errors import BadInput, NotFound, SightglassError
from data.keep.choices import Choice, Rule
from data.keep.consents import Category, Consent, Purpose
from tests import doors

NOTICE = "What we do with your data."
EVERY = [
    (purpose, category)
    for purpose in (Purpose.LISTS, Purpose.LEARNING)
    for category in (Category.CHOICES, Category.RATINGS, Category.DEMOGRAPHICS)
] + [(Purpose.AUDITS, Category.CHOICES)]


def literal(latest: dict) -> tuple[bool, bool, bool]:
    """Profiling, learning, ratings used, as the ledger says: whatever was not withdrawn is allowed."""
    gone = {cell for cell, on in latest.items() if not on}
    return (
        not gone & {("lists", "choices"), ("lists", "views")},
        not [cell for cell in gone if cell[0] == "learning"],
        ("lists", "ratings") not in gone,
    )


answers = st.tuples(st.lists(st.sampled_from(EVERY), min_size=1, max_size=7, unique=True), st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(answers, max_size=8))
def test_the_switches_are_a_function_of_the_ledger(story: list) -> None:
    held, state = Choice(rules=frozenset({Rule(NO_RATINGS.effect, "genres", "Drama")})), {}
    wish = next(iter(held.rules))
    for cells, on in story:
        before = dict(state)
        state |= {cell: Consent(0, *cell, on, "", "") for cell in cells}
        held = decided(EVERY, cells, before, state, held)
        latest = {tuple(map(str, cell)): entry.given for cell, entry in state.items()}
        assert (held.profiling, held.learning, NO_RATINGS not in held.rules) == literal(latest)
        assert wish in held.rules, "a wish that consent is not about stays"
        for cell, entry in state.items():
            assert not (used_now(cell, state, held, False) and not entry.given), "nothing withdrawn is used"


def test_a_switch_that_was_off_before_there_was_a_ledger_stays_off() -> None:
    off = Choice(profiling=False, learning=False)
    for cell in EVERY:
        state = {cell: Consent(0, *cell, True, "", "")}
        made = decided(EVERY, [cell], {}, state, off)
        assert not made.learning, "one kind of data that is given does not switch it on"
        assert made.profiling is (cell == (Purpose.LISTS, Category.CHOICES))


# -- through the doors ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("agree") / "state"
    folder.mkdir()
    workspace = Workspace.open(folder, f"sqlite:///{folder / 'sightglass.db'}")
    workspace.catalog.register(demo_source(n_users=80, n_items=120), "tiny")
    train(workspace, "tiny", "linear")
    yield workspace
    workspace.database.close()


STEPS = {
    "personal on": lambda ws, who: choosing.set_profiling(ws, "tiny", who, on=True),
    "personal off": lambda ws, who: choosing.set_profiling(ws, "tiny", who, on=False),
    "learn on": lambda ws, who: choosing.set_learning(ws, "tiny", who, on=True),
    "learn off": lambda ws, who: choosing.set_learning(ws, "tiny", who, on=False),
    "no ratings": lambda ws, who: choosing.add_rule(ws, "tiny", who, "unused:data:ratings"),
    "ratings": lambda ws, who: choosing.drop_rule(ws, "tiny", who, "unused:data:ratings"),
    "object": lambda ws, who: object_to_profiling(ws, "tiny", who),
    "give lists": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "lists"),
    "give choices": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "lists", "choices"),
    "give ratings": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "lists", "ratings"),
    "give one learning": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "learning", "choices"),
    "give learning": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "learning"),
    "give audits": lambda ws, who: consenting.give(ws, "tiny", who, NOTICE, "audits"),
    "withdraw lists": lambda ws, who: consenting.withdraw(ws, "tiny", who, NOTICE, "lists"),
    "withdraw choices": lambda ws, who: consenting.withdraw(ws, "tiny", who, NOTICE, "lists", "choices"),
    "withdraw ratings": lambda ws, who: consenting.withdraw(ws, "tiny", who, NOTICE, "lists", "ratings"),
    "withdraw one learning": lambda ws, who: consenting.withdraw(ws, "tiny", who, NOTICE, "learning", "ratings"),
    "withdraw audits": lambda ws, who: consenting.withdraw(ws, "tiny", who, NOTICE, "audits"),
}
people = count()


def in_agreement(workspace: Workspace, who: str) -> None:
    """The ledger replayed by hand, the switches, a list and a training."""
    latest: dict = {}
    for entry in workspace.consents.history("tiny", who):
        latest[str(entry.purpose), str(entry.category)] = entry.given
        assert workspace.consents.notice("tiny", entry.notice)
    personal, learning, ratings = literal(latest)
    held = workspace.choices.get("tiny", who)
    assert (held.profiling, held.learning, NO_RATINGS not in held.rules) == (personal, learning, ratings)
    (model_id,) = workspace.shelf.ids()
    shown = PersonalList.of(workspace, model_id, who)
    assert (shown.request is not None) is personal
    if shown.request is not None:
        alike = len(np.unique(shown.request.one.matrix.data)) == 1
        assert alike is not ratings
    dataset = workspace.catalog.open("tiny")
    assert (who in training_of(workspace, dataset).users) is (personal and learning)
    used = {(row["purpose"], row["category"]): row["used"] for row in told(workspace, who)}
    assert used["lists", "choices"] is personal
    assert used["lists", "ratings"] is (personal and ratings)
    assert used["learning", "choices"] is (personal and learning and latest.get(("learning", "choices"), True))


def told(workspace: Workspace, who: str) -> list[dict]:
    return list(consenting.consents(workspace, "tiny", who)["consents"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6))
@example(["give ratings", "withdraw choices", "personal on"])
@example(["withdraw lists", "personal on", "no ratings", "give choices"])
@example(["give one learning", "withdraw one learning", "learn on", "learn off"])
@example(["object", "give ratings"])
def test_ledger_switches_lists_and_training_agree_after_any_steps(tiny: Workspace, story: list[str]) -> None:
    users = tiny.catalog.open("tiny").interactions.users.values
    who = str(users[next(people) % len(users)])
    if tiny.consents.history("tiny", who):
        return  # everybody was used up by a search for a smaller story
    for name in story:
        STEPS[name](tiny, who)
        in_agreement(tiny, who)


# -- one promise each ----------------------------------------------------------------------------------------------

WHO = "u0007"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Workspace]:
    doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    opened = Workspace.open()
    yield opened
    opened.database.close()


def test_switching_on_after_a_withdrawal_is_consent_given_again(world: Workspace) -> None:
    consenting.withdraw(world, "demo", WHO, NOTICE, "lists", "choices")
    choosing.set_profiling(world, "demo", WHO, on=True, text="The words on the page.")
    lists = [entry for entry in world.consents.history("demo", WHO) if entry.purpose == "lists"]
    assert [entry.given for entry in lists] == [False, *[True] * (len(lists) - 1)]
    assert world.consents.notice("demo", lists[-1].notice) == "The words on the page."
    choosing.set_learning(world, "demo", WHO, on=False)
    entry = world.consents.history("demo", WHO)[-1]
    assert (entry.purpose, entry.given) == ("learning", False)
    assert world.consents.notice("demo", entry.notice) == consenting.notice(world, "demo")
    held = [name for name in world.shelf.ids() if WHO in world.shelf.load(name).training.users]
    assert held == list(world.shelf.ids()), "the switch is about later trainings only"


def test_half_a_switch_is_none(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(world.choices), "set_profiling", broken)
    with pytest.raises(KeyboardInterrupt):
        choosing.set_profiling(world, "demo", WHO, on=False)
    assert world.consents.history("demo", WHO) == []


def test_a_minor_or_a_signal_needs_the_choices_and_not_just_anything(world: Workspace) -> None:
    model_id = doors.model_named("linear", world.folder)
    consenting.give(world, "demo", WHO, NOTICE, "lists", "ratings")
    assert PersonalList.of(world, model_id, WHO, signal=True).reason == Why.SIGNAL
    consenting.give(world, "demo", WHO, NOTICE, "lists", "choices")
    assert PersonalList.of(world, model_id, WHO, signal=True).request is not None
    consenting.withdraw(world, "demo", WHO, NOTICE, "lists", "choices")
    assert PersonalList.of(world, model_id, WHO, signal=True).request is None


def test_what_follows_is_told_for_each_kind_of_data(world: Workspace) -> None:
    ends = {(row["purpose"], row["category"]): row["if_withdrawn"] for row in told_of(world)}
    assert "same for all" in ends["lists", "choices"]
    assert ends["lists", "ratings"] == "Your list is made without how you rated."
    assert all("every trained model now" in end for (purpose, _), end in ends.items() if purpose == "learning")
    assert "same for all" not in ends["lists", "ratings"]
    assert consent_words.if_withdrawn(Purpose.LISTS, Category.DEMOGRAPHICS).startswith("Nothing changes today")


def told_of(world: Workspace) -> list[dict]:
    return list(consenting.consents(world, "demo", WHO)["consents"])


def test_a_notice_names_only_what_the_model_reads_and_ends_in_one_stop(world: Workspace) -> None:
    choosing.set_contact(world, "demo", "Ada Example, Example Ltd.")
    for name, read in (("linear", {"choices", "ratings"}), ("popularity", set())):
        model_id = doors.model_named(name, world.folder)
        rows = {row["id"] for row in noticing.register(world, model_id) if row["rank"]}
        text = noticing.notice(world, model_id)
        (line,) = [line for line in text.split("\n") if line.startswith("- Make lists for you")]
        assert ("how you rated" in line) is ("ratings" in rows)
        assert ("which titles you chose" in line) is ("choices" in rows)
        assert rows & {"choices", "ratings"} <= read
        assert text.endswith("Example Ltd.")
        assert ".." not in text
    assert ".." not in consenting.notice(world, "demo")


def test_who_starts_has_said_no_to_learning_in_the_ledger_too(world: Workspace) -> None:
    item = world.catalog.open("demo").interactions.items[0]
    user = start(world, "demo", NOTICE, [item])["user"]
    states = {(row["purpose"], row["state"]) for row in consenting.consents(world, "demo", user)["consents"]}
    assert states == {("lists", "given"), ("learning", "withdrawn"), ("audits", "never asked")}
    assert not world.choices.get("demo", user).learning
    with pytest.raises(BadInput, match=r"written column:value \(given: 'Comedy'\); write "):
        start(world, "demo", NOTICE, [], ["Comedy"])


# -- several changes at once ---------------------------------------------------------------------------------------


def own(world: Workspace) -> list[str]:
    data = world.catalog.open("demo").interactions
    return [data.items[code] for code in data.item[data.user == data.users.code(WHO)].tolist()]


def category(world: Workspace) -> str:
    from app.use_cases.wishes import choosable

    kind, values = next(iter(choosable(world.catalogue("demo")).items()))
    return f"{kind}:{values[0]}"


def wrong(world: Workspace) -> list[tuple[str, str]]:
    others = next(name for name in world.catalog.open("demo").interactions.items.values if name not in own(world))
    return [
        ("hide", "no such title"), ("hide", "x" * 10_000), ("exclude", "no such title"), ("exclude", others),
        ("less", others), ("rule", f"hidden:{category(world).split(':')[0]}:Nope"), ("rule", "nonsense"),
        ("slider", "2"),
    ]  # fmt: skip


def test_all_changes_are_checked_before_any_is_kept(world: Workspace) -> None:
    title = own(world)[0]
    for name, value in wrong(world):
        size = world.log.head()["size"]
        good = [("hide", title), ("exclude", title), ("profiling", False), ("rule", f"hidden:{category(world)}")]
        with pytest.raises(SightglassError) as refused:
            choosing.change(world, "demo", WHO, [*good, (name, value)])
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 400
        assert world.choices.get("demo", WHO) == Choice()
        assert world.consents.history("demo", WHO) == []
        assert world.log.head()["size"] == size
    choosing.change(world, "demo", WHO, good)
    held = world.choices.get("demo", WHO)
    assert (held.hidden, held.excluded, held.profiling) == ({title}, {title}, False)


def test_nothing_is_hidden_and_liked_at_once(world: Workspace) -> None:
    what = category(world)
    choosing.add_rule(world, "demo", WHO, f"hidden:{what}")
    with pytest.raises(BadInput, match=f"drop the wish hidden:{what}"):
        choosing.add_rule(world, "demo", WHO, f"liked:{what}")
    choosing.change(world, "demo", WHO, [("drop_rule", f"hidden:{what}"), ("rule", f"liked:{what}")])
    assert [rule.effect for rule in world.choices.get("demo", WHO).rules] == ["liked"]
    choosing.drop_rule(world, "demo", WHO, f"liked:{what}")
    both = [("rule", f"liked:{what}"), ("rule", f"hidden:{what}")]
    with pytest.raises(BadInput, match="cannot be hidden and liked"):
        choosing.change(world, "demo", WHO, both)
    assert world.choices.get("demo", WHO).rules == frozenset()


def test_a_refusal_names_nobody_else(world: Workspace) -> None:
    model_id = doors.model_named("linear", world.folder)
    model, data = world.model(model_id), world.catalog.open("demo").interactions
    for ask in (
        lambda: PersonalList.of(world, model_id, "nobody"),
        lambda: choosing.set_slider(world, "demo", "nobody", 0.5),
        lambda: model.training.users.code("nobody", "user"),
        lambda: data.users.code("nobody", "person"),
    ):
        with pytest.raises(NotFound, match="'nobody'") as refused:
            ask()
        assert "u00" not in str(refused.value)


def test_a_restriction_reaches_the_models_now(world: Workspace) -> None:
    set_boost(world, doors.model_named("linear", world.folder), "item", own(world)[0], 0.1, "ours", "why")
    records = world.catalog.open("demo").interactions.hash
    proofs = restrict(world, "demo", WHO)["models"]
    assert {proof["name"] for proof in proofs} == set(world.shelf.ids())
    for proof in proofs:
        assert proof["stats_hash_before"] != proof["stats_hash_after"] == proof["stats_hash_retrain"]
        assert WHO not in world.shelf.load(proof["name"]).training.users
    assert world.catalog.open("demo").interactions.hash == records, "the records stay"
    assert not any(row["used"] for row in told_of(world))
    assert world.consents.history("demo", WHO) == [], "nothing was said about consent"


def test_a_restriction_that_was_cut_off_ends_when_asked_again_or_taken_back(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.use_cases import objecting

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    for end, outcome in ((True, "done"), (False, objecting.TAKEN_BACK)):
        with monkeypatch.context() as patched:
            patched.setattr(objecting, "take_out", cut_off)
            with pytest.raises(KeyboardInterrupt):
                restrict(world, "demo", WHO)
        assert world.choices.get("demo", WHO).restricted, "no list and no training uses them from the first step on"
        assert [told.outcome for told in world.requests.of("demo", WHO)][-1] is None
        restrict(world, "demo", WHO, on=end)
        assert outcome in {told.outcome for told in world.requests.of("demo", WHO)}
        assert all(told.closed_at for told in world.requests.of("demo", WHO))


def test_what_is_asked_is_what_the_data_set_has(world: Workspace) -> None:
    assert consenting.cells_of(world.catalog.open("demo")) == cells_of(world.catalog.open("demo"))


def test_the_page_and_the_switch_say_the_same(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    from tests.test_pages import page, shown, texts

    def unused(at: AppTest) -> int:
        return sum("Not used now" in line for line in texts(at))

    monkeypatch.setenv("SIGHTGLASS_HOME", str(world.folder))
    choosing.set_learning(world, "demo", WHO, on=False)
    at: AppTest = page("my_data", data="demo", person=WHO)
    at.radio(key="section").set_value("What you agreed to").run()
    assert not at.exception
    rows = told_of(world)
    place = next(n for n, row in enumerate(rows) if row["purpose"] == "learning")
    assert shown(at, "withdrawn, ")
    assert unused(at) == 1, "what is noted about a person is read by no list"
    assert not at.button(key=f"withdraw-{place}").disabled, "the models may still hold them"
    at.button(key=f"withdraw-{place}").click().run()
    assert not at.exception
    assert all(WHO not in world.shelf.load(name).training.users for name in world.shelf.ids())
    restrict(world, "demo", WHO)
    at.run()
    assert unused(at) == sum(row["state"] != "withdrawn" for row in rows)
