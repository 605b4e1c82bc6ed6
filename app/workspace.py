"""One state folder opened: data sets, models, choices, runs and the log, for every door."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from data.columns import MINOR, Kind
from data.keep.catalog import Catalog
from data.keep.choices import Choices
from data.keep.consents import Consents
from data.keep.database import Database, open_database
from data.keep.erasures import Erasures
from data.keep.events import EventLog
from data.keep.home import home
from data.keep.policies import Policies
from data.keep.pseudonyms import Pseudonyms
from data.keep.receipts import Receipts
from data.keep.requests import Requests
from data.keep.runs import Runs
from data.tables import Dataset
from models.base import Recommender
from models.shelf import Shelf


@dataclass(frozen=True, eq=False)
class Catalogue:
    """What a data set says of its titles, and who of its people is not of age; kept in memory while its files stand."""

    items: pd.DataFrame  # index item_id
    kinds: dict[str, Kind]
    minors: frozenset[str]

    @classmethod
    def of(cls, dataset: Dataset) -> Catalogue:
        """That part of a data set."""
        said = dataset.users[MINOR] if MINOR in dataset.users else pd.Series(dtype=object)
        young = said.astype(str).str.strip().str.lower().isin(_YES)
        return cls(dataset.items, dict(dataset.kinds), frozenset(map(str, said.index[young])))


@dataclass(frozen=True)
class Workspace:
    """Everything that is kept, by one path and one database address."""

    folder: Path
    database_url: str

    @classmethod
    def open(cls, folder: Path | None = None, database_url: str | None = None) -> Workspace:
        """The state folder of `SIGHTGLASS_HOME` and the database of `SIGHTGLASS_DATABASE_URL`, or those given."""
        place = folder or home()
        url = database_url or os.environ.get("SIGHTGLASS_DATABASE_URL") or f"sqlite:///{place / 'sightglass.db'}"
        return cls(place, url)

    @cached_property
    def database(self) -> Database:
        """The database; made on first use."""
        return open_database(self.database_url)

    @cached_property
    def catalog(self) -> Catalog:
        """The data sets."""
        return Catalog(self.folder)

    @cached_property
    def shelf(self) -> Shelf:
        """The fitted models."""
        return Shelf(self.folder / "models")

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """Keyed names for people in the log."""
        return Pseudonyms(self.database, self.folder)

    @cached_property
    def log(self) -> EventLog:
        """The append-only record."""
        return EventLog(self.database)

    @cached_property
    def choices(self) -> Choices:
        """What people chose for themselves."""
        return Choices(self.database, self.log, self.pseudonyms)

    @cached_property
    def consents(self) -> Consents:
        """The consent ledger."""
        return Consents(self.database, self.log, self.pseudonyms)

    @cached_property
    def requests(self) -> Requests:
        """The register of what people asked for by right."""
        return Requests(self.database, self.log, self.pseudonyms)

    @cached_property
    def policies(self) -> Policies:
        """What the product manager set."""
        return Policies(self.database, self.log)

    @cached_property
    def receipts(self) -> Receipts:
        """The receipts of lists that were shown."""
        return Receipts(self.database, self.log, self.pseudonyms)

    @cached_property
    def erasures(self) -> Erasures:
        """The erasures, under way and done."""
        return Erasures(self.database, self.log, self.pseudonyms)

    @cached_property
    def runs(self) -> Runs:
        """The audits that were run."""
        return Runs(self.folder, self.database)

    def model(self, model_id: str) -> Recommender:
        """A fitted model, kept in memory while its files do not change."""
        manifest = self.shelf.folder(model_id) / "manifest.json"
        return _loaded(self.shelf, model_id, manifest.stat().st_mtime_ns)

    def catalogue(self, data: str) -> Catalogue:
        """The titles of a data set, kept in memory while its files do not change."""
        key, stamp = (str(self.folder), data), self.catalog.stamp(data)
        held = _TITLES.get(key)
        if held is None or held[0] != stamp:
            held = _TITLES[key] = (stamp, Catalogue.of(self.catalog.open(data)))
        return held[1]

    def serve(self, model_id: str, model: Recommender) -> None:
        """Let this process serve another state of a model until its files change: an instant answer before the exact."""
        manifest = self.shelf.folder(model_id) / "manifest.json"
        _CACHE[str(self.shelf.root), model_id] = (manifest.stat().st_mtime_ns, model)

    def forget_models(self) -> None:
        """Let go of the models in memory, which may hold who was erased."""
        for key in [key for key in _CACHE if key[0] == str(self.shelf.root)]:
            _CACHE.pop(key, None)
        for name in [name for name in _TITLES if name[0] == str(self.folder)]:
            _TITLES.pop(name, None)


_CACHE: dict[tuple[str, str], tuple[int, Recommender]] = {}
_MOST_MODELS = 12
_TITLES: dict[tuple[str, str], tuple[int, Catalogue]] = {}
_YES = ("yes", "true", "1", "1.0", "y")


def _loaded(shelf: Shelf, model_id: str, version: int) -> Recommender:
    key = (str(shelf.root), model_id)
    held = _CACHE.get(key)
    if held and held[0] == version:
        return held[1]
    model = shelf.load(model_id)
    if len(_CACHE) >= _MOST_MODELS:
        _CACHE.pop(next(iter(_CACHE)))
    _CACHE[key] = (version, model)
    return model


@contextmanager
def opened(folder: Path | None = None) -> Iterator[Workspace]:
    """A workspace whose database connections are closed at the end."""
    workspace = Workspace.open(folder)
    try:
        yield workspace
    finally:
        if "database" in workspace.__dict__:
            workspace.database.close()
