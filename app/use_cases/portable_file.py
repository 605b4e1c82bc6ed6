"""Read a file that a person took away, and refuse in words whatever is not exactly that."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.use_cases.porting import FORMAT, PACKAGE, PROOF, TABLES
from data.columns import ITEM
from data.keep.choices import Effect, Rule
from data.keep.verifier import Broken, parse, sha256

_LARGEST = 64 << 20  # bytes of all files together, unpacked
_NAMES = {*(f"{name}.{end}" for name in TABLES for end in ("csv", "json")), PACKAGE, PROOF}
_KEYS = {"interactions": {ITEM}, "attributes": {"attribute", "value"}, "settings": {"setting", "value"}}
_SETTINGS = {"slider", "rule", "excluded", "less", "hidden"}


class Unusable(Exception):
    """Why a file cannot be brought, in words that go on after its name."""


@dataclass(frozen=True)
class Brought:
    """What a file says; `sha256` is of its package, which seals all the rest."""

    data_set: str
    user: str
    interactions: list[dict[str, Any]]
    attributes: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    sha256: str
    log_index: int


def read_portable(path: Path) -> Brought:
    """The content of the file; every byte is the one that its package names."""
    files = _unpacked(path)
    try:
        package, proof = parse(files[PACKAGE]), parse(files[PROOF])
        if package["sightglass_format"] != FORMAT or proof["sha256"] != sha256(files[PACKAGE]):
            raise Unusable("it was changed since it was written")
        sealed = {**package["exact"], **{one["path"]: one["hash"] for one in package["resources"]}}
        if sealed != {name: f"sha256:{sha256(files[name])}" for name in _NAMES - {PACKAGE, PROOF}}:
            raise Unusable("it was changed since it was written")
        tables = {name: _rows(name, parse(files[f"{name}.json"])) for name in TABLES}
        return Brought(
            str(package["data_set"]), str(package["person"]), **tables, sha256=proof["sha256"], log_index=_index(proof)
        )
    except (Broken, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable("it is not a whole file of this kind") from error


def wishes_in(brought: Brought) -> dict[str, Any]:
    """The fields of a choice (`data.keep.choices.Choice`) that the file holds."""
    sets: dict[str, set[str]] = {"excluded": set(), "less": set(), "hidden": set()}
    slider, rules = None, set()
    for row in brought.settings:
        name, value = row["setting"], row["value"]
        if name == "slider":
            slider = float(json.loads(value))
        elif name == "rule":
            effect, kind, what = json.loads(value)
            rules.add(Rule(Effect(effect), kind, what))
        else:
            sets[name].add(value)
    return {"slider": slider, "rules": frozenset(rules), **{name: frozenset(items) for name, items in sets.items()}}


def _unpacked(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if {entry.filename for entry in entries} != _NAMES or len(entries) != len(_NAMES):
                raise Unusable("it is not a file of what a person took away")
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise Unusable("it is too large")
            return {entry.filename: archive.read(entry) for entry in entries}
    except FileNotFoundError:
        raise Unusable("there is no such file") from None
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unusable("it is not a whole zip file") from error


def _rows(name: str, rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _KEYS[name] <= set(row) for row in rows):
        raise ValueError(name)
    if name == "settings" and not {row["setting"] for row in rows} <= _SETTINGS:
        raise ValueError(name)
    return rows


def _index(proof: dict[str, Any]) -> int:
    index = proof["log_index"]
    if type(index) is not int or not 0 <= index < 1 << 62:
        raise ValueError("log_index")
    return index
