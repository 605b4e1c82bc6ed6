"""The fitted models of one state folder, by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.errors import NotFound
from data.keep.artifacts import MANIFEST, load_arrays, load_manifest, remove, tidy
from models import saving
from models.base import Recommender


class Shelf:
    """Model folders under `root`. An id is `<model>-<data set>-<first 8 of the data hash>` and a number when taken."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, tuple[Any, dict[str, Any]]] = {}

    def put(self, model: Recommender, *, data: str, data_hash: str, **about: Any) -> str:
        """Store a fitted model; returns its new id."""
        stem = f"{model.name}-{data}-{data_hash[:8]}"
        number = 1
        while (self.root / (model_id := stem if number == 1 else f"{stem}-{number}")).exists():
            number += 1
        saving.save(model, self.root / model_id, {"model_id": model_id, "data": data, "data_hash": data_hash, **about})
        return model_id

    def replace(self, model_id: str, model: Recommender, **changed: Any) -> None:
        """Store another state of a model under its id; the former one is gone."""
        kept = {key: value for key, value in self.about(model_id).items() if key not in saving.OWN}
        saving.save(model, self.folder(model_id), {**kept, **changed})

    def ids(self) -> list[str]:
        """Ids of the stored models, oldest first."""
        if not self.root.exists():
            return []
        manifests = sorted(self.root.glob("[!.]*/manifest.json"), key=lambda path: (path.stat().st_mtime_ns, path))
        return [path.parent.name for path in manifests]

    def folder(self, model_id: str) -> Path:
        """Where a model lies; raises `NotFound` with the known ids."""
        known = self.ids()
        if model_id not in known:
            raise NotFound("trained model", model_id, known, fix="" if known else "train one with `sightglass train`")
        return self.root / model_id

    def about(self, model_id: str) -> dict[str, Any]:
        """The manifest: model, settings, data set, hashes, seconds; read again only when its file has changed."""
        folder = self.folder(model_id)
        stamp = (folder / MANIFEST).stat()
        state = (stamp.st_mtime_ns, stamp.st_ino)
        if self._read.get(model_id, (None,))[0] != state:
            self._read[model_id] = (state, load_manifest(folder))
        return dict(self._read[model_id][1])

    def load(self, model_id: str) -> Recommender:
        """The fitted model, its files checked against the manifest."""
        return saving.load(self.folder(model_id))

    def holds(self, model_id: str, user: str) -> bool:
        """Whether the person is among those whom the model was fitted on; nothing else of it is read."""
        return user in set(load_arrays(self.folder(model_id), "people")["ids"].tolist())

    def drop(self, model_id: str) -> None:
        """Remove a model and all its files."""
        remove(self.folder(model_id))
        self._read.pop(model_id, None)

    def tidy(self) -> None:
        """Remove what a process that died left half written, or did not come to remove: it may hold people."""
        if self.root.exists():
            tidy(self.root)
