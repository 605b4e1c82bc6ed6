"""A receipt says what was shown and why, checks itself, comes out the same when it is replayed, and names nobody."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app import workspace as rooms
from app.cli import main
from app.use_cases import choosing
from app.use_cases.boosting import set_boost
from app.use_cases.erasing import erase
from app.use_cases.personal import PersonalList
from app.use_cases.receipting import receipt, receipt_file, replay, replay_file
from app.use_cases.recommending import recommend, recommend_non_profiled
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.errors import BadInput, NotFound, SightglassError
from data.keep import evidence, verifier
from data.keep.events import Kind
from data.keep.verifier import canonical, pretty, sha256, verify_content, verify_path
from models.registry import NAMES
from models.why.account import request_of, settings_of
from tests import doors

PERSON, OTHER, OFF, OFF_TOO = "u0017", "u0042", "u0033", "u0034"
SLIDER = 0.3
PEOPLE = re.compile(rb"u\d{4}")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Document]]:
    """The small world with all models, two people who chose and two who are off; a receipt of PERSON for each model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
        home = doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("receipts") / "home")
        with opened(home) as workspace:
            for name in NAMES:
                if name not in ("linear", "popularity"):
                    train(workspace, "demo", name)
            choose(workspace)
            return home, {name: receipt(workspace, id_of(workspace, name), PERSON) for name in NAMES}


def choose(workspace: Workspace) -> None:
    """Everything that can be chosen, and a boost of the operator on each model."""
    own = history_of(workspace, PERSON)
    choosing.set_slider(workspace, "demo", PERSON, SLIDER)
    choosing.exclude(workspace, "demo", PERSON, own[0])
    choosing.use_less(workspace, "demo", PERSON, own[1])
    first = recommend(workspace, id_of(workspace, "linear"), PERSON)["items"][0]["item_id"]
    choosing.hide(workspace, "demo", PERSON, first)
    for who in (OFF, OFF_TOO):
        choosing.set_profiling(workspace, "demo", who, on=False)
    for name in NAMES:
        boosted = recommend(workspace, id_of(workspace, name), PERSON)["items"][4]["item_id"]
        set_boost(workspace, id_of(workspace, name), "item", boosted, 0.01, "season", "a season of its own")


def history_of(workspace: Workspace, user: str) -> list[str]:
    rows = workspace.catalog.open("demo").interactions.frame()
    return sorted(rows.loc[rows["user_id"] == user, "item_id"])


def id_of(workspace: Workspace, name: str) -> str:
    return next(found for found in workspace.shelf.ids() if workspace.shelf.about(found)["model"] == name)


@pytest.fixture
def state(made: tuple[Path, dict[str, Document]], home: Path) -> Path:
    shutil.copytree(made[0], home)
    return home


@pytest.fixture
def workspace(state: Path) -> Iterator[Workspace]:
    """A copy of that state, opened as after a restart: no model is in memory yet."""
    rooms._CACHE.clear()
    with opened(state) as found:
        yield found


@pytest.fixture(scope="module")
def receipts(made: tuple[Path, dict[str, Document]]) -> dict[str, Document]:
    return made[1]


def failed(told: Document) -> list[str]:
    return [check["name"] for check in told["checks"] if not check["ok"]]


def forged(told: Document) -> Document:
    """The same with a fitting hash of its own, as a forger would give it."""
    bare = {key: value for key, value in told.items() if key != "sha256"}
    return {**bare, "sha256": sha256(canonical(bare))}


# -- what is in it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_what_was_shown_and_verifies(workspace: Workspace, receipts: dict[str, Document], name: str) -> None:
    told, model_id = receipts[name], id_of(workspace, name)
    manifest = json.loads((workspace.shelf.folder(model_id) / "manifest.json").read_bytes())
    assert verify_content(pretty(told))["ok"], failed(verify_content(pretty(told)))
    same = ("item_id", "title", "rank", "score")
    listed = recommend(workspace, model_id, PERSON)["items"]
    assert [[row[key] for key in same] for row in told["list"]] == [[row[key] for key in same] for row in listed]
    assert told["model"] == {
        "model_id": model_id,
        "name": name,
        "settings": manifest["settings"],
        "digest": manifest["digest"],
        "statistics_hash": manifest["statistics_hash"],
    }
    assert told["data_hash"] == workspace.catalog.open("demo").interactions.hash
    held, own = workspace.choices.get("demo", PERSON), history_of(workspace, PERSON)
    asked = told["settings"]
    assert (asked["k"], asked["serendipity"], asked["less"]) == (10, SLIDER, [own[1]])
    assert (asked["excluded"], asked["hidden"]) == ([own[0]], sorted(held.hidden))
    assert [(boost["title"], list(boost["values"].values())) for boost in asked["boosts"]] == [("season", [0.01])]
    assert told["subject"] == workspace.pseudonyms.known("demo", PERSON)


