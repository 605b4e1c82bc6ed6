"""The data sets that were imported: checked once when they come in, opened fast and unchanged ever after."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.build import build
from data.errors import BadInput, NotFound, SightglassError
from data.ids import Ids
from data.keep.home import locked, private_folder, sweep, write_folder, write_whole
from data.keep.sensitive import FILE, SensitiveDoor
from data.keep.stored import APART, META, opened, read_meta, sensitive_of, write_version
from data.tables import Dataset, Interactions, Source

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


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

    def register(
        self,
        source: Source,
        name: str,
        *,
        replace: bool = False,
        leave_out: Callable[[list[str]], set[str]] | None = None,
    ) -> Dataset:
        """Check what a loader read and keep it under a name; one that is taken is refused unless `replace`.

        `leave_out` says which of the ids must not come in. It is asked while nobody else can write the data set, so that
        no erasure comes between, and what it names is never written.
        """
        _check_name(name)
        self._refuse_taken(name, replace)
        dataset, sensitive = build(source, name)
        with self._writing(name):
            self._refuse_taken(name, replace)
            if leave_out and (gone := leave_out(dataset.interactions.users.values.tolist())):
                dataset, sensitive = _without(dataset, gone), sensitive.drop(index=list(gone))
            self._put(dataset, sensitive.reindex(dataset.users.index))
        return dataset

    def open(self, name: str, without: frozenset[str] = frozenset()) -> Dataset:
        """The data set, or what it is `without` some people; a file that changed since it was written is refused by name."""
        whole = self._open(name)
        return _without(whole, set(without)) if without else whole

    def _open(self, name: str) -> Dataset:
        folder = self._where(name)
        meta = read_meta(folder)
        while True:
            try:
                return opened(folder, meta)
            except FileNotFoundError as error:
                newer = read_meta(folder)
                if newer["version"] == meta["version"]:
                    raise SightglassError(f"{error.filename} is missing; import the data set again.") from None
                meta = newer  # another process replaced the data set between the two readings

    def summary(self, name: str) -> dict[str, Any]:
        """What the data set is, without opening its tables."""
        meta = read_meta(self._where(name))
        return {key: value for key, value in meta.items() if key not in ("format", "version", "files", "seal")}

    def stamp(self, name: str) -> int:
        """Changes whenever the data set does."""
        return (self._where(name) / META).stat().st_mtime_ns

    def sensitive(self, name: str, record: Callable[[dict], None]) -> SensitiveDoor:
        """The logged door to the sensitive attributes of a data set."""
        folder = self._where(name)
        meta = read_meta(folder)
        return SensitiveDoor(folder / meta["version"] / APART, record, sha256=meta["files"].get(f"{APART}/{FILE}"))

    def drop_user(self, name: str, user_id: str) -> Dataset:
        """Remove a person from every table, the sensitive one too, in one step; returns what is left.

        Items stay, those that only this person chose included. Nothing about the person is written anywhere.
        """
        folder = self._where(name)
        with self._writing(name):
            dataset = self.open(name)
            dataset.interactions.users.code(str(user_id), "user")
            sensitive = sensitive_of(folder, dataset)
            left = _without(dataset, {str(user_id)})
            self._put(left, sensitive.reindex(left.users.index))
        return left

    def tidy(self) -> None:
        """Remove what processes that died left behind: half-written data sets, and versions that are not the current one."""
        for left in self._folder.glob(".*.tmp-*"):
            with self._writing(left.name[1:].rpartition(".tmp-")[0]):
                pass  # it sweeps
        for name in self.names():
            with self._writing(name):
                _drop_others(self._folder / name, read_meta(self._folder / name)["version"])

    def rewrite(self, name: str, edit: Callable[[Dataset, pd.DataFrame], tuple[Dataset, pd.DataFrame]]) -> Dataset:
        """Put what `edit` makes of the data set and of its sensitive attributes in their place, in one step.

        Nobody else writes meanwhile; where `edit` refuses, nothing is changed.
        """
        folder = self._where(name)
        with self._writing(name):
            dataset = self.open(name)
            changed, sensitive = edit(dataset, sensitive_of(folder, dataset))
            self._put(changed, sensitive)
        return changed

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
                write_whole(folder / META, write_version(folder, dataset, sensitive))
            return
        meta = write_version(target, dataset, sensitive)
        write_whole(target / META, meta)
        _drop_others(target, json.loads(meta)["version"])


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise BadInput(
            "a data set cannot have this name",
            value=name,
            fix="use up to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit",
        )


def _drop_others(folder: Path, current: str) -> None:
    """Remove the former versions of a data set, and half-written files: they may hold people who were erased."""
    for old in folder.iterdir():
        if old.is_dir() and old.name != current:
            shutil.rmtree(old)
        elif ".tmp-" in old.name:
            old.unlink()


def _without(dataset: Dataset, gone: set[str]) -> Dataset:
    """The data set as if these people had never been in it, the order of the others included."""
    data = dataset.interactions
    stay = ~np.isin(data.users.values, list(gone))
    users = Ids(data.users.values[stay])  # anew: without a name among numbers, they are ordered as numbers
    rows = stay[data.user]
    later = users.codes(data.users.values)[data.user[rows]]
    columns = [None if column is None else column[rows] for column in (data.value, data.timestamp)]
    left = Interactions(users, data.items, later, data.item[rows], *columns)
    index = pd.Index(users.values, dtype="str", name=dataset.users.index.name)
    return replace(dataset, interactions=left, users=dataset.users.reindex(index))
