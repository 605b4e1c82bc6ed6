"""How one version of a data set lies on disk: Parquet tables, and a sealed meta.json with their hashes."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from data.columns import ITEM, TIME, USER, VALUE, Kind, Role
from data.errors import SightglassError
from data.ids import Ids
from data.keep.home import write_whole
from data.keep.sensitive import FILE, changed, write_sensitive
from data.tables import Dataset, Interactions

META = "meta.json"
APART = "sensitive"
_TABLES = ("interactions.parquet", "items.parquet", "users.parquet")
_FORMAT = 1
_USER_CODE, _ITEM_CODE = "user", "item"


def write_version(folder: Path, dataset: Dataset, sensitive: pd.DataFrame) -> bytes:
    """Write the tables into a new version folder; returns the meta.json that makes it the current one."""
    version = folder / f"v-{secrets.token_hex(8)}"
    try:
        version.mkdir(mode=0o700)
        for file, table in zip(_TABLES, _tables(dataset), strict=True):
            _write_table(version / file, table)
        if len(sensitive.columns):
            write_sensitive(version / APART, sensitive)
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


def read_meta(folder: Path) -> dict[str, Any]:
    """What meta.json says, once its seal shows that it is what was written."""
    path = folder / META
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


def opened(folder: Path, meta: dict[str, Any]) -> Dataset:
    """The data set of the version that meta.json names; nothing is checked again but the hashes of the files."""
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


def sensitive_of(folder: Path, dataset: Dataset) -> pd.DataFrame:
    """All sensitive attributes (index user_id), for writing them anew without a person."""
    meta = read_meta(folder)
    sha256 = meta["files"].get(f"{APART}/{FILE}")
    if sha256 is None:
        return pd.DataFrame(index=dataset.users.index)
    return _keyed(_read_checked(folder / meta["version"] / APART / FILE, sha256), USER)


def _keyed(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.drop(columns=key).set_axis(pd.Index(frame[key], dtype="str", name=key))