@pytest.mark.parametrize("name", NAMES)
def test_the_reasons_add_up_in_exact_arithmetic(receipts: dict[str, Document], name: str) -> None:
    for row in receipts[name]["list"]:
        total = Fraction(row["base"]) + sum(Fraction(part["value"]) for part in row["parts"])
        assert abs(total - Fraction(row["score"])) <= Fraction(1, 10**9), row["title"]


def test_the_entry_in_the_record_carries_the_hash_of_the_claims(
    workspace: Workspace, receipts: dict[str, Document]
) -> None:
    around = {"log_index", "tree_head", "inclusion_proof", "leaf", "sha256"}
    events = workspace.log.entries(kind=Kind.RECEIPT)
    assert len(events) == len(NAMES)
    for event, told in zip(events, receipts.values(), strict=True):
        claims = {key: value for key, value in told.items() if key not in around}
        plain = json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        assert event.detail["claims_sha256"] == sha256(plain.encode())
        assert event.leaf == told["leaf"]
    head = workspace.log.head()
    last = receipts[NAMES[-1]]
    assert verify_content(pretty(last), (head["size"], bytes.fromhex(head["root"])))["ok"]
    assert failed(verify_content(pretty(last), (head["size"], bytes(32)))) == ["the head is the one you trust"]


def test_nobody_is_named(workspace: Workspace, receipts: dict[str, Document]) -> None:
    content = b"\n".join(canonical(told) for told in receipts.values())
    assert len(content) > 100_000
    assert PEOPLE.findall(content) == []
    assert PEOPLE.findall("\n".join(event.leaf for event in workspace.log.entries()).encode()) == []
    named = {**receipts["linear"], "settings": {**receipts["linear"]["settings"], "user_id": PERSON}}
    assert "nobody is named" in failed(verify_content(pretty(forged(named))))


def test_titles_with_control_characters_are_said_on_one_line() -> None:
    assert verifier.shown("a\x1b[2J\nb\u202ec") == "'a [2J b c'"
    assert verifier.shown("x" * 5_000) == f"'{'x' * 60}…'"
    assert verifier.shown("<b>שלום & co</b>") == "'<b>שלום & co</b>'"


# -- replayed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_it_comes_out_the_same_after_a_restart(workspace: Workspace, receipts: dict[str, Document], name: str) -> None:
    told = replay(workspace, receipts[name])
    assert (told["replayed"], told["state"]) == (True, "same"), told["reason"]
    assert not failed(told)


