"""One writer thread, as many readers as there are, on a SQLite file or a PostgreSQL server: nobody ever waits for a lock.

What is peculiar to either stands in `hub.store.sqlite` and `hub.store.postgresql`; the rest of the hub speaks SQLAlchemy
Core that both understand.
"""

import gc
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hub.store.faults import StoreClosed, StoreFault, StoreFull
from hub.store.postgresql import PostgresqlServer
from hub.store.sqlite import SqliteFile

T = TypeVar("T")
Work = Callable[[Connection], T]

WAITING_WORKS = 256
"""How many works may wait for the writer before whoever brings the next one has to wait too."""
SWITCH_SECONDS = 0.0005
"""How long another thread may go on before it lets the writer have the interpreter back, which sqlite3 gives away at
every row. With Python's 5 ms a writer beside the broker's busy thread stored 843 rows a second, with 0.5 ms 50,000."""

GARBAGE_ROUNDS_AFTER = 200_000
"""New objects between two rounds of the garbage collector."""

log = structlog.get_logger(__name__)


__all__ = ["Backend", "Store", "StoreClosed", "StoreFault", "StoreFull", "Work"]


class Backend(Protocol):
    """What is peculiar to one kind of store."""

    @property
    def glance_seconds(self) -> float:
        """How often an idle writer looks whether another program has written."""

    def prepare(self) -> None:
        """Make or check it, and bring it to this version; `Refused` when that cannot be."""

    def engine(self, *, writes: bool) -> Engine:
        """A way in, for the writer or for readers. A writer's transaction begins by being the only one."""

    def version(self, conn: Connection) -> int:
        """A number that changes when another connection has committed."""

    def fault(self, error: DBAPIError) -> BaseException:
        """What to raise for an error of the driver: a `StoreFault` if the store is at fault, else the error itself."""


class _Job:
    """A work and the promise of its result."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()


class Store:
    """The hub's memory. Writes go through one thread, each work in a transaction of its own, on disk when it returns.

    `PRAGMA synchronous=FULL`: what `write` returned survives a power cut (P1).
    """

    def __init__(self, path: Path, backend: Backend) -> None:
        """Use `Store.open`."""
        tune_interpreter()
        self.path = path
        """The file, of a store that is one."""
        self._backend = backend
        self._writer = backend.engine(writes=True)
        self._reader = backend.engine(writes=False)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING_WORKS)
        self._revision = 0
        self._watchers: dict[object, Callable[[int], None]] = {}
        self._gate = threading.Lock()
        self._closed = False
        self.fault: str | None = None
        """Why the last write could not be done, None when it could; shown by /healthz."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, where: Path | str) -> "Store":
        """Open or make the store at a path, or open the one of a server by its `postgresql://` address.

        It is checked and brought to this version. Raise `Refused` when it is damaged, of another or a newer version,
        or cannot be opened.
        """
        backend: Backend = PostgresqlServer(where) if isinstance(where, str) else SqliteFile(where)
        backend.prepare()
        return cls(where if isinstance(where, Path) else Path(), backend)

    # ---- writing ----------------------------------------------------------------------------------------

    def write(self, work: Work[T]) -> T:
        """Run `work` in the writer thread inside one transaction; return its result once that is on disk.

        What `work` raises undoes the transaction and is raised here. `StoreFull` when the disk is full and
        `StoreFault` when the store cannot be written for another reason.
        """
        return self.submit(work).result()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Like `write`, without waiting for the result; waits only while too many works are waiting."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a work must not bring another work: it would wait for itself")
        job = _Job(work)
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed")
            self._jobs.put(job)
        return job.future

    def waiting(self) -> int:
        """How many works wait for the writer."""
        return self._jobs.qsize()

    def changed(self) -> int:
        """The revision: counts up with every committed write, and when another program has written."""
        return self._revision

    def on_change(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(revision)` after each commit, in the writer thread; returns what ends that.

        It must be quick, and must not write: ring a bell and let another thread answer it.
        """
        key = object()
        self._watchers[key] = callback

        def unsubscribe() -> None:
            self._watchers.pop(key, None)

        return unsubscribe

    def _run(self) -> None:
        with self._writer.connect() as conn:
            seen = self._version(conn)
            while True:
                try:
                    job = self._jobs.get(timeout=self._backend.glance_seconds)
                except queue.Empty:
                    latest = self._version(conn)
                    if latest != seen:
                        seen = latest
                        self._tell()
                    continue
                if job is None:
                    return
                if job.future.set_running_or_notify_cancel():
                    self._do(conn, job)

    def _version(self, conn: Connection) -> int | None:
        """The backend's number; None when it cannot be asked, which the next write will find out about."""
        try:
            return self._backend.version(conn)
        except DBAPIError:
            conn.rollback()
            return None

    def _do(self, conn: Connection, job: _Job) -> None:
        try:
            with conn.begin():
                result = job.work(conn)
        except DBAPIError as error:
            fault = self._backend.fault(error)
            if isinstance(fault, StoreFault):
                self.fault = str(fault)
                log.error(
                    "store.unwritable", error=type(error.orig).__name__, full=isinstance(fault, StoreFull)
                )
            fault.__cause__ = error if fault is not error else error.__cause__
            job.future.set_exception(fault)
        except BaseException as error:
            job.future.set_exception(error)
        else:
            self.fault = None
            self._tell()
            job.future.set_result(result)

    def _tell(self) -> None:
        self._revision += 1
        for callback in list(self._watchers.values()):
            try:
                callback(self._revision)
            except Exception:
                # The row is on disk; a page that cannot be told must not stop the writing of the next one.
                log.exception("store.watcher_failed")

    # ---- reading ----------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads, and sees one state of the store for as long as it is held.

        `StoreFault` when the store cannot be read.
        """
        try:
            with self._reader.connect() as conn, conn.begin() as transaction:
                yield conn
                transaction.rollback()
        except DBAPIError as error:
            raise self._backend.fault(error) from error

    def close(self) -> None:
        """Finish what is waiting, then let go of the file; safe to call twice."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def tune_interpreter() -> None:
    """Settings of the whole process that a writer of many rows beside busy threads needs."""
    sys.setswitchinterval(SWITCH_SECONDS)
    # A batch makes tens of thousands of short-lived rows. At Python's 700 the collector went through all that lives
    # so often that it took a tenth of the time; at 50,000 it still came once a batch.
    gc.set_threshold(GARBAGE_ROUNDS_AFTER)
