"""A copy of a PostgreSQL store as of one instant, table by table; and such a copy put into an empty database.

`COPY` through the driver, not `pg_dump`: no program of the server's own version is needed on the hub, the rows can be
counted and digested, and an older revision comes back as what it was before it is brought up to date.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from contract.refusal import Refused
from hub import pulse
from hub.backup.watcher import Watcher
from hub.store import migrate, partitions
from hub.store import tables as t

CONNECT_SECONDS = 10
ENDING = ".copy"
FOLDER = "tables"
_VERSION = "alembic_version"
_SECRET = re.compile(r"password\s*=\s*\S+|//[^@/\s]*@")
_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
    " AND relnamespace = 'public'::regnamespace ORDER BY relname"
)
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
    " ORDER BY ordinal_position"
)


def is_server(store: Path | str) -> bool:
    """Whether a store lies on a server."""
    return isinstance(store, str) and store.startswith("postgresql:")


def called(address: str) -> str:
    """The address without its password."""
    return make_url(address).set(password=None).render_as_string()


def size(address: str) -> int:
    """Bytes of the database on its server."""
    with _connected(address) as conn:
        row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0


def revision(address: str) -> str | None:
    """The version of the migrations that a store is of; None where there is none."""
    with _connected(address) as conn:
        if conn.execute("SELECT to_regclass(%s)", [_VERSION]).fetchone() == (None,):
            return None
        row = conn.execute(f"SELECT version_num FROM {_VERSION}").fetchone()
        return None if row is None else str(row[0])


class Taken:
    """What was copied."""

    def __init__(self) -> None:
        self.revision = ""
        self.rows: dict[str, int] = {}
        self.columns: dict[str, list[str]] = {}
        self.files: dict[str, Path] = {}
        """Name in the backup to file."""


def take(address: str, into: Path, watcher: Watcher) -> Taken:
    """Copy every table into a new folder for its owner alone, all in one transaction that sees one instant."""
    into.mkdir(mode=0o700)
    taken = Taken()
    watcher.start("データベースを写しています", size(address))
    done = 0
    with _connected(address) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables = [name for (name,) in conn.execute(_TABLES)]
        if _VERSION not in tables:
            raise Refused(
                f"{called(address)} は見守りのデータベースではありません。[store] の url を確かめてください。"
            )
        for name in tables:
            taken.columns[name] = [column for (column,) in conn.execute(_COLUMNS, [name])]
            counted = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
            taken.rows[name] = int(counted[0]) if counted else 0
            file = taken.files[f"{FOLDER}/{name}{ENDING}"] = into / f"{name}{ENDING}"
            # Of a query, because a table in partitions cannot be copied by its name.
            out = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
                sql.SQL(", ").join([sql.Identifier(one) for one in taken.columns[name]]), sql.Identifier(name)
            )
            with (
                os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to,
                conn.cursor() as cursor,
                cursor.copy(out) as copy,
            ):
                for block in copy:
                    to.write(block)
                    done += len(block)
                    watcher.moved(done)
        row = conn.execute(f"SELECT version_num FROM {_VERSION}").fetchone()
        taken.revision = str(row[0]) if row else ""
    return taken


def rows(folder: Path) -> dict[str, int]:
    """Table to rows of a copy that lies in a folder: COPY writes one a line."""
    found = {}
    for file in sorted((folder / FOLDER).glob(f"*{ENDING}")):
        with file.open("rb") as lines:
            found[file.name.removesuffix(ENDING)] = sum(1 for _ in lines)
    return found


def put(
    address: str, folder: Path, revision: str, columns: Mapping[str, Sequence[str]], wanted: Mapping[str, int]
) -> None:
    """Put a copy into an empty database and bring it to this program's version: all of it, or nothing.

    One transaction: PostgreSQL undoes a CREATE TABLE as well.
    """
    engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with _said(address), engine.begin() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        if raw.execute(_TABLES).fetchone() is not None:
            raise Refused(
                f"{called(address)} は空ではありません。今のデータには上書きしません。空のデータベースを作って渡してください。"
            )
        migrate.server_to(connection, revision)
        for name in _in_order(columns):
            if name == _VERSION:
                continue
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(name), sql.SQL(", ").join([sql.Identifier(one) for one in columns[name]])
            )
            with (
                (folder / FOLDER / f"{name}{ENDING}").open("rb") as lines,
                raw.cursor() as cursor,
                cursor.copy(into) as copy,
            ):
                while block := lines.read(1 << 20):
                    copy.write(block)
        _count_on(raw, columns)
        found = {
            name: _one(raw, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name)))
            for name in columns
        }
        if found != dict(wanted):
            raise Refused("戻した行の数がバックアップの目録と合いません。何も戻していません。")
        migrate.server_to_head(connection, called(address))
        partitions.make_ahead(connection)


def note(address: str, now: datetime, archive: str) -> None:
    """Write into the store that a backup was made, as `hub.backup.snapshot.note` does."""
    with _connected(address) as conn:
        conn.execute(
            "INSERT INTO pulse (name, at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [pulse.LAST_BACKUP, now],
        )
        conn.execute(
            "INSERT INTO access_log (at, actor, action, subject_kind, subject)"
            " VALUES (%s, 'backup', 'export', 'store', %s)",
            [now, archive[:80]],
        )


def _in_order(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """What is referred to before what refers to it; tables that this program no longer has come last."""
    known = [table.name for table in t.metadata.sorted_tables]
    return [name for name in known if name in columns] + [name for name in columns if name not in known]


def _count_on(raw: psycopg.Connection, columns: Mapping[str, Sequence[str]]) -> None:
    """Let the numbers that a server gives out begin after those that came back."""
    for name in columns:
        counter = raw.execute(
            "SELECT pg_get_serial_sequence(quote_ident(%s), 'id')"
            " WHERE EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = 'id')",
            [name, name],
        ).fetchone()
        if counter is not None and counter[0] is not None:
            raw.execute(
                sql.SQL("SELECT setval(%s, coalesce((SELECT max(id) FROM {}), 0) + 1, false)").format(
                    sql.Identifier(name)
                ),
                [counter[0]],
            )


def _one(raw: psycopg.Connection, query: sql.Composed) -> object:
    row = raw.execute(query).fetchone()
    return None if row is None else row[0]


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection]:
    with _said(address), psycopg.connect(address, connect_timeout=CONNECT_SECONDS) as conn:
        yield conn


@contextmanager
def _said(address: str) -> Iterator[None]:
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        told = _SECRET.sub("...", lines[-1] if lines else type(error).__name__)[:200]
        raise Refused(
            f"データベース {called(address)} を使えません ({told})。サーバーと権限を確かめてください。"
        ) from error
