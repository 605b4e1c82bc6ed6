"""A data set of one's own: a folder with or without dataset.toml, or a single file of interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.columns import ITEM, TITLE, USER, Kind, Role, Table
from data.errors import BadInput
from data.load import names
from data.load.description import Description, TableDescription, read_description
from data.load.movielens import is_movielens, read_movielens
from data.load.reading import TABLE_ENDINGS, listed, read_table, renamed
from data.tables import RawTable, Source

_REQUIRED = {Table.ITEMS: (ITEM,), Table.USERS: (USER,)}
_BOTH = (USER, ITEM)


@dataclass
class _Found:
    """What was read, and what was understood on the way."""

    tables: dict[Table, RawTable] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_source(path: str | Path) -> Source:
    """Whatever is there: a dataset folder, MovieLens (zip or folder), or one CSV, TSV or Parquet of interactions."""
    path = Path(path)
    if not path.exists():
        raise BadInput("there is no such file or folder", file=path, fix="check the path")
    if path.is_dir():
        return (
            read_movielens(path) if not (path / "dataset.toml").exists() and is_movielens(path) else read_folder(path)
        )
    if path.suffix.lower() == ".zip":
        return read_movielens(path)
    found = _Found()
    table = _read(path, Table.INTERACTIONS, TableDescription(), found)
    return Source(interactions=table, title=path.name.split(".")[0], warnings=tuple(found.notes))


def read_folder(path: str | Path) -> Source:
    """Read interactions and, where they are there, items and users; `dataset.toml` says what is what.

    Without it (or for a part that it leaves out) columns are recognised by their usual names, content columns are
    typed by their values, attributes get a role by their name, and the warnings tell what was understood.
    """
    path = Path(path)
    if not path.is_dir():
        raise BadInput("there is no such folder", file=path, fix="check the path")
    told = read_description(path)
    found = _Found()
    for table, description in told.tables.items():
        file = _file_of(path, table, description)
        if file is not None:
            found.tables[table] = _read(file, table, description, found)
    if Table.INTERACTIONS not in found.tables:
        held = listed(sorted(file.name for file in path.iterdir()))
        problem = f"there is no interactions file in this folder; there is: {held}"
        raise BadInput(
            problem, file=path, fix="add interactions.csv, .tsv or .parquet, or name your file in dataset.toml"
        )
    return _source(path, told, found)


def read_known(path: str | Path, table: Table) -> RawTable:
    """One file whose columns go by their usual names (userId, rating, position …), under our names."""
    return _read(Path(path), table, TableDescription(), _Found())


def _source(path: Path, told: Description, found: _Found) -> Source:
    items, users = found.tables.get(Table.ITEMS), found.tables.get(Table.USERS)
    kinds = _kinds(items, told.tables[Table.ITEMS], found) if items is not None else {}
    roles = _roles(users, told.tables[Table.USERS], found) if users is not None else {}
    return Source(
        interactions=found.tables[Table.INTERACTIONS],
        items=items,
        users=users,
        kinds=kinds,
        roles=roles,
        title=told.title or path.name,
        licence=told.licence or "unknown",
        url=told.source,
        warnings=tuple(found.notes),
    )


def _file_of(folder: Path, table: Table, description: TableDescription) -> Path | None:
    if description.file:
        file = folder / description.file
        if not file.resolve().is_relative_to(folder.resolve()):
            raise BadInput(
                f"dataset.toml names a file outside of its folder for {table}",
                file=folder / "dataset.toml",
                value=description.file,
                fix="put the file into the folder",
            )
        return file
    there = [folder / f"{table}{ending}" for ending in TABLE_ENDINGS if (folder / f"{table}{ending}").exists()]
    if len(there) > 1:
        raise BadInput(
            f"there are two files of {table}: {listed([file.name for file in there])}", file=folder, fix="keep one"
        )
    return there[0] if there else None


def _read(file: Path, table: Table, description: TableDescription, found: _Found) -> RawTable:
    raw = read_table(file, encoding=description.encoding)
    raw = renamed(raw, description.columns)
    taken = tuple(description.columns)
    usual = {o: t for o, t in names.recognised(list(raw.frame.columns), table, taken).items() if o not in taken}
    changed = {ours: theirs for ours, theirs in usual.items() if ours != theirs}
    if changed:
        found.notes.append(f"{file.name}: read {_told(changed)}.")
    return renamed(raw, {**{name: name for name in taken}, **usual}, _REQUIRED.get(table, _BOTH))


def _kinds(items: RawTable, description: TableDescription, found: _Found) -> dict[str, Kind]:
    kinds = dict(description.kinds)
    if TITLE in items.frame:
        kinds.setdefault(TITLE, Kind.TEXT)
    if description.says_kinds:
        return kinds
    content = [name for name in items.frame.columns if name not in (*names.COLUMNS[Table.ITEMS], *kinds)]
    guessed = {name: names.guessed_kind(items.frame[name]) for name in content}
    if guessed:
        found.notes.append(f"{Path(items.file).name}: took {_as(guessed)} (by their values).")
    return {**kinds, **guessed}


def _roles(users: RawTable, description: TableDescription, found: _Found) -> dict[str, Role]:
    if description.says_roles:
        return dict(description.roles)
    guesses = {name: names.guessed_role(name) for name in users.frame.columns if name != USER}
    roles = {name: role for name, role in guesses.items() if role is not None}
    if roles:
        found.notes.append(f"{Path(users.file).name}: took {_as(roles)} (by their names).")
    return roles


def _told(mapping: Mapping[str, str]) -> str:
    return ", ".join(f"'{theirs}' as {ours}" for ours, theirs in mapping.items())


def _as(guessed: Mapping[str, Any]) -> str:
    return ", ".join(f"'{name}' as {guess}" for name, guess in guessed.items())
