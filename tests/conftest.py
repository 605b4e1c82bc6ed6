"""Shared fixtures: where MovieLens is, a state folder of its own for every test; and which tests begin first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("SIGHTGLASS_TEST_DATA", ROOT.parent / "shared" / "data"))

# the longest files first, so that no worker is left with one of them when the others have ended
LONGEST = (
    "browser walk cli engine pages erasure adjusted boosts receipts report report_sides side_by_side seeds".split()
)
# long files whose tests share nothing that is dear to make: given out one test at a time, all others as a whole
PARTED = {"cli", "engine", "pages", "erasure", "boosts", "noticing", "wishes", "use_cases"}
TOGETHER = {"walk": "browser"}  # one Chromium at a time


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, all else in the order that it has."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(_file(item.nodeid), len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give tests out by file, so that what a file makes for all its tests is made once; xdist's own groups need pytest < 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            name = _file(nodeid)
            return nodeid if name in PARTED else TOGETHER.get(name, name)

    return ByFile(config, log)


def _file(nodeid: str) -> str:
    return Path(nodeid.split("::", maxsplit=1)[0]).stem.removeprefix("test_")


@pytest.fixture(scope="session", autouse=True)
def _no_test_changes_a_shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    if doors := sys.modules.get("tests.doors"):
        assert doors.changed_worlds(tmp_path_factory.getbasetemp()) == []


@pytest.fixture(scope="session")
def ml100k_folder() -> Path:
    """The MovieLens 100K folder; it may not be redistributed, so it is read in place or the test is skipped."""
    folder = TEST_DATA / "ml-100k"
    if not (folder / "u.data").exists():
        pytest.skip("MovieLens 100K is not here; set SIGHTGLASS_TEST_DATA to the folder that holds ml-100k/")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh state folder; nothing of the developer's own is touched."""
    monkeypatch.setenv("SIGHTGLASS_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SIGHTGLASS_DATABASE_URL", raising=False)
    return tmp_path / "state"
