"""The data sets that were imported: checked once when they come in, opened fast and unchanged ever after."""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.build import build
from data.columns import ITEM, TIME, USER, VALUE, Kind, Role
from data.errors import BadInput, NotFound, SightglassError
from data.ids import Ids
from data.keep.home import locked, private_folder, sweep, write_folder, write_whole
from data.keep.sensitive import FILE, SensitiveDoor, changed, write_sensitive
from data.tables import Dataset, Interactions, Source

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_META = "meta.json"
_TABLES = ("interactions.parquet", "items.parquet", "users.parquet")
_APART = "sensitive"
_FORMAT = 1
_USER_CODE, _ITEM_CODE = "user", "item"


class Catalog:
    """Data sets by name, a folder each under `home`/datasets.

    A folder holds meta.json and one version folder of Parquet tables that meta.json names with their SHA-256. A new
    version is written beside the old one and becomes the data set when meta.json is replaced, in one step.
    """

    def __init__(self, home: Path) -> None:
        self._folder = Path(home) / "datasets"

    def names(self) -> list[str]:
        """The data sets that are here, in alphabetical order."""
        if not self._folder.exists():
            return []
        return sorted(folder.name for folder in self._folder.iterdir() if _NAME.match(folder.name) and folder.is_dir())

    def register(self, source: Source, name: str, *, replace: bool = False) -> Dataset:
        """Check what a loader read and keep it under a name; one that is taken is refused unless `replace`."""
        _check_name(name)
        self._refuse_taken(name, replace)
        dataset, sensitive = build(source, name)
        with self._writing(name):
            self._refuse_taken(name, replace)
            self._put(dataset, sensitive)
        return dataset

    def open(self, name: str) -> Dataset:
        """The data set; a file that changed since it was written is refused by name."""
        folder = self._where(name)
        try:
            return _opened(folder, _read_meta(folder))
        except FileNotFoundError:  # another process replaced it between the two readings
            try:
                return _opened(folder, _read_meta(folder))
            except FileNotFoundError as error:
                raise SightglassError(f"{error.filename} is missing; import the data set again.") from None

    def summary(self, name: str) -> dict[str, Any]:
        """What the data set is, without opening its tables."""
        meta = _read_meta(self._where(name))
        return {key: value for key, value in meta.items() if key not in ("format", "version", "files", "seal")}

    def sensitive(self, name: str, record: Callable[[dict], None]) -> SensitiveDoor:
        """The logged door to the sensitive attributes of a data set."""
        folder = self._where(name)
        meta = _read_meta(folder)
        return SensitiveDoor(folder / meta["version"] / _APART, record, sha256=meta["files"].get(f"{_APART}/{FILE}"))

    def drop_user(self, name: str, user_id: str) -> Dataset:
        """Remove a person from every table, the sensitive one too, in one step; returns what is left.

        Items stay, those that only this person chose included. Nothing about the person is written anywhere.
        """
        folder = self._where(name)
        with self._writing(name):
            dataset = self.open(name)
            user = dataset.interactions.users.code(str(user_id), "user")
            sensitive = _sensitive_of(folder, dataset)
            left = _without(dataset, user)
            self._put(left, sensitive.drop(index=str(user_id)))
        return left

    def _refuse_taken(self, name: str, replace: bool) -> None:
        if name in self.names() and not replace:
            raise SightglassError(f"There is a data set '{name}' already; choose another name, or ask to replace it.")

    def _where(self, name: str) -> Path:
        if name not in self.names():
            raise NotFound("data set", name, self.names())
        return self._folder / name

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        private_folder(self._folder)
        with locked(self._folder / f".{name}.lock"):
            sweep(self._folder / name)
            yield

    def _put(self, dataset: Dataset, sensitive: pd.DataFrame) -> None:
        target = self._folder / dataset.name
        if not target.exists():
            with write_folder(target) as folder:
                write_whole(folder / _META, _write_version(folder, dataset, sensitive))
            return
        meta = _write_version(target, dataset, sensitive)
        write_whole(target / _META, meta)
        current = json.loads(meta)["version"]
        for old in target.iterdir():
            if old.is_dir() and old.name != current:
                shutil.rmtree(old)


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise BadInput(
            "a data set cannot have this name",
            value=name,
            fix="use up to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit",
        )


def _write_version(folder: Path, dataset: Dataset, sensitive: pd.DataFrame) -> bytes:
    """Write the tables into a new version folder; returns the meta.json that makes it the current one."""
    version = folder / f"v-{secrets.token_hex(8)}"
    try:
        version.mkdir(mode=0o700)
        for file, table in zip(_TABLES, _tables(dataset), strict=True):
            _write_table(version / file, table)
        if len(sensitive.columns):
            write_sensitive(version / _APART, sensitive)
        return _meta(dataset, version)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise


