"""Forgeries of an evidence bundle, each with every hash of its own made again: the log binds all that a bundle holds."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from data.keep import verifier
from data.keep.database import open_database
from data.keep.events import Event, EventLog, Kind
from data.keep.evidence import bundle_bytes, seal_sha256
from data.keep.merkle import Tree, inclusion_path
from data.keep.runs import document_bytes
from data.keep.verifier import Head, canonical, exit_code, pretty, sha256, verify_content, zip_bytes

PLAN = canonical({"k": 10, "metrics": ["ndcg"]})
LAX = canonical({"k": 10, "metrics": ["ndcg"], "materiality": 0.5})
ABOUT = {"data": "demo", "data_hash": "d" * 64, "model_id": "linear-demo"}
SEALED = "the log carries the hash of every file"
INCLUDED = "the log entry is in the tree of the head"
BEFORE = "the log named the plan before the result"
TRUSTED = "the head is the one you trust"
Files = dict[str, bytes]


def files_of(plan: bytes = PLAN) -> Files:
    numbers = {"plan": json.loads(plan), "plan_hash": sha256(plan), "gap": 0.41, **ABOUT}
    return {
        "README.txt": b"read me",
        "audit.json": document_bytes(numbers),
        "plan.json": plan,
        "report.html": b"<p>nDCG 0.410</p>",
        "tables/groups-1-lists.csv": b"group,value\nF,0.410\n",
    }


@dataclass(frozen=True)
class Made:
    content: bytes
    head: Head
    entries: dict[str, Event]  # plan, run, seal
    leaves: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('log') / 'state.db'}")
    bundle = build(EventLog(database))
    database.close()
    return bundle


def build(
    log: EventLog, files: Files | None = None, *, plan_first: bool = True, named: bool = True, **about: str
) -> Made:
    """A bundle as the report writes it, in a log with other entries around."""
    files = files or files_of()
    digest = sha256(files["plan.json"])

    def plan_entry() -> Event:
        return log.append(Kind.AUDIT, "reviewer", {**ABOUT, "plan_hash": digest, "stage": "plan", **about})

    log.append(Kind.TRAIN, "operator", {"n": 1})
    plan = plan_entry() if plan_first else None
    detail = {**ABOUT, "plan_hash": digest, "stage": "result", "run_id": "r", "sha256": sha256(files["audit.json"])}
    run = log.append(Kind.AUDIT, "reviewer", detail)
    plan = plan or plan_entry()
    told = plan if named else None
    seal = log.append(Kind.REPORT, "reviewer", {"run_id": "r", "bundle_sha256": seal_sha256(files, run, told)})
    log.append(Kind.TRAIN, "operator", {"n": 2})
    head = log.head()
    chosen = sorted((plan, run, seal) if named else (run, seal), key=lambda event: event.index)
    proven = [(event, log.prove(event.index, head["size"])) for event in chosen]
    content = bundle_bytes(files, proven, run, told)
    known = (head["size"], bytes.fromhex(head["root"]))
    return Made(content, known, {"plan": plan, "run": run, "seal": seal}, list(log.leaves(head["size"])))


def unzipped(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rehashed(files: Files, **changed: Any) -> bytes:
    """The archive of these files, with a manifest that lists them and its own hash, as any forger can make it."""
    manifest = {**json.loads(files["manifest.json"]), **changed}
    told = {name: content for name, content in files.items() if name != "manifest.json"}
    manifest["files"] = {name: {"sha256": sha256(each), "size": len(each)} for name, each in told.items()}
    bare = {key: value for key, value in manifest.items() if key != "sha256"}
    return zip_bytes({**told, "manifest.json": pretty({**bare, "sha256": sha256(canonical(bare))})})


def failed(content: bytes, head: Head | None = None) -> list[str]:
    told = verify_content(content, head)
    assert told["ok"] is (exit_code(told) == 0)
    return [check["name"] for check in told["checks"] if not check["ok"]]


def log_changed(files: Files, change: Callable[[dict[str, Any]], object]) -> Files:
    log = json.loads(files["log.json"])
    change(log)
    return {**files, "log.json": pretty(log)}


def test_a_bundle_that_nobody_touched(made: Made) -> None:
    assert verify_content(made.content)["ok"]
    assert verify_content(made.content)["unbound"] == ""
    assert failed(made.content, made.head) == []
    assert rehashed(unzipped(made.content)) == made.content, "the forger's tool changes nothing by itself"


@pytest.mark.parametrize("name", ["README.txt", "report.html", "tables/groups-1-lists.csv", "verify.py"])
def test_a_file_that_was_changed_with_all_hashes_made_again(made: Made, name: str) -> None:
    files = unzipped(made.content)
    forged = rehashed({**files, name: files[name] + b" "})
    assert failed(forged) == [SEALED]
    assert failed(forged, made.head) == [SEALED]


def test_a_digit_of_the_report_and_its_table(made: Made) -> None:
    files = {name: content.replace(b"0.410", b"0.510") for name, content in unzipped(made.content).items()}
    assert failed(rehashed(files)) == [SEALED]


def test_the_numbers_that_were_changed(made: Made) -> None:
    files = unzipped(made.content)
    forged = rehashed({**files, "audit.json": files["audit.json"].replace(b"0.41", b"0.51")})
    assert failed(forged) == ["the log entry names a file of the bundle", SEALED]


def test_a_file_that_was_added_or_taken_away(made: Made) -> None:
    files = unzipped(made.content)
    assert failed(rehashed({**files, "tables/more.csv": b"a\n1\n"})) == [SEALED]
    for name in ("report.html", "plan.json", "README.txt"):
        assert failed(rehashed({key: each for key, each in files.items() if key != name})) == [SEALED]
    assert failed(rehashed({key: each for key, each in files.items() if key != "log.json"}))


def test_a_plan_that_was_changed_everywhere_it_is_told(made: Made) -> None:
    """The plan alone, then with the numbers that name it."""
    files = unzipped(made.content)
    alone = failed(rehashed({**files, "plan.json": LAX}))
    assert alone == [SEALED, "the plan is the one of the numbers", BEFORE]
    numbers = json.loads(files["audit.json"]) | {"plan": json.loads(LAX), "plan_hash": sha256(LAX)}
    both = failed(rehashed({**files, "plan.json": LAX, "audit.json": document_bytes(numbers)}))
    assert SEALED in both
    assert BEFORE in both


def test_an_entry_of_the_log_that_was_changed(made: Made) -> None:
    files = unzipped(made.content)
    for place in range(3):

        def change(log: dict[str, Any], place: int = place) -> None:
            entry = log["entries"][place]
            entry["leaf"] = entry["leaf"].replace('"actor":"reviewer"', '"actor":"somebody"')

        found = failed(rehashed(log_changed(files, change)))
        assert INCLUDED in found


def test_a_seal_that_was_made_again_for_the_forgery(made: Made) -> None:
    """The seal would carry the right hash, and is not in the tree of the head."""
    files = unzipped(made.content) | {"report.html": b"<p>nDCG 0.510</p>"}
    manifest = json.loads(files["manifest.json"])
    told = {name: each for name, each in files.items() if name not in ("manifest.json", "log.json")}
    sealed = {name: manifest[name] for name in verifier.SEALED}
    sealed["files"] = {name: {"sha256": sha256(each), "size": len(each)} for name, each in told.items()}

    def change(log: dict[str, Any]) -> None:
        leaf = json.loads(log["entries"][-1]["leaf"])
        leaf["detail"]["bundle_sha256"] = sha256(canonical(sealed))
        log["entries"][-1]["leaf"] = canonical(leaf).decode()

    assert failed(rehashed(log_changed(files, change))) == [INCLUDED]


def test_a_proof_that_was_changed_or_says_more(made: Made) -> None:
    files = unzipped(made.content)

    def shorter(log: dict[str, Any]) -> None:
        log["entries"][0]["inclusion_proof"]["path"].pop()

    def longer(log: dict[str, Any]) -> None:
        log["entries"][0]["inclusion_proof"]["checked_by"] = "a court"

    def other_head(log: dict[str, Any]) -> None:
        log["head"]["size"] += 1

    assert failed(rehashed(log_changed(files, shorter))) == [INCLUDED]
    assert failed(rehashed(log_changed(files, longer))) == ["the proof says nothing else"]
    assert "the log's part is laid out as it was written, under the same head" in failed(
        rehashed(log_changed(files, other_head))
    )


def test_entries_that_were_left_out_or_put_in_another_order(made: Made) -> None:
    files = unzipped(made.content)
    order = "the entries are in the order of the log"
    assert order in failed(rehashed(log_changed(files, lambda log: log["entries"].reverse())))
    assert SEALED in failed(rehashed(log_changed(files, lambda log: log["entries"].pop())))
    assert failed(rehashed(log_changed(files, lambda log: log["entries"].pop(0))))
    assert failed(rehashed(log_changed(files, lambda log: log["entries"].pop(1)))) == [
        "the log entry of the run is the one that is named"
    ]
    assert failed(rehashed(log_changed(files, lambda log: log.update(note="approved")))) == [
        "the log's part is laid out as it was written, under the same head"
    ]


def test_a_manifest_that_says_more_or_other_entries(made: Made) -> None:
    files = unzipped(made.content)
    assert failed(rehashed(files, approved_by="a court")) == ["the manifest says nothing else"]
    assert SEALED in failed(rehashed(files, plan_entry=None))
    assert SEALED in failed(rehashed(files, run_entry=made.entries["seal"].index))
    assert SEALED in failed(rehashed(files, verifier_version=99))


def test_a_plan_that_entered_the_log_after_the_result(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    late = build(EventLog(database), plan_first=False)
    database.close()
    assert failed(late.content) == [BEFORE]


@pytest.mark.parametrize("about", [{"stage": "result"}, {"data": "other"}, {"data_hash": "e" * 64}, {"model_id": "x"}])
def test_an_entry_of_another_plan_is_not_the_plan_of_this_run(tmp_path: Path, about: dict[str, str]) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    other = build(EventLog(database), **about)
    database.close()
    assert failed(other.content) == ["the log entry of the plan is about this run"]


@pytest.mark.parametrize("change", [{"plan_hash": "0" * 64}, {"plan": {"k": 5}}])
def test_numbers_of_another_plan_cannot_be_sealed_with_this_one(tmp_path: Path, change: dict[str, Any]) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    files = files_of()
    files["audit.json"] = document_bytes({**json.loads(files["audit.json"]), **change})
    mixed = build(EventLog(database), files)
    database.close()
    assert failed(mixed.content) == ["the plan is the one of the numbers"]


def test_a_log_that_names_no_plan_says_so(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    without = build(EventLog(database), named=False)
    database.close()
    told = verify_content(without.content)
    assert told["ok"]
    said = next(check for check in told["checks"] if check["name"] == "the log names no plan before the result")
    assert said["detail"] == "so it does not show that the plan came first"


def test_an_archive_with_something_in_its_margins(made: Made) -> None:
    content = made.content
    for forged in (content + b"\0", b"MZ" + content, content.replace(b"\x14\x03", b"\x15\x03", 1)):
        assert not verify_content(forged)["ok"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        for trick in ("compressed", "twice", "comment", "order", "extra"):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as out:
                for name in reversed(names) if trick == "order" else names:
                    about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                    about.extra = b"\xfe\xca\x02\x00ok" if trick == "extra" else b""
                    how = zipfile.ZIP_DEFLATED if trick == "compressed" else zipfile.ZIP_STORED
                    out.writestr(about, archive.read(name), how)
                if trick == "twice":
                    with pytest.warns(UserWarning, match="Duplicate name"):
                        out.writestr("report.html", b"<p>nDCG 0.510</p>")
                out.comment = b"approved" if trick == "comment" else b""
            assert not verify_content(buffer.getvalue())["ok"], trick


def rewritten(made: Made, files: Files) -> bytes:
    """The forgery of somebody who can write a whole new log: as many entries, another result, a seal that fits."""
    leaves = [json.loads(leaf) for leaf in made.leaves]
    run, seal = (leaves[made.entries[name].index] for name in ("run", "seal"))
    run["detail"]["sha256"] = sha256(files["audit.json"])
    events = {name: Event.of(canonical(leaves[entry.index]).decode()) for name, entry in made.entries.items()}
    seal["detail"]["bundle_sha256"] = seal_sha256(files, events["run"], events["plan"])
    events["seal"] = Event.of(canonical(seal).decode())
    tree = Tree(canonical(leaf) for leaf in leaves)
    size, root = len(tree), tree.root().hex()

    def proof(event: Event) -> dict[str, Any]:
        path = [digest.hex() for digest in inclusion_path(event.index, size, tree.node)]
        return {"index": event.index, "size": size, "root": root, "path": path}

    return bundle_bytes(files, [(each, proof(each)) for each in events.values()], events["run"], events["plan"])


def test_a_whole_new_log_is_seen_with_a_noted_head_alone(made: Made) -> None:
    """What README.txt says: without a head, who can write a whole new log can forge everything."""
    files = files_of() | {"report.html": b"<p>nDCG 0.510</p>"}
    files["audit.json"] = files["audit.json"].replace(b"0.41", b"0.51")
    assert rewritten(made, files_of()) == made.content
    forged = rewritten(made, files)
    assert failed(forged) == []
    assert failed(forged, made.head) == [TRUSTED]


# -- bundles of earlier versions ------------------------------------------------------------------------------------


def of_version_1(made: Made) -> bytes:
    """A bundle as the first version wrote it: no seal, and nothing but the run's own entry in the manifest."""
    files = log_changed(unzipped(made.content), lambda log: log["entries"].pop())
    manifest = json.loads(files["manifest.json"])
    for name in ("run_entry", "plan_entry"):
        del manifest[name]
    return rehashed({**files, "manifest.json": pretty(manifest)}, format="sightglass-bundle/1", verifier_version=3)


