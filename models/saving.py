"""Fitted models on disk: arrays and a JSON manifest, never pickle; people's rows apart from the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from data.columns import Kind
from data.ids import Ids
from data.keep.artifacts import load_arrays, load_manifest, save_artifact
from models.base import Recommender
from models.counted.counts import statistics_hash
from models.histories import Training
from models.registry import create

_NUMERIC = (Kind.NUMBER,)
OWN = (
    "model", "settings", "explicit", "kinds", "columns", "people", "statistics_hash", "format", "arrays", "digest",
)  # fmt: skip
"""What a manifest says of the model itself; everything else in it comes from whoever saved the model."""


def save(model: Recommender, folder: Path, about: dict[str, Any]) -> str:
    """Write the model; returns the digest of its manifest.

    Three groups of files: `items` (catalogue and counts), `weights` (what was learned), `people` (ids and histories).
    """
    training = model.training
    arrays = {
        "items": {
            "ids": training.items.values.astype(str),
            "titles": np.array(training.titles, dtype=str),
            "counts": model.item_counts,
            **_content_arrays(training),
        },
        "weights": model._state(),
        "people": {
            "ids": training.users.values.astype(str),
            "indptr": training.matrix.indptr,
            "indices": training.matrix.indices,
            "data": training.matrix.data,
        },
    }
    manifest = {
        **about,
        "model": model.name,
        "settings": model.settings.model_dump(),
        "explicit": training.explicit,
        "kinds": {name: str(kind) for name, kind in training.kinds.items()},
        "columns": list(training.kinds),  # a manifest sorts its keys, and signals follow the order of the columns
        "people": len(training.users),
        "statistics_hash": statistics_hash(model.statistics()),
    }
    return save_artifact(folder, arrays, manifest)


def load(folder: Path) -> Recommender:
    """The model as it was saved; a file that changed since is refused in a sentence."""
    manifest = load_manifest(folder)
    items, people = (load_arrays(folder, stem, manifest=manifest) for stem in ("items", "people"))
    item_ids, user_ids = Ids(items["ids"].astype(object)), Ids(people["ids"].astype(object))
    matrix = sparse.csr_array(
        (people["data"], people["indices"], people["indptr"]), shape=(len(user_ids), len(item_ids))
    )
    kinds = {name: Kind(manifest["kinds"][name]) for name in manifest.get("columns", manifest["kinds"])}
    model = create(manifest["model"], **manifest["settings"])
    model.training = Training(
        user_ids, item_ids, matrix, _content(items, kinds), kinds, manifest["explicit"], tuple(items["titles"].tolist())
    )
    model._restore(load_arrays(folder, "weights", manifest=manifest))
    return model


def popular_items(folder: Path) -> tuple[Ids, tuple[str, ...], np.ndarray, int]:
    """Item ids, titles, counts and the number of people: all that the non-profiled list needs; no personal file is read."""
    manifest = load_manifest(folder)
    items, people = load_arrays(folder, "items", manifest=manifest), int(manifest["people"])
    return Ids(items["ids"].astype(object)), tuple(items["titles"].tolist()), items["counts"], people


def _content_arrays(training: Training) -> dict[str, np.ndarray]:
    columns = {}
    for name, kind in training.kinds.items():
        column = training.content[name]
        if kind in _NUMERIC:
            columns[f"content:{name}"] = column.to_numpy(dtype=np.float64)
        else:
            columns[f"content:{name}"] = column.astype(object).where(column.notna(), "").to_numpy().astype(str)
    return columns


def _content(items: dict[str, np.ndarray], kinds: dict[str, Kind]) -> pd.DataFrame:
    frame = pd.DataFrame(index=pd.Index(items["ids"].astype(object)))
    for name, kind in kinds.items():
        values = items[f"content:{name}"]
        if kind in _NUMERIC:
            frame[name] = values
        else:
            texts = pd.Series(values.astype(object), index=frame.index)
            frame[name] = texts.where(texts != "", None)
    return frame
