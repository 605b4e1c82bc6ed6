"""One table out of one file: CSV, TSV or Parquet, ids as text, every refusal with its line."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import pandas as pd

from data.columns import ITEM, LIST, USER
from data.errors import BadInput
from data.load.scan import BLOCK, READ_ERRORS, Text, first_fields, line_of, records, scan
from data.tables import RawTable

if TYPE_CHECKING:
    import pyarrow as pa

TABLE_ENDINGS = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")
_TAB_ENDINGS = (".tsv", ".tab", ".rating", ".data")
_DELIMITERS = ",\t;|"
_MISSING = ("", "nan", "NaN", "null", "NULL", "<NA>")
_WORKBOOK_FIX = "save the sheet as CSV"


def read_table(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    required: Sequence[str] = (),
    names: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> RawTable:
    """Read a CSV, TSV (plain or .gz) or Parquet file as it stands: text columns stay text, '007' stays '007'.

    `columns` maps our names to the names in the file; other columns keep their name. `required` are our names that
    must be there. `names` names the columns of a text file that has no header line. Missing cells are empty, nan,
    NaN, null, NULL and <NA>.
    """
    path = Path(path)
    start = _start_of(path)
    if start.startswith(b"PAR1"):
        return renamed(_read_parquet(path), columns, required)
    if start and path.suffix == ".parquet":
        raise BadInput(
            "this is not a Parquet file", file=path, fix="export it again, or end a text file's name in .csv"
        )
    text = text_file(path, delimiter=delimiter, encoding=encoding)
    return renamed(read_text(text, names=names), columns, required)


def text_file(path: Path, *, delimiter: str | None = None, encoding: str = "utf-8") -> Text:
    """The file as a delimited text; the delimiter is guessed from its first line where none is given."""
    start = _start_of(path)
    if start.startswith(b"PK\x03\x04"):
        raise BadInput("this is a zip archive or an Excel workbook, not a table", file=path, fix=_WORKBOOK_FIX)
    packed = start.startswith(b"\x1f\x8b")

    def opened() -> BinaryIO:
        return cast(BinaryIO, gzip.open(path)) if packed else open(path, "rb")

    text = Text(opened, str(path), encoding, delimiter or ",")
    return text if delimiter else Text(opened, str(path), encoding, _guess_delimiter(path, text))


def read_text(text: Text, *, names: Sequence[str] | None = None) -> RawTable:
    """Read a delimited text, with a header line unless `names` says what its columns are; every value stays text."""
    try:
        shape = scan(text)
        if not shape.size:
            raise BadInput("the file is empty", file=text.file, fix="give a table with a header line and rows")
        header = list(names) if names is not None else _header(text)
        frame = _parse(text, header, 0 if names is not None else 1)
        if shape.quotes % 2:
            _ = sum(1 for _ in records(text))  # refuses a quote that is never closed
    except READ_ERRORS as error:
        raise BadInput(f"the file cannot be read ({error})", file=text.file, fix="copy or download it again") from error
    above = 0 if names is not None else 1
    plain = RawTable(frame, text.file, above + 1)
    return plain if shape.plain else RawTable(frame, text.file, above + 1, lambda row: line_of(text, row + above))


def renamed(raw: RawTable, columns: Mapping[str, str] | None, required: Sequence[str] = ()) -> RawTable:
    """The table under our names (ours -> the file's); a name that the file does not have is refused."""
    frame, mapping = raw.frame, dict(columns or {})
    for ours, theirs in mapping.items():
        if theirs not in frame:
            problem = f"there is no such column for {ours}; there are: {listed(frame.columns)}"
            raise BadInput(problem, file=raw.file, column=theirs, fix=nearest(theirs, frame.columns))
    untouched = [name for name in frame.columns if name not in mapping.values() and name not in mapping]
    frame = pd.DataFrame({**{o: frame[t] for o, t in mapping.items()}, **{name: frame[name] for name in untouched}})
    absent = [name for name in required if name not in frame]
    if absent:
        problem = f"this column is missing; there are: {listed(frame.columns)}"
        raise BadInput(
            problem, file=raw.file, row=1 if raw.first_row > 1 else None, column=absent[0], fix=_add(absent[0])
        )
    return RawTable(frame, raw.file, raw.first_row, raw.locate)


def first_row(path: Path, *, encoding: str = "utf-8") -> list[str]:
    """The column names of a Parquet file, or the fields of the first line of a text file."""
    if _start_of(path).startswith(b"PAR1"):
        return [str(name) for name in _read_parquet(path).frame.columns]
    text = text_file(path, encoding=encoding)
    scan(text)
    return [field.strip() for field in first_fields(text)]


def nearest(name: str, known: Sequence[str] | pd.Index) -> str:
    """What to write instead of an unknown name."""
    close = get_close_matches(name, [str(value) for value in known], n=1, cutoff=0.5)
    return f"use '{close[0]}'" if close else f"use one of: {listed(known)}"


def listed(names: Sequence[str] | pd.Index) -> str:
    """Names on one line, the first twelve."""
    shown = ", ".join(str(name) for name in names[:12])
    return (f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown) or "none"


def _add(column: str) -> str:
    return f"add the column '{column}', or map yours to it in dataset.toml"


def _start_of(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4)
    except IsADirectoryError:
        raise BadInput("this is a folder, not a file", file=path, fix="give a CSV, TSV or Parquet file") from None
    except FileNotFoundError:
        raise BadInput("there is no such file", file=path, fix="check the path") from None
    except OSError as error:
        raise BadInput(
            f"the file cannot be opened ({error.strerror})", file=path, fix="check its permissions"
        ) from error


def _guess_delimiter(path: Path, text: Text) -> str:
    """The delimiter that the first line holds most often; the ending of the name decides a draw."""
    try:
        with text.open() as file:
            start = file.read(1 << 16)
    except READ_ERRORS as error:
        raise BadInput(f"the file cannot be read ({error})", file=path, fix="copy or download it again") from error
    line = next((line for line in start.splitlines() if line.strip()), b"")
    usual = "\t" if path.name.removesuffix(".gz").lower().endswith(_TAB_ENDINGS) else ","
    counts = {delimiter: line.count(delimiter.encode()) for delimiter in usual + _DELIMITERS}
    return max(counts, key=counts.__getitem__)


def _header(text: Text) -> list[str]:
    header = [name.strip() for name in first_fields(text)]
    repeated = next((name for place, name in enumerate(header) if name and name in header[:place]), None)
    if repeated is not None:
        raise BadInput("the header names this column twice", file=text.file, row=1, column=repeated, fix="rename one")
    return header


def _parse(text: Text, header: list[str], skip: int) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    columns = [name or f" {place}" for place, name in enumerate(header)]
    blank_above = _blank_above(text) if skip else 0
    try:
        with text.open() as file:
            table = csv.read_csv(
                file,
                csv.ReadOptions(
                    column_names=columns, skip_rows=skip + blank_above, block_size=BLOCK, encoding=text.encoding
                ),
                csv.ParseOptions(
                    delimiter=text.delimiter, quote_char='"' if text.quote else False, newlines_in_values=text.quote
                ),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True, null_values=_MISSING
                ),
            )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return pd.DataFrame({name: pd.Series(dtype="str") for name in header if name})
        _refuse_ragged(text, len(columns))
        raise BadInput(
            f"this is not a table ({error})", file=text.file, fix="check the file around that line"
        ) from error
    return _frame(table.select([name for name in columns if not name.startswith(" ")]))


