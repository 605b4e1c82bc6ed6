"""Shared fixtures: where MovieLens is, a state folder of its own for every test; and which tests begin first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("SIGHTGLASS_TEST_DATA", ROOT.parent / "shared" / "data"))

# the longest files first, so that no worker is left with one of them when the others have ended
LONGEST = "browser cli engine erasure adjusted pages boosts receipts report report_sides side_by_side".split()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first, all else in the order that it has; tests that share a fixture of their file stay together."""
    items.sort(key=lambda item: LONGEST.index(name) if (name := _file(item)) in LONGEST else len(LONGEST))
    if hasattr(config, "workerinput"):
        for item in items:
            fixtures = item._fixtureinfo.name2fixturedefs.values()
            if any(each[-1].scope == "module" for each in fixtures) and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(_file(item)))


def _file(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


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