def _tables(dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Interactions as codes, and items and users in the order that gives the codes their meaning."""
    data = dataset.interactions
    columns = {_USER_CODE: data.user, _ITEM_CODE: data.item, VALUE: data.value, TIME: data.timestamp}
    codes = pd.DataFrame({name: column for name, column in columns.items() if column is not None})
    return codes, dataset.items.reset_index(), dataset.users.reset_index()


def _write_table(path: Path, frame: pd.DataFrame) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    write_whole(path, lambda file: parquet.write_table(table, file, compression="zstd"))


def _meta(dataset: Dataset, version: Path) -> bytes:
    data = dataset.interactions
    files = sorted(path for path in version.rglob("*.parquet"))
    meta: dict[str, Any] = {
        "format": _FORMAT,
        "name": dataset.name,
        "title": dataset.title,
        "licence": dataset.licence,
        "url": dataset.url,
        "interactions": len(data),
        "users": len(data.users),
        "items": len(data.items),
        "values": data.value is not None,
        "timestamps": data.timestamp is not None,
        "kinds": dataset.kinds,
        "roles": dataset.roles,
        "warnings": list(dataset.warnings),
        "hash": data.hash,
        "version": version.name,
        "files": {path.relative_to(version).as_posix(): _sha256(path.read_bytes()) for path in files},
    }
    return json.dumps({**meta, "seal": _seal(meta)}, indent=1, ensure_ascii=False).encode()


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / _META
    try:
        meta = json.loads(path.read_bytes())
        seal = meta.pop("seal")
        if seal != _seal(meta) or meta["format"] != _FORMAT:
            raise changed(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise changed(path) from error
    except FileNotFoundError:
        raise SightglassError(f"{path} is missing; import the data set again.") from None
    return {**meta, "seal": seal}


def _seal(meta: dict[str, Any]) -> str:
    return _sha256(json.dumps(meta, sort_keys=True, ensure_ascii=False).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _opened(folder: Path, meta: dict[str, Any]) -> Dataset:
    version = folder / meta["version"]
    codes, items, users = (_read_checked(version / file, meta["files"][file]) for file in _TABLES)
    items, users = _keyed(items, ITEM), _keyed(users, USER)
    interactions = Interactions(
        Ids.ordered(users.index.to_numpy(dtype=object)),
        Ids.ordered(items.index.to_numpy(dtype=object)),
        codes[_USER_CODE].to_numpy(),
        codes[_ITEM_CODE].to_numpy(),
        codes[VALUE].to_numpy() if VALUE in codes else None,
        codes[TIME].to_numpy() if TIME in codes else None,
    )
    return Dataset(
        name=meta["name"],
        interactions=interactions,
        items=items,
        users=users,
        kinds={column: Kind(kind) for column, kind in meta["kinds"].items()},
        roles={column: Role(role) for column, role in meta["roles"].items()},
        title=meta["title"],
        licence=meta["licence"],
        url=meta["url"],
        warnings=tuple(meta["warnings"]),
    )


def _read_checked(path: Path, sha256: str) -> pd.DataFrame:
    from pyarrow import parquet

    content = path.read_bytes()
    if _sha256(content) != sha256:
        raise changed(path)
    return parquet.read_table(io.BytesIO(content)).to_pandas()


def _sensitive_of(folder: Path, dataset: Dataset) -> pd.DataFrame:
    meta = _read_meta(folder)
    sha256 = meta["files"].get(f"{_APART}/{FILE}")
    if sha256 is None:
        return pd.DataFrame(index=dataset.users.index)
    return _keyed(_read_checked(folder / meta["version"] / _APART / FILE, sha256), USER)


def _keyed(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.drop(columns=key).set_axis(pd.Index(frame[key], dtype="str", name=key))


def _without(dataset: Dataset, user: int) -> Dataset:
    """The data set as if the person (a code) had never been in it."""
    data = dataset.interactions
    rows = data.user != user
    later = data.user[rows] - (data.user[rows] > user).astype(np.int32)
    columns = [None if column is None else column[rows] for column in (data.value, data.timestamp)]
    users = Ids.ordered(np.delete(data.users.values, user))
    left = Interactions(users, data.items, later, data.item[rows], *columns)
    return replace(dataset, interactions=left, users=dataset.users.drop(index=data.users[user]))
