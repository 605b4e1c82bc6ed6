"""The database: SQLite in the state folder, or PostgreSQL by its address; the same code for both.

Nothing here opens the file of a SQLite database, or its journals, by hand: see `data.keep.searching`.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from data.errors import BadInput, SightglassError
from data.keep.migration import migrate, version_of
from data.keep.schema import VERSION, Base, Fact, LogHead
from data.keep.searching import holds

_WAIT = 10.0  # seconds that a writer waits for another one
_WRITES = "sightglass_writes"
_HEAD = 1
_MAKING = threading.Lock()  # none connects to a file that another thread has made and not closed yet
_FIX_URL = "set SIGHTGLASS_DATABASE_URL to sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"


class Database:
    """Sessions on one database: many readers, one writer at a time over all processes."""

    def __init__(self, engine: Engine, *, wait: float = _WAIT) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self._wait = wait

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to read with."""
        with self._told(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is the only writer until it ends; it is kept whole, or not at all after an error."""
        with self._told(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()  # begins now, and SQLite begins with the lock
            if self.engine.dialect.name != "sqlite":
                session.execute(select(LogHead.size).where(LogHead.id == _HEAD).with_for_update())
            yield session

    def truncate_journal(self) -> bool:
        """Copy SQLite's write-ahead journal into the file and empty it, so that what was deleted is in neither.

        False where a reader at work kept it from that; PostgreSQL keeps its own journal and needs an administrator.
        """
        return self._outside("PRAGMA wal_checkpoint(TRUNCATE)") in (None, 0)

    def rebuild(self) -> None:
        """Write the SQLite file anew from what is in it. PostgreSQL needs an administrator for this.

        `secure_delete` overwrites a deleted row, but not the copy that a page may keep from when its rows were moved.
        """
        self._outside("VACUUM")

    def remains(self, traces: Iterable[bytes]) -> bool:
        """Whether any of these texts is in the files of the SQLite database, deleted or not."""
        if self.engine.dialect.name != "sqlite":
            return False
        return holds([Path(f"{self.engine.url.database}{suffix}") for suffix in ("", "-wal")], traces)

    def _outside(self, command: str) -> Any:
        """The first value that SQLite answers to a command that is no part of a transaction."""
        if self.engine.dialect.name != "sqlite":
            return None
        try:
            with self._told(), self.engine.connect() as connection:
                connection.commit()
                cursor = connection.connection.cursor()
                row = cursor.execute(command).fetchone()
                cursor.close()
        except sqlite3.OperationalError as error:
            raise SightglassError(_sentence_of(error, self.name, self._wait)) from error
        return row and row[0]

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise SightglassError(f"Too many people use {self.name} at this moment; try again.") from error
        except DBAPIError as error:
            if not _is_trouble(error):
                raise
            raise SightglassError(_sentence(error, self.name, self._wait)) from error


def open_database(url: str, *, wait: float = _WAIT) -> Database:
    """Open the database at an SQLAlchemy address and make its tables where they are missing.

    One of a former version is brought to ours in place, in one transaction; one of a newer version is refused.
    A SQLite file is made for its owner only (mode 0600); its folder must be there. `wait` is in seconds.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        _own(Path(str(address.database)))
    database = Database(_engine(address, wait), wait=wait)
    try:
        _prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInput("this is not the address of a database", fix=_FIX_URL) from error
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise BadInput("a database in memory keeps nothing", value=url, fix=_FIX_URL)
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput("Sightglass keeps its state in SQLite or PostgreSQL", value=address.drivername, fix=_FIX_URL)
    return address


def _own(path: Path) -> None:
    """The file, made for its owner only before SQLite opens it; its journals take the same mode."""
    if not path.parent.is_dir():
        raise SightglassError(f"The folder {path.parent} of the database is not there; make it first, or {_FIX_URL}.")
    try:
        with _MAKING:
            place = Path(os.path.realpath(path))
            if not place.exists():
                _make_file(place)
        if not place.is_file():
            raise OSError(errno.EISDIR, "it is no file")
        place.chmod(0o600)
    except OSError as error:
        raise SightglassError(
            f"The database {path} cannot be written ({error.strerror}); check its owner and mode, or {_FIX_URL}."
        ) from error


def _make_file(path: Path) -> None:
    """Never one that is there: a connection of this process may have it, whose locks end when any descriptor is closed."""
    with suppress(FileExistsError):  # another process was first
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _engine(address: URL, wait: float) -> Engine:
    try:
        if address.get_backend_name() != "sqlite":
            return create_engine(address, pool_pre_ping=True, connect_args={"connect_timeout": max(2, round(wait))})
        engine = create_engine(address, connect_args={"timeout": wait})
    except ModuleNotFoundError as error:
        raise SightglassError(
            f"This database address needs the Python package '{error.name}', which is not installed; install it "
            "(pip install 'psycopg[binary]'), or use SQLite."
        ) from error
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, _record: Any) -> None:
    """Settings of every SQLite connection; transactions are begun by `_begin`, not by the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer locks at once: two that read first and write later would refuse each other instead of waiting."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(database: Database) -> None:
    """Make the tables; two processes may try at once, so a loser looks again."""
    for last in (False, False, True):
        with database._told():
            try:
                if not _is_ready(database):
                    _make(database)
                return
            except (IntegrityError, ProgrammingError):
                if last:
                    raise


def _is_ready(database: Database) -> bool:
    with database.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        ours = set(Base.metadata.tables)
        if Fact.__tablename__ not in tables:
            if taken := sorted(tables & ours):
                raise SightglassError(
                    f"The database {database.name} has tables of another program ('{taken[0]}'); name one of its own."
                )
            return False
        found = version_of(connection)
    if found is not None and found > VERSION:
        raise SightglassError(
            f"The database {database.name} was written by a newer Sightglass (schema {found}, this one knows "
            f"{VERSION}); install that version."
        )
    return found == VERSION and ours <= tables


def _make(database: Database) -> None:
    with database._writer.begin() as connection:
        if inspect(connection).has_table(Fact.__tablename__):
            migrate(connection)
        Base.metadata.create_all(connection)
        if version_of(connection) is None:
            connection.execute(Fact.__table__.insert().values(name="schema", value=str(VERSION)))  # type: ignore[attr-defined]
            connection.execute(LogHead.__table__.insert().values(id=_HEAD, size=0))  # type: ignore[attr-defined]


def _is_trouble(error: DBAPIError) -> bool:
    """True for a database that cannot be used now; False for a mistake of ours, which must stay loud."""
    return isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError


def _sentence(error: DBAPIError, name: str, wait: float) -> str:
    return _sentence_of(error.orig, name, wait)


def _sentence_of(error: BaseException | None, name: str, wait: float) -> str:
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"The database {name} was in use by another process for more than {wait:g} seconds; try again."
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return f"The database {name} cannot be written; check the owner and mode of the file and of its folder."
    if code.startswith("SQLITE_CORRUPT"):
        return (
            f"SQLite finds what it reads of {name} broken, while the file itself may be whole; stop every process that uses "
            "it, then ask SQLite for PRAGMA integrity_check, and put back a copy only if the answer is not ok."
        )
    if code.startswith("SQLITE_NOTADB"):
        return f"The file of {name} is not a whole SQLite database; put back a copy of it, or name another file."
    if code.startswith("SQLITE_FULL"):
        return f"The disk of {name} is full; nothing was changed; make room and try again."
    why = " ".join(str(error).split())
    return f"The database {name} cannot be used now ({why}); check that it runs and that the address is right."
