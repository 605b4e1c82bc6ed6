"""The command line: one JSON document or one sentence, the promised keys and exit codes, and nothing changed by a refusal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cli import main
from app.workspace import opened
from data.demo import demo_source
from models.registry import NAMES
from tests import doors

SIGHTGLASS = Path(sys.executable).with_name("sightglass")
PERSON, OTHER = "u0001", "u0002"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def document(self, code: int = 0) -> Any:
        """The one JSON document on standard output; NaN, a second document or any other word is a failure."""
        assert (self.code, self.err) == (code, "")
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))

    def sentence(self) -> str:
        """The one sentence of a refusal."""
        assert self.out == ""
        assert self.code == 3, self.err
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].strip()
        return lines[0]


Sightglass = Callable[..., Ran]


@pytest.fixture
def sightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sightglass:
    """The command in this process, which spares the two seconds that a new one needs."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sightglass", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ran(int(ended.value.code or 0), told.out, told.err)

    return run


@pytest.fixture
def state(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def everything(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), home)


@pytest.fixture
def linear(state: Path) -> str:
    return doors.model_named("linear", state)


@pytest.fixture
def quick_plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(doors.PLAN)
    return path


def in_a_process(*words: object) -> Ran:
    """The command as a shell starts it; with its bytecode kept, without which every start takes seconds."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = (SIGHTGLASS, *map(str, words))
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False, env=surroundings)
    return Ran(done.returncode, done.stdout, done.stderr)


def foreign_folder(folder: Path) -> Path:
    """The small demo world as anybody's CSV files, without a dataset.toml."""
    source = demo_source(n_users=60, n_items=100)
    folder.mkdir()
    for name in ("interactions", "items", "users"):
        getattr(source, name).frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


# -- the whole life of a data set, each step in a process of its own ---------------------------------------------


def test_the_whole_life_cycle_in_real_processes(home: Path, tmp_path: Path, quick_plan: Path) -> None:
    came = in_a_process("import", foreign_folder(tmp_path / "mine"), "--as", "mine", "--json").document()
    assert {"name", "interactions", "users", "items", "warnings"} <= set(came)
    assert (came["name"], came["users"], came["items"]) == ("mine", 60, 100)

    trained = in_a_process("train", "--data", "mine", "--model", "linear", "--set", "regularization=50", "--json")
    fitted = trained.document()
    assert {"model_id", "data_hash", "params", "seconds"} <= set(fitted)
    assert fitted["params"]["regularization"] == 50
    model_id = fitted["model_id"]

    shown = in_a_process("recommend", "--model", model_id, "--user", PERSON, "-k", "5", "--json").document()["items"]
    assert [sorted({"item_id", "rank", "score", "title"} - set(row)) for row in shown] == [[]] * 5
    assert [row["rank"] for row in shown] == [1, 2, 3, 4, 5]

    why = in_a_process("explain", "--model", model_id, "--user", PERSON, "--item", shown[0]["item_id"], "--json")
    assert {"score", "base", "exact", "parts", "counterfactual", "neighbours"} <= set(why.document())

    folder = tmp_path / "audit"
    words = ("audit", "--data", "mine", "--model", model_id, "--plan", quick_plan, "--out", folder, "--json")
    judged = in_a_process(*words)
    assert judged.code in (0, 1, 2)
    document = judged.document(judged.code)
    assert {"groups", "providers", "overall", "run_id"} <= set(document)
    assert (folder / "audit.json").exists()

    for ending, start in ((".html", b"<!"), (".pdf", b"%PDF"), (".zip", b"PK")):
        out = tmp_path / f"report{ending}"
        written = in_a_process("report", document["run_id"], "--out", out, "--json").document()
        assert {"path", "sha256"} <= set(written)
        assert out.read_bytes().lower().startswith(start.lower())
    assert in_a_process("verify", tmp_path / "report.zip", "--json").document()["ok"] is True

    export = tmp_path / "export.zip"
    mine = in_a_process("my-data", "--data", "mine", "--user", PERSON, "--out", export, "--json").document()
    assert {"path", "tables"} <= set(mine)
    assert zipfile.ZipFile(export).testzip() is None

    erased = in_a_process("erase", "--data", "mine", "--user", PERSON, "--json")
    certificate = tmp_path / "certificate.json"
    certificate.write_text(erased.out)
    assert set(erased.document()) == {"certificate"}
    checked = in_a_process("verify", certificate, "--json").document()
    assert {"ok", "checks"} <= set(checked)
    assert checked["ok"] is True
    assert "no person" in in_a_process("recommend", "--model", model_id, "--user", PERSON, "--json").sentence()


