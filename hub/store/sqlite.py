"""What is peculiar to SQLite: one file, one writer at a time, and what its errors mean."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from contract.refusal import Refused
from hub.store import jsons, migrate
from hub.store.faults import StoreFault, StoreFull

READERS = 8
"""Connections kept open for reading; as many again may be opened in a rush."""
STATEMENTS = 512
"""Texts that the driver keeps ready: the heavy ones of a batch come in some hundred lengths (`hub.store.bulk`)."""
LOG_PAGES = 4000
"""16 MB. A page that many batches change goes into the file once for all of them."""
BUSY_SECONDS = 10.0
"""How long to wait for another program, such as `mimamori roster import`, to finish its transaction."""


class SqliteFile:
    """A store in one file."""

    glance_seconds = 1.0
    """How often an idle writer looks whether another program has written."""

    def __init__(self, path: Path) -> None:
        """The file need not be there."""
        self._path = path

    def prepare(self) -> None:
        """Make the file or check it, and bring it to this version; `Refused` when that cannot be."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"データフォルダー {self._path.parent} を作れません ({error.strerror})。場所と権限を確かめてください。"
            ) from error
        try:
            _check(self._path)
            migrate.to_head(self._path)
        except (sqlite3.Error, DBAPIError) as error:
            raise _refusal(self._path, error) from error

    def engine(self, *, writes: bool) -> Engine:
        """A way in, for the writer or for readers."""
        return _engine(self._path, writes=writes)

    def version(self, conn: Connection) -> int:
        """A number that changes when another connection has committed."""
        raw = conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        version: int = raw.execute("PRAGMA data_version").fetchone()[0]
        return version

    def fault(self, error: DBAPIError) -> BaseException:
        """What to raise for an error of the driver."""
        return _fault(self._path, error)


def _engine(path: Path, *, writes: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        # An error goes to the log, and the log must not hold names.
        hide_parameters=True,
        json_serializer=jsons.encode,
        json_deserializer=jsons.decode,
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_SECONDS,
            "isolation_level": None,
            "cached_statements": STATEMENTS,
        },
        **({"poolclass": StaticPool} if writes else _reading_pool()),
    )

    @event.listens_for(engine, "connect")
    def _set_up(raw: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions of its own: it would begin them too late.
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys=ON")
        make_durable(raw)
        if not writes:
            raw.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        # IMMEDIATE: a reader that becomes a writer half-way could be refused at its first INSERT.
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def make_durable(raw: sqlite3.Connection) -> None:
    """Let a transaction be on the disk when it is committed (P1), at as little cost as that has."""
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    # A savepoint keeps what the pages held before it: beside the batch, not in a file on the disk.
    raw.execute("PRAGMA temp_store=MEMORY")
    # Into the file itself after so many pages: a batch of two thousand events changes more than the 1,000 of old.
    raw.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    raw.execute(f"PRAGMA journal_size_limit={64 * 1024 * 1024}")


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
            f"{path} を読み書きできません ({error.__class__.__name__})。ディスクと権限を確かめてください。"
        )
    return error
