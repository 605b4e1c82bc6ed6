"""The one door to sensitive attributes: every reading has a purpose and is recorded first."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from data.columns import USER
from data.errors import BadInput, NotFound, SightglassError
from data.keep.home import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "attributes.parquet"


class SensitiveDoor:
    """Sensitive attributes of one data set, kept apart from its tables in a file of mode 0600.

    `record` is called before anything is returned; if it fails, nothing is returned.
    """

    def __init__(self, folder: Path, record: Callable[[dict], None], *, sha256: str | None = None) -> None:
        self._file, self._record, self._sha256 = Path(folder) / FILE, record, sha256

    def names(self) -> list[str]:
        """The attributes that are kept here; naming them reveals nobody's value."""
        return (
            [name for name in self._table().column_names if name != USER] if self._sha256 or self._file.exists() else []
        )

    def read(self, attribute: str, purpose: str) -> pd.Series:
        """The attribute (str, index user_id in vocabulary order, missing where unknown), after the reading is recorded.

        The record is {"attribute", "purpose", "rows"}; rows counts the people whose value is known.
        """
        if not purpose.strip():
            raise BadInput(
                "a sensitive attribute is read for a purpose, and none was given",
                column=attribute,
                fix="say what it is needed for, for example 'audit of exposure by gender'",
            )
        if attribute not in self.names():
            raise NotFound("sensitive attribute", attribute, self.names())
        values = self._read(attribute)
        self._record({"attribute": attribute, "purpose": purpose.strip(), "rows": int(values.notna().sum())})
        return values

    def _read(self, attribute: str) -> pd.Series:
        table = self._table()
        index = pd.Index(table[USER].to_pandas(), dtype="str", name=USER)
        return pd.Series(table[attribute].to_pandas().array, index=index, name=attribute)

    def _table(self) -> pa.Table:
        from pyarrow import parquet

        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            raise SightglassError("The data set was written anew since it was opened; open it again.") from None
        if self._sha256 is not None and hashlib.sha256(content).hexdigest() != self._sha256:
            raise changed(self._file)
        return parquet.read_table(io.BytesIO(content))


def write_sensitive(folder: Path, attributes: pd.DataFrame) -> None:
    """Put sensitive attributes (index user_id) into a folder that only its owner can read."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir(mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    table = pa.Table.from_pandas(attributes.reset_index(), preserve_index=False).replace_schema_metadata(None)
    write_whole(folder / FILE, lambda file: parquet.write_table(table, file), mode=0o600)


def changed(file: Path) -> SightglassError:
    """The refusal of a file that is not what was written."""
    return SightglassError(f"{file} has changed since it was written, so it is not used; import the data set again.")