def _blank_above(text: Text) -> int:
    with text.open() as file:
        for count, line in enumerate(file):
            if line.strip(b"\r\n\xef\xbb\xbf"):
                return count
    return 0


def _refuse_ragged(text: Text, width: int) -> None:
    for line, fields in records(text):
        if len(fields) != width:
            raise BadInput(
                f"this row has {len(fields)} value{'s' if len(fields) != 1 else ''} where the table has {width} columns",
                file=text.file,
                row=line,
                value=text.delimiter.join(fields),
                fix="give every row one value a column, and quote a value that holds the delimiter",
            )


def _read_parquet(path: Path) -> RawTable:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return RawTable(_frame(parquet.read_table(path)), str(path), 1)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"this Parquet file cannot be read ({reason})", file=path, fix="write it again") from error


def _frame(table: pa.Table) -> pd.DataFrame:
    """Arrow columns as pandas columns: whole-number ids as exact text, lists as a|b, categories as their values."""
    import pyarrow as pa

    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            column = _joined(column)
        elif pa.types.is_integer(column.type) and (column.null_count or name in (USER, ITEM, LIST)):
            column = column.cast(pa.string())
        columns[str(name)] = column.to_pandas()
    return pd.DataFrame(columns)


def _joined(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    from pyarrow import compute

    return compute.binary_join(column.cast(pa.list_(pa.string())), "|")
