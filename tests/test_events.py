"""The record and what travels from it: nothing in it can be changed unseen, and nobody is named in it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from addresses import fresh_address
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from data.errors import NotFound
from data.keep import verifier
from data.keep.database import open_database
from data.keep.events import Event, EventLog, Kind
from data.keep.evidence import bundle_bytes, certificate, claims_sha256, seal_sha256, write_log
from data.keep.runs import document_bytes
from data.keep.schema import EventRow
from data.keep.verifier import canonical, consistency_holds, inclusion_holds, sha256, tree_root, verify_path, zip_bytes

ROOT = Path(__file__).resolve().parent.parent
WHO = "ab" * 32


@pytest.fixture
def log(tmp_path: Path):
    with fresh_address(tmp_path) as url:
        database = open_database(url)
        yield EventLog(database)
        database.close()


def filled(log: EventLog, entries: int) -> EventLog:
    for n in range(entries):
        log.append(Kind.TRAIN if n % 2 else Kind.CHOICE, "operator", {"n": n}, None if n % 2 else WHO)
    return log


def failed(told: dict[str, Any]) -> list[str]:
    return [check["name"] for check in told["checks"] if not check["ok"]]


# the log


def test_an_entry_is_canonical_json_that_tells_everything(log: EventLog) -> None:
    event = log.append(Kind.OPT_OUT, WHO, {"é": [1, 0.5, None], "a": True}, subject=WHO)
    told = json.loads(event.leaf)
    assert (told["index"], told["kind"], told["actor"], told["subject"]) == (0, "opt-out", WHO, WHO)
    assert told["detail"] == event.detail == {"é": [1, 0.5, None], "a": True}
    assert event.leaf == json.dumps(told, sort_keys=True, separators=(",", ":"))
    assert event.hash == sha256(b"\x00" + event.leaf.encode())
    assert log.entries() == [event]


def test_heads_and_proofs_at_every_size(log: EventLog) -> None:
    heads = [log.head()]
    for _ in range(12):
        filled(log, 1)
        heads.append(log.head())
    leaves = [event.leaf.encode() for event in log.entries()]
    assert [head["size"] for head in heads] == list(range(13))
    assert [head["root"] for head in heads] == [tree_root(leaves[:size]).hex() for size in range(13)]
    for old in heads:
        told = log.consistency(old["size"])
        assert {"size": told["old_size"], "root": told["old_root"]} == old
        roots, path = (bytes.fromhex(told[key]) for key in ("old_root", "root")), map(bytes.fromhex, told["path"])
        before, after = roots
        assert consistency_holds(old["size"], before, told["size"], after, list(path))
    for size in (5, 8, 12):
        proof = log.prove(3, size)
        path, top = [bytes.fromhex(digest) for digest in proof["path"]], bytes.fromhex(heads[size]["root"])
        assert inclusion_holds(3, size, bytes.fromhex(log.entries()[3].hash), path, top)


def test_entries_by_kind_subject_and_place(log: EventLog) -> None:
    filled(log, 9)
    assert [event.index for event in log.entries(kind=Kind.TRAIN)] == [1, 3, 5, 7]
    assert [event.index for event in log.entries(subject=WHO, start=3)] == [4, 6, 8]
    assert [event.index for event in log.entries(newest_first=True, limit=2)] == [8, 7]
    assert log.entries(subject="cd" * 32) == []


def test_what_is_not_there_is_told(log: EventLog) -> None:
    filled(log, 2)
    with pytest.raises(NotFound, match="There is no entry of the log '2'; it has 2, counted from 0"):
        log.prove(2)
    for ask in (lambda: log.prove(0, 3), lambda: log.consistency(3)):
        with pytest.raises(NotFound, match="There is no log of size '3'; it has 2 entries"):
            ask()


@pytest.mark.parametrize("detail", [{"user_id": "1"}, {"a": {"User_ID": 1}}, {"a": [{"user": "x"}]}, {"email": ""}])
def test_nobody_is_named(log: EventLog, detail: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="an entry names nobody"):
        log.append(Kind.TRAIN, "operator", detail)
    with pytest.raises(ValueError, match="a pseudonym of 64 hex digits"):
        log.append(Kind.TRAIN, "operator", {}, subject="4711")
    assert log.head()["size"] == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_is_not_json_is_refused_and_changes_nothing(log: EventLog, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        log.append(Kind.TRAIN, "operator", {"a": value})
    with pytest.raises(ValueError, match="recommend"):
        log.append("recommend", "operator", {})  # type: ignore[arg-type]
    assert log.head()["size"] == 0
    assert all(check["ok"] for check in log.verify())


WRITER = """
import sys
from data.keep.database import open_database
from data.keep.events import EventLog, Kind
log = EventLog(open_database(sys.argv[1]))
for n in range(int(sys.argv[2])):
    log.append(Kind.CHOICE, "process " + sys.argv[3], {"n": n})
