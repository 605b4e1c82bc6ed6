"""Errors that a person reads: what was given, where, what was expected, and the fix."""

from __future__ import annotations

_LONGEST_VALUE = 60


class SightglassError(Exception):
    """A refusal that is explained in one sentence and changes nothing."""

    exit_code = 3


class BadInput(SightglassError):
    """Input that cannot be used, told in one sentence with file, row, column, value and fix.

    `row` is the line of a text file (the header is line 1) or the row of a Parquet file counted from 1.
    """

    def __init__(
        self,
        problem: str,
        *,
        fix: str,
        file: object = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        self.problem, self.fix = problem, fix
        self.file, self.row, self.column, self.value = file, row, column, value
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """Where, what and the fix, on one line."""
        where = [str(self.file)] if self.file is not None else []
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column '{self.column}'")
        shown = f" (given: {quoted(self.value)})" if self.value is not None else ""
        text = f"{', '.join(where)}: {self.problem}" if where else self.problem
        return " ".join(f"{text}{shown}; {self.fix}.".split())


class NotFound(SightglassError):
    """Something was named that is not there; says what is."""

    def __init__(self, what: str, name: str, known: list[str] | tuple[str, ...] = (), *, fix: str = "") -> None:
        hint = fix or (
            f"known: {', '.join(known[:8])}{' …' if len(known) > 8 else ''}" if known else "there is none yet"
        )
        super().__init__(f"There is no {what} {quoted(name)}; {hint}.")


class Cancelled(SightglassError):
    """Long work was stopped on request; nothing of it is kept."""

    exit_code = 130  # as a shell says of a program that was interrupted

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} was cancelled; nothing of it is kept.")


def quoted(value: object) -> str:
    """The value in quotes, on one line, cut to a length a person can read."""
    text = " ".join(str(value).split())
    return f"'{text[:_LONGEST_VALUE]}…'" if len(text) > _LONGEST_VALUE else f"'{text}'"