def test_a_process_that_refuses_prints_one_sentence(state: Path) -> None:
    assert "'nobody'" in in_a_process("erase", "--data", "demo", "--user", "nobody", "--json").sentence()


@pytest.mark.slow
def test_the_demo_command_does_it_all(home: Path) -> None:
    told = in_a_process("demo", "--json").document()
    assert {"dataset", "model", "audit", "report"} <= set(told)
    assert Path(told["report"]).read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")


# -- every model --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_model_through_every_command(
    everything: Path, sightglass: Sightglass, tmp_path: Path, quick_plan: Path, name: str
) -> None:
    fitted = sightglass("train", "--data", "demo", "--model", name, "--json").document()
    assert {"model_id", "data_hash", "params", "seconds"} <= set(fitted)
    model_id = fitted["model_id"]

    judged = sightglass("evaluate", "--data", "demo", "--model", name, "--json").document()
    assert {"metrics", "protocol"} <= set(judged)
    assert 0 <= judged["metrics"]["ndcg"] <= 1

    shown = sightglass("recommend", "--model", model_id, "--user", PERSON, "--json").document()["items"]
    assert len({row["item_id"] for row in shown}) == 10

    why = sightglass("explain", "--model", model_id, "--user", PERSON, "--item", shown[0]["item_id"], "--json")
    told = why.document()
    assert {"score", "base", "exact", "parts", "counterfactual", "neighbours"} <= set(told)
    assert told["score"] == pytest.approx(shown[0]["score"], abs=1e-9)
    if told["exact"]:
        assert told["base"] + sum(part["value"] for part in told["parts"]) == pytest.approx(told["score"], abs=1e-9)
    assert all({"kind", "id", "title", "value"} <= set(part) for part in told["parts"])

    out = tmp_path / "lists.parquet"
    counted = sightglass("recommend", "--model", model_id, "--all", "--out", out, "--json").document()
    assert {"rows", "seconds"} <= set(counted)
    lists = pd.read_parquet(out)
    assert len(lists) == counted["rows"] == 3000
    one = lists[lists["user_id"] == PERSON].sort_values("rank")
    assert one["item_id"].tolist() == [row["item_id"] for row in shown]

    words = ("audit", "--data", "demo", "--model", model_id, "--plan", quick_plan, "--out", tmp_path / "a", "--json")
    ran = sightglass(*words)
    rows = ran.document(ran.code)["groups"]
    keys = {"attribute", "group", "metric", "n", "value", "low", "high", "gap", "p", "p_adjusted", "state"}
    assert rows
    assert all(keys <= set(row) for row in rows)


def test_lists_of_what_is_there(everything: Path, sightglass: Sightglass) -> None:
    assert [row["name"] for row in sightglass("datasets", "--json").document()] == ["demo"]
    assert {row["model"] for row in sightglass("models", "--json").document()} == set(NAMES)
    assert {row["kind"] for row in sightglass("runs", "--json").document()} == {"audit"}


@pytest.mark.parametrize("command", ["datasets", "models", "runs"])
def test_an_empty_state_folder_holds_nothing_yet(home: Path, sightglass: Sightglass, command: str) -> None:
    assert sightglass(command, "--json").document() == []
    assert sightglass(command).out.strip() == "nothing yet"


# -- the exit codes of an audit ------------------------------------------------------------------------------------

