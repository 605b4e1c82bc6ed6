"""Take the pictures of the README anew: `python docs/pictures.py`, on a fresh demo world in a real Chromium."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.pages import command, opened, served

HERE = Path(__file__).parent / "images"
PAGES = {
    "for-you": ("", "[data-testid=stEChartsChart]", 860),
    "audit": ("audit", ".js-plotly-plot", 1500),
    "diversity": ("diversity", ".js-plotly-plot", 1180),
}


def main() -> None:
    """Write one PNG a page."""
    import shutil

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("No Chromium is installed.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGHTGLASS_HOME"] = folder
        with served([command(), "serve", "--port"]) as address, opened(browser) as running:
            for name, (path, ready, height) in PAGES.items():
                page = running.new_page(viewport={"width": 1280, "height": height})
                page.goto(f"{address}/{path}")
                page.wait_for_selector(ready, timeout=120_000)
                page.wait_for_timeout(3_000)
                page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
