"""The README keeps up with the code, and no file of the project knows the machine it was written on."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli import cli
from models.registry import NAMES
from tests.conftest import ROOT

README = ROOT / "README.md"
COMMANDS = sorted(typer.main.get_command(cli).commands)  # type: ignore[attr-defined]
PAGES = re.findall(r'st\.Page\([^)]*?title="([^"]+)"', (ROOT / "app" / "main.py").read_text(encoding="utf-8"))
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.M | re.S)
_MACHINE = re.compile(r"(?<![\w.$~{}-])/(?:work|tmp|root|home)/")
# where such a path is meant, with the reason
MEANT: dict[str, str] = {"tests/test_readme.py": "holds the rule itself"}


@cache
def readme() -> str:
    return README.read_text(encoding="utf-8")


def named(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


@cache
def commands_shown(text: str) -> tuple[str, ...]:
    """The lines of fenced blocks that begin with `sightglass`, continuation lines joined, comments and pipes cut off."""
    lines = [line for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    told = [line.strip().removeprefix("$ ").removeprefix(".venv/bin/") for line in lines]
    return tuple(re.split(r"\s[#|>&]|;", line)[0].strip() for line in told if re.match(r"sightglass\b", line))


def refused(line: str) -> list[str]:
    """What of a command line the command line does not know."""
    words = shlex.split(line)[1:]
    if not words or words[0].startswith("-"):
        return [word for word in words if word not in ("--help",)]
    if words[0] not in COMMANDS:
        return [words[0]]
    assert CliRunner().invoke(cli, [words[0], "--help"]).exit_code == 0
    known = options(words[0])
    return [word for word in words[1:] if re.match(r"--?[a-zA-Z]", word) and word.split("=")[0] not in known]


def options(command: str) -> set[str]:
    found = typer.main.get_command(cli).commands[command]  # type: ignore[attr-defined]
    return {"--help", *(name for option in found.params for name in (*option.opts, *option.secondary_opts))}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_named(page: str) -> None:
    assert named(page, readme())


@pytest.mark.parametrize("model", NAMES)
def test_every_model_is_named(model: str) -> None:
    assert named(model, readme())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    assert re.search(rf"sightglass {re.escape(command)}\b", readme())


def test_the_commands_shown_are_understood() -> None:
    shown = commands_shown(readme())
    assert shown, "the README shows no command"
    assert {line: bad for line in shown if (bad := refused(line))} == {}


def test_there_is_something_to_name() -> None:
    assert len(PAGES) >= 3
    assert {"train", "my-data", "serve"} <= set(COMMANDS)


def test_the_rules_of_the_readme_can_fail() -> None:
    assert not named("svd", "the svdpp model")
    assert not named("linear", "non-linear")
    text = "```sh\n$ sightglass train --data x \\\n  --modle y  # a comment\nsightglass trian\nmake run\n```\n"
    assert commands_shown(text) == ("sightglass train --data x    --modle y", "sightglass trian")
    assert [refused(line) for line in commands_shown(text)] == [["--modle"], ["trian"]]


# -- what is tracked ------------------------------------------------------------------------------------------------


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git repository, so nothing says which files are tracked")
    return tuple(path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())


def machine_paths(text: str) -> list[str]:
    return [text[max(0, found.start() - 20) : found.end() + 20] for found in _MACHINE.finditer(text)]


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    found = {
        name: bad
        for path in tracked()
        if (name := str(path.relative_to(ROOT))) not in MEANT
        if (bad := machine_paths(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        before + "/".join(("", *path))
        for before, path in (
            ("cd ", ("work", "main")),
            ("see '", ("tmp", "x")),
            ("(", ("root", ".cache")),
            ("", ("home", "me", "x")),
        )
    ],
)
def test_a_path_of_a_machine_is_found(text: str) -> None:
    assert machine_paths(text)


@pytest.mark.parametrize("text", ["~/.sightglass", "{tmp}/home/x", "https://x.example/home/", "data/home/", "a/tmp/b"])
def test_other_paths_are_left_alone(text: str) -> None:
    assert not machine_paths(text)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", text)