PEOPLE = [f"p{n:03d}" for n in range(80)]
TITLES = [f"t{n}" for n in range(8)]


def two_groups(folder: Path, hits: dict[str, float], size: int) -> tuple[Path, Path, Path]:
    """A data set of two groups, the lists of some other system, and the truth: a share of each group gets a hit."""
    people = PEOPLE[:size]
    group = ["left" if n % 2 else "right" for n in range(size)]
    truth = [(name, "t0") for name in people]
    choices = [(name, f"t{4 + n % 4}") for n, name in enumerate(people)]
    served = [n // 2 < round(hits[group[n]] * size / 2) for n in range(size)]
    lists = [(name, "t0" if hit else "t1", 1) for name, hit in zip(people, served, strict=True)]
    data = folder / "data"
    data.mkdir()
    pd.DataFrame([*choices, *truth], columns=["user_id", "item_id"]).to_csv(data / "interactions.csv", index=False)
    pd.DataFrame({"user_id": people, "region": group}).to_csv(data / "users.csv", index=False)
    files = data, folder / "lists.csv", folder / "truth.csv"
    pd.DataFrame(lists, columns=["user_id", "item_id", "rank"]).to_csv(files[1], index=False)
    pd.DataFrame(truth, columns=["user_id", "item_id"]).to_csv(files[2], index=False)
    return files


@pytest.mark.parametrize(
    ("hits", "size", "materiality", "code", "states"),
    [
        ({"left": 1.0, "right": 0.0}, 80, 0.02, 1, {"flag"}),
        ({"left": 0.5, "right": 0.5}, 80, 0.9, 0, {"no flag"}),
        ({"left": 0.5, "right": 0.5}, 12, 0.02, 2, {"too few to say"}),
    ],
    ids=["flagged", "nothing flagged", "too little evidence"],
)
def test_the_exit_code_of_an_audit_is_its_answer(
    home: Path,
    sightglass: Sightglass,
    tmp_path: Path,
    hits: dict[str, float],
    size: int,
    materiality: float,
    code: int,
    states: set[str],
) -> None:
    data, lists, truth = two_groups(tmp_path, hits, size)
    sightglass("import", data, "--as", "mine", "--json").document()
    plan = tmp_path / "plan.toml"
    plan.write_text(f"draws = 200\nmateriality = {materiality}\nexploratory = []\n")
    words = ("--recommendations", lists, "--outcomes", truth, "--plan", plan, "--out", tmp_path / "out")
    told = sightglass("audit", "--data", "mine", *words, "--json").document(code)
    assert {row["state"] for row in told["groups"] if row["family"] == "confirmatory"} == states


# -- one person's list ----------------------------------------------------------------------------------------------


def test_slider_0_is_the_list_without_the_option(linear: str, sightglass: Sightglass) -> None:
    words = ("recommend", "--model", linear, "--user", PERSON, "--json")
    assert sightglass(*words).out == sightglass(*words, "--serendipity", 0).out
    assert sightglass(*words).out != sightglass(*words, "--serendipity", 1).out


def test_no_profile_gives_any_two_people_the_same_bytes(linear: str, sightglass: Sightglass) -> None:
    words = ("recommend", "--model", linear, "--no-profile", "--json")
    told = {sightglass(*words, "--user", who).out for who in (PERSON, OTHER)} | {sightglass(*words).out}
    assert len(told) == 1
    profiled = {sightglass("recommend", "--model", linear, "--user", who, "--json").out for who in (PERSON, OTHER)}
    assert len(profiled) == 2


def test_the_slider_term_is_part_of_the_explained_score(linear: str, sightglass: Sightglass) -> None:
    words = ("--model", linear, "--user", PERSON, "--serendipity", 0.7, "--json")
    first = sightglass("recommend", *words).document()["items"][0]
    told = sightglass("explain", *words, "--item", first["item_id"]).document()
    assert told["base"] + sum(part["value"] for part in told["parts"]) == pytest.approx(first["score"], abs=1e-9)
    assert "slider" in {part["kind"] for part in told["parts"]}


def test_a_choice_taken_out_leaves_no_trace(state: Path, linear: str, sightglass: Sightglass) -> None:
    """The list without a choice is the list of a data set that never held it, and no reason names it."""
    words = ("recommend", "--model", linear, "--user", PERSON, "--json")
    first = sightglass(*words).document()["items"][0]["item_id"]
    why = ("explain", "--model", linear, "--user", PERSON, "--item", first, "--json")
    taken = sightglass(*why).document()["parts"][0]["id"]
    edited = sightglass(*words, "--without", f"item:{taken}").document()
    assert edited["without"] == [taken]
    with opened(state) as workspace:
        model = workspace.model(linear)
        code = model.training.users.code(PERSON)
        chosen = model.profiles(np.array([code])).matrix.toarray()[0] > 0
        chosen[model.training.items.code(taken)] = False
        scores = chosen @ weights(model)
    expected = [scores[model.training.items.code(row["item_id"])] for row in edited["items"]]
    assert [row["score"] for row in edited["items"]] == pytest.approx(expected, abs=1e-9)
    with opened(state) as workspace:
        workspace.choices.exclude_item("demo", PERSON, taken)
    kept_out = sightglass(*words).document()["items"]
    assert kept_out == edited["items"]
    for row in kept_out:
        parts = sightglass(*why[:5], "--item", row["item_id"], "--json").document()["parts"]
        assert taken not in {part["id"] for part in parts}


def weights(model: Any) -> np.ndarray:
    """The item-item weights by definition: I − P·diag(1/diag P), P = (XᵀX + λI)⁻¹."""
    matrix = (model.training.matrix.toarray() > 0).astype(float)
    inverse = np.linalg.inv(matrix.T @ matrix + model.settings.regularization * np.eye(matrix.shape[1]))
    table = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(table, 0)
    return table


# -- refusals -------------------------------------------------------------------------------------------------------


def test_everybodys_lists_keep_who_switched_profiling_off_out(
    state: Path, linear: str, sightglass: Sightglass, tmp_path: Path
) -> None:
    words = ("recommend", "--model", linear, "--all", "--out")
    sightglass(*words, tmp_path / "before.parquet", "--json").document()
    with opened(state) as workspace:
        workspace.choices.set_profiling("demo", OTHER, False)
    sightglass(*words, tmp_path / "after.parquet", "--json").document()
    before, after = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("before", "after"))
    pd.testing.assert_frame_equal(
        *(table[table["user_id"] != OTHER].reset_index(drop=True) for table in (before, after))
    )
    same = sightglass("recommend", "--model", linear, "--no-profile", "--json").document()["items"]
    theirs = after[after["user_id"] == OTHER]
    assert theirs["item_id"].tolist() == [row["item_id"] for row in same]
    assert theirs["item_id"].tolist() != before.loc[before["user_id"] == OTHER, "item_id"].tolist()
    assert after["user_id"].drop_duplicates().tolist() == before["user_id"].drop_duplicates().tolist()