def test_it_comes_out_the_same_in_another_process(
    state: Path, receipts: dict[str, Document], tmp_path: Path, home: Path
) -> None:
    for name in ("linear", "hybrid"):
        (tmp_path / f"{name}.json").write_bytes(pretty(receipts[name]))
        program = str(Path(sys.executable).with_name("sightglass"))
        command = [program, "replay", str(tmp_path / f"{name}.json"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["state"] == "same"


def test_what_the_person_chooses_later_plays_no_part(workspace: Workspace, receipts: dict[str, Document]) -> None:
    own = history_of(workspace, PERSON)
    linear = receipts["linear"]["model"]["model_id"]
    choosing.set_slider(workspace, "demo", PERSON, 0.9)
    choosing.include(workspace, "demo", PERSON, own[0])
    choosing.exclude(workspace, "demo", PERSON, own[2])
    choosing.use_fully(workspace, "demo", PERSON, own[1])
    choosing.hide(workspace, "demo", PERSON, receipts["linear"]["list"][0]["item_id"])
    set_boost(workspace, linear, "item", receipts["linear"]["list"][9]["item_id"], 5.0, "loud", "to be seen")
    assert recommend(workspace, linear, PERSON)["items"][0] != receipts["linear"]["list"][0]
    assert {replay(workspace, told)["state"] for told in receipts.values()} == {"same"}
    choosing.set_profiling(workspace, "demo", PERSON, on=False)
    assert replay(workspace, receipts["linear"])["state"] == "same"


def test_a_model_that_answers_otherwise_is_told_with_the_title(
    workspace: Workspace, receipts: dict[str, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest change that a float can have, in one weight of the model in memory."""
    told = receipt(workspace, receipts["linear"]["model"]["model_id"], PERSON, serendipity=0.0)
    model = workspace.model(told["model"]["model_id"])
    third = told["list"][2]
    own, target = (model.training.items.code(name) for name in (third["parts"][0]["id"], third["item_id"]))
    weights = np.array(model.weights)  # type: ignore[attr-defined]
    weights[own, target] = np.nextafter(weights[own, target], np.inf)
    monkeypatch.setattr(model, "weights", weights)
    answer = replay(workspace, told)
    assert (answer["replayed"], answer["state"]) == (False, "differs")
    assert f"rank 3, '{told['list'][2]['title']}'" in answer["reason"]
    assert "Versions differ" not in answer["reason"]
    monkeypatch.setattr(evidence.platform, "python_version", lambda: "2.7")
    ours = told["library_versions"]["python"]
    assert f"python {ours} then and 2.7 now" in replay(workspace, told)["reason"]


@pytest.mark.parametrize("name", NAMES)
def test_a_request_survives_as_plain_values(workspace: Workspace, name: str) -> None:
    model_id = id_of(workspace, name)
    model = workspace.model(model_id)
    request = PersonalList.of(workspace, model_id, PERSON, 7).request
    assert request is not None
    told = json.loads(canonical(settings_of(model, request)))
    again = request_of(model, PERSON, told)
    assert (again.k, again.serendipity, again.less) == (7, SLIDER, request.less)
    assert np.array_equal(again.one.matrix.toarray(), request.one.matrix.toarray())
    assert again.withdrawn is not None
    assert request.withdrawn is not None
    assert np.array_equal(again.withdrawn.matrix.toarray(), request.withdrawn.matrix.toarray())
    assert again.hidden is not None
    assert request.hidden is not None
    assert sorted(again.hidden) == sorted(request.hidden)
    assert [boost.title for boost in again.boosts] == ["season"]
    assert np.array_equal(again.boosts[0].values, request.boosts[0].values)


# -- changed --------------------------------------------------------------------------------------------------------


def with_digit(content: bytes, place: int, digit: int) -> bytes:
    return content[:place] + b"%d" % digit + content[place + 1 :]


def test_every_single_digit_of_a_receipt_counts(receipts: dict[str, Document]) -> None:
    content = pretty(receipts["popularity"])
    digits = [place for place, sign in enumerate(content) if chr(sign).isdigit()]
    assert len(digits) > 1_000
    passed = [place for place in digits if verify_content(with_digit(content, place, (content[place] - 47) % 10))["ok"]]
    assert passed == []


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.floats(0, 1, exclude_max=True), st.integers(0, 9), st.booleans())
def test_a_changed_digit_is_refused_also_with_a_hash_of_its_own(
    receipts: dict[str, Document], name: str, where: float, digit: int, forge: bool
) -> None:
    content = pretty(receipts[name])
    digits = [found.start() for found in re.finditer(rb"\d", content)]
    place = digits[int(where * len(digits))]
    assume(content[place] != 48 + digit)
    changed = with_digit(content, place, digit)
    if forge:
        try:
            told = json.loads(changed)
        except ValueError:
            assume(False)
        assume({**told, "sha256": ""} != {**receipts[name], "sha256": ""})
        changed = pretty(forged(told))
    answer = verify_content(changed)
    assert not answer["ok"]
    assert failed(answer)


def test_two_spellings_of_one_number_are_told_apart(receipts: dict[str, Document]) -> None:
    """0.30000000000000004 and 0.30000000000000005 are the same float; the digit is seen all the same."""
    assert json.loads("0.30000000000000005") == 0.1 + 0.2
    assert verifier.parse(b"[0.30000000000000004]") == [0.1 + 0.2]
    for spelled in (b"0.30000000000000005", b"0.3000", b"3e-1", b"-0", b"1E5", b"1e999", b"10.0e1"):
        with pytest.raises(verifier.Broken, match="is not written as it was"):
            verifier.parse(b"[" + spelled + b"]")


@pytest.mark.parametrize("name", ["linear", "svd"])
@pytest.mark.parametrize("field", ["score", "base", "part"])
def test_the_refusal_says_which_check_and_which_title(receipts: dict[str, Document], name: str, field: str) -> None:
    told = json.loads(canonical(receipts[name]))
    row = told["list"][3]
    part = row["parts"][0] if field == "part" else row
    part["value" if field == "part" else field] += 0.001
    about = f"title 4, {verifier.shown(row['title'])}"
    expected = {"the log entry carries the hash of these claims", f"{about}: as it was written"}
    if name == "linear":
        expected.add(f"{about}: the reasons add up to the score")
    assert set(failed(verify_content(pretty(forged(told))))) == expected
    assert set(failed(verify_content(pretty(told)))) == {*expected, "its own hash"}


def resealed(told: Document) -> Document:
    """A forger who also makes the hashes of the entries and of the log entry fit: only the tree is left to stop them."""
    rows = [{key: value for key, value in row.items() if key != "sha256"} for row in told["list"]]
    bare = {**told, "list": [{**row, "sha256": sha256(canonical(row))} for row in rows]}
    claims = {key: value for key, value in bare.items() if key not in verifier.AROUND_CLAIMS}
    leaf = json.loads(told["leaf"])
    leaf["detail"]["claims_sha256"] = sha256(canonical(claims))
    return forged({**bare, "leaf": canonical(leaf).decode()})


def test_only_the_tree_stops_who_makes_every_hash_fit(receipts: dict[str, Document]) -> None:
    told = json.loads(canonical(receipts["linear"]))
    row = told["list"][0]
    row["score"] += 0.5
    row["parts"][0]["value"] += 0.5
    assert failed(verify_content(pretty(resealed(told)))) == ["the log entry is in the tree of the head"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda told: told["list"].pop(4), "the ranks go from 1 without a gap"),
        (lambda told: told["list"].reverse(), "the ranks go from 1 without a gap"),
        (lambda told: told["list"][1].update(item_id=told["list"][0]["item_id"]), "no title comes twice"),
        (lambda told: told.update(subject="0" * 64), "the log entry is about the same person"),
        (lambda told: told.update(subject=None), "a list made without a profile is about nobody"),
        (lambda told: told.update(receipt_id="0" * 32), "the log entry is the one of this receipt"),
        (lambda told: told.pop("data_hash"), "every field is there"),
        (lambda told: told["list"][0].update(note="x"), "title 1, {title}: as it was written"),
    ],
)
def test_each_check_is_needed(receipts: dict[str, Document], change: Any, name: str) -> None:
    """Each named check fails where all hashes fit but those that the record holds."""
    told = json.loads(canonical(receipts["linear"]))
    change(told)
    title = verifier.shown(receipts["linear"]["list"][0]["title"])
    assert name.format(title=title) in failed(verify_content(pretty(resealed(told))))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_receipt_of_any_other_form_is_answered(receipts: dict[str, Document], data: st.DataObject) -> None:
    """Any value in the place of any field: never an exception, never ok."""
    told = json.loads(canonical(receipts["popularity"]))
    odd = st.one_of(st.none(), st.booleans(), st.integers(-9, 10**400), st.text(max_size=3), st.just([]), st.just({}))
    holder = data.draw(st.sampled_from([told, told["list"][0], told["inclusion_proof"], told["tree_head"]]))
    key = data.draw(st.sampled_from(sorted(holder)))
    value = data.draw(odd)
    assume(value != holder[key] or type(value) is not type(holder[key]))
    holder[key] = value
    assert not verify_content(pretty(forged(told) if key != "sha256" else told))["ok"]


def test_the_verifier_travels_alone(receipts: dict[str, Document], tmp_path: Path) -> None:
    shutil.copy(verifier.__file__, tmp_path / "verify.py")
    (tmp_path / "r.json").write_bytes(pretty(receipts["linear"]))
    run = [sys.executable, "-I", "-S", "verify.py", "r.json"]
    good = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "all checks hold"), good
    told = json.loads(canonical(receipts["linear"]))
    told["list"][2]["rank"] = 4
    (tmp_path / "r.json").write_bytes(pretty(told))
    bad = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "FAILS  the ranks go from 1 without a gap" in bad.stdout


# -- gone -----------------------------------------------------------------------------------------------------------


def still_proven(workspace: Workspace, told: Document) -> bool:
    """The receipt verifies, and our record still has its entry at its place under the same head."""
    ours = workspace.log.prove(told["log_index"], told["tree_head"]["size"])
    return verify_content(pretty(told))["ok"] and ours == told["inclusion_proof"]


def test_after_the_model_was_fitted_again_the_version_is_purged(
    workspace: Workspace, receipts: dict[str, Document]
) -> None:
    told = receipts["item-neighbours"]
    model_id = told["model"]["model_id"]
    train(workspace, "demo", "item-neighbours")
    assert replay(workspace, told)["state"] == "same", "another model beside it changes nothing"
    again = type(workspace.model(model_id))(neighbours=7).fit(workspace.model(model_id).training)
    workspace.shelf.replace(model_id, again)
    answer = replay(workspace, told)
    assert (answer["replayed"], answer["state"]) == (False, "version purged")
    assert model_id in answer["reason"]
    assert still_proven(workspace, told)
    shutil.rmtree(workspace.shelf.folder(model_id))
    assert replay(workspace, told)["state"] == "version purged"


def test_an_erasure_purges_the_versions_of_others_and_removes_the_persons_own(
    workspace: Workspace, receipts: dict[str, Document], state: Path
) -> None:
    linear = receipts["linear"]["model"]["model_id"]
    others = receipt(workspace, linear, OTHER)
    same_for_all = receipt(workspace, linear, OFF)
    certificate = erase(workspace, "demo", PERSON)["certificate"]
    assert "receipts" in certificate["scope"]
    for told in receipts.values():
        assert replay(workspace, told)["state"] == "person erased"
        assert still_proven(workspace, told)
        with pytest.raises(NotFound, match="was never made here, or its person was erased"):
            workspace.receipts.get(told["receipt_id"])
    for told in (others, same_for_all):
        assert replay(workspace, told)["state"] == "version purged"
        assert still_proven(workspace, told)
        assert workspace.receipts.get(told["receipt_id"]) == told
    assert workspace.receipts.of("demo", PERSON) == []
    assert workspace.receipts.of("demo", OTHER) == [others]
    mark = receipts["linear"]["sha256"].encode()
    assert not any(mark in path.read_bytes() for path in state.glob("sightglass.db*"))


# -- profiling off --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_receipt_with_profiling_off_holds_nothing_of_the_person(workspace: Workspace, name: str) -> None:
    model_id = id_of(workspace, name)
    one, two = (receipt(workspace, model_id, who) for who in (OFF, OFF_TOO))
    assert verify_content(pretty(one))["ok"]
    own = {"receipt_id", "made_at", *verifier.AROUND_CLAIMS}
    assert {k: v for k, v in one.items() if k not in own} == {k: v for k, v in two.items() if k not in own}
    assert (one["subject"], one["profiled"], one["settings"]) == (None, False, {"k": 10})
    listed = recommend_non_profiled(workspace, model_id)["items"]
    assert [row["item_id"] for row in one["list"]] == [row["item_id"] for row in listed]
    for row in one["list"]:
        assert [(part["id"], part["value"]) for part in row["parts"]] == [("popularity", row["score"])]
    event = workspace.log.entries(kind=Kind.RECEIPT)[-1]
    assert (event.actor, event.subject) == ("sightglass", None)
    assert workspace.receipts.of("demo", OFF) == []
    assert workspace.receipts.get(one["receipt_id"]) == one
    assert replay(workspace, one)["state"] == "same"


def test_with_profiling_off_no_personal_file_is_read(workspace: Workspace, state: Path) -> None:
    linear = id_of(workspace, "linear")
    for file in [*(state / "models").rglob("people-*"), *(state / "datasets").rglob("*.parquet")]:
        file.unlink()
    told = receipt(workspace, linear, OFF)
    assert replay(workspace, told)["state"] == "same"
    with pytest.raises(SightglassError):
        receipt(workspace, linear, OTHER)


def test_who_took_out_everything_gets_the_receipt_of_the_list_that_they_see(workspace: Workspace) -> None:
    linear = id_of(workspace, "linear")
    for item in history_of(workspace, OTHER):
        choosing.exclude(workspace, "demo", OTHER, item)
    told = receipt(workspace, linear, OTHER)
    assert [row["item_id"] for row in told["list"]] == [
        row["item_id"] for row in recommend(workspace, linear, OTHER)["items"]
    ]
    assert (told["profiled"], told["subject"]) == (False, None)


# -- kept whole -----------------------------------------------------------------------------------------------------


def test_the_receipt_and_its_entry_are_kept_together_or_not_at_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear, size = id_of(workspace, "linear"), workspace.log.head()["size"]
    for broken in ("append_within", "prove_within"):
        with monkeypatch.context() as patch:
            patch.setattr(workspace.log, broken, lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                receipt(workspace, linear, OTHER)
        assert workspace.log.head()["size"] == size
        assert workspace.receipts.of("demo", OTHER) == []


def test_receipts_made_at_once_each_prove_their_own_entry(workspace: Workspace) -> None:
    linear = id_of(workspace, "linear")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: receipt(workspace, linear, OTHER, k), range(1, 9)))
    assert all(verify_content(pretty(told))["ok"] for told in found)
    assert len({told["log_index"] for told in found}) == len(found)
    assert workspace.receipts.of("demo", OTHER) == sorted(found, key=lambda told: told["log_index"])
    assert all(check["ok"] for check in workspace.log.verify([told["tree_head"] for told in found]))


def test_a_receipt_of_another_installation_is_refused(
    workspace: Workspace, receipts: dict[str, Document], tmp_path: Path
) -> None:
    with opened(tmp_path) as elsewhere:
        answer = replay(elsewhere, receipts["linear"])
    assert (answer["state"], "another installation" in answer["reason"]) == ("refused", True)


# -- the command line, and bad input --------------------------------------------------------------------------------


@pytest.fixture
def sightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightglass", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_the_commands(workspace: Workspace, sightglass: Any, tmp_path: Path) -> None:
    linear, out = id_of(workspace, "linear"), tmp_path / "r.json"
    code, said, _ = sightglass(
        "receipt", "--model", linear, "--user", PERSON, "-k", 5, "--serendipity", 0.2, "--out", out, "--json"
    )
    told = json.loads(said)
    document = json.loads(out.read_bytes())
    assert (code, len(told["items"]), told["sha256"]) == (0, 5, document["sha256"])
    assert (document["settings"]["k"], document["settings"]["serendipity"]) == (5, 0.2)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert sightglass("verify", out)[0] == 0
    assert json.loads(sightglass("replay", out, "--json")[1])["replayed"] is True
    out.write_bytes(out.read_bytes().replace(b'"rank": 2', b'"rank": 3'))
    assert sightglass("verify", out)[0] == 1
    code, said, _ = sightglass("replay", out)
    assert code == 1
    assert "refused" in said
    assert "its own hash" in said


def test_unknown_names_are_told_and_nothing_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    linear, head = id_of(workspace, "linear"), workspace.log.head()
    with pytest.raises(NotFound, match="There is no trained model 'nothing'"):
        receipt(workspace, "nothing", PERSON)
    with pytest.raises(NotFound, match="There is no person 'nobody'"):
        receipt(workspace, linear, "nobody")
    for who in (PERSON, OFF):
        with pytest.raises(BadInput, match="a list holds 1 to 1000 titles"):
            receipt(workspace, linear, who, 0)
    with pytest.raises(BadInput, match="the slider must be"):
        receipt(workspace, linear, PERSON, serendipity=1.5)
    for out, sentence in (("r.txt", "written as JSON"), ("nowhere/r.json", "no such folder")):
        with pytest.raises(BadInput, match=sentence):
            receipt_file(workspace, linear, PERSON, tmp_path / out)
    assert workspace.log.head() == head
    assert workspace.pseudonyms.known("demo", "nobody") is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "this is not a whole receipt"),
        (b"{", "this is not a whole receipt"),
        (b"\xff\xfe", "this is not a whole receipt"),
        (b"[" * 100_000, "this is not a whole receipt"),
        (b'{"a": 1, "a": 2}', "a key comes twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1.50}', "the number 1.50 is not written as it was"),
        (b"[]", "this file is not a receipt"),
        (b'{"format": "sightglass-certificate/1"}', "this file is not a receipt"),
    ],
)
def test_a_file_that_is_no_receipt_is_told(workspace: Workspace, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"{sentence}.*; give a file that `sightglass receipt` wrote"):
        replay_file(workspace, path)
    assert not verify_path(path)["ok"]


def test_a_file_that_is_not_there_is_told(workspace: Workspace, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BadInput, match="it cannot be read"):
            replay_file(workspace, path)