"""


def test_two_processes_append_at_once(log: EventLog) -> None:
    url = log._database.engine.url.render_as_string(hide_password=False)
    run = [sys.executable, "-c", WRITER, url, "200"]
    writers = [subprocess.Popen([*run, name], cwd=ROOT) for name in "AB"]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    told = log.entries()
    assert log.head() == {"size": 400, "root": tree_root(event.leaf.encode() for event in told).hex()}
    for name in "AB":
        assert [event.detail["n"] for event in told if event.actor == f"process {name}"] == list(range(200))
    assert all(check["ok"] for check in log.verify([log.head()]))


MISSING, CANONICAL, TREE = (
    "no entry is missing or added",
    "every entry is canonical and in its place",
    "the stored tree is the tree of the entries",
)


def third(**values: Any) -> Any:
    return update(EventRow).where(EventRow.position == 3).values(**values)


TAMPERS: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    "edited": (lambda leaf: third(leaf=leaf.replace('"n":3', '"n":4')), [TREE]),
    "removed": (lambda _: delete(EventRow).where(EventRow.position == 6), [MISSING, TREE]),
    "column": (lambda _: third(kind="erase"), [CANONICAL]),
    "node": (
        lambda _: text("UPDATE log_nodes SET hash = (SELECT hash FROM log_nodes LIMIT 1) WHERE level = 1"),
        [TREE],
    ),
    "cut": (lambda _: text("UPDATE log_head SET size = 6"), [MISSING]),
    "spaces": (lambda leaf: third(leaf=leaf + " "), [CANONICAL, TREE]),
    "no JSON": (lambda _: third(leaf="?"), [CANONICAL, TREE]),
}


@pytest.mark.parametrize("how", list(TAMPERS))
def test_tampering_is_seen(log: EventLog, how: str) -> None:
    filled(log, 7)
    assert all(check["ok"] for check in log.verify([log.head()]))
    change, expected = TAMPERS[how]
    with log._database.write() as session:
        session.execute(change(session.get_one(EventRow, 3).leaf))
    assert failed({"checks": log.verify()}) == expected


def test_a_past_that_was_rewritten_whole_is_seen_by_an_old_head(log: EventLog, tmp_path: Path) -> None:
    noted = filled(log, 7).head()
    forged = EventLog(open_database(f"sqlite:///{tmp_path / 'forged.db'}"))
    for event in log.entries():
        forged.append(Kind(event.kind), event.actor, {**event.detail, "kind": "rewritten"}, event.subject)
    assert all(check["ok"] for check in forged.verify()), "it agrees with itself"
    assert not all(check["ok"] for check in forged.verify([noted]))
    write_log(tmp_path / "forged.jsonl", forged)
    assert verify_path(tmp_path / "forged.jsonl")["ok"]
    head = (noted["size"], bytes.fromhex(noted["root"]))
    assert failed(verify_path(tmp_path / "forged.jsonl", head)) == ["the past is the one of the head you trust"]
    write_log(tmp_path / "log.jsonl", filled(log, 3))
    assert verify_path(tmp_path / "log.jsonl", head)["ok"]
    forged._database.close()


# what travels


def exported(log: EventLog, folder: Path) -> Path:
    write_log(folder / "log.jsonl", filled(log, 5))
    return folder / "log.jsonl"


def claims(**changed: Any) -> dict[str, Any]:
    model = {"name": "linear-ml", "class": "exact", "stats_hash_before": "a" * 64, "ranked_lists_equal": True}
    model["weights_max_diff_same_run"] = 0.0
    copy = {"log_index": 1, "kind": "export", "at": "2026-01-01", "what": "lists", "held": "by name", "sha256": None}
    return {
        "request_id": "r1",
        "subject_commitment": WHO,
        "received_at": "2026-01-01T00:00:00+00:00",
        "executed_at": "2026-01-01T00:00:01+00:00",
        "legal_ground": "request",
        "scope": ["interactions"],
        "models": [{**model, "stats_hash_after": "b" * 64, "stats_hash_retrain": "b" * 64}],
        "models_removed": [],
        "suppression_entry_present": True,
        "exports": [copy],
        "recipients_notified": [],
        "remains": ["published figures"],
        "code_version": "0",
        **changed,
    }


def certified(log: EventLog, **changed: Any) -> dict[str, Any]:
    told = claims(**changed)
    event = log.append(Kind.ERASE, "operator", {"request_id": "r1", "claims_sha256": claims_sha256(**told)})
    filled(log, 3)
    head = log.head()
    proof = log.prove(event.index, head["size"])
    return certificate(**told, log_index=event.index, tree_head=head, inclusion_proof=proof, leaf=event.leaf)


def erasure(log: EventLog, folder: Path) -> Path:
    path = folder / "certificate.json"
    path.write_text(json.dumps(certified(filled(log, 2)), indent=2, sort_keys=True))
    return path


FILES = {"run.json": document_bytes({"gap": 0.25}), "tables/groups.csv": b"a,b\n1,2\n"}


def sealed(log: EventLog, files: dict[str, bytes], run: Event) -> bytes:
    """The files as a bundle, with the entry that seals it."""
    seal = log.append(Kind.REPORT, "operator", {"run_id": "x", "bundle_sha256": seal_sha256(files, run)})
    size = filled(log, 2).head()["size"]
    return bundle_bytes(files, [(event, log.prove(event.index, size)) for event in (run, seal)], run)


def bundled(log: EventLog, folder: Path) -> Path:
    event = filled(log, 3).append(Kind.AUDIT, "operator", {"run_id": "x", "sha256": sha256(FILES["run.json"])})
    (folder / "bundle.zip").write_bytes(sealed(log, FILES, event))
    return folder / "bundle.zip"


WRITERS = {"log": exported, "certificate": erasure, "bundle": bundled}


@pytest.mark.parametrize("what", list(WRITERS))
def test_what_was_written_verifies(log: EventLog, tmp_path: Path, what: str) -> None:
    path = WRITERS[what](log, tmp_path)
    told = verify_path(path)
    assert told["ok"], failed(told)
    assert len(told["checks"]) > 4
    head = log.head()
    assert verify_path(path, (head["size"], bytes.fromhex(head["root"])))["ok"]
    assert not verify_path(path, (head["size"], bytes(32)))["ok"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    kept = {}
    for what, write in WRITERS.items():
        folder = tmp_path_factory.mktemp(what)
        database = open_database(f"sqlite:///{folder / 'state.db'}")
        kept[what] = write(EventLog(database), folder).read_bytes()
        database.close()
    return kept


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(WRITERS)), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_any_changed_byte_fails(
    written: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, what: str, where: float, change: int
) -> None:
    content = bytearray(written[what])
    content[int(where * len(content))] ^= change
    path = tmp_path_factory.getbasetemp() / f"changed-{what}"
    path.write_bytes(content)
    assert not verify_path(path)["ok"]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_anything_else_is_answered_and_never_ok(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(content)
    told = verify_path(path)
    assert not told["ok"]
    assert failed(told)


def test_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        assert failed(verify_path(path)) == ["the file can be read"]


def rezipped(path: Path, change: Callable[[dict[str, bytes]], object]) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    path.write_bytes(zip_bytes(files))
    return failed(verify_path(path))


def test_a_bundle_holds_what_it_lists_and_nothing_else(log: EventLog, tmp_path: Path) -> None:
    path = bundled(log, tmp_path)
    whole = path.read_bytes()
    assert rezipped(path, lambda files: files.update(more=b"")) == ["file more"]
    path.write_bytes(whole)
    assert rezipped(path, lambda files: files.pop("run.json")) == ["file run.json"]
    path.write_bytes(whole)
    assert rezipped(path, lambda files: files.pop("manifest.json")) == ["the file has the form it should have"]


def test_the_head_of_an_exported_log_says_nothing_else(log: EventLog, tmp_path: Path) -> None:
    path = exported(log, tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"size"', b'"note":"approved","size"', 1))
    assert failed(verify_path(path)) == ["the head says nothing else"]


def test_a_manifest_with_other_white_space_fails(log: EventLog, tmp_path: Path) -> None:
    def respaced(files: dict[str, bytes]) -> None:
        files["manifest.json"] = files["manifest.json"].replace(b"\n  ", b"\n\t", 1)

    assert rezipped(bundled(log, tmp_path), respaced) == ["the manifest is laid out as it was written"]


def test_a_key_that_comes_twice_fails(log: EventLog, tmp_path: Path) -> None:
    path = erasure(log, tmp_path)
    path.write_text(path.read_text().replace("{", '{"legal_ground": "none", ', 1))
    assert failed(verify_path(path)) == ["the file has the form it should have"]


def test_equal_bundles_have_equal_bytes(log: EventLog, tmp_path: Path) -> None:
    one = bundled(log, tmp_path)
    with zipfile.ZipFile(one) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    run, seal = log.entries(kind=Kind.AUDIT)[0], log.entries(kind=Kind.REPORT)[0]
    proven = [(event, log.prove(event.index)) for event in (run, seal)]
    assert bundle_bytes(dict(reversed(FILES.items())), proven, run) == one.read_bytes()


def test_a_bundle_needs_an_entry_that_names_one_of_its_files(log: EventLog, tmp_path: Path) -> None:
    event = log.append(Kind.AUDIT, "operator", {"run_id": "x", "sha256": sha256(b"another run")})
    (tmp_path / "b.zip").write_bytes(sealed(log, {"run.json": b"{}"}, event))
    assert failed(verify_path(tmp_path / "b.zip")) == ["the log entry names a file of the bundle"]


@pytest.mark.parametrize(
    "name", ["../x", "/x", "manifest.json", "log.json", "verify.py", "a//b", ".hidden", "a\\b", ""]
)
def test_a_bundle_refuses_names_that_mislead(log: EventLog, name: str) -> None:
    event = filled(log, 1).entries()[0]
    with pytest.raises(ValueError, match="a bundle cannot hold a file named"):
        seal_sha256({name: b""}, event)


def refused(path: Path, told: dict[str, Any]) -> list[str]:
    """What fails in a certificate that a forger gave a fitting hash of its own."""
    bare = {key: value for key, value in told.items() if key != "sha256"}
    path.write_bytes(canonical({**bare, "sha256": sha256(canonical(bare))}))
    return failed(verify_path(path))


def test_a_certificate_cannot_be_forged_with_a_hash_of_its_own(log: EventLog, tmp_path: Path) -> None:
    told, path = certified(log), tmp_path / "c.json"
    assert refused(path, told) == []
    claimed = "the log entry carries the hash of these claims"
    assert refused(path, {**told, "executed_at": "2026-01-01T00:00:02+00:00"}) == [claimed]
    assert "it was done after it was asked for" in refused(path, {**told, "executed_at": "2025-01-01"})
    assert claimed in refused(path, {**told, "models": []})
    assert "nobody is named" in refused(path, {**told, "scope": [{"user_id": "4711"}]})
    assert "the log entry is in the tree of the head" in refused(path, {**told, "tree_head": {"size": 4, "root": WHO}})
    proof = {**told["inclusion_proof"], "path": []}
    assert refused(path, {**told, "inclusion_proof": proof}) == ["the log entry is in the tree of the head"]
    assert refused(path, {**told, "log_index": 1}) == ["the log entry is at the index that is named"]
    for name in ("inclusion_proof", "tree_head"):
        more = {**told, name: {**told[name], "checked_by": "a court"}}
        assert refused(path, more) == ["the proof says nothing else"]


def test_statistics_that_differ_from_a_retrain_fail(log: EventLog, tmp_path: Path) -> None:
    model = {**claims()["models"][0], "stats_hash_retrain": "c" * 64}
    assert refused(tmp_path / "c.json", certified(log, models=[model])) == [
        "model linear-ml: statistics equal a retrain without the person"
    ]


def test_a_certificate_as_the_command_prints_it(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"certificate": certified(log, models=[])}))
    assert verify_path(tmp_path / "c.json")["ok"]


def test_a_certificate_has_exactly_its_fields(log: EventLog) -> None:
    with pytest.raises(ValueError, match="missing or unknown: user_id"):
        certified(log, user_id="4711")
    event = filled(log, 1).entries()[0]
    proof = log.prove(0)
    filled(log, 1)
    with pytest.raises(ValueError, match="the proof is for another head"):
        certificate(**claims(), log_index=0, tree_head=log.head(), inclusion_proof=proof, leaf=event.leaf)


def test_the_verifier_travels_alone(log: EventLog, tmp_path: Path) -> None:
    path = bundled(log, tmp_path)
    alone = tmp_path / "alone"
    with zipfile.ZipFile(path) as archive:
        archive.extract("verify.py", alone)
    run = [sys.executable, "-I", "-S", "verify.py", str(path)]
    good = subprocess.run(run, cwd=alone, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "all checks hold"), good
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    bad = subprocess.run(run, cwd=alone, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "FAILS" in bad.stdout


def test_the_head_of_the_command_line() -> None:
    said: list[str] = []
    assert verifier.main(["x", "--head"], said.append) == 3
    assert said == ["usage: python verify.py PATH [--head SIZE:ROOT]"]
    assert verifier.parse_head("3:" + "00" * 32) == (3, bytes(32))
    with pytest.raises(ValueError, match="SIZE:ROOT"):
        verifier.parse_head("3")
