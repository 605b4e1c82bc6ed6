"""Where state lives, and how a file or a folder gets there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from data.errors import SightglassError


def home() -> Path:
    """The state folder: SIGHTGLASS_HOME, or ~/.sightglass; made for its owner only (mode 0700)."""
    folder = Path(os.environ.get("SIGHTGLASS_HOME") or Path.home() / ".sightglass").expanduser()
    private_folder(folder)
    return folder


def private_folder(folder: Path) -> Path:
    """The folder, made for its owner only (mode 0700) where it is not there yet."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SightglassError(
            f"The folder {folder} cannot be made ({error.strerror}); set SIGHTGLASS_HOME to a folder you may write to."
        ) from error
    return folder


def write_whole(path: Path, content: bytes | Callable[[BinaryIO], object], *, mode: int = 0o600) -> None:
    """Put a whole file at `path`, or leave what was there: written beside it, flushed to disk, then renamed.

    `content` is the bytes, or a function that writes them to the open file it is given.
    """
    aside = _aside(path)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    _flush_folder(path.parent)


@contextmanager
def write_folder(target: Path) -> Iterator[Path]:
    """Build a folder aside and rename it to `target` at the end; after an error nothing is left of it.

    The target must not be there yet.
    """
    _refuse_existing(target)
    aside = _aside(target)
    aside.mkdir(mode=0o700)
    try:
        yield aside
        _refuse_existing(target)
        os.rename(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _flush_folder(target.parent)


def sweep(target: Path) -> None:
    """Remove what a process that died left half written beside `target`; call it under the lock of `target`."""
    for left in target.parent.glob(f".{target.name}.tmp-*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer at a time, over processes and threads; the lock is a file that stays."""
    with open(path, "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _aside(path: Path) -> Path:
    return path.parent / f".{path.name}.tmp-{secrets.token_hex(6)}"


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise SightglassError(f"{target} is there already; remove it or choose another name.")


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
