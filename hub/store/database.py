"""One SQLite file, one writer thread, as many readers as there are: nobody ever sees "database is locked".

Everything that is peculiar to SQLite stands in this module and in `hub.store.migrate`; the rest of the hub speaks
SQLAlchemy Core that PostgreSQL understands too.
"""

import gc
import queue
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from contract.refusal import Refused
from hub.store import migrate

T = TypeVar("T")
Work = Callable[[Connection], T]

WAITING_WORKS = 256
"""How many works may wait for the writer before whoever brings the next one has to wait too."""
READERS = 8
"""Connections kept open for reading; as many again may be opened in a rush."""
BUSY_SECONDS = 10.0
"""How long to wait for another program, such as `mimamori roster import`, to finish its transaction."""
GLANCE_SECONDS = 1.0
"""How often an idle writer looks whether another program has written."""

SWITCH_SECONDS = 0.0005
"""How long another thread may go on before it lets the writer have the interpreter back, which sqlite3 gives away at
every row. With Python's 5 ms a writer beside the broker's busy thread stored 843 rows a second, with 0.5 ms 50,000."""

GARBAGE_ROUNDS_AFTER = 50_000
"""New objects between two rounds of the garbage collector."""

log = structlog.get_logger(__name__)


class StoreFault(Refused):
    """The store could not be written. Nothing of the transaction is left; the same work may be brought again."""


class StoreFull(StoreFault):
    """The disk is full."""


class StoreClosed(RuntimeError):
    """Work was brought after `close()`: a mistake in the order of stopping."""


class _Job:
    """A work and the promise of its result."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()


class Store:
    """The hub's memory. Writes go through one thread, each work in a transaction of its own, on disk when it returns.

    `PRAGMA synchronous=FULL`: what `write` returned survives a power cut (P1).
    """

    def __init__(self, path: Path, writer: Engine, reader: Engine) -> None:
        """Use `Store.open`."""
        _tune_interpreter()
        self.path = path
        self._writer = writer
        self._reader = reader
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
    def open(cls, path: Path) -> "Store":
        """Open or make the store at `path`, checked and brought to this version.

        Raise `Refused` when it is damaged, of another or a newer version, or cannot be opened.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"データフォルダー {path.parent} を作れません ({error.strerror})。場所と権限を確かめてください。"
            ) from error
        try:
            _check(path)
            migrate.to_head(path)
            return cls(path, _engine(path, writes=True), _engine(path, writes=False))
        except (sqlite3.Error, DBAPIError) as error:
            raise _refusal(path, error) from error

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
            seen = self._data_version(conn)
            while True:
                try:
                    job = self._jobs.get(timeout=GLANCE_SECONDS)
                except queue.Empty:
                    latest = self._data_version(conn)
                    if latest != seen:
                        seen = latest
                        self._tell()
                    continue
                if job is None:
                    return
                if job.future.set_running_or_notify_cancel():
                    self._do(conn, job)

    def _do(self, conn: Connection, job: _Job) -> None:
        try:
            with conn.begin():
                result = job.work(conn)
        except DBAPIError as error:
            fault = _fault(self.path, error)
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

    @staticmethod
    def _data_version(conn: Connection) -> int:
        """A number that changes when another connection has committed."""
        raw = conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        version: int = raw.execute("PRAGMA data_version").fetchone()[0]
        return version

    # ---- reading ----------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads, and sees one state of the store for as long as it is held."""
        with self._reader.connect() as conn, conn.begin() as transaction:
            yield conn
            transaction.rollback()

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


def _tune_interpreter() -> None:
    """Settings of the whole process that a writer of many rows beside busy threads needs."""
    sys.setswitchinterval(SWITCH_SECONDS)
    # A batch makes tens of thousands of short-lived rows. At Python's 700 the collector went through all that lives
    # so often that it took a tenth of the time.
    gc.set_threshold(GARBAGE_ROUNDS_AFTER)


def _engine(path: Path, *, writes: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        # An error goes to the log, and the log must not hold names.
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
        **({"poolclass": StaticPool} if writes else _reading_pool()),
    )

    @event.listens_for(engine, "connect")
    def _set_up(raw: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions of its own: it would begin them too late.
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"PRAGMA journal_size_limit={64 * 1024 * 1024}")
        if not writes:
            raw.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        # IMMEDIATE: a reader that becomes a writer half-way could be refused at its first INSERT.
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _reading_pool() -> dict[str, Any]:
    return {"poolclass": QueuePool, "pool_size": READERS, "max_overflow": READERS}


def _check(path: Path) -> None:
    """Raise `Refused` if an existing file is damaged or is no SQLite database."""
    if not path.exists() or path.stat().st_size == 0:
        return
    raw = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        (verdict,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        raw.close()
    if verdict != "ok":
        raise _damaged(path)


def _damaged(path: Path) -> Refused:
    return Refused(
        f"データベース {path} が壊れています。このファイルは消さずに別の名前で残し、"
        "バックアップから戻してください。"
    )


def _code(error: BaseException) -> int:
    """The primary result code of SQLite behind an error, 0 if there is none."""
    raw = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(raw, "sqlite_errorcode", 0)
    return int(code) & 0xFF


def _codes(error: BaseException) -> set[int]:
    """The codes of an error and of what it happened during: a full disk also breaks the savepoint it happened in."""
    codes = set()
    seen: BaseException | None = error
    while seen is not None:
        codes.add(_code(seen))
        seen = seen.__context__
    return codes


def _refusal(path: Path, error: BaseException) -> Refused:
    codes = _codes(error)
    if codes & {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return _damaged(path)
    fault = _fault(path, error)
    if isinstance(fault, Refused):
        return fault
    return Refused(f"データベース {path} を開けません ({error})。ファイルの場所と権限を確かめてください。")


def _fault(path: Path, error: BaseException) -> BaseException:
    """What to raise for an error of the driver: a `StoreFault` if the store is at fault, else the error itself."""
    codes = _codes(error)
    if sqlite3.SQLITE_FULL in codes:
        return StoreFull(
            f"ディスクがいっぱいで {path} に書き込めません。空き容量を作ってください。書けなかった変更は残っていません。"
        )
    if sqlite3.SQLITE_BUSY in codes:
        return StoreFault(
            f"ほかのプログラムが {path} に {BUSY_SECONDS:.0f} 秒以上書き込み続けています。"
            "終わってからもう一度試してください。"
        )
    if codes & {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
    }:
        return StoreFault(
            f"{path} に書き込めません ({error.__class__.__name__})。ディスクと権限を確かめてください。"
        )
    return error
