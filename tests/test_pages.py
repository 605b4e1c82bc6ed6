"""The dashboard through its entry script: every page opens on every kind of data, and says and keeps what it promises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cached
from app.text import label, literal, short
from app.use_cases import choosing
from app.use_cases.boost_previewing import preview_boost
from app.use_cases.boosting import boosts, set_boost
from app.use_cases.choosing import choice, exclude, hide, set_contact, set_default_slider, use_less
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.columns import Role
from models.registry import NAMES
from tests import doors

APP = Path(cached.__file__).parent
PAGES = sorted(f"app_pages/{path.name}" for path in (APP / "app_pages").glob("*.py") if path.name != "__init__.py")
PERSON, OTHER = "u0001", "u0002"


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    st.cache_data.clear()
    yield
    cached.workspace().database.close()
    st.cache_resource.clear()


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def everything(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), home)


def page(name: str = "for_you", **address: str) -> AppTest:
    """The page as a visitor with this address sees it first; an exception is a failure."""
    at = AppTest.from_file(str(APP / "main.py"), default_timeout=120)
    at.query_params.update(address)
    at.run()
    if name != "for_you":
        at.switch_page(f"app_pages/{name}.py").run()
    assert not at.exception
    return at


def texts(at: AppTest) -> list[str]:
    """Everything written on the page, as it was given to the browser."""
    kinds = ("markdown", "caption", "info", "header", "subheader", "success", "error", "warning")
    return [str(element.value) for kind in kinds for element in at.get(kind)]


def shown(at: AppTest, text: str) -> bool:
    return any(text in line for line in texts(at))


def titles(at: AppTest, person: str = PERSON) -> list[str]:
    """The titles of the list to pick from."""
    return [re.sub(r"^\d+\. ", "", option) for option in at.radio(key=f"picked-{person}").options]


def person_page(person: str = PERSON, **address: str) -> AppTest:
    return page(person=person, **address)


# -- every page opens -----------------------------------------------------------------------------------------------


def test_there_are_pages() -> None:
    assert len(PAGES) >= 3


@pytest.mark.parametrize("model", NAMES)
def test_every_page_opens_with_every_model(everything: Path, model: str) -> None:
    at = page(model=doors.model_named(model, everything))
    for file in PAGES:
        at.switch_page(file).run()
        assert not at.exception, file
        assert not at.error, file
        assert len(texts(at)) > 3, file


def test_a_page_that_is_not_registered_does_not_open(state: Path) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        page().switch_page("app_pages/parts/why.py").run()


ODD = {
    "one person": ([("a", f"t{n}") for n in range(5)], {"titles": {f"t{n}": f"Title {n}" for n in range(15)}}),
    "one item": ([(f"p{n}", "t0") for n in range(30)], {}),
    "no attributes, no provider, no titles": ([(f"p{n % 20}", f"t{n % 7 + n // 20}") for n in range(140)], {}),
    "a group of one": (
        [(f"p{n % 20:02d}", f"t{n % 7 + n // 20}") for n in range(140)],
        {"attributes": {"region": ["only me", *["all others"] * 18, None]}, "role": Role.SENSITIVE},
    ),
    "one provider": (
        [(f"p{n % 20}", f"t{n % 7 + n // 20}") for n in range(140)],
        {"providers": {f"t{n}": "Only one" for n in range(13)}},
    ),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("model", ["linear", "popularity"])
def test_every_page_opens_on_odd_data(home: Path, kind: str, model: str) -> None:
    choices, more = ODD[kind]
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source(list(dict.fromkeys(choices)), **more), "odd")
        train(workspace, "odd", model)
    at = page()
    for file in PAGES:
        at.switch_page(file).run()
        assert not at.exception, file
        assert not at.error, file


def test_too_little_data_for_a_page_is_a_sentence(home: Path) -> None:
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source([("a", "t0")], titles={"t1": "Other"}), "tiny")
        train(workspace, "tiny", "popularity")
    assert titles(page(), "a") == ["Other"]
    for name in ("audit", "diversity"):
        told = [warning.value for warning in page(name).warning]
        assert len(told) == 1
        assert "use more data" in told[0]


def test_a_changed_model_file_is_a_sentence(state: Path) -> None:
    folder = state / "models" / doors.model_named("linear", state)
    file = next(folder.glob("weights-*.npy"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert [warning.value for warning in page().warning]


def test_data_without_a_trained_model_says_how_to_train_one(home: Path) -> None:
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source([("a", "b"), ("a", "c")]), "fresh")
    at = page()
    assert shown(at, "sightglass train")
    for file in PAGES:
        at.switch_page(file).run()
        assert not at.exception


def test_an_empty_state_folder_says_so(home: Path) -> None:
    at = page()
    assert shown(at, "sightglass")


HOSTILE = {
    "html": "<b>bold</b><script>alert(1)</script>",
    "markdown": "**strong** [link](http://x.example) # head `code`",
    "icon": ":material/home: :red[alarm] :smile:",
    "formula": "$x^2$ costs $5",
    "quotes": "\"double\" 'single' “curly”",
    "right-to-left": "שלום עולם مرحبا",
    "long": "x" * 5000,
    "image": "![](http://x.example/a.png) <img src=x>",
}
_MARKUP = re.compile(r"(?<!\\)([*_`\[\]()<>#$:~|!])")


def hostile_world(home: Path) -> Workspace:
    names = {f"t{n}": text for n, text in enumerate(HOSTILE.values())}
    choices = [(f"p{n}", f"t{(n + step) % 8}") for n in range(24) for step in range(3)]
    with opened(home) as workspace:
        providers = {name: text[:100] for name, text in names.items()}
        workspace.catalog.register(doors.little_source(choices, titles=names, providers=providers), "hostile")
        train(workspace, "hostile", "linear")
    return cached.workspace()


def test_titles_appear_as_written_and_never_as_markup(home: Path) -> None:
    hostile_world(home)
    at = person_page("p0")
    listed = titles(at, "p0")
    expected = [label(text) for text in HOSTILE.values()]
    assert listed
    assert set(listed) <= set(expected)
    for text in listed:
        assert not _MARKUP.search(text), text
        assert len(text) < 400
    for option in listed:  # the panel of every title
        choose = at.radio(key="picked-p0")
        at = choose.set_value(next(o for o in choose.options if o.endswith(option))).run()
        assert not at.exception
        told = next(line for line in texts(at) if line.startswith("**"))
        assert not _MARKUP.search(told.strip("*").replace(r"\*", ""))
    for file in PAGES:
        at.switch_page(file).run()
        assert not at.exception, file


@pytest.mark.parametrize("name", HOSTILE)
def test_escaped_text_reads_as_it_was_written(name: str) -> None:
    text = HOSTILE[name]
    assert re.sub(r"\\(.)", r"\1", literal(text)).replace("\u2060", "") == " ".join(text.split())
    assert not re.search(r":[\w+/-]+:", re.sub(r"\\(.)", r"\1", literal(text))), "an icon or emoji by its name"
    assert not _MARKUP.search(literal(text))
    assert len(short(text)) <= 120


# -- For you --------------------------------------------------------------------------------------------------------


def test_moving_the_slider_changes_the_choice_the_list_and_the_sentence(state: Path) -> None:
    at = person_page()
    before, sentence = titles(at), next(line for line in texts(at) if "may be given up" in line or "given up" in line)
    at.slider(key=f"slider-demo-{PERSON}").set_value(1.0).run()
    assert not at.exception
    assert choice(cached.workspace(), "demo", PERSON)["slider"] is None, "nothing is kept before the person keeps it"
    assert titles(at) != before
    assert not shown(person_page(), "Budget: at most 50%")
    pressed(at, "Keep this")
    assert choice(cached.workspace(), "demo", PERSON)["slider"] == 1.0
    assert not [button for button in at.button if button.label == "Keep this"]
    assert not shown(at, sentence)
    assert shown(at, "Budget: at most 50%")
    model = doors.model_named("linear", state)
    expected = recommend(cached.workspace(), model, PERSON, serendipity=1.0)["items"]
    assert titles(at) == [label(row["title"]) for row in expected]


def test_following_the_default_again_works(state: Path) -> None:
    at = person_page()
    before = titles(at)
    at.slider(key=f"slider-demo-{PERSON}").set_value(0.8).run()
    assert titles(at) != before
    pressed(at, "Keep this")
    pressed(at, "Follow the default again")
    assert not at.exception
    assert choice(cached.workspace(), "demo", PERSON)["slider"] is None
    assert at.slider(key=f"slider-demo-{PERSON}").value == 0.0
    assert titles(at) == before
    assert not [button for button in at.button if button.label == "Follow the default again"]


def test_what_a_move_changes_is_told_before_it_is_kept_and_can_be_undone(state: Path) -> None:
    workspace, model = cached.workspace(), doors.model_named("linear", state)
    was, now = (recommend(workspace, model, PERSON, serendipity=position) for position in (0.0, 0.7))
    at = person_page()
    before = titles(at)
    at.slider(key=f"slider-demo-{PERSON}").set_value(0.7).run()
    old, new = ([row["item_id"] for row in told["items"]] for told in (was, now))
    overlap = len(set(old) & set(new)) / 10
    told = {metric.label: metric.value for metric in at.metric}
    assert told["Overlap with now"] == f"{overlap:.0%}"
    assert told["Relevance given up"] == f"{1 - now['relevance_kept']:.1%}"
    assert told["Surprise"] == f"{np.mean([row['surprise'] for row in now['items']]):.2f}"
    assert shown(at, f"{len(set(new) - set(old))} of your titles")
    at = pressed(at, "Undo")
    assert titles(at) == before
    assert not at.metric
    assert choice(workspace, "demo", PERSON)["slider"] is None
    assert workspace.log.entries(kind="choice") == []


def test_the_notice_is_recorded_before_the_first_personal_list(state: Path) -> None:
    assert cached.workspace().log.entries(kind="notice") == []
    first = person_page()
    assert shown(first, "This list is made from your own past choices")
    assert len(cached.workspace().log.entries(kind="notice")) == 1
    again = person_page()
    assert not shown(again, "This list is made from your own past choices")
    assert len(cached.workspace().log.entries(kind="notice")) == 1
    set_contact(cached.workspace(), "demo", "Ada Example")
    assert shown(person_page(), "This list is made from your own past choices"), "another notice is told again"


def test_learning_is_switched_off_and_what_was_learned_is_forgotten(state: Path) -> None:
    workspace, model = cached.workspace(), doors.model_named("linear", state)
    at = person_page()
    at.toggle(key=f"learning-demo-{PERSON}").set_value(False).run()
    assert workspace.choices.get("demo", PERSON).learning is False
    pressed(at, "Forget what you learned")
    assert shown(at, "nothing of you is left in 2 trained models")
    assert PERSON not in workspace.model(model).training.users
    assert PERSON in workspace.catalog.open("demo").interactions.users
    again = person_page()
    assert len(titles(again)) == 10
    assert again.toggle(key=f"learning-demo-{PERSON}").value is False


def test_a_title_and_a_provider_are_hidden_and_shown_again(state: Path) -> None:
    workspace = cached.workspace()
    at = person_page()
    before = titles(at)
    pressed(at, "This title")
    assert before[0] not in titles(at)
    provider = next(button for button in at.button if button.label.startswith("All of provider"))
    provider.click().run()
    assert not at.exception
    rules = choice(workspace, "demo", PERSON)["rules"]
    assert [rule.split(":")[:2] for rule in rules] == [["hidden", "provider"]]
    gone = set(workspace.catalog.open("demo").items.query("provider == @rules[0].split(':', 2)[2]")["title"])
    assert not {line.replace("\\", "") for line in titles(at)} & gone
    choosing.drop_rule(workspace, "demo", PERSON, rules[0])
    choosing.show_again(workspace, "demo", PERSON, choice(workspace, "demo", PERSON)["hidden"][0])
    assert titles(person_page()) == before


def test_the_sentence_names_titles_of_the_history_and_the_share_they_carry(state: Path) -> None:
    at = person_page()
    sentence = next(line for line in texts(at) if "Because you chose" in line).replace("\\", "")
    model = cached.workspace().model(doors.model_named("linear", state))
    training = model.training
    row = training.matrix[[training.users.code(PERSON)]]
    history = {training.titles[code] for code in row.indices}
    named = re.findall(r"“(.+?)”", sentence)
    assert named
    assert set(named) <= history
    # the share by definition: what the named choices add, of everything that adds
    item = recommend(cached.workspace(), doors.model_named("linear", state), PERSON)["items"][0]["item_id"]
    chosen = (training.matrix.toarray() > 0).astype(float)
    inverse = np.linalg.inv(chosen.T @ chosen + model.settings.regularization * np.eye(200))
    weights = -inverse / np.diag(inverse)[None, :]
    parts = {training.titles[c]: weights[c, training.items.code(item)] for c in row.indices}
    total = sum(value for value in parts.values() if value > 0)
    share = round(100 * sum(parts[name] for name in named) / total)
    assert f"{share} %" in sentence


def plain_list(at: AppTest) -> list[str]:
    return [line.split("**")[1] for line in texts(at) if re.match(r"\*\*\d+\. ", line)]


def test_profiling_off_shows_the_same_list_to_two_people_and_stays_off(state: Path) -> None:
    told = recommend_non_profiled(cached.workspace(), doors.model_named("linear", state))["items"]
    expected = [f"{row['rank']}. {label(row['title'])}" for row in told]
    pages = []
    for who in (PERSON, OTHER):
        at = person_page(who)
        assert plain_list(at) == []
        at.toggle(key=f"profiling-demo-{who}").set_value(False).run()
        assert not at.exception
        assert plain_list(at) == expected
        assert not at.radio
        assert not at.slider
        assert choice(cached.workspace(), "demo", who)["profiling"] is False
        pages.append(texts(at))
    assert pages[0] == pages[1]
    again = person_page(PERSON)
    assert again.toggle(key=f"profiling-demo-{PERSON}").value is False
    assert plain_list(again) == expected
    again.toggle(key=f"profiling-demo-{PERSON}").set_value(True).run()
    assert plain_list(again) == []
    assert titles(again)


def test_a_past_choice_taken_out_is_no_reason_any_more(state: Path) -> None:
    at = person_page()
    before = next(line for line in texts(at) if "Because you chose" in line)
    named = re.findall(r"“(.+?)”", before.replace("\\", ""))[0]
    training = cached.workspace().model(doors.model_named("linear", state)).training
    item = training.items[training.titles.index(named)]
    at.multiselect(key=f"without-demo-{PERSON}").select(item).run()
    assert not at.exception
    assert choice(cached.workspace(), "demo", PERSON)["excluded"] == [item]
    reasons = [line.replace("\\", "") for line in texts(at) if "Because" in line]
    assert reasons
    assert not any(f"“{named}”" in line for line in reasons)
    assert at.multiselect(key=f"without-demo-{PERSON}").value == [item]
    at.multiselect(key=f"without-demo-{PERSON}").unselect(item).run()
    assert choice(cached.workspace(), "demo", PERSON)["excluded"] == []
    assert before in texts(at)


def test_the_table_of_reasons_adds_up_to_the_score_shown(state: Path) -> None:
    at = person_page()
    at.session_state["why-table"] = True
    at.run()
    assert not at.exception
    told = next(line for line in texts(at) if "is the score" in line)
    base, parts, score = (float(word) for word in re.findall(r"[+-]?\d+\.\d{6}", told))
    assert base + parts == pytest.approx(score, abs=2e-6)
    table = at.dataframe[0].value
    assert table["part"].sum() == pytest.approx(parts, abs=1e-6)


def test_a_person_of_the_address_who_is_not_there_is_refused_and_nobody_else_is_shown(state: Path) -> None:
    for name in ("for_you", "my_data"):
        at = page(name, person="nobody", model="nothing", data="nowhere")
        assert next(str(said.value).replace("\\", "") for said in at.warning).startswith("There is no person 'nobody'")
        assert PERSON not in " ".join(texts(at))
        assert not at.radio


# -- Audit ----------------------------------------------------------------------------------------------------------


def test_the_audit_says_what_it_found_with_n_and_intervals_in_both_modes(everything: Path) -> None:
    at = page("audit", model=doors.model_named("linear", everything))
    assert shown(at, "Quality of the lists of 10")
    assert shown(at, "95 % interval")
    assert any("flag" in line.lower() or "too little evidence" in line for line in texts(at))
    tables = [frame.value for frame in at.dataframe]
    groups = next(table for table in tables if "gap to everybody else" in table)
    assert {"people", "value", "interval", "interval of the gap", "adjusted p", "answer"} <= set(groups.columns)
    judged = groups[groups["value"] != "–"]
    assert (judged["people"] > 0).all()
    assert judged["interval"].str.match(r"-?\d\.\d+ to -?\d\.\d+").all()
    modes = next(table for table in tables if "without a profile" in table)
    assert {"with a profile", "without a profile"} <= set(modes.columns)
    assert len(modes) >= 5
    providers = next(table for table in tables if "share of exposure" in table)
    assert {"titles", "interval", "share of the catalogue"} <= set(providers.columns)


def test_every_group_of_titles_is_reached_in_who_is_shown_what(everything: Path) -> None:
    model = doors.model_named("linear", everything)
    at = page("audit", model=model)
    run = next(each["run_id"] for each in cached.workspace().runs.list() if each["label"].startswith(model))
    rows = [
        row
        for row in cached.run(run)["exposure_matrix"]
        if (row["attribute"], row["column"])
        == (at.selectbox(key="matrix-people").value, at.selectbox(key="matrix-titles").value)
    ]
    table = next(frame.value for frame in at.dataframe if {"titles", "share of exposure", "people"} <= set(frame.value))
    assert len(table) == len(rows)
    chosen = next(box for box in at.multiselect if box.label == "In the chart")
    own = {row["category"] for row in rows if row["category"] and not row["joined"]}
    assert set(chosen.options) == own
    assert len(chosen.value) == min(12, len(own))
    at = chosen.set_value(chosen.options[-1:]).run()
    assert not at.exception
    figure = next(
        json.loads(each.proto.spec) for each in at.get("plotly_chart") if "Share of exposure" in each.proto.alt
    )
    names = {*figure["data"][0]["x"], *figure["data"][0]["y"]}
    assert short(chosen.options[-1]) in {name.replace("<br>", " ") for name in names}


def test_the_reason_of_every_answer_can_be_read_without_scrolling_sideways(everything: Path) -> None:
    at = page("audit", model=doors.model_named("linear", everything))
    groups = next(frame.value for frame in at.dataframe if "gap to everybody else" in frame.value)
    told = next(table.value for table in at.table if list(table.value.columns) == ["group", "answer", "why"])
    assert set(told["why"]) == {literal(reason) for reason in groups["reason"]}
    assert set(groups["group"]) <= {name.replace("\\", "") for line in told["group"] for name in line.split("; ")}


def test_people_whose_attribute_is_not_known_are_a_group_of_their_own(everything: Path) -> None:
    at = page("audit", model=doors.model_named("linear", everything), attribute="gender")
    groups = next(frame.value for frame in at.dataframe if "gap to everybody else" in frame.value)
    unknown = groups[groups["group"] == "unknown"]
    with opened(everything) as workspace:
        read = workspace.catalog.sensitive("demo", lambda told: None).read("gender", "test of the page")
    assert 0 < int(unknown["people"].iloc[0]) <= int(read.isna().sum())


def test_the_first_visit_runs_the_audit_and_the_next_one_finds_it(home: Path) -> None:
    with opened(home) as workspace:
        choices = [(f"p{n % 30:02d}", f"t{(n * 7) % 11}") for n in range(330)]
        groups = {"region": ["left", "right"] * 15}
        workspace.catalog.register(doors.little_source(list(dict.fromkeys(choices)), attributes=groups), "mine")
        train(workspace, "mine", "popularity")
    assert cached.workspace().runs.list() == []
    page("audit")
    assert len(cached.workspace().runs.list()) == 1
    page("audit")
    assert len(cached.workspace().log.entries(kind="audit")) == 2  # the plan and the result of one audit
    at = page("audit")
    next(button for button in at.button if "again" in button.label).click().run()
    assert not at.exception
    assert len(cached.workspace().log.entries(kind="audit")) == 4


# -- Diversity ------------------------------------------------------------------------------------------------------


def save_default(at: AppTest, position: float, reason: str) -> AppTest:
    at.select_slider(key="proposed").set_value(position).run()
    next(field for field in at.text_input if field.label == "Why this position?").input(reason)
    next(button for button in at.button if button.label == "Save the default").click().run()
    assert not at.exception
    return at


def test_a_default_without_a_reason_is_not_saved(state: Path) -> None:
    at = save_default(page("diversity"), 0.5, "  ")
    assert [error.value for error in at.error]
    assert cached.workspace().policies.default_slider("demo") == 0.0
    assert cached.workspace().log.entries(kind="policy") == []


def test_a_saved_default_reaches_who_has_no_own_setting_and_nobody_else(state: Path) -> None:
    at = person_page(OTHER)
    at.slider(key=f"slider-demo-{OTHER}").set_value(0.1).run()
    pressed(at, "Keep this")
    own, others = titles(at, OTHER), titles(person_page())
    at = save_default(page("diversity"), 0.6, "More of the catalogue should be seen")
    assert [message.value for message in at.success]
    assert cached.workspace().policies.default_slider("demo") == 0.6
    assert titles(person_page(OTHER), OTHER) == own
    moved = person_page()
    assert titles(moved) != others
    assert moved.slider(key=f"slider-demo-{PERSON}").value == 0.6
    event = cached.workspace().log.entries(kind="policy")[-1]
    assert event.detail["reason"] == "More of the catalogue should be seen"
    assert (event.detail["before"], event.detail["after"]) == (0.0, 0.6)


def test_the_proposal_shows_who_wins_and_who_loses(state: Path) -> None:
    at = page("diversity", proposed="1")
    tables = [frame.value for frame in at.dataframe]
    positions = next(table for table in tables if "relevance kept" in table)
    assert len(positions) == 11
    assert positions["relevance kept"].iloc[0] == "100.0%"
    changes = next(table for table in tables if "nDCG as proposed" in table)
    assert {"people", "change", "interval"} <= set(changes.columns)
    assert next(table for table in tables if "exposure as proposed" in table) is not None


def test_the_page_opens_at_every_default_and_proposes_a_position_of_its_own(state: Path) -> None:
    for step in range(11):
        set_default_slider(cached.workspace(), "demo", step / 10, "a test")
        at = page("diversity")
        proposed = at.select_slider(key="proposed").value
        assert proposed > step / 10 or step == 10


def test_a_position_of_the_address_is_proposed(state: Path) -> None:
    assert page("diversity", proposed="0.7").select_slider(key="proposed").value == 0.7


# -- what a person can do about a reason ----------------------------------------------------------------------------


def reason_lines(at: AppTest) -> list[str]:
    """What the panel says of the picked title, unescaped."""
    lines = [line.replace("\\", "") for line in texts(at)]
    return [
        line
        for line in lines
        if line.startswith(("**Because", "**What speaks", "Strongest", "Your own wish", "Without"))
    ]


def pressed(at: AppTest, name: str) -> AppTest:
    """The page after the button of this key, or with these words, was pressed."""
    next(button for button in at.button if name in (button.key, button.label)).click().run()
    assert not at.exception
    return at


def strongest(state: Path) -> tuple[str, str]:
    """Id and title of the past choice that speaks loudest for the first title, by the definition of the model."""
    model = doors.model_named("linear", state)
    training = cached.workspace().model(model).training
    first = recommend(cached.workspace(), model, PERSON)["items"][0]["item_id"]
    chosen = (training.matrix.toarray() > 0).astype(float)
    settings = cached.workspace().model(model).settings
    inverse = np.linalg.inv(chosen.T @ chosen + settings.regularization * np.eye(chosen.shape[1]))
    weights = -inverse / np.diag(inverse)[None, :]
    own = np.flatnonzero(chosen[training.users.code(PERSON)])
    code = int(own[np.argmax(np.abs(weights[own, training.items.code(first)]))])
    return training.items[code], training.titles[code]


def test_dont_use_this_acts_at_once_and_is_undone(state: Path) -> None:
    item, name = strongest(state)
    at = person_page()
    before, said = titles(at), reason_lines(at)
    assert any(f"“{name}”" in line for line in said)
    at = pressed(at, "drop-0")
    assert choice(cached.workspace(), "demo", PERSON)["excluded"] == [item]
    expected = recommend(cached.workspace(), doors.model_named("linear", state), PERSON)["items"]
    assert titles(at) == [label(row["title"]) for row in expected]
    assert not any(f"“{name}”" in line for line in reason_lines(at))
    assert at.multiselect(key=f"without-demo-{PERSON}").value == [item]
    at.multiselect(key=f"without-demo-{PERSON}").unselect(item).run()
    assert not at.exception
    assert choice(cached.workspace(), "demo", PERSON)["excluded"] == []
    assert (titles(at), reason_lines(at)) == (before, said)


def test_less_of_this_acts_at_once_and_is_undone(state: Path) -> None:
    item, name = strongest(state)
    at = person_page()
    before, said = titles(at), reason_lines(at)
    at = pressed(at, "less-0")
    assert choice(cached.workspace(), "demo", PERSON)["less"] == [item]
    expected = recommend(cached.workspace(), doors.model_named("linear", state), PERSON)["items"]
    assert titles(at) == [label(row["title"]) for row in expected]
    moved = [option for option in at.radio(key=f"picked-{PERSON}").options if option.endswith(before[0])]
    at.radio(key=f"picked-{PERSON}").set_value(moved[0]).run()
    assert any(line.startswith(f"Your own wish held it back, less of “{name}”") for line in reason_lines(at))
    assert at.button(key="less-0").disabled
    assert at.multiselect(key=f"less-demo-{PERSON}").value == [item]
    at.multiselect(key=f"less-demo-{PERSON}").unselect(item).run()
    assert choice(cached.workspace(), "demo", PERSON)["less"] == []
    assert (titles(at), reason_lines(at)) == (before, said)


def test_two_buttons_one_after_the_other_take_out_two_choices(state: Path) -> None:
    at = pressed(pressed(person_page(), "drop-0"), "drop-0")
    assert len(choice(cached.workspace(), "demo", PERSON)["excluded"]) == 2
    assert len(at.multiselect(key=f"without-demo-{PERSON}").value) == 2


def test_with_every_choice_taken_out_the_list_is_the_one_without_a_profile(state: Path) -> None:
    workspace, model = cached.workspace(), doors.model_named("linear", state)
    training = workspace.model(model).training
    codes = training.matrix[[training.users.code(PERSON)]].indices.tolist()
    for code in codes:
        exclude(workspace, "demo", PERSON, training.items[code])
    at = person_page()
    assert shown(at, "We hold no past choice of yours that may be used.")
    expected = recommend_non_profiled(workspace, model)["items"]
    assert titles(at) == [label(row["title"]) for row in expected]
    said = [line.replace("\\", "") for line in texts(at)]
    assert f"**Because it was chosen by {expected[0]['score']:.0f} people. Nothing about you was used.**" in said
    assert sorted(at.multiselect(key=f"without-demo-{PERSON}").value) == sorted(training.items[code] for code in codes)
    for view in VIEWS:
        assert not viewed(at, view).exception
    back = training.items[codes[0]]
    viewed(at, "Reasons").multiselect(key=f"without-demo-{PERSON}").unselect(back).run()
    assert not at.exception
    assert not shown(at, "We hold no past choice of yours that may be used.")


def test_a_choice_that_a_replaced_data_set_lost_is_passed_over(home: Path) -> None:
    drawn = np.random.default_rng(0).integers(0, 14, (9, 6))
    choices = [(f"p{person}", f"t{title}") for person, row in enumerate(drawn) for title in row]
    with opened(home) as workspace:
        workspace.catalog.register(doors.little_source(list(dict.fromkeys([*choices, ("p0", "old")]))), "shop")
        train(workspace, "shop", "linear", {"regularization": 1})
        for change in (exclude, use_less, hide):
            change(workspace, "shop", "p0", "old")
        workspace.catalog.register(doors.little_source(list(dict.fromkeys(choices))), "shop", replace=True)
        model = train(workspace, "shop", "linear", {"regularization": 1})["model_id"]
    at = person_page("p0", model=model)
    assert titles(at, "p0")
    at = pressed(at, "drop-0")
    assert len(choice(cached.workspace(), "shop", "p0")["excluded"]) == 2
    assert len(at.multiselect(key="without-shop-p0").value) == 1


VIEWS = ("Reasons", "What if", "People", "Data")


def viewed(at: AppTest, view: str) -> AppTest:
    return at.radio(key="why-view").set_value(view).run()


@pytest.mark.parametrize("model", NAMES)
def test_every_view_opens_for_every_model_and_why_not_answers(everything: Path, model: str) -> None:
    at = page(model=doors.model_named(model, everything))
    said: dict[str, list[str]] = {}
    for view in VIEWS:
        at = viewed(at, view)
        assert not at.exception, view
        assert not at.error, view
        said[view] = [line.replace("\\", "") for line in texts(at)]
    assert any("Compared with" in line for line in said["Reasons"])
    assert any(
        line.startswith(("- Without", "No set of up to 25", "No past choice of yours")) for line in said["What if"]
    )
    assert any(" scores " in line for line in said["What if"])
    assert any("people" in line for line in said["People"])
    assert any(line.startswith("- ") for line in said["Data"])
    assert any("Nobody is named yet" in line for line in said["Data"])
    assert not any("Compared with" in line for line in said["People"]), "one view at a time"
    at.session_state["why-not-open"] = True
    at.run()
    asking = at.selectbox(key="why-not")
    asking.select_index(2).run()
    assert not at.exception
    assert any("It stands at place " in line for line in texts(at))


def test_the_contact_stands_beside_the_explanation(state: Path) -> None:
    set_contact(cached.workspace(), "demo", "The *film* desk, film@example.org")
    at = viewed(person_page(), "Data")
    assert shown(at, literal("The *film* desk, film@example.org"))
    assert not shown(at, "Nobody is named yet")


# -- boosts and contact ---------------------------------------------------------------------------------------------


def field(at: AppTest, kind: str, words: str) -> Any:
    return next(found for found in at.get(kind) if found.label == words)


def test_a_boost_is_previewed_saved_with_a_reason_told_and_taken_away(state: Path) -> None:
    workspace, model = cached.workspace(), doors.model_named("linear", state)
    item = recommend(workspace, model, PERSON, 40)["items"][35]["item_id"]
    at = page("diversity", model=model)
    assert shown(at, "No boost acts on the lists of this model.")
    assert shown(at, "the first score is about")
    at.selectbox(key=f"boost-item-{model}").set_value(item)
    at.number_input(key=f"boost-points-{model}").set_value(2.5)
    at.run()
    seen = {metric.label: metric.value for metric in at.metric}
    by_hand = preview_boost(workspace, model, "item", item, 2.5)
    assert seen["Lists that change"] == f"{by_hand.changed:.1%}"
    assert seen["Exposure of the boosted titles"] == f"{by_hand.exposure_after:.1%}"
    assert shown(at, "Nothing is saved yet")
    assert boosts(workspace, model) == []
    field(at, "text_input", "What people read beside it").input("film of the <b>week</b>")
    next(button for button in at.button if button.label == "Save the boost").click().run()
    assert [error.value for error in at.error] == [
        literal("a boost needs a reason; say in a sentence why it is changed.")
    ]
    assert boosts(workspace, model) == []
    field(at, "text_input", "Why this boost?").input("a campaign")
    next(button for button in at.button if button.label == "Save the boost").click().run()
    assert not at.exception
    assert [message.value for message in at.success]
    assert boosts(workspace, model)[0]["amount"] == 2.5
    table = next(frame.value for frame in at.dataframe if "what people read" in frame.value)
    assert table["points"].tolist() == ["+2.5"]
    mine = person_page(model=model)
    assert any("boosted by the operator" in line for line in mine.radio(key=f"picked-{PERSON}").proto.captions)
    assert shown(mine, literal("The operator boosts it: “film of the <b>week</b>” adds 2.5 to its score."))
    at = page("diversity", model=model)
    field(at, "text_input", "Why take it away?").input("over")
    next(button for button in at.button if button.label == "Take it away").click().run()
    assert not at.exception
    assert boosts(workspace, model) == []
    assert shown(at, "No boost acts on the lists of this model.")
    assert [event.detail["reason"] for event in workspace.log.entries(kind="policy")] == ["a campaign", "over"]


def test_the_preview_of_the_slider_is_made_anew_after_a_boost(state: Path) -> None:
    model = doors.model_named("linear", state)
    before = page("diversity", model=model)
    assert not shown(before, literal("operator's"))
    set_boost(cached.workspace(), model, "item", doors_item(model), 3.0, "ours", "because")
    assert shown(page("diversity", model=model), literal("lists hold the operator's 1 boost"))


def doors_item(model: str) -> str:
    return recommend(cached.workspace(), model, PERSON, 30)["items"][25]["item_id"]


def test_the_audit_page_does_not_show_an_audit_from_before_a_boost(everything: Path) -> None:
    model = doors.model_named("popularity", everything)
    runs = len(cached.workspace().runs.list())
    page("audit", model=model)
    assert len(cached.workspace().runs.list()) == runs
    set_boost(cached.workspace(), model, "item", doors_item(model), 30.0, "ours", "because")
    at = page("audit", model=model)
    assert len(cached.workspace().runs.list()) == runs + 1
    assert shown(at, literal("lists hold the operator's 1 boost"))


def test_the_contact_is_named_on_the_page(state: Path) -> None:
    at = page("diversity")
    assert shown(at, "Nobody is named yet")
    field(at, "text_input", "Name, and an address to write to").input(" ")
    next(button for button in at.button if button.label == "Save the contact").click().run()
    assert [error.value for error in at.error]
    field(at, "text_input", "Name, and an address to write to").input("The film desk")
    next(button for button in at.button if button.label == "Save the contact").click().run()
    assert not at.exception
    assert cached.workspace().policies.contact("demo") == "The film desk"


@pytest.mark.parametrize("model", NAMES)
def test_a_boost_can_be_previewed_for_every_model(everything: Path, model: str) -> None:
    model_id = doors.model_named(model, everything)
    at = page("diversity", model=model_id)
    at.selectbox(key=f"boost-item-{model_id}").set_value(doors_item(model_id))
    at.number_input(key=f"boost-points-{model_id}").set_value(0.5)
    at.run()
    assert not at.exception
    assert "Lists that change" in {metric.label for metric in at.metric}
