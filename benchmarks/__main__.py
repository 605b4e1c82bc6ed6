"""`make bench`: print the table of figures; `--out FILE` also writes it."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.clock import Row

_HEAD = "| what | data | ours | other | ratio | goal | met |\n|---|---|---|---|---|---|---|"


def main() -> None:
    """Run every benchmark, a row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--out", type=Path, help="Markdown file to write the table to")
    parser.add_argument("--only", choices=["models", "audit", "pages"], help="one part of the table")
    chosen = parser.parse_args()
    lines = [f"Measured {datetime.now(UTC).date()} on {machine()}.", "", *_HEAD.split("\n")]
    print("\n".join(lines), flush=True)
    for row in rows(chosen.only):
        lines.append(row.markdown())
        print(lines[-1], flush=True)
    if chosen.out:
        chosen.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows(only: str | None) -> Iterator[Row]:
    """Every row of the table."""
    if only in (None, "models"):
        from benchmarks import erasing, explanations, recommenders, worlds

        found = worlds.movielens()
        if found is None:
            print("MovieLens 100K is not here, so its rows are left out; set SIGHTGLASS_TEST_DATA.")
        else:
            yield from recommenders.rows(found, "ML-100K", goals=False)
            yield from explanations.rows(found, "ML-100K")
            yield from erasing.rows(found, "ML-100K", goals=True)
        made = worlds.synthetic()
        yield from recommenders.rows(made, "ML-1M shape", goals=True)
        yield from explanations.rows(made, "ML-1M shape")
        yield from erasing.rows(made, "ML-1M shape", goals=False)
    if only in (None, "audit"):
        from benchmarks import audit

        yield from audit.rows()
    if only in (None, "pages"):
        from benchmarks import pages

        yield from pages.rows()


def machine() -> str:
    """The processor, its cores, and the versions that matter."""
    name = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        models = [
            line.split(":", 1)[1].strip() for line in cpus.read_text().splitlines() if line.startswith("model name")
        ]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


if __name__ == "__main__":
    main()
