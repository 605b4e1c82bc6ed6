"""Where results go: looked at before any work is done, so that a refusal changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from data.errors import BadInput
from data.keep.home import write_whole


def check_file(out: Path) -> None:
    """Refuse a file that cannot be written; nothing is made yet."""
    if not out.parent.is_dir():
        raise BadInput("there is no such folder", file=out.parent, fix="make it first, or name another")
    if out.is_dir():
        raise BadInput("this is a folder", file=out, fix="name a file")
    _check_writable(out.parent, out)


def check_folder(out: Path) -> None:
    """Refuse a folder that is not there and cannot be made, or that cannot be written to; nothing is made yet."""
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not there.is_dir():
        raise BadInput("this is a file, and a folder is needed", file=there, fix="name another folder")
    _check_writable(there, out)


def write_file(out: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Put a whole file at `out`, readable for everybody; what cannot be written is told in a sentence."""
    try:
        write_whole(out, content, mode=0o644)
    except OSError as error:
        raise BadInput(f"it cannot be written ({error.strerror})", file=out, fix="name another file") from error


def _check_writable(folder: Path, out: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput("it cannot be written: you may not write to its folder", file=out, fix="name another place")