def test_who_switched_profiling_off_is_told_of_counts_and_of_nothing_personal(
    state: Path, linear: str, sightglass: Sightglass
) -> None:
    why = ("explain", "--model", linear, "--user", PERSON, "--item")
    first = sightglass("recommend", "--model", linear, "--user", PERSON, "--json").document()["items"][0]["item_id"]
    sightglass(*why, first, "--json").document()
    with opened(state) as workspace:
        workspace.choices.set_profiling("demo", PERSON, False)
    told = sightglass(*why, first, "--json").document()
    count = int(
        (workspace.model(linear).training.matrix.indices == workspace.model(linear).training.items.code(first)).sum()
    )
    assert told["parts"] == [{"kind": "term", "id": "popularity", "title": f"chosen by {count} people", "value": count}]
    assert told["sentence"] == f"Because it was chosen by {count} people. Nothing about you was used."
    assert (told["user_id"], told["counterfactual"], told["neighbours"]) == ("", None, None)


REFUSED = [
    ("recommend --model {linear} --user nobody", "'nobody'"),
    ("recommend --model nothing --user u0001", "'nothing'"),
    ("recommend --model {linear}", "--user"),
    ("recommend --model {linear} --user u0001 -k 0", "'0'"),
    ("recommend --model {linear} --user u0001 -k -1", "'-1'"),
    ("recommend --model {linear} --user u0001 -k many", "-k"),
    ("recommend --model {linear} --user u0001 --serendipity 2", "'2.0'"),
    ("recommend --model {linear} --user u0001 --serendipity nan", "'nan'"),
    ("recommend --model {linear} --user u0001 --without item:zzz", "'zzz'"),
    ("recommend --model {linear} --no-profile -k 0", "'0'"),
    ("recommend --model {linear} --all", "--out"),
    ("recommend --model {linear} --all --out {tmp}/no/such/lists.parquet", "no/such"),
    ("recommend --model {linear} --all --out {tmp}/lists.csv", ".parquet"),
    ("recommend --model {linear} --all --out {tmp}/folder.parquet", "folder.parquet"),
    ("recommend --model {linear} --all --out {tmp}/file/lists.parquet", "file"),
    ("recommend --model {linear} --all --out {tmp}/lists.parquet --serendipity 7", "'7.0'"),
    ("explain --model {linear} --user nobody --item i0001", "'nobody'"),
    ("explain --model {linear} --user u0001 --item zzz", "'zzz'"),
    ("explain --model {linear} --user u0001 --item {seen}", "history"),
    ("train --data demo --model nothing", "'nothing'"),
    ("train --data nothing --model linear", "'nothing'"),
    ("train --data demo --model linear --set colour=red", "'colour'"),
    ("train --data demo --model linear --set regularization=-1", "regularization"),
    ("train --data demo --model linear --set regularization=much", "regularization"),
    ("train --data demo --model linear --set regularization", "key=value"),
    ("train --data demo --model svd --set n_factors=0", "n_factors"),
    ("train --data demo --model item-neighbours --set similarity=likeness", "similarity"),
    ("train --data demo", "--model"),
    ("evaluate --data demo --model linear -k 0", "'0'"),
    ("evaluate --data demo --model linear --train {tmp}/file", "--test"),
    ("evaluate --data demo --model linear --train {tmp}/gone.csv --test {tmp}/gone.csv", "gone.csv"),
    ("evaluate --data demo --model linear --seeds 1", "from 2 to 20"),
    ("evaluate --data demo --model linear --train {tmp}/file --test {tmp}/file --seeds 2", "--seeds"),
    ("audit --data demo --out {tmp}/a", "--model"),
    ("audit --data demo --model {linear} --seeds 21 --out {tmp}/a", "from 2 to 20"),
    (
        "audit --data demo --recommendations {tmp}/gone.csv --outcomes {tmp}/gone.csv --seeds 2 --out {tmp}/a",
        "one truth",
    ),
    ("audit --data demo --model nothing --out {tmp}/a", "'nothing'"),
    ("audit --data demo --model {linear} --plan {tmp}/gone.toml --out {tmp}/a", "gone.toml"),
    ("audit --data demo --model {linear} --plan {tmp}/file --out {tmp}/a", "file"),
    ("audit --data demo --model {linear} --plan {plan} --out {tmp}/file/a", "file: this is a file"),
    ("audit --data demo --recommendations {tmp}/gone.csv --outcomes {tmp}/gone.csv --out {tmp}/a", "gone.csv"),
    ("report nothing --out {tmp}/report.html", "'nothing'"),
    ("erase --data demo --user nobody", "'nobody'"),
    ("erase --data nothing --user u0001", "'nothing'"),
    ("my-data --data demo --user nobody --out {tmp}/x.zip", "'nobody'"),
    ("my-data --data demo --user u0001 --out {tmp}/no/x.zip", "cannot be written"),
    ("my-data --data demo --user u0001 --out {tmp}/x.tar", "x.tar"),
    ("import {tmp}/gone --as x", "gone"),
    ("import {tmp}/file --as x", "file"),
    ("import {tmp}/empty --as x", "empty"),
    ("import {mine} --as demo", "'demo'"),
    ("import {mine} --as ../x", "'../x'"),
    ("verify {tmp}/gone.zip", "gone.zip"),
    ("fetch ml-000 --to {tmp}", "ml-000"),
    ("nothing", "'nothing'"),
]


