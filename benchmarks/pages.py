"""The dashboard in a real Chromium: cold start, warm start, and the slider beside a page that only echoes it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import Row

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_MOVES = 30
_ECHO = """
import streamlit as st
@st.fragment
def echo():
    value = st.slider("position", 0.0, 1.0, step=0.05, key="position")
    st.markdown(f"now {value:.2f}")
echo()
"""
# Times a move inside the page: from the key to the first frame after the watched text has changed.
_TIMED = """
([key, watch]) => new Promise((resolve, reject) => {
  const thumb = document.querySelector('[data-testid=stSlider] input');
  const read = () => { const found = document.querySelector(watch); return found ? found.innerText : ''; };
  const before = read();
  const giveUp = setTimeout(() => { watcher.disconnect(); resolve(null); }, 4000);
  let started = 0;
  const watcher = new MutationObserver(() => {
    if (read() === before) return;
    watcher.disconnect(); clearTimeout(giveUp);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started), 0));
  });
  watcher.observe(document.body, {subtree: true, childList: true, characterData: true});
  window.addEventListener('keydown', () => { started = performance.now(); }, {once: true, capture: true});
})
"""


def rows() -> Iterator[Row]:
    """Rows of the dashboard; none where there is no Chromium."""
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if browser is None:
        print("No Chromium is installed, so the rows of the pages are left out.")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGHTGLASS_HOME"] = folder
        subprocess.run(
            [sys.executable, "-c", "from app.server import prepare; prepare()"], check=True
        )  # the demo world
        yield from _starts(browser)
        yield _slider(browser, Path(folder))


def _starts(browser: str) -> Iterator[Row]:
    cold, warm = [], []
    for _ in range(3):
        with opened(browser) as running:
            started = time.perf_counter()
            with served([command(), "serve", "--port"]) as address:
                cold.append(_first_list(running.new_page(), address) - started)
                page = running.new_context().new_page()  # nothing of the first visit is cached
                again = time.perf_counter()
                warm.append(_first_list(page, address) - again)
    for what, taken, goal in (("a cold start", cold, 4.0), ("a warm server, new browser", warm, 2.0)):
        middle = float(np.median(taken))
        told = f"{middle:.2f} s"
        yield Row(
            f"first page usable (list and sentence shown) from {what}",
            "demo world",
            told,
            "–",
            "–",
            f"< {goal:g} s",
            middle < goal,
        )


def _slider(browser: str, folder: Path) -> Row:
    echo = folder / "echo.py"
    echo.write_text(_ECHO, encoding="utf-8")
    streamlit = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(echo),
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]
    options = [
        "--runner.postScriptGC=false",
        "--server.fileWatcherType=none",
        "--server.address=127.0.0.1",
        "--server.port",
    ]
    with (
        served([command(), "serve", "--port"]) as ours,
        served([*streamlit, *options]) as plain,
        opened(browser) as running,
    ):
        pages = {}
        for name, address in (("ours", ours), ("echo", plain)):
            pages[name] = running.new_page(viewport={"width": 1280, "height": 900})
            pages[name].goto(address)
            pages[name].wait_for_selector("[data-testid=stSlider] input")
        pages["ours"].wait_for_selector("[data-testid=stRadio] label")
        pages["ours"].wait_for_selector("[data-testid=stEChartsChart] svg")
        watch = {
            "ours": "[data-testid=stCaptionContainer]:not([data-testid=stSidebar] *)",
            "echo": "[data-testid=stMarkdown]",
        }
        taken: dict[str, list[float]] = {"ours": [], "echo": []}
        for move in range(_MOVES):
            for name, page in pages.items():
                page.bring_to_front()
                taken[name].append(_move(page, "ArrowRight" if move < _MOVES // 2 else "ArrowLeft", watch[name]))
    middle = {name: float(np.nanmedian(each)) for name, each in taken.items()}
    slow = {name: float(np.nanpercentile(each, 95)) for name, each in taken.items()}
    ratio = slow["ours"] / slow["echo"]
    return Row(
        "slider to new list painted, median (95th percentile) / a page that only echoes the slider", "demo world",
        f"{middle['ours']:.0f} ms ({slow['ours']:.0f})", f"{middle['echo']:.0f} ms ({slow['echo']:.0f})",
        f"{ratio:.2f}x at p95", "≤ 1.5x", ratio <= 1.5,
    )  # fmt: skip


def _move(page: Any, key: str, watch: str) -> float:
    page.locator("[data-testid=stSlider] input").first.focus()
    waiting = page.evaluate_handle(f"args => {{ window.__timed = ({_TIMED})(args); return 1; }}", [key, watch])
    page.keyboard.press(key)
    taken = page.evaluate("() => window.__timed")
    waiting.dispose()
    page.wait_for_timeout(350)
    return float("nan") if taken is None else float(taken)


def _first_list(page: Any, address: str) -> float:
    page.goto(address)
    page.wait_for_selector("[data-testid=stRadio] label")
    page.wait_for_selector("text=Because")
    return time.perf_counter()


@contextmanager
def opened(browser: str) -> Iterator[Any]:
    """A new browser with an empty profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        yield running
        running.close()


@contextmanager
def served(command: list[str]) -> Iterator[str]:
    """A server started by the command and a free port; gives its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(address: str) -> None:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.025)
    raise TimeoutError(f"{address} did not answer")


def command() -> str:
    """The `sightglass` of this environment."""
    return str(Path(sys.executable).with_name("sightglass"))