def test_a_bundle_of_the_first_version_says_what_it_does_not_bind(made: Made) -> None:
    old = of_version_1(made)
    told = verify_content(old, made.head)
    assert all(check["ok"] for check in told["checks"])
    assert told["unbound"].startswith(
        "This bundle was written by an earlier version, whose log binds only audit.json, plan.json; it does not show "
        "whether anybody changed the rest: README.txt, report.html, tables/groups-1-lists.csv, verify.py"
    )
    assert (told["ok"], exit_code(told)) == (False, 2)


def test_a_bundle_that_is_made_an_old_one_to_hide_a_forgery_is_not_ok(made: Made) -> None:
    files = unzipped(of_version_1(made))
    forged = rehashed({**files, "report.html": b"<p>nDCG 0.510</p>"})
    assert not verify_content(forged)["ok"]
    assert exit_code(verify_content(forged)) == 2
    assert failed(rehashed({**files, "plan.json": LAX}))
    assert failed(rehashed({**files, "audit.json": b"{}"}))


def test_the_verifier_of_the_bundle_says_it_in_words(made: Made, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(unzipped(made.content)["verify.py"])
    files = unzipped(made.content)
    said = {}
    for name, content in {
        "whole": made.content,
        "old": of_version_1(made),
        "forged": rehashed({**files, "report.html": b""}),
    }.items():
        (tmp_path / name).write_bytes(content)
        command = [sys.executable, "-I", "-S", "verify.py", name]
        said[name] = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert [each.returncode for each in said.values()] == [0, 2, 1]
    assert [each.stdout.splitlines()[-1] for each in said.values()] == [
        "all checks hold",
        "what this bundle can show holds, and that is not all",
        "something does not hold",
    ]
    assert "NOT SHOWN This bundle was written by an earlier version" in said["old"].stdout
