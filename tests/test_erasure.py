"""Erased is erased: nothing is left anywhere, every model is as if the person had never been there, and it can be proved."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import cached, workspace
from app.cli import main
from app.use_cases import choosing, erasing
from app.use_cases.auditing import audit
from app.use_cases.exporting import my_data
from app.use_cases.importing import import_data
from app.use_cases.receipting import receipt, replay
from app.use_cases.recommending import recommend, recommend_all
from app.use_cases.reporting import report
from app.use_cases.training import train
from app.workspace import Workspace, opened
from data.columns import MINOR
from data.errors import NotFound, SightglassError
from data.keep.choices import Effect, Rule
from data.keep.consents import Category, Purpose
from data.keep.database import open_database
from data.keep.erasures import tables_of_people
from data.keep.requests import Right
from data.keep.schema import Base
from data.keep.verifier import pretty, verify_content
from data.tables import RawTable
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import NAMES, create, recommender_class
from tests import doors
from tests.erasing import DATA, MARK, OTHER, PERSON, SECRET, as_folder, places_of, tiny_source, tiny_world

WORDS = [PERSON.encode(), MARK.encode(), SECRET.encode()]


@pytest.fixture
def tiny(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def lively(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All eight models, and everything that can be kept about two people: choices, rules, consents, requests, receipts."""
    base = tmp_path_factory.getbasetemp()

    def build(folder: Path) -> None:
        folder.rmdir()
        fill(tiny_world(base, folder, NAMES), tmp_path_factory.mktemp("left"))

    shutil.copytree(doors.built_once(base, "lively", build), home)
    return home


def fill(home: Path, outside: Path) -> None:
    with opened(home) as kept:
        linear = model_named(kept, "linear")
        for who in (PERSON, OTHER):
            kept.choices.add_rule(DATA, who, Rule(Effect.LESS, "genre", "drama"))
            kept.choices.hide_item(DATA, who, "t3")
            with kept.database.write() as session:
                kept.consents.record(session, DATA, who, [(Purpose.LISTS, Category.CHOICES)], True, "the notice")
            kept.requests.open(DATA, who, Right.RESTRICTION, {"why": f"asked by {who}"})
            receipt(kept, linear, who, 3)
        my_data(kept, DATA, PERSON, outside / "mine.zip")
        recommend_all(kept, linear, outside / "all.parquet", 3)
        run = audit(kept, DATA, home / "audit", model_id=linear, plan_file=quick_plan(outside))
        report(kept, run["run_id"], home / "report.html")


def quick_plan(folder: Path) -> Path:
    (folder / "plan.toml").write_text('draws = 100\nattributes = ["town", "origin"]\n')
    return folder / "plan.toml"


def model_named(kept: Workspace, name: str) -> str:
    return next(found for found in kept.shelf.ids() if kept.shelf.about(found)["model"] == name)


def erase(home: Path, user: str = PERSON) -> dict[str, Any]:
    with opened(home) as kept:
        return dict(erasing.erase(kept, DATA, user)["certificate"])


# -- nothing is left -----------------------------------------------------------------------------------------------


def test_nothing_is_left_in_any_file_or_table(lively: Path) -> None:
    with opened(lively) as kept:
        key = kept.pseudonyms.key(DATA, PERSON)
        receipts = [told["receipt_id"] for told in kept.receipts.of(DATA, PERSON)]
        locator = kept.pseudonyms._locator("key", DATA, PERSON)
    assert key is not None
    before = places_of([*WORDS, key], lively)
    for place in ("users.parquet", "attributes.parquet", "sightglass.db"):
        assert any(place in found for found in before), before
    assert sum("people-" in found for found in before) == len(NAMES)
    held = {table: rows for table, rows in rows_of(lively, PERSON).items() if rows}
    assert set(held) == {"choices", "consents", "receipts", "requests"}
    erase(lively)
    assert places_of([*WORDS, key, locator.encode()], lively) == []
    assert not any(rows_of(lively, PERSON).values())
    assert set(rows_of(lively, OTHER)) == {"choices", "consents", "receipts", "requests"}
    assert all(rows_of(lively, OTHER).values())
    with closing(sqlite3.connect(lively / "sightglass.db")) as database:
        kept_receipts = database.execute("SELECT receipt_id FROM receipts").fetchall()
        others = "SELECT kind, user_id, detail, outcome FROM requests WHERE kind = 'restriction' AND user_id IS NOT ?"
        others_asked = database.execute(others, (OTHER,)).fetchall()
    assert not {told for (told,) in kept_receipts} & set(receipts)
    assert ("restriction", None, "{}", "the person was erased") in others_asked
    assert not (lively / "sightglass.db-wal").exists() or not (lively / "sightglass.db-wal").stat().st_size


