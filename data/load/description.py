"""dataset.toml: what a data set is called, whose it is, and which of its columns is what."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from data.columns import Kind, Role, Table
from data.errors import BadInput
from data.load.names import COLUMNS
from data.load.reading import nearest

_ABOUT = ("title", "licence", "source")
_KEYS = {
    Table.INTERACTIONS: ("file", "columns", "encoding"),
    Table.ITEMS: ("file", "columns", "kinds", "encoding"),
    Table.USERS: ("file", "columns", "roles", "encoding"),
}
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class TableDescription:
    """One table of dataset.toml; `says_kinds` and `says_roles` tell "none" from "not said"."""

    file: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    says_kinds: bool = False
    says_roles: bool = False
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Description:
    """dataset.toml, checked."""

    title: str = ""
    licence: str = ""
    source: str = ""
    tables: dict[Table, TableDescription] = field(
        default_factory=lambda: {table: TableDescription() for table in _KEYS}
    )


def read_description(folder: Path) -> Description:
    """The dataset.toml of a folder, checked; an empty description where there is none."""
    file = folder / "dataset.toml"
    if not file.exists():
        return Description()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"this is not TOML ({error})", file=file, fix="correct that line") from error
    _refuse_unknown(file, "", content, ("dataset", *_KEYS))
    about = _section(file, content, "dataset")
    _refuse_unknown(file, "dataset.", about, _ABOUT)
    texts = {key: _text(file, f"dataset.{key}", about.get(key, "")) for key in _ABOUT}
    return Description(**texts, tables={table: _table(file, table, _section(file, content, table)) for table in _KEYS})


def _table(file: Path, table: Table, section: Mapping[str, Any]) -> TableDescription:
    _refuse_unknown(file, f"{table}.", section, _KEYS[table])
    return TableDescription(
        file=_text(file, f"{table}.file", section.get("file", "")),
        columns=_columns(file, table, section),
        kinds=_choices(file, f"{table}.kinds", _section(file, section, "kinds"), Kind),
        roles=_choices(file, f"{table}.roles", _section(file, section, "roles"), Role),
        says_kinds="kinds" in section,
        says_roles="roles" in section,
        encoding=_text(file, f"{table}.encoding", section.get("encoding", "utf-8")),
    )


def _columns(file: Path, table: Table, section: Mapping[str, Any]) -> dict[str, str]:
    columns = {
        ours: _text(file, f"{table}.columns.{ours}", theirs)
        for ours, theirs in _section(file, section, "columns").items()
    }
    own = {*_section(file, section, "kinds"), *_section(file, section, "roles")}
    _refuse_unknown(file, f"{table}.columns.", columns, (*COLUMNS[table], *sorted(own)))
    _refuse_two_roles(file, columns, _section(file, section, "roles"))
    return columns


def _refuse_two_roles(file: Path, columns: Mapping[str, str], roles: Mapping[str, Any]) -> None:
    """One column of the file may not be sensitive under one name and something else under another."""
    by_column: dict[str, str] = {}
    for name, role in roles.items():
        theirs = columns.get(name, name)
        if by_column.setdefault(theirs, role) != role and Role.SENSITIVE in (role, by_column[theirs]):
            raise _two_roles(file, theirs, [by_column[theirs], role])


def _two_roles(file: Path, column: str, roles: Sequence[object]) -> BadInput:
    return BadInput(
        "this attribute is given two roles, one of them sensitive",
        file=file,
        column=column,
        value=", ".join(map(str, roles)),
        fix="choose one role: a sensitive attribute is for audits only",
    )


def _choices(file: Path, where: str, section: Mapping[str, Any], choices: type[_Choice]) -> dict[str, _Choice]:
    return {name: _choice(file, where, name, value, choices) for name, value in section.items()}


def _choice(file: Path, where: str, column: str, value: object, choices: type[_Choice]) -> _Choice:
    known = [choice.value for choice in choices]
    if isinstance(value, list) and len(value) > 1 and Role.SENSITIVE in value:
        raise _two_roles(file, column, value)
    if value not in known:
        what = where.split(".")[1].removesuffix("s")
        raise BadInput(
            f"this {what} is not known", file=file, column=column, value=value, fix=nearest(str(value), known)
        )
    return choices(value)


def _section(file: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name, {})
    if not isinstance(section, Mapping):
        raise BadInput(f"'{name}' must be a table", file=file, value=section, fix=f"write [{name}] or {name} = {{…}}")
    return section


def _text(file: Path, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"'{key}' must be text", file=file, value=value, fix="put it in quotes")
    return value


def _refuse_unknown(file: Path, where: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise BadInput(f"'{where}{name}' is not a known key", file=file, value=name, fix=nearest(name, known))
