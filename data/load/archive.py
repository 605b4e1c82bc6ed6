"""The files of a folder or of a zip archive, opened by their bare name; an archive is never unpacked to disk."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from data.errors import BadInput, NotFound
from data.load.scan import READ_ERRORS, Text

LARGEST = 4 << 30  # uncompressed; the largest MovieLens archive holds about 2 GB


class Members:
    """Files by name, from a folder or from a zip archive (whose folders are left out of the names)."""

    def __init__(self, path: Path, *, largest: int = LARGEST) -> None:
        self.path = path
        self._archive = not path.is_dir()
        self._where = (
            _listed(path, largest) if self._archive else {f.name: f.name for f in path.iterdir() if f.is_file()}
        )

    @property
    def folder(self) -> str:
        """The name of the folder that holds the files."""
        parents = {PurePosixPath(place).parent.name for place in self._where.values()} - {""}
        return min(parents) if self._archive and parents else self.path.name.removesuffix(".zip")

    def __contains__(self, name: str) -> bool:
        return name in self._where

    def text(self, name: str, *, delimiter: str, encoding: str = "utf-8", quote: bool = False) -> Text:
        """A file as a delimited text."""
        if name not in self._where:
            raise NotFound(f"file in {self.path}", name, sorted(self._where))
        place = f"{self.path}/{self._where[name]}"
        return Text(lambda: self.open(name), place, encoding, delimiter, quote)

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file."""
        if not self._archive:
            return open(self.path / self._where[name], "rb")
        with zipfile.ZipFile(self.path) as archive:  # its file stays open until the member is closed
            return cast(BinaryIO, archive.open(self._where[name]))

    def start(self, name: str, size: int) -> bytes:
        """The first bytes of a file."""
        try:
            with self.open(name) as file:
                return file.read(size)
        except READ_ERRORS as error:
            raise _damaged(self.path, str(error)) from error


def _listed(path: Path, largest: int) -> dict[str, str]:
    """Bare name -> member, after every member was checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except FileNotFoundError:
        raise BadInput("there is no such file", file=path, fix="check the path") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(path, str(error)) from error
    _refuse_unsafe(path, members, largest)
    files = [m.filename for m in members if not m.is_dir() and "__MACOSX" not in m.filename]
    return {PurePosixPath(name).name: name for name in files}


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo], largest: int) -> None:
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in member.filename:
            raise BadInput(
                "the archive holds a file whose name points outside of it",
                file=path,
                value=member.filename,
                fix="do not use this archive; download it again from its publisher",
            )
        if member.flag_bits & 1:
            raise BadInput("the archive is encrypted", file=path, value=member.filename, fix="unpack it first")
    total = sum(member.file_size for member in members)
    if total > largest:
        raise BadInput(
            f"the archive would unpack to {total:,} bytes, more than the {largest:,} that are allowed",
            file=path,
            fix="unpack it yourself and import the folder",
        )


def _damaged(path: Path, reason: str) -> BadInput:
    return BadInput(
        f"this is not a zip archive that can be read ({reason})", file=path, fix="download it again from its publisher"
    )
