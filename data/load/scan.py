"""A first look at a text file in small pieces: refuses what no reader should be given, and finds lines again."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from data.errors import BadInput

if TYPE_CHECKING:
    from _csv import Reader

_PIECE = 1 << 20  # a line that fills a whole piece is refused, so no line reaches two pieces
READ_ERRORS = (EOFError, OSError, zlib.error, zipfile.BadZipFile)  # what a damaged file or archive raises
BLOCK = 4 * _PIECE  # and a reader whose blocks are this large never meets a line it cannot hold
_LARGEST = 16 << 30
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Text:
    """A delimited text that can be opened again and again; `file` is its name in refusals."""

    open: Callable[[], BinaryIO]
    file: str
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: bool = True


@dataclass(frozen=True)
class Shape:
    """What the first look saw."""

    size: int
    quotes: int
    blank_lines: bool

    @property
    def plain(self) -> bool:
        """Whether every line is one record."""
        return not self.quotes and not self.blank_lines


def scan(text: Text) -> Shape:
    """Look at every byte once, a piece at a time: NUL bytes, wrong encoding and endless lines are refused."""
    encoding = _known_encoding(text)
    decoder = codecs.getincrementaldecoder(encoding)()
    size = lines = quotes = 0
    blank, before = False, b"\n"
    with text.open() as file:
        while piece := file.read(_PIECE):
            _refuse_piece(text, piece, lines, first=size == 0)
            _decode(text, decoder, piece, lines)
            blank = blank or _has_blank_line(before + piece)
            size, lines, quotes = size + len(piece), lines + _breaks(piece), quotes + piece.count(b'"')
            before = piece[-2:]
            if size > _LARGEST:
                raise BadInput(
                    "the file is larger than 16 GB", file=text.file, fix="split it, or convert it to Parquet"
                )
    _finish(text, decoder, lines)
    return Shape(size, quotes if text.quote else 0, blank)


def records(text: Text) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every record that is not blank, slowly, for finding the place of a problem."""
    limit = csv.field_size_limit(BLOCK)
    try:
        with text.open() as file:
            lines = io.TextIOWrapper(file, encoding=_signed(text.encoding), newline="")
            reader = _reader(text, lines)
            start = 1
            for fields in reader:
                if fields:
                    yield start, fields
                start = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"a quoted value that starts here is not closed as it should be ({error})",
            file=text.file,
            row=start,
            fix='close the quote, or write every " inside a quoted value twice',
        ) from error
    finally:
        csv.field_size_limit(limit)


def line_of(text: Text, record: int) -> int:
    """The line on which a record (counted from 0, blank lines not counted) starts."""
    return next(line for place, (line, _) in enumerate(records(text)) if place == record)


def first_fields(text: Text) -> list[str]:
    """The fields of the first line that is not blank; [] for an empty file."""
    with text.open() as file:
        lines = io.TextIOWrapper(io.BytesIO(file.read(_PIECE)), encoding=_signed(text.encoding), errors="replace")
        first = next((line for line in lines if line.strip("\r\n")), "")
    limit = csv.field_size_limit(BLOCK)
    try:
        return next(_reader(text, [first.rstrip("\r\n")]), [])
    finally:
        csv.field_size_limit(limit)


def _reader(text: Text, lines: Iterable[str]) -> Reader:
    if text.quote:
        return csv.reader(lines, delimiter=text.delimiter, strict=True)
    return csv.reader(lines, delimiter=text.delimiter, quoting=csv.QUOTE_NONE)


def _known_encoding(text: Text) -> str:
    try:
        return codecs.lookup(text.encoding).name
    except LookupError:
        raise BadInput(
            "this encoding is not known", file=text.file, value=text.encoding, fix="use utf-8, latin-1 or cp1252"
        ) from None


def _signed(encoding: str) -> str:
    """The encoding that also drops a byte order mark."""
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _refuse_piece(text: Text, piece: bytes, lines: int, *, first: bool) -> None:
    if first and piece.startswith(_WIDE_MARKS):
        raise BadInput("the file is UTF-16, not UTF-8", file=text.file, row=1, fix="save it as UTF-8")
    if b"\0" in piece:
        row = lines + _breaks(piece[: piece.index(b"\0")]) + 1
        raise BadInput(
            "the file holds a NUL byte, so it is not text",
            file=text.file,
            row=row,
            value="0x00",
            fix="export the table again as CSV, TSV or Parquet",
        )
    if len(piece) == _PIECE and b"\n" not in piece and b"\r" not in piece:
        raise BadInput(
            "a line is longer than 1 MB, so this is not a table with one row a line",
            file=text.file,
            row=lines + 1,
            value=piece[:80].decode(text.encoding, "replace"),
            fix="write one row a line",
        )


def _decode(text: Text, decoder: codecs.IncrementalDecoder, piece: bytes, lines: int) -> None:
    pending = len(decoder.getstate()[0])
    if piece.isascii() and not pending:
        return
    try:
        decoder.decode(piece)
    except UnicodeDecodeError as error:
        place = max(error.start - pending, 0)
        raise _wrong_encoding(text, lines + _breaks(piece[:place]) + 1, error.object[error.start]) from None


def _finish(text: Text, decoder: codecs.IncrementalDecoder, lines: int) -> None:
    left = decoder.getstate()[0]
    if left:
        raise _wrong_encoding(text, lines + 1, left[0])


def _wrong_encoding(text: Text, row: int, byte: int) -> BadInput:
    return BadInput(
        f"the text is not {text.encoding.upper()}",
        file=text.file,
        row=row,
        value=f"byte 0x{byte:02x}",
        fix='save the file as UTF-8, or say in dataset.toml what it is, for example encoding = "latin-1"',
    )


def _breaks(piece: bytes) -> int:
    return piece.count(b"\n") or piece.count(b"\r")


def _has_blank_line(piece: bytes) -> bool:
    return b"\n\n" in piece or b"\n\r\n" in piece or b"\r\r" in piece
