"""Look for bytes in files, in a process of its own.

A process that has a SQLite database open may not open its files by hand: POSIX locks belong to the process, and closing
any descriptor of a file drops those of every connection to it (https://www.sqlite.org/howtocorrupt.html, 2.2). So this
file is also a program, which needs nothing but the standard library: paths are its arguments, and what it looks for comes
by standard input, since everybody on the machine can read arguments.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

_BLOCK = 1 << 22


def holds(paths: Iterable[Path], sought: Iterable[bytes]) -> bool:
    """Whether one of the texts is in one of the files, deleted there or not; files that are not there hold nothing."""
    from data.errors import SightglassError

    files = [str(path) for path in paths if path.exists()]
    texts = [text.hex() for text in sought if text]
    if not files or not texts:
        return False
    command = [sys.executable, "-I", str(Path(__file__).resolve()), *files]
    told = json.dumps(texts).encode()
    done = subprocess.run(command, check=False, input=told, capture_output=True)  # noqa: S603 - this very file
    if done.returncode or done.stdout.strip() not in (b"true", b"false"):
        why = done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"exit code {done.returncode}"
        raise SightglassError(f"The files of the database could not be searched ({why}); look at them and try again.")
    return done.stdout.strip() == b"true"


def _in_file(path: str, sought: Sequence[bytes]) -> bool:
    """Read block by block, each with the end of the one before."""
    overlap, tail = max(len(text) for text in sought) - 1, b""
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                window = tail + block
                if any(text in window for text in sought):
                    return True
                tail = window[-overlap:] if overlap else b""
    except FileNotFoundError:  # a journal that was removed meanwhile
        return False
    return False


def _main() -> None:
    sought = [bytes.fromhex(text) for text in json.load(sys.stdin)]
    print(json.dumps(any(_in_file(path, sought) for path in sys.argv[1:])))


if __name__ == "__main__":
    _main()