def rows_of(home: Path, user: str) -> dict[str, int]:
    """How many rows of each table that has a user_id are the person's; asked of SQLite itself."""
    with closing(sqlite3.connect(home / "sightglass.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        with_people = [
            table
            for table in tables
            if any(row[1] == "user_id" for row in database.execute(f"PRAGMA table_info({table})"))
        ]
        query = "SELECT count(*) FROM {} WHERE user_id = ?"
        return {table: database.execute(query.format(table), (user,)).fetchone()[0] for table in with_people}


def test_every_table_that_says_whose_a_row_is_is_known() -> None:
    with_people = {table.name for table in Base.metadata.sorted_tables if "user_id" in table.columns}
    assert {table.name for table in tables_of_people()} == with_people


def test_what_the_search_would_find(tmp_path: Path) -> None:
    """The search of these tests itself: coded, compressed and packed copies are found, and nothing else is."""
    table = pd.DataFrame({"who": [PERSON, "x"] * 50})
    table.to_parquet(tmp_path / "a.parquet", compression="zstd")
    np.savez_compressed(tmp_path / "b.npz", who=np.array([PERSON]))
    np.save(tmp_path / "c.npy", np.array([PERSON, "x"]))
    (tmp_path / f"{PERSON}.txt").write_text("")
    (tmp_path / "d.bin").write_bytes(PERSON.encode("utf-16-le"))
    table.iloc[1:2].to_parquet(tmp_path / "clean.parquet")
    found = places_of([PERSON.encode()], tmp_path)
    assert found == ["a.parquet", "b.npz", "c.npy", "d.bin", f"{PERSON}.txt"]


def test_what_a_page_of_the_database_still_holds_is_written_over(tiny: Path) -> None:
    """As rows move between pages, copies stay that secure_delete does not reach; here one that it was not asked to."""
    with closing(sqlite3.connect(tiny / "sightglass.db", isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("INSERT INTO facts VALUES ('passing', ?)", (f"about {PERSON}",))
        database.execute("DELETE FROM facts WHERE name = 'passing'")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with opened(tiny) as kept:
        kept.erasures.forget_rows(DATA, PERSON)
        kept.database.truncate_journal()
        assert kept.database.remains([PERSON.encode()])
    assert PERSON.encode() in (tiny / "sightglass.db").read_bytes()
    erase(tiny)
    assert places_of(WORDS, tiny) == []


@pytest.mark.parametrize("place", [0, (1 << 22) - 6, (1 << 22) - 12, 1 << 22, (1 << 23) - 1])
def test_the_look_at_the_file_sees_across_its_blocks(tmp_path: Path, place: int) -> None:
    path = tmp_path / "large.db"
    path.write_bytes(b"")
    database = open_database(f"sqlite:///{path}")
    database.close()
    assert not database.remains([PERSON.encode()])
    with open(tmp_path / "large.db-wal", "wb") as file:
        file.write(b"." * place + PERSON.encode() + b"." * 100)
    assert database.remains([b"nobody at all here", PERSON.encode()])
    assert not database.remains([PERSON.encode() + b"x"])


def test_what_dead_processes_left_is_removed_too(tiny: Path) -> None:
    """A folder that was half written, and files of a former state, hold people as well."""
    linear = next((tiny / "models").glob("linear-*"))
    for left in (f"models/.{linear.name}.tmp-0a", "models/.svd-tiny-ab.tmp-0b", "datasets/.tiny.tmp-0c"):
        (tiny / left).mkdir()
        (tiny / left / "people.csv").write_text(PERSON)
    (linear / "people-0-0123456789abcdef.npy").write_text(PERSON)
    (linear / ".people-0.npy.tmp-0d").write_text(PERSON)
    old = tiny / "datasets" / DATA / "v-0123456789abcdef"
    old.mkdir()
    (old / "users.parquet").write_bytes(next((tiny / "datasets" / DATA).glob("v-*/users.parquet")).read_bytes())
    erase(tiny)
    assert places_of(WORDS, tiny) == []
    assert not list(tiny.rglob("*.tmp-*"))


def test_memory_forgets_as_well(tiny: Path) -> None:
    """A process of its own erases, and this one is not told."""
    young_people(tiny, PERSON, OTHER)
    kept = cached.workspace()
    linear, former = model_named(kept, "linear"), kept.catalog.stamp(DATA)
    assert PERSON in seen_by_the_dashboard(kept, linear)
    command = [sys.executable, "-c", "from app.cli import main; main()", "erase", "--data", DATA, "--user", PERSON]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SIGHTGLASS_HOME": str(tiny)})
    assert kept.catalog.stamp(DATA) != former
    seen = seen_by_the_dashboard(cached.workspace(), linear)
    assert PERSON not in seen
    assert OTHER in seen
    # what was kept under the former state is gone from memory, and not only passed over
    assert PERSON not in cached._people(DATA, former)
    assert not [name for name, labels in cached._tags(DATA, former).groups.items() if PERSON in labels.index]
    held = {key: model for key, (_, model) in workspace._CACHE.items() if key[0] == str(tiny / "models")}
    assert not [key for key, model in held.items() if PERSON in model.training.users]
    titles = [told for (folder, _), (_, told) in workspace._TITLES.items() if folder == str(tiny)]
    assert not [told for told in titles if PERSON in told.minors]
    assert OTHER in kept.catalogue(DATA).minors
    kept.database.close()


def seen_by_the_dashboard(kept: Workspace, linear: str) -> set[str]:
    """Everybody whom the caches name, asked as the pages ask; somebody has to be in all of them, or in none."""
    named = [set(cached.people(DATA)), set(map(str, kept.model(linear).training.users.values))]
    named += [set(map(str, labels.index)) for labels in cached.tags(DATA).groups.values()]
    named.append(set(kept.catalogue(DATA).minors))
    everywhere = set.intersection(*named)
    assert not (set.union(*named) - everywhere) & {PERSON, OTHER}
    return everywhere


def young_people(home: Path, *users: str) -> None:
    """Say that some are not of age, so that the catalogue of titles names them."""
    with opened(home) as kept:
        kept.catalog.rewrite(DATA, lambda held, apart: (replace(held, users=marked(held.users, users)), apart))


def marked(table: pd.DataFrame, users: tuple[str, ...]) -> pd.DataFrame:
    return table.assign(**{MINOR: np.where(table.index.isin(users), "yes", "no")})


@pytest.mark.parametrize("switch", ["learning", "profiling", "restricted"])
def test_somebody_who_is_in_no_model_is_erased_as_well(tiny: Path, switch: str) -> None:
    with opened(tiny) as kept:
        getattr(kept.choices, f"set_{switch}")(DATA, PERSON, switch == "restricted")
        for name in kept.shelf.ids():
            model = kept.shelf.load(name)
            kept.shelf.replace(name, model.erase(model.training.users.code(PERSON)))
        statistics = [kept.shelf.about(name)["statistics_hash"] for name in kept.shelf.ids()]
    told = erase(tiny)
    assert told["models"] == []
    assert verify_content(pretty(told))["ok"]
    assert places_of(WORDS, tiny) == []
    with opened(tiny) as kept:
        assert [kept.shelf.about(name)["statistics_hash"] for name in kept.shelf.ids()] == statistics


def test_everybody_can_be_erased_one_after_the_other(tiny: Path) -> None:
    """A model that nothing is left for is removed, and the certificate says so."""
    with opened(tiny) as kept:
        people = kept.catalog.open(DATA).interactions.users.values.tolist()
        models = set(kept.shelf.ids())
        told = [erasing.erase(kept, DATA, user)["certificate"] for user in people]
        assert all(verify_content(pretty(each))["ok"] for each in told)
        assert {name for each in told for name in each["models_removed"]} == models
        assert kept.shelf.ids() == []
        assert len(kept.catalog.open(DATA).interactions) == 0
    assert places_of(WORDS, tiny) == []


# -- every model -----------------------------------------------------------------------------------------------------


def test_each_model_says_what_its_erasure_is() -> None:
    labels = {name: recommender_class(name).erasure for name in NAMES}
    labels["ratings"] = recommender_class("item-neighbours", "pearson").erasure
    assert set(labels.values()) <= {"exact", "retrained", "approximate"}
    assert {name for name, label in labels.items() if label == "exact"} == {
        "linear", "popularity", "random", "item-neighbours", "content",
    }  # fmt: skip


def test_every_model_equals_one_that_never_met_the_person(lively: Path) -> None:
    told = erase(lively)
    with opened(lively) as kept:
        dataset = kept.catalog.open(DATA)
        proofs = {proof["name"]: proof for proof in told["models"]}
        assert set(proofs) == set(kept.shelf.ids())
        for name in kept.shelf.ids():
            model, about, proof = kept.shelf.load(name), kept.shelf.about(name), proofs[name]
            fresh = create(model.name, **model.settings.model_dump()).fit(Training.of(dataset))
            expected = statistics_hash(fresh.statistics())
            assert {statistics_hash(model.statistics()), proof["stats_hash_after"], about["statistics_hash"]} == {
                expected
            }
            assert proof["class"] == model.erasure
            assert proof["retrained_on"] == "the data set"
            assert proof["weights_max_diff_same_run"] == 0
            lists = [each.recommend(each.profiles(), 5).items for each in (model, fresh)]
            assert np.array_equal(*lists), name
            assert about["data_hash"] == dataset.interactions.hash
            assert about["people"] == len(dataset.users)


def test_a_model_of_fewer_people_stays_one_of_the_same_people(tiny: Path) -> None:
    """Somebody who opted out of learning is in the store and in no model: the erasure of another leaves them out still."""
    with opened(tiny) as kept:
        kept.choices.set_learning(DATA, OTHER, False)
        for name in kept.shelf.ids():
            model = kept.shelf.load(name)
            kept.shelf.replace(name, model.erase(model.training.users.code(OTHER)))
    told = erase(tiny)
    with opened(tiny) as kept:
        dataset = kept.catalog.open(DATA)
        assert OTHER in dataset.interactions.users
        without = Training.of(dataset)
        without = without.without_user(without.users.code(OTHER))
        for proof in told["models"]:
            model = kept.shelf.load(proof["name"])
            assert OTHER not in model.training.users
            fresh = create(model.name, **model.settings.model_dump()).fit(without)
            assert proof["stats_hash_after"] == statistics_hash(fresh.statistics())
            assert proof["retrained_on"] == "the data set"
    assert verify_content(pretty(told))["ok"]


def test_a_model_of_a_former_state_of_the_data_is_proved_on_its_own_records(tiny: Path, tmp_path: Path) -> None:
    with opened(tiny) as kept:
        stale = kept.shelf.about(model_named(kept, "linear"))["data_hash"]
        import_data(kept, as_folder(tiny_source(seed=5), tmp_path / "newer"), DATA, replace=True)
    told = erase(tiny)
    assert {proof["retrained_on"] for proof in told["models"]} == {
        "the model's own records, which the data set has outgrown"
    }
    assert verify_content(pretty(told))["ok"]
    with opened(tiny) as kept:
        about = kept.shelf.about(model_named(kept, "linear"))
        assert about["data_hash"] not in (stale, kept.catalog.summary(DATA)["hash"])
    assert places_of(WORDS, tiny) == []


def test_a_model_whose_erasure_is_wrong_is_fitted_anew_and_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The retrain is not for show: where the subtraction is not what it gives, it takes its place."""
    from models.counted import item_item

    monkeypatch.setattr(item_item, "subtract_person", lambda counts, items: counts)
    told = erase(tiny)
    linear = next(proof for proof in told["models"] if proof["name"].startswith("linear"))
    assert (linear["class"], linear["ranked_lists_equal"]) == ("retrained", True)
    assert verify_content(pretty(told))["ok"]


def without(table: RawTable | None, people: list[str]) -> RawTable:
    assert table is not None
    return replace(table, frame=table.frame[~table.frame["user_id"].isin(people)].reset_index(drop=True))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(["1", "2", "7", "11", "20", PERSON]), unique=True, min_size=1, max_size=4))
def test_any_people_in_any_order_leave_what_was_never_told_of_them(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    """The data set and each model are, byte for byte, those of a source that never had them."""
    base = tmp_path_factory.getbasetemp()
    home = tiny_world(base, tmp_path_factory.mktemp("some") / "state")
    for user in order:
        assert verify_content(pretty(erase(home, user)))["ok"]
    source = tiny_source()
    source = replace(source, interactions=without(source.interactions, order), users=without(source.users, order))
    never = tmp_path_factory.mktemp("never") / "state"
    with opened(never) as other, opened(home) as kept:
        expected = other.catalog.register(source, DATA)
        assert kept.catalog.summary(DATA)["hash"] == expected.interactions.hash
        pd.testing.assert_frame_equal(kept.catalog.open(DATA).users, expected.users)
        for name in kept.shelf.ids():
            about = kept.shelf.about(name)
            made = train(other, DATA, about["model"], {"regularization": 5.0} if about["model"] == "linear" else {})
            assert made["statistics_hash"] == about["statistics_hash"]
            ours, theirs = kept.shelf.load(name), other.shelf.load(made["model_id"])
            for key, array in ours._state().items():
                assert array.tobytes() == theirs._state()[key].tobytes(), (name, key)


# -- the certificate ---------------------------------------------------------------------------------------------


def test_the_certificate_has_every_field_and_names_nobody(lively: Path) -> None:
    with opened(lively) as kept:
        pseudonym = kept.pseudonyms.known(DATA, PERSON)
    told = erase(lively)
    fields = """cert_version request_id subject_commitment received_at executed_at legal_ground scope models
    suppression_entry_present recipients_notified log_index tree_head inclusion_proof code_version library_versions
    verifier_version exports"""
    assert set(fields.split()) <= set(told)
    assert told["cert_version"] == 2
    assert {"numpy", "python", "shap"} <= set(told["library_versions"])
    text = json.dumps(told)
    assert not [word for word in (PERSON, MARK, SECRET, str(pseudonym)) if word in text]
    assert told["received_at"] <= told["executed_at"]
    stages = [event.detail["stage"] for event in events_of(lively, told["request_id"])]
    assert stages == [
        "received",
        "identity ok",
        "previewed",
        "confirmed",
        "executed",
        "verified",
        "certificate",
        "closed",
    ]
    assert all("due_at" in event.detail for event in events_of(lively, told["request_id"]))


def events_of(home: Path, request: str) -> list[Any]:
    with opened(home) as kept:
        return [event for event in kept.log.entries() if event.detail.get("request_id") == request]


def test_every_copy_that_left_is_listed(lively: Path) -> None:
    told = erase(lively)
    copies = [(copy["what"], copy["held"]) for copy in told["exports"]]
    assert sorted(copies) == [
        ("export of their data", "by name"),
        ("lists of everybody", "by name"),
        ("receipt of a list of theirs", "by name"),
        ("report of an audit", "in figures of groups"),
    ]
    with opened(lively) as kept:
        for copy in told["exports"]:
            (event,) = kept.log.entries(start=copy["log_index"], limit=1)
            assert (event.kind, event.at) == (copy["kind"], copy["at"])
        other = erasing.erase(kept, DATA, "9")["certificate"]
    assert [copy["what"] for copy in other["exports"]] == ["lists of everybody", "report of an audit"]


def test_lists_of_a_model_that_did_not_hold_them_may_have_them(tiny: Path, tmp_path: Path) -> None:
    """A file of everybody's lists also has people whom the model never met, where they chose something themselves."""
    with opened(tiny) as kept:
        linear = model_named(kept, "linear")
        model = kept.shelf.load(linear)
        kept.shelf.replace(linear, model.erase(model.training.users.code(OTHER)))
        recommend_all(kept, linear, tmp_path / "all.parquet", 3)
        told = [erasing.erase(kept, DATA, user)["certificate"]["exports"] for user in (OTHER, PERSON)]
    assert [[copy["held"] for copy in copies] for copies in told] == [["perhaps by name"], ["by name"]]


def test_any_changed_byte_of_a_certificate_fails(tiny: Path) -> None:
    content = pretty(erase(tiny))
    assert content == next((tiny / "certificates").glob("*.json")).read_bytes()
    assert verify_content(content)["ok"]
    rng = np.random.default_rng(0)
    spaces = [at for at, byte in enumerate(content) if byte in b" \n"][:60:3]
    for at in [*rng.integers(0, len(content), 300).tolist(), *spaces]:
        for other in {content[at] ^ 1, content[at] ^ 32, 32, 9} - {content[at]}:
            assert not verify_content(content[:at] + bytes([other]) + content[at + 1 :])["ok"], at


FORGED: dict[str, Callable[[dict[str, Any]], None]] = {
    "its class is known": lambda told: told["models"][0].update({"class": "magic"}),
    "its lists are those of the retrain": lambda told: told["models"][0].update(ranked_lists_equal=False),
    "its weights are those of the retrain": lambda told: told["models"][0].update(weights_max_diff_same_run=1e-6),
    "statistics equal a retrain": lambda told: told["models"][0].update(stats_hash_after="a" * 64),
    "every field is there": lambda told: told["models"][0].pop("ranked_lists_equal"),
    "stays out of operators' imports": lambda told: told.update(suppression_entry_present=False),
    "every copy is told in full": lambda told: told.update(exports=[{"what": "something"}]),
    "no field is unknown": lambda told: told.update(more=1),
    "the version is known": lambda told: told.update(cert_version=3),
    "nobody is named": lambda told: told["models"][0].update(user_id="x"),
}


@pytest.mark.parametrize("check", list(FORGED))
def test_a_certificate_is_judged_by_what_it_says(tiny: Path, check: str) -> None:
    told = erase(tiny)
    FORGED[check](told)
    failed = [each["name"] for each in verify_content(pretty(told))["checks"] if not each["ok"]]
    assert any(check in name for name in failed), failed


def test_a_certificate_of_the_first_version_verifies_still(tiny: Path) -> None:
    """What was handed out before had fewer fields: nothing that it did not promise is asked of it."""
    from data.keep import evidence
    from data.keep.events import Kind
    from data.keep.verifier import CLAIMS, canonical, sha256

    told = erase(tiny)
    newer = ("models_removed", "exports", "remains")
    claims = {name: told[name] for name in CLAIMS if name not in newer} | {"format": told["format"], "cert_version": 1}
    claims["models"] = [
        {name: proof[name] for name in ("name", "class", "stats_hash_after", "stats_hash_retrain")}
        for proof in told["models"]
    ]
    with opened(tiny) as kept:
        detail = {"request_id": told["request_id"], "claims_sha256": sha256(canonical(claims))}
        event = kept.log.append(Kind.ERASE, "operator", detail)
        head = kept.log.head()
        old = evidence._sealed(claims, event.index, head, kept.log.prove(event.index), event.leaf)
    assert verify_content(pretty(old))["ok"], verify_content(pretty(old))


# -- staying erased ------------------------------------------------------------------------------------------------


def test_an_old_dump_does_not_bring_them_back(tiny: Path, tmp_path: Path) -> None:
    dump = as_folder(tiny_source(), tmp_path / "dump")
    with opened(tiny) as kept:
        first = import_data(kept, dump, DATA, replace=True)
        assert (first["users"], first["left_out"]) == (24, 0)
    erase(tiny)
    erase(tiny, OTHER)
    with opened(tiny) as kept:
        expected = kept.catalog.summary(DATA)["hash"]
        statistics = [kept.shelf.about(name)["statistics_hash"] for name in kept.shelf.ids()]
        told = import_data(kept, dump, DATA, replace=True)
        assert (told["users"], told["left_out"]) == (22, 2)
        assert "People who were erased from this data set and stay out of it: 2." in told["warnings"]
        assert told["data_hash"] == expected
        again = [train(kept, DATA, name, {"regularization": 5.0} if name == "linear" else {}) for name in
                 ("linear", "user-neighbours")]  # fmt: skip
        assert [each["statistics_hash"] for each in again] == statistics
    assert places_of(WORDS, tiny) == []


def test_a_dump_under_another_spelling_of_the_id_does_not_either(tiny: Path, tmp_path: Path) -> None:
    erase(tiny, OTHER)
    source = tiny_source()
    for table in (source.interactions.frame, source.users.frame):  # type: ignore[union-attr]
        table["user_id"] = table["user_id"].replace({OTHER: f" {OTHER} "})
    with opened(tiny) as kept:
        told = import_data(kept, as_folder(source, tmp_path / "dump"), DATA, replace=True)
    assert (told["users"], told["left_out"]) == (23, 1)


def test_who_was_erased_is_not_there(tiny: Path) -> None:
    with opened(tiny) as kept:
        erasing.erase(kept, DATA, PERSON)
        linear = model_named(kept, "linear")
        before = doors.state_of(tiny)
        for ask in (lambda: erasing.erase(kept, DATA, PERSON), lambda: recommend(kept, linear, PERSON)):
            with pytest.raises(NotFound, match=f"There is no person '{PERSON}'"):
                ask()
        with pytest.raises(NotFound):
            erasing.preview(kept, DATA, PERSON)
        assert doors.state_of(tiny) == before


# -- what is told -----------------------------------------------------------------------------------------------


def test_the_preview_says_what_will_happen_and_changes_nothing(lively: Path) -> None:
    before = doors.state_of(lively)
    with opened(lively) as kept:
        told = erasing.preview(kept, DATA, PERSON)
        assert doors.state_of(lively) == before
        certificate = erasing.erase(kept, DATA, PERSON)["certificate"]
    assert told["records"] == 5
    assert {table: count for table, count in told["rows"].items() if count}.keys() == {
        "choices", "consents", "receipts", "requests",
    }  # fmt: skip
    classes = [{(each["name"], each["class"]) for each in rows} for rows in (told["models"], certificate["models"])]
    assert classes[0] == classes[1]
    assert told["copies"] == certificate["exports"]
    assert told["remains"] == certificate["remains"]


def test_it_is_told_in_short(tiny: Path) -> None:
    with opened(tiny) as kept:
        told = erasing.in_short(erasing.erase(kept, DATA, PERSON), str(tiny))
    assert told["erased"].startswith("in 0.")
    assert [(row["class"].split(":")[0], row["equals a retrain"]) for row in told["models"]] == [
        ("exact", "yes"), ("retrained", "yes"),
    ]  # fmt: skip
    assert "published" in told["remains"]
    assert "version is purged" in told["remains"]
    assert Path(told["certificate"].split(" (")[0]).exists()


def test_other_peoples_receipts_say_that_the_version_is_purged(lively: Path) -> None:
    with opened(lively) as kept:
        (mine,), (theirs,) = kept.receipts.of(DATA, OTHER), kept.receipts.of(DATA, PERSON)
        assert replay(kept, mine)["state"] == "same"
        erasing.erase(kept, DATA, PERSON)
        assert replay(kept, mine)["state"] == "version purged"
        assert replay(kept, theirs)["state"] == "person erased"


def test_the_list_is_corrected_before_the_model_is_solved(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the update and the files, this process serves everybody as if the person had never been there."""
    from app.use_cases.erasing import doing

    plain, seen = doing._do, {}

    def look(step: Any, kept: Workspace, *given: Any) -> Any:
        told = plain(step, kept, *given)
        if "at once" in step.words:
            linear = model_named(kept, "linear")
            seen["people"] = kept.model(linear).training.users
            seen["list"] = [row["item_id"] for row in recommend(kept, linear, "3", 5)["items"]]
            seen["stored"] = kept.shelf.holds(linear, PERSON)
        return told

    monkeypatch.setattr(doing, "_do", look)
    erase(tiny)
    with opened(tiny) as kept:
        solved = [row["item_id"] for row in recommend(kept, model_named(kept, "linear"), "3", 5)["items"]]
    assert PERSON not in seen["people"]
    assert seen["stored"]
    assert seen["list"] == solved


def test_choices_of_others_stay(lively: Path) -> None:
    with opened(lively) as kept:
        before = choosing.choice(kept, DATA, OTHER)
        erasing.erase(kept, DATA, PERSON)
        assert choosing.choice(kept, DATA, OTHER) == before


def test_a_training_that_an_erasure_overtakes_is_not_kept(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has read the person's records, and ends after the erasure has gone through the models."""
    from models.popularity import Popularity

    plain = Popularity._fit

    def slow(model: Popularity, training: Training) -> None:
        monkeypatch.undo()
        erase(tiny)
        plain(model, training)

    with opened(tiny) as kept:
        monkeypatch.setattr(Popularity, "_fit", slow)
        with pytest.raises(SightglassError, match="changed while the model was trained, so it is not kept"):
            train(kept, DATA, "popularity")
        assert len(kept.shelf.ids()) == 2
    assert places_of(WORDS, tiny) == []


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sightglass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightglass", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_the_command_previews_erases_and_says_what_remains(
    tiny: Path, sightglass: Callable[..., tuple[int, str, str]]
) -> None:
    person = ("--data", DATA, "--user", PERSON)
    code, out, _ = sightglass("erase", *person, "--preview", "--json")
    assert (code, json.loads(out)["records"]) == (0, 5)
    code, out, _ = sightglass("erase", *person)
    assert code == 0
    told = " ".join(out.split())
    for words in ("exact", "retrained", "none that is known", "Audits that were published stay", "version is purged"):
        assert words in told
    certificate = next((tiny / "certificates").glob("*.json"))
    assert certificate.name in "".join(out.split())
    assert sightglass("verify", str(certificate), "--json")[0] == 0
    assert sightglass("erase", *person)[0] == 3
    assert sightglass("erase", "--resume")[1].split() == ["resumed:", "nothing", "was", "cut", "off"]


@pytest.mark.parametrize("words", [(), ("--data", DATA), ("--user", PERSON)])
def test_nobody_named(tiny: Path, sightglass: Callable[..., tuple[int, str, str]], words: tuple[str, ...]) -> None:
    code, out, err = sightglass("erase", *words)
    assert (code, out, len(err.splitlines())) == (3, "", 1)
    assert "nobody was named; add --data NAME --user ID" in err
