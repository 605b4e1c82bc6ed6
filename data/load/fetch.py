"""The one explicit download: a MovieLens archive from its publisher, checked before it is kept."""

from __future__ import annotations

import hashlib
import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from data.errors import NotFound, SightglassError
from data.keep.home import write_whole
from data.load.movielens import licence as _terms

PUBLISHER = "https://files.grouplens.org/datasets/movielens"
_LARGEST = {  # bytes; some room above what the publisher's archives are
    "ml-100k": 20 << 20,
    "ml-1m": 20 << 20,
    "ml-latest-small": 20 << 20,
    "ml-latest": 2 << 30,
    "ml-32m": 1 << 30,
}
_KNOWN = {  # MD5 of the archives that do not change any more; ml-latest and ml-latest-small do
    "ml-100k": "0e33842e24a9c977be4e0107933c0723",
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-32m": "d472be332d4daa821edc399621853b57",
}
_MD5 = re.compile(r"\b[0-9a-fA-F]{32}\b")
_PIECE = 1 << 20
_PATIENCE = 30  # seconds without an answer


def licence(name: str) -> str:
    """The publisher's terms, to be shown before the download."""
    _check(name)
    return _terms(name)


def fetch(name: str, to: Path, *, base: str = PUBLISHER) -> Path:
    """Download `name`.zip into the folder `to`, and return its path; a file that fails its checksum is not kept."""
    _check(name)
    address = f"{base.rstrip('/')}/{name}.zip"
    _refuse_open_line(address)
    expected = _published(name, f"{address}.md5")
    target = Path(to) / f"{name}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)

    def checked(file: BinaryIO) -> None:
        found = _copy(name, address, file)
        if found != expected:
            raise SightglassError(
                f"What came from {address} does not match its checksum (MD5 {found}, expected {expected}), so it was "
                "not kept; try again later."
            )

    write_whole(target, checked)
    return target


def _check(name: str) -> None:
    if name not in _LARGEST:
        raise NotFound("MovieLens archive", name, list(_LARGEST))


def _refuse_open_line(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise SightglassError(f"{address} is not an https address; nothing is downloaded over an open line.")


def _published(name: str, address: str) -> str:
    """The MD5 that the publisher gives beside the archive; for an archive we know it must be the known one."""
    text = b"".join(_pieces(name, address, 1 << 16)).decode("ascii", "replace")
    found = _MD5.search(text)
    if found is None:
        raise SightglassError(f"{address} holds no checksum, so {name} was not downloaded; {_by_hand(name)}")
    expected = found.group().lower()
    if _KNOWN.get(name, expected) != expected:
        raise SightglassError(
            f"The checksum at {address} ({expected}) is not the known one of {name} ({_KNOWN[name]}), so nothing was "
            f"downloaded; {_by_hand(name)}"
        )
    return expected


def _copy(name: str, address: str, file: BinaryIO) -> str:
    """Write what is at the address to the file; returns its MD5."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in _pieces(name, address, _LARGEST[name]):
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest()


def _pieces(name: str, address: str, largest: int) -> Iterator[bytes]:
    size = 0
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 the scheme is checked above
            while piece := answer.read(_PIECE):
                size += len(piece)
                if size > largest:
                    raise SightglassError(f"{address} sends more than {largest:,} bytes, so it was not kept.")
                yield piece
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise SightglassError(f"{address} cannot be reached ({reason}); {_by_hand(name)}") from error


def _by_hand(name: str) -> str:
    return (
        f"download {name}.zip from {PUBLISHER} by hand and run 'sightglass import {name}.zip --as {name}', or use the "
        "demo world, which needs no download."
    )
