"""A real dashboard and a real browser: `sightglass serve` on a free port with a state folder of its own, and Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_STARTS_WITHIN, _STOPS_WITHIN = 120.0, 15.0


@contextmanager
def dashboard(home: Path, *options: str) -> Iterator[str]:
    """The address of a dashboard that serves the state folder `home`, ready; it is stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    surroundings |= {"SIGHTGLASS_HOME": str(home), "PYTHONFAULTHANDLER": "1"}
    surroundings.pop("SIGHTGLASS_DATABASE_URL", None)
    home.parent.mkdir(parents=True, exist_ok=True)
    said = home.parent / "server.txt"
    with said.open("wb") as output:
        command = [Path(sys.executable).with_name("sightglass"), "serve", "--port", str(port), *options]
        server = subprocess.Popen(command, env=surroundings, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(server, f"http://127.0.0.1:{port}/_stcore/health", said)
            yield f"http://127.0.0.1:{port}"
            if server.poll() is not None:
                pytest.fail(f"the server ended with {server.returncode} while it was used: {_last_words(said)}")
        finally:
            server.terminate()
            try:
                server.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], address: str, said: Path) -> None:
    """Until the body is 'ok': an unknown path answers 200 with a page, so the status alone says nothing."""
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"the server ended with {server.returncode}: {_last_words(said)}")
        try:
            with urlopen(address, timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the server was not ready in {_STARTS_WITHIN:.0f} s: {_last_words(said)}")


def _last_words(said: Path) -> str:
    return said.read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium, headless; the test is skipped with the reason where there is none."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium is installed (looked for {', '.join(_NAMES)}); `make browser` says how to get one")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_ARGUMENTS), headless=True)
        try:
            yield browser
        finally:
            browser.close()
