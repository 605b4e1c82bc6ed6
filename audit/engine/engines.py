"""The two machines that can run an expression: DuckDB in this process, Spark where lists outgrow it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from data.errors import BadInput, Cancelled

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from audit.engine.tables import Lists

T = TypeVar("T")
Progress = Callable[[float], None]
AUDIT = "audit"  # what a cancel ends
_POLL = 0.05  # seconds between looks at the cancel event
_AHEAD = 4  # batches fetched before they are asked for


class Engine(Protocol):
    """What a scan asks of a machine."""

    name: str

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def hold(self, name: str, table: pa.Table) -> None:
        """Give a small table a name."""

    def hold_lists(self, name: str, lists: Lists) -> None:
        """Give the lists a name; files are not read yet."""

    def result(self, expression: ir.Table, cancel: Event | None) -> pa.Table:
        """Compute an expression whose result is small."""


class DuckDB:
    """DuckDB in memory, spilling to a folder of its own beyond the limit; the folder goes with the scan."""

    name = "duckdb"

    def __init__(self, memory: str = "2GB", threads: int | None = None) -> None:
        self.memory, self.threads = memory, threads

    def __enter__(self) -> Self:
        import duckdb

        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sightglass-"))
        config: dict[str, Any] = {"memory_limit": self.memory, "temp_directory": folder}
        config |= {} if self.threads is None else {"threads": self.threads}
        self._connection = self._stack.enter_context(duckdb.connect(config=config))
        self._connection.execute("set preserve_insertion_order = false")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def hold(self, name: str, table: pa.Table) -> None:
        """Copy a small table in."""
        self._connection.register("handed_over", table)
        self._connection.execute(f"create or replace temp table {name} as from handed_over")
        self._connection.unregister("handed_over")

    def hold_lists(self, name: str, lists: Lists) -> None:
        """A view over the files, or over the table in memory."""
        if lists.table is not None:
            self._connection.register(name, lists.table)
            return
        files = ", ".join("'" + file.replace("'", "''") + "'" for file in lists.files)
        self._connection.execute(f"create or replace temp view {name} as from read_parquet([{files}])")

    def result(self, expression: ir.Table, cancel: Event | None) -> pa.Table:
        """Run to the end; a cancel interrupts it."""
        with _watched(cancel, self._connection.interrupt):
            return self._connection.sql(_sql(expression, "duckdb")).to_arrow_table()

    def stream(self, expression: ir.Table, batch: int, prepare: Callable[[pa.RecordBatch], T]) -> Iterator[T]:
        """The rows of a table in its own order, in prepared batches.

        Reading, preparing, and what the caller does with the last batch go on at once, a few batches apart.
        """
        self._connection.execute("set preserve_insertion_order = true")
        reader = self._connection.sql(_sql(expression, "duckdb")).to_arrow_reader(batch)
        read = _ahead(reader)
        try:
            yield from _ahead(map(prepare, read))
        finally:
            read.close()  # before the reader, which its thread may be in
            reader.close()


class Spark:
    """Spark by the session that is there, or by one in this process (Java 17 or newer)."""

    name = "spark"

    def __init__(self, session: Any = None, threads: int | None = None) -> None:
        self._session, self._given, self._threads = session, session is not None, threads

    def __enter__(self) -> Self:
        if self._given:
            return self
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            fix = "install sightglass-dashboard[spark]"
            raise BadInput("Spark is not installed", fix=fix) from error
        cores = "*" if self._threads is None else self._threads
        builder = SparkSession.builder.master(f"local[{cores}]").appName("sightglass")
        quiet = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.log.level": "ERROR"}
        quiet |= {"spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "8"}
        for key, value in quiet.items():
            builder = builder.config(key, value)
        self._session = builder.getOrCreate()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._given:
            self._session.stop()

    def hold(self, name: str, table: pa.Table) -> None:
        """Hand a small table to the cluster."""
        import pyarrow as pa

        signed = [pa.field(field.name, _signed(field.type)) for field in table.schema]
        self._session.createDataFrame(table.cast(pa.schema(signed))).createOrReplaceTempView(name)

    def hold_lists(self, name: str, lists: Lists) -> None:
        """A view over the files, or over the table in memory."""
        if lists.table is not None:
            self.hold(name, lists.table)
        else:
            self._session.read.parquet(*lists.files).createOrReplaceTempView(name)

    def result(self, expression: ir.Table, cancel: Event | None) -> pa.Table:
        """Run to the end; a cancel stops the jobs of this scan."""
        tag = "sightglass-audit"
        self._session.addTag(tag)
        try:
            with _watched(cancel, lambda: self._session.interruptTag(tag)):
                return self._session.sql(_sql(expression, "pyspark")).toArrow()
        finally:
            self._session.removeTag(tag)


def _sql(expression: ir.Table, dialect: str) -> str:
    import ibis

    getattr(ibis, dialect)  # ibis fills in a dialect's options when the dialect is first named
    return str(ibis.to_sql(expression, dialect=dialect, pretty=False))


def _signed(type_: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    wider = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.int64()}
    return wider.get(type_, type_)


def _ahead(batches: Iterable[T]) -> Generator[T]:
    """The same batches, fetched by a thread of their own; it ends when the consumer does."""
    fetched: Queue[T | BaseException | None] = Queue(maxsize=_AHEAD)
    stop = Event()

    def fetch() -> None:
        last: BaseException | None = None
        try:
            for batch in batches:
                fetched.put(batch)
                if stop.is_set():
                    return
        except BaseException as error:  # handed over, not swallowed
            last = error
        fetched.put(last)

    fetcher = Thread(target=fetch, daemon=True)
    fetcher.start()
    try:
        while (batch := fetched.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        stop.set()
        while fetcher.is_alive():  # a full queue would hold it
            with suppress(Empty):
                fetched.get_nowait()
            fetcher.join(_POLL)


@contextmanager
def _watched(cancel: Event | None, interrupt: Callable[[], object]) -> Iterator[None]:
    """Interrupt what runs inside as soon as the event is set, and say so by `Cancelled`."""
    if cancel is None:
        yield
        return
    if cancel.is_set():
        raise Cancelled(AUDIT)
    done = Event()

    def watch() -> None:
        while not done.wait(_POLL):
            if cancel.is_set():
                interrupt()
                return

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if cancel.is_set():
            raise Cancelled(AUDIT) from error
        raise
    finally:
        done.set()
        watcher.join()
    if cancel.is_set():
        raise Cancelled(AUDIT)
