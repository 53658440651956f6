"""One SQLite file for everything that must survive a power cut: WAL, synchronous=FULL, checked at every start.

A damaged file is put aside with what can be read of it saved, never a reason not to start. A full or dead disk is
a state (`trouble`), never an exception at somebody's bedside: whoever writes keeps its own copy in memory until then.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from typing import IO

import structlog

from contract.refusal import Refused

log = structlog.get_logger()

SCHEMA = """
CREATE TABLE IF NOT EXISTS event(          -- the outbox, oldest first
  position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, urgent INTEGER NOT NULL,
  late INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS asking(         -- what was asked, by slot
  slot TEXT PRIMARY KEY, attempts INTEGER NOT NULL, asked_at TEXT NOT NULL, answered INTEGER NOT NULL,
  open INTEGER NOT NULL, starts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fact(           -- one value each: configuration, clock floor, open faults
  key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS command(        -- orders carried out already
  id TEXT PRIMARY KEY, position INTEGER NOT NULL);
"""
_TABLES_ARE = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
)
TABLES = ("event", "asking", "fact", "command")

_DISK_SAYS_NO = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""Nothing is wrong with the file itself."""
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""The second when a torn name turns up in SQLite's own message."""

Work = Callable[[sqlite3.Connection], object]
"""What is written within one transaction; its result is not looked at."""


def nothing(_: sqlite3.Connection) -> None:
    """For a transaction without a second part."""


class Store:
    """The open file. `write` from any thread; each call is one transaction, on disk when it returns True.

    Where no file can be had at all, it lives in memory, and `trouble` says so for as long as it runs.
    """

    def __init__(self, connection: sqlite3.Connection, lock_file: IO[str] | None) -> None:
        self._connection = connection
        self._lock_file = lock_file
        self._lock = threading.Lock()
        self._stuck = False
        """There is no file at all behind this run."""
        self.trouble: str | None = None
        """Why the last write did not reach the disk; None while all is well."""
        self.guard: Callable[[], AbstractContextManager[object]] = nullcontext
        """Put around every write, to notice one that never ends."""
        self.damaged: Path | None = None
        """Where a damaged file was put at this start."""

    @classmethod
    def open(cls, folder: Path, stamp: str) -> "Store":
        """Open `store.db` in `folder`; `stamp` names a damaged one that is put aside.

        Raises `Refused` when another process uses the folder. A disk that cannot be written leaves `trouble`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock_file = _lock(folder)
        except OSError as error:
            return cls._in_memory(f"{folder}: {error.strerror}")
        path = folder / "store.db"
        damaged = None
        try:
            connection = _connect(path)
        except _Damaged as error:
            try:
                damaged = _put_aside(path, stamp)
                log.error("store_damaged", why=str(error), kept_as=damaged.name)
                connection = _connect(path)
            except (sqlite3.Error, _Damaged, OSError) as again:
                return cls._in_memory(str(again))
            _salvage(damaged, connection)
        except sqlite3.Error as error:
            return cls._in_memory(str(error))
        store = cls(connection, lock_file)
        store.damaged = damaged
        return store

    @classmethod
    def _in_memory(cls, why: str) -> "Store":
        log.error("store_unwritable", why=why)
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.executescript(SCHEMA)
        store = cls(connection, None)
        store.trouble = why
        store._stuck = True
        return store

    def write(self, work: Work) -> bool:
        """Run `work` in one transaction; True when it is kept, False (and `trouble`) when nothing of it is."""
        with self._lock, self.guard():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                work(self._connection)
                self._connection.execute("COMMIT")
            except _UNREADABLE as error:
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                self._say_trouble(str(error))
                return False
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            if not self._stuck:
                self.trouble = None
            return True

    def read(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of one query; none (and `trouble`) when the file cannot be read any more."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except _UNREADABLE as error:
                self._say_trouble(str(error))
                return []

    def close(self) -> None:
        """Close the file; what was written is on disk already."""
        with self._lock:
            self._connection.close()
            if self._lock_file:
                self._lock_file.close()

    def _say_trouble(self, why: str) -> None:
        if not self.trouble:
            log.error("store_trouble", why=why)
        self.trouble = why


class _Damaged(Exception):
    """The file is no database, or one with a torn page."""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5.0)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _Damaged(verdict)
        connection.executescript(SCHEMA)
        _look_through(connection)
    except sqlite3.Error as error:
        connection.close()
        if str(getattr(error, "sqlite_errorname", "")).startswith(_DISK_SAYS_NO):
            raise
        raise _Damaged(str(error)) from error
    except UnicodeDecodeError as error:
        connection.close()
        raise _Damaged(str(error)) from error
    except _Damaged:
        connection.close()
        raise
    return connection


def _look_through(connection: sqlite3.Connection) -> None:
    """What `quick_check` does not see: a torn page that changed the tables' own description, or text in a row."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        wanted = fresh.execute(_TABLES_ARE).fetchall()
    if connection.execute(_TABLES_ARE).fetchall() != wanted:
        raise _Damaged("the tables are not ours")
    for table in TABLES:
        for _ in connection.execute(f"SELECT * FROM {table}"):
            pass


def _lock(folder: Path) -> IO[str]:
    handle = (folder / "lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise Refused(
            f"{folder} は別の見守りスピーカーが使っています。設定の data を別のフォルダーにするか、そちらを止めてください。"
        ) from None
    return handle


def _put_aside(path: Path, stamp: str) -> Path:
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def _salvage(damaged: Path, connection: sqlite3.Connection) -> None:
    """Copy what can still be read, row by row; a torn page ends its table and no more."""
    with closing(sqlite3.connect(damaged, isolation_level=None)) as old:
        for table in TABLES:
            rows = 0
            with suppress(*_UNREADABLE):
                for row in old.execute(f"SELECT * FROM {table}"):
                    marks = ",".join("?" * len(row))
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES({marks})", row)
                    rows += 1
            log.info("store_salvaged", table=table, rows=rows)
