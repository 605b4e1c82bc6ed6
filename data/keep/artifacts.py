"""Arrays of fitted models on disk: one .npy file an array and a manifest that seals them; never pickle.

Plain .npy, not one .npz a group: the bytes are read and hashed once, nothing is copied after, and a large array can be
mapped from the file. The file names carry part of their hash, so a new state of a model is written beside the old one
and becomes the model when manifest.json is replaced, in one step; then the old files go.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import BadInput, SightglassError
from data.keep.home import locked, private_folder, sweep, write_folder, write_whole

MANIFEST = "manifest.json"
_FORMAT = 1
_OWN = ("format", "arrays", "digest")
_BLOCK = 1 << 20
_STEM = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")

Arrays = Mapping[str, np.ndarray]


def save_artifact(folder: Path, arrays: Mapping[str, Arrays], manifest: Mapping[str, Any]) -> str:
    """Store groups of arrays (group name -> array name -> array) with a manifest; returns the manifest's SHA-256.

    A folder that is not there yet appears whole; in one that is there, the new state takes the place of the old in one
    step. Arrays of objects are refused.
    """
    _check(arrays, manifest)
    private_folder(folder.parent)
    with locked(folder.parent / f".{folder.name}.lock"):
        sweep(folder)
        if not folder.exists():
            with write_folder(folder) as aside:
                return _write(aside, arrays, manifest)
        digest = _write(folder, arrays, manifest)
        _drop_others(folder)
    return digest


def tidy(root: Path) -> None:
    """Remove what processes that died left behind under `root`: half-written folders, and files of former states."""
    for left in root.glob(".*.tmp-*"):
        folder = root / left.name[1:].rpartition(".tmp-")[0]
        with locked(root / f".{folder.name}.lock"):
            sweep(folder)
    for manifest in root.glob(f"[!.]*/{MANIFEST}"):
        with locked(root / f".{manifest.parent.name}.lock"):
            _drop_others(manifest.parent)


def remove(folder: Path) -> None:
    """Remove an artifact: the manifest first, without which the rest is nothing."""
    with locked(folder.parent / f".{folder.name}.lock"):
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def load_manifest(folder: Path) -> dict[str, Any]:
    """The manifest: what the caller put in, and under `arrays` each file with its SHA-256, size, dtype and shape."""
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SightglassError(f"{path} is missing; train the model again.") from None
    try:
        manifest = json.loads(raw)
        sealed = raw == _layout(manifest) and manifest["digest"] == _digest(manifest)
    except (ValueError, KeyError, TypeError, RecursionError):
        sealed = False
    if not sealed or manifest["format"] != _FORMAT:
        raise _changed(path)
    return dict(manifest)


def load_arrays(
    folder: Path, stem: str, memory_map: bool = False, *, manifest: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """The arrays of one group, each file's SHA-256 checked first.

    With `memory_map` they are read-only views of the files. `manifest` pins the state that `load_manifest` gave, for
    groups that must belong together; without it a state that is replaced at this moment is looked up again.
    """
    listed = (manifest or load_manifest(folder))["arrays"]
    try:
        return {name: _read(folder, about, memory_map) for name, about in listed[stem].items()}
    except FileNotFoundError as error:
        if manifest is None and load_manifest(folder)["arrays"] != listed:
            return load_arrays(folder, stem, memory_map)
        what = "was replaced while it was read; try again" if manifest else "is missing; train the model again"
        raise SightglassError(f"{error.filename} {what}.") from None


def _check(arrays: Mapping[str, Arrays], manifest: Mapping[str, Any]) -> None:
    if taken := [name for name in _OWN if name in manifest]:
        raise ValueError(f"the manifest writes '{taken[0]}' itself")
    for stem, group in arrays.items():
        if not _STEM.match(stem):
            raise ValueError(f"'{stem}' cannot name a group of arrays; use a-z, 0-9, '-' and '_'")
        for name, array in group.items():
            if array.dtype.hasobject:
                raise BadInput(
                    "an array of Python objects cannot be stored without pickle",
                    value=f"{stem}/{name}",
                    fix="make it numbers or text of a fixed width first",
                )


def _write(folder: Path, arrays: Mapping[str, Arrays], manifest: Mapping[str, Any]) -> str:
    """Write the files, then the manifest that makes them the model."""
    listed = {
        stem: {
            name: _write_array(folder, f"{stem}-{place}", array) for place, (name, array) in enumerate(group.items())
        }
        for stem, group in arrays.items()
    }
    whole = {**manifest, "format": _FORMAT, "arrays": listed}
    digest = _digest(whole)
    write_whole(folder / MANIFEST, _layout({**whole, "digest": digest}))
    return digest


def _write_array(folder: Path, stem: str, array: np.ndarray) -> dict[str, Any]:
    head = io.BytesIO()
    order = array if array.flags.f_contiguous else np.ascontiguousarray(array).reshape(array.shape)
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(order))
    body = order.ravel(order="K").view(np.uint8).data if order.nbytes else memoryview(b"")
    sha256 = hashlib.sha256(head.getvalue())
    sha256.update(body)
    name = f"{stem}-{sha256.hexdigest()[:16]}.npy"
    if not (folder / name).exists():
        write_whole(folder / name, lambda file: (file.write(head.getvalue()), file.write(body)))
    about = {"dtype": str(array.dtype), "shape": list(array.shape)}
    return {"file": name, "sha256": sha256.hexdigest(), "size": len(head.getvalue()) + len(body), **about}


def _read(folder: Path, about: Mapping[str, Any], memory_map: bool) -> np.ndarray:
    path = folder / about["file"]
    if memory_map and 0 not in about["shape"] and about["shape"]:
        _verify(path, about, None)
        return np.load(path, mmap_mode="r", allow_pickle=False)
    content = np.empty(about["size"], dtype=np.uint8)
    _verify(path, about, content.data)
    return _array(path, content)


def _verify(path: Path, about: Mapping[str, Any], into: memoryview | None) -> None:
    """Hash the file block by block, keeping the bytes in `into`: what was hashed is what is used."""
    sha256, size, block = hashlib.sha256(), 0, memoryview(bytearray(_BLOCK))
    if path.stat().st_size != about["size"]:
        raise _changed(path)
    with open(path, "rb", buffering=0) as file:
        while size < about["size"]:
            target = block if into is None else into[size : size + _BLOCK]
            count = file.readinto(target) or 0
            if not count:
                break
            sha256.update(target[:count])
            size += count
    if sha256.hexdigest() != about["sha256"]:
        raise _changed(path)


def _array(path: Path, content: np.ndarray) -> np.ndarray:
    """The array in the bytes of a .npy file, without a copy."""
    head = io.BytesIO(content[: 1 << 16].tobytes())
    if np.lib.format.read_magic(head) != (1, 0):
        raise _changed(path)
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype.hasobject:
        raise BadInput("the file holds Python objects, which are never read", file=path, fix="train the model again")
    return np.ndarray(shape, dtype, buffer=content, offset=head.tell(), order="F" if by_columns else "C")


def _drop_others(folder: Path) -> None:
    """Remove the files of former states: they may hold people who were erased."""
    listed = load_manifest(folder)["arrays"]
    current = {about["file"] for group in listed.values() for about in group.values()}
    for path in folder.glob("*.npy"):
        if path.name not in current:
            path.unlink(missing_ok=True)
    for left in folder.glob(".*.tmp-*"):
        left.unlink(missing_ok=True)


def _digest(manifest: Mapping[str, Any]) -> str:
    told = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _layout(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def _changed(path: Path) -> BadInput:
    return BadInput("the file has changed since it was written, so it is not used", file=path, fix="train it again")
