"""Data shown as text: whatever a title holds, it appears as written and never as markup."""

from __future__ import annotations

import re

_LONGEST = 120
_JOINER = "\u2060"  # no width, and no space
_SHORTCODE = re.compile(r":(?=[a-z0-9_+])")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@])")


def literal(text: object) -> str:
    """Text for a Markdown line: control characters out, markup escaped. For a title in a label see `label`."""
    return _escaped(_line(text))


def label(text: object) -> str:
    """The same, cut to a length that fits a label."""
    return _escaped(short(text))


def _escaped(line: str) -> str:
    # icons and emoji are looked for after escapes are read, so that a backslash does not keep them out: :name: is broken
    return _SHORTCODE.sub(f":{_JOINER}", _SPECIAL.sub(r"\\\1", line))


def short(text: object, longest: int = _LONGEST) -> str:
    """One line of at most `longest` characters, without control and direction-changing characters."""
    line = _line(text)
    return f"{line[: longest - 1]}…" if len(line) > longest else line


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 title, 2 titles, 1,200 titles."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069")  # they stand between letters and are no space


def _line(text: object) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in str(text).translate(_ISOLATES)).split())