@pytest.mark.parametrize(("words", "named"), REFUSED, ids=[words for words, _ in REFUSED])
def test_a_refusal_is_one_sentence_and_changes_nothing(
    state: Path, linear: str, sightglass: Sightglass, tmp_path: Path, quick_plan: Path, words: str, named: str
) -> None:
    (tmp_path / "file").write_text("= neither a table nor a plan\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    with opened(state) as workspace:
        training = workspace.model(linear).training
        seen = training.items[training.matrix.indices[0]]
    places = {"tmp": tmp_path, "linear": linear, "plan": quick_plan, "seen": seen}
    if "{mine}" in words:
        places["mine"] = foreign_folder(tmp_path / "mine")
    before = doors.state_of(state), sorted(tmp_path.rglob("*"))
    said = sightglass(*(word.format(**places) for word in words.split()), "--json").sentence()
    assert named in said
    assert (doors.state_of(state), sorted(tmp_path.rglob("*"))) == before


def test_the_comparison_of_states_can_fail(state: Path, sightglass: Sightglass) -> None:
    before = doors.state_of(state)
    sightglass("evaluate", "--data", "demo", "--model", "popularity", "--json").document()
    assert doors.state_of(state) != before


@pytest.mark.parametrize("group", ["weights", "people", "items"])
def test_a_model_file_with_one_byte_flipped_is_refused(
    state: Path, linear: str, sightglass: Sightglass, group: str
) -> None:
    folder = state / "models" / linear
    file = max(folder.glob(f"{group}-*.npy"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = doors.state_of(state)
    for words in (("recommend", "--user", PERSON), ("explain", "--user", PERSON, "--item", "i0001")):
        said = sightglass(words[0], "--model", linear, *words[1:], "--json").sentence()
        assert file.name in said or linear in said
    same_for_all = sightglass("recommend", "--model", linear, "--no-profile", "--json")
    if group == "items":
        same_for_all.sentence()
    else:  # it reads the catalogue of the model and nothing else
        assert len(same_for_all.document()["items"]) == 10
    assert doors.state_of(state) == before


def test_a_certificate_with_one_digit_changed_does_not_hold(
    state: Path, sightglass: Sightglass, tmp_path: Path
) -> None:
    told = sightglass("erase", "--data", "demo", "--user", PERSON, "--json")
    path = tmp_path / "certificate.json"
    path.write_text(told.out.replace('"legal_ground": "request', '"legal_ground": "Request', 1))
    assert sightglass("verify", path, "--json").document(1)["ok"] is False


# -- a gate in a pipeline -------------------------------------------------------------------------------------------


def piped(words: str, reader: str, *, folder: Path) -> tuple[int, str]:
    """What a shell with pipefail ends with, and what was said on standard error, where the reader stops early."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = f"{SIGHTGLASS} {words} | {reader}"
    shell = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=240, check=False, env=surroundings, cwd=folder)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("reader", "ending"), [("head -1", ""), ("true", ""), ("true", " --json")])
def test_a_reader_that_stops_changes_no_exit_code(
    state: Path, linear: str, sightglass: Sightglass, quick_plan: Path, tmp_path: Path, reader: str, ending: str
) -> None:
    words = f"audit --data demo --model {linear} --plan {quick_plan} --out {tmp_path / 'a'}"
    assert sightglass(*words.split()).code == 2
    assert piped(words + ending, reader, folder=tmp_path) == (2, "")


def test_a_reader_that_stops_hears_of_no_broken_pipe_from_other_commands(state: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{}")
    assert piped("models", "true", folder=tmp_path) == (0, "")
    assert piped("verify broken.json", "true", folder=tmp_path) == (1, "")
    assert piped("recommend --model nothing --user u0001", "true", folder=tmp_path)[0] == 3


def test_a_gate_that_requires_a_plan_refuses_without_one(
    state: Path, linear: str, sightglass: Sightglass, quick_plan: Path, tmp_path: Path
) -> None:
    words = ("audit", "--data", "demo", "--model", linear, "--out", tmp_path / "a", "--require-plan", "--json")
    before = doors.state_of(state)
    assert "a plan is required, and none was given; give --plan FILE" in sightglass(*words).sentence()
    assert doors.state_of(state) == before
    assert sightglass(*words, "--plan", quick_plan).document(2)["planned"] is True


def test_lists_of_nobody_are_refused_with_the_fix(state: Path, sightglass: Sightglass, tmp_path: Path) -> None:
    with opened(state) as workspace:
        pairs = workspace.catalog.open("demo").interactions.frame()[["user_id", "item_id"]].iloc[:200]
    pairs.to_csv(tmp_path / "truth.csv", index=False)
    shown = pairs.drop_duplicates("user_id").assign(rank=1)
    shown.assign(user_id="zz" + shown["user_id"]).to_csv(tmp_path / "lists.csv", index=False)
    words = (
        "audit",
        "--data",
        "demo",
        "--recommendations",
        tmp_path / "lists.csv",
        "--outcomes",
        tmp_path / "truth.csv",
    )
    before = doors.state_of(state)
    said = sightglass(*words, "--out", tmp_path / "a", "--json").sentence()
    first = pairs["user_id"].iloc[0]
    assert said == (
        f"lists.csv, column 'user_id': no listed person has held-out choices (given: 'zz{first}'); "
        f"write ids as the data set does, in lists and in choices, like '{first}'."
    )
    assert doors.state_of(state) == before


def test_a_bundle_is_checked_against_a_head_that_was_noted(
    state: Path, linear: str, sightglass: Sightglass, quick_plan: Path, tmp_path: Path
) -> None:
    words = ("audit", "--data", "demo", "--model", linear, "--plan", quick_plan, "--out", tmp_path / "a", "--json")
    run = sightglass(*words).document(2)["run_id"]
    written = sightglass("report", run, "--out", tmp_path / "e.zip", "--json").document()
    check = ("verify", tmp_path / "e.zip", "--json", "--head")
    assert sightglass(*check, written["head"]).document()["ok"] is True
    size, _, root = written["head"].partition(":")
    assert sightglass(*check, f"{size}:{'0' * len(root)}").document(1)["ok"] is False
    lines = sightglass("verify", tmp_path / "e.zip", "--head", f"{size}:{'0' * len(root)}").out.splitlines()
    assert lines[0] == "ok: False"
    assert any("the head is the one you trust" in line for line in lines[:6]), "what fails stands at the top"
    assert "a tree head is written SIZE:ROOT" in sightglass(*check, "17").sentence()


# -- somebody else's numbers ----------------------------------------------------------------------------------------


def test_the_published_row_of_movielens_100k(
    home: Path, ml100k_folder: Path, sightglass: Sightglass, tmp_path: Path
) -> None:
    came = sightglass("import", ml100k_folder, "--as", "ml-100k", "--json").document()
    assert (came["interactions"], came["users"], came["items"]) == (100_000, 943, 1682)
    sightglass("train", "--data", "ml-100k", "--model", "linear", "--set", "regularization=458", "--json").document()
    split = ("--train", ml100k_folder / "mcrec.train.rating", "--test", ml100k_folder / "mcrec.test.rating")
    words = ("evaluate", "--data", "ml-100k", "--model", "linear", "--set", "regularization=458", *split, "--json")
    reached = sightglass(*words).document()["metrics"]
    expected = {"ndcg": 0.4457, "ndcg_full_ideal": 0.2905, "precision": 0.3739, "recall": 0.2430}
    assert {name: reached[name] for name in expected} == pytest.approx(expected, abs=1e-4)
