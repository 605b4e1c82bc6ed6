"""Checks of one column or one table; each refuses with the row, the column, the value and the fix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.errors import BadInput
from data.ids import factorize
from data.tables import RawTable

_NO_ID = ("", "nan", "null", "none", "<na>")
_NO_NUMBER = ("", "nan", "null", "none", "na", "n/a", "<na>")
_SECONDS = ((1e17, 10**9, "nanoseconds"), (1e14, 10**6, "microseconds"), (1e11, 10**3, "milliseconds"))


def require(raw: RawTable, columns: Sequence[str]) -> None:
    """The columns are there, and so is at least one row."""
    for column in columns:
        if column not in raw.frame:
            there = ", ".join(map(str, raw.frame.columns[:12])) or "none"
            problem = f"this column is missing; there are: {there}"
            raise BadInput(problem, file=raw.file, column=column, fix=f"add the column '{column}'")
    if not len(raw.frame):
        raise BadInput("the table has no rows", file=raw.file, fix="give at least one row under the header")


def id_column(raw: RawTable, column: str) -> tuple[np.ndarray, np.ndarray]:
    """(places, distinct ids as text); a missing or blank id is refused."""
    places, distinct = factorize(raw.frame[column])
    known = np.array([value.lower() not in _NO_ID for value in distinct] + [False])
    missing = ~known[places]
    if missing.any():
        row = int(np.argmax(missing))
        raise _refusal(raw, row, column, "the id is missing", "give every row an id, or remove the row")
    return places, distinct


def texts(values: pd.Series) -> pd.Series:
    """Values as text (dtype str): 3 and 3.0 are '3'; missing and blank are missing."""
    places, distinct = factorize(values)
    array = pd.array([*distinct, None], dtype="str").take(places)
    return pd.Series(array, index=values.index, name=values.name)


def numbers(raw: RawTable, column: str, *, optional: bool = False) -> np.ndarray:
    """float64 values; text and infinite values are refused, and missing ones unless `optional` (then NaN)."""
    values = raw.frame[column]
    written = not pd.api.types.is_numeric_dtype(values)
    parsed = _parsed(raw, column) if written else values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(parsed)
    if infinite.any():
        raise _refusal(raw, int(np.argmax(infinite)), column, "the number is infinite", "give a finite number")
    missing = np.isnan(parsed)
    if missing.any() and not optional:
        raise _refusal(raw, int(np.argmax(missing)), column, "the number is missing", "fill it in, or remove the row")
    return parsed


def whole_numbers(raw: RawTable, column: str, least: int, fix: str) -> np.ndarray:
    """int64 values of at least `least`."""
    parsed = numbers(raw, column)
    wrong = (parsed % 1 != 0) | (parsed < least)
    if wrong.any():
        problem = f"this is not a whole number from {least} on"
        raise _refusal(raw, int(np.argmax(wrong)), column, problem, fix)
    return parsed.astype(np.int64)


def seconds(raw: RawTable, column: str) -> tuple[np.ndarray, list[str]]:
    """(int64 seconds since 1970 in UTC, what was understood) of numbers or of ISO 8601 dates and times."""
    dates = _dates(raw.frame[column])
    if dates is not None:
        return _whole_seconds(dates), []
    parsed = numbers(raw, column)
    for least, scale, unit in _SECONDS:
        if np.median(np.abs(parsed)) > least:
            return np.floor(parsed / scale).astype(np.int64), [f"The timestamps were read as {unit}."]
    return np.floor(parsed).astype(np.int64), []


def dates(raw: RawTable, column: str) -> pd.Series:
    """datetime64[ms] of ISO 8601 dates; missing ones are NaT, anything else is refused."""
    values = raw.frame[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        read = values.dt.tz_convert(None) if values.dt.tz is not None else values
        return read.astype("datetime64[ms]").reset_index(drop=True)
    text = texts(values)
    read = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.tz_convert(None)
    wrong = (read.isna() & text.notna()).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise _refusal(raw, row, column, "this is not a date", "write dates as 2024-12-31, or call the column text")
    return read.astype("datetime64[ms]").reset_index(drop=True)


def repeats(*codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mask of the rows whose key was there before, key of every row) for a key of one or more code arrays."""
    key = codes[0].astype(np.int64)
    for code in codes[1:]:
        key = pd.factorize(key)[0] * (np.int64(code.max(initial=0)) + 1) + code
    return pd.Series(key).duplicated().to_numpy(), key


def refuse_repeats(raw: RawTable, columns: Sequence[str], *codes: np.ndarray, fix: str) -> None:
    """No two rows have the same values in these columns; names the second row and the first."""
    again, key = repeats(*codes)
    if again.any():
        row = int(np.argmax(again))
        raise repeated(raw, columns, row, int(np.argmax(key == key[row])), fix)


def repeated(raw: RawTable, columns: Sequence[str], row: int, first: int, fix: str) -> BadInput:
    """The refusal of a row that repeats the key of an earlier one."""
    what = "pair" if len(columns) == 2 else "id" if len(columns) == 1 else "combination"
    return BadInput(
        f"this {what} is in row {raw.row(first)} already",
        file=raw.file,
        row=raw.row(row),
        column=", ".join(columns),
        value=", ".join(str(raw.frame[column].iloc[row]) for column in columns),
        fix=fix,
    )


def _refusal(raw: RawTable, row: int, column: str, problem: str, fix: str) -> BadInput:
    value = raw.frame[column].iloc[row]
    shown = "empty" if pd.isna(value) or not str(value).strip() else value
    return BadInput(problem, file=raw.file, row=raw.row(row), column=column, value=shown, fix=fix)


def _parsed(raw: RawTable, column: str) -> np.ndarray:
    """Numbers written as text; NaN where nothing is written."""
    fast = _cast(raw.frame[column])
    if fast is not None:
        return fast
    places, distinct = factorize(raw.frame[column])
    written = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    blank = np.array([value.lower() in _NO_NUMBER for value in distinct] + [True])
    wrong = np.isnan(np.append(written, np.nan))[places] & ~blank[places]
    if wrong.any():
        raise _refusal(
            raw, int(np.argmax(wrong)), column, "this is not a number", "write it as a number such as 4 or 3.5"
        )
    return np.append(written, np.nan)[places]


def _cast(values: pd.Series) -> np.ndarray | None:
    """The numbers when all of them are written plainly, else None: a table is mostly right, and this is fast."""
    import pyarrow as pa

    if values.dtype != "str":
        return None
    try:
        return np.asarray(pa.array(values).cast(pa.float64()).to_numpy(zero_copy_only=False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _dates(values: pd.Series) -> pd.Series | None:
    """The times when all of the column is dates, else None."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values if values.notna().all() else None
    if pd.api.types.is_numeric_dtype(values) or "-" not in str(values.iloc[0])[1:]:
        return None
    read = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    return read if read.notna().all() else None


def _whole_seconds(times: pd.Series) -> np.ndarray:
    return times.astype("datetime64[s, UTC]" if times.dt.tz is not None else "datetime64[s]").astype("int64").to_numpy()
