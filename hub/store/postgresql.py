"""What is peculiar to PostgreSQL: a server that several processes write to, one after the other.

A writer's transaction begins by taking one advisory lock, so that what a work has read is still true when it writes:
the rules of the watch were made, and are tested, for one writer at a time. What the processes of a cluster do beside
each other is everything else: receiving, decoding, acknowledging, reading, showing.
"""

import re

import psycopg
from psycopg import errors
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from contract.refusal import Refused
from hub.store import jsons, migrate, partitions
from hub.store.faults import StoreFault, StoreFull

READERS = 8
"""Connections kept open for reading; as many again may be opened in a rush."""
CONNECT_SECONDS = 10
ONE_WRITER = 0x6D696D61
"""The advisory lock of whoever writes: "mima"."""
MIGRATION = 0x6D696D62
"""The advisory lock of whoever brings the tables to a new version."""

_GONE = (errors.OperationalError, errors.InterfaceError)
_SECRET = re.compile(r"password\s*=\s*\S+|//[^@/\s]*@")


class PostgresqlServer:
    """A store on a server."""

    glance_seconds = 0.25
    """How often an idle writer looks whether another process has written; that is how soon its pages follow."""

    def __init__(self, address: str) -> None:
        """`postgresql://user:password@host:port/database`; `Refused` if it is none."""
        try:
            url = make_url(address)
        except ArgumentError as error:
            raise Refused(
                "[store] の url を読めません。「postgresql://利用者:パスワード@ホスト:5432/データベース」と書いてください。"
            ) from error
        if url.get_backend_name() != "postgresql" or not url.database:
            raise Refused("[store] の url は「postgresql://」で始まり、データベース名で終わるものだけです。")
        self._url: URL = url.set(drivername="postgresql+psycopg")
        self._called = self._url.set(password=None, drivername="postgresql").render_as_string()

    def prepare(self) -> None:
        """Bring the tables to this version; only one process does it, the others wait for it."""
        engine = self.engine(writes=True)
        try:
            with engine.connect() as conn:
                encoding = conn.exec_driver_sql("SHOW server_encoding").scalar()
                if encoding != "UTF8":
                    raise Refused(
                        f"データベース {self._called} の文字コードが {encoding} です。UTF8 で作り直してください。"
                    )
                conn.rollback()
            with engine.begin() as conn:
                conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION})")
                migrate.server_to_head(conn, self._called)
                partitions.make_ahead(conn)
        except DBAPIError as error:
            raise self._refusal(error) from error
        finally:
            engine.dispose()

    def engine(self, *, writes: bool) -> Engine:
        """A way in, for the writer or for readers."""
        engine = create_engine(
            self._url,
            hide_parameters=True,  # an error goes to the log, and the log must not hold names
            json_serializer=jsons.encode,
            json_deserializer=jsons.decode,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "mimamori"},
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
            poolclass=StaticPool if writes else QueuePool,
            **({} if writes else {"pool_size": READERS, "max_overflow": READERS, "pool_pre_ping": True}),
        )

        @event.listens_for(engine, "connect")
        def _set_up(raw: psycopg.Connection, _record: object) -> None:
            raw.execute("SET TIME ZONE 'UTC'")
            if not writes:
                raw.execute("SET default_transaction_read_only = on")
            raw.commit()

        if writes:

            @event.listens_for(engine, "begin")
            def _begin(conn: Connection) -> None:
                conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_WRITER})")

        return engine

    def version(self, conn: Connection) -> int:
        """How far the server's log has grown: others than the hub's processes let it grow too, which does no harm."""
        raw = conn.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        try:
            row = raw.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
            raw.commit()
        except psycopg.Error:
            conn.invalidate()
            return -1
        return int(row[0]) if row else -1

    def fault(self, error: DBAPIError) -> BaseException:
        """A `StoreFault` if the server is at fault, else the error itself."""
        if isinstance(error.orig, errors.DiskFull):
            return StoreFull(
                f"ディスクがいっぱいで {self._called} に書き込めません。空き容量を作ってください。"
                "書けなかった変更は残っていません。"
            )
        if isinstance(error.orig, _GONE) or error.connection_invalidated:
            return StoreFault(
                f"データベース {self._called} を使えません ({_told(error)})。サーバーが動いているか確かめてください。"
            )
        return error

    def _refusal(self, error: DBAPIError) -> Refused:
        if isinstance(error.orig, errors.InsufficientPrivilege):
            return Refused(
                f"データベース {self._called} に表を作る権限がありません。この利用者を所有者にしてください ({_told(error)})。"
            )
        return Refused(
            f"データベース {self._called} を開けません ({_told(error)})。"
            "サーバーが動いているか、[store] の url を確かめてください。"
        )


def _told(error: DBAPIError) -> str:
    """The driver's own words on one line, without a password."""
    lines = str(error.orig).strip().splitlines()
    return _SECRET.sub("...", lines[-1] if lines else type(error.orig).__name__)[:200]
