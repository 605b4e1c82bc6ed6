"""Shared fixtures: where MovieLens is, a state folder of its own for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("SIGHTGLASS_TEST_DATA", ROOT.parent / "shared" / "data"))


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
