"""A copy of a SQLite store as of one instant, taken while the hub goes on writing; and the checks of such a copy."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from contract.refusal import Refused
from hub import pulse
from hub.backup.watcher import Watcher

PAGES = 2048
"""A step of the copy: 8 MiB."""
BUSY_SECONDS = 30.0


def take(store: Path, to: Path, watcher: Watcher) -> None:
    """Copy the store to `to`, a new file for its owner alone.

    The connection holds one reading transaction over all steps: writers go on, and the copy is of the instant at
    which it began. Without it SQLite would begin anew whenever somebody else writes.
    """
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_connect(store)) as source, closing(_connect(to)) as target:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        page = int(source.execute("PRAGMA page_size").fetchone()[0])
        watcher.start(
            "データベースを写しています", int(source.execute("PRAGMA page_count").fetchone()[0]) * page
        )
        source.backup(
            target, pages=PAGES, progress=lambda _status, left, total: watcher.moved((total - left) * page)
        )
        source.rollback()
        # One file without a log beside it.
        target.execute("PRAGMA journal_mode=DELETE")


def for_a_hub(path: Path) -> None:
    """Let a copy be written as a hub's store is: the hub's first connections come at once, and none may have to change it."""
    with closing(_connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")


def check(path: Path) -> None:
    """`Refused` unless the file is a whole database."""
    try:
        with closing(_connect(path)) as raw:
            (verdict,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError:
        verdict = "no database"
    if verdict != "ok":
        raise Refused(
            f"{path} のデータベースが壊れています。別のバックアップを使ってください。何も変えていません。"
        )


def rows(path: Path) -> dict[str, int]:
    """Table to rows."""
    with closing(_connect(path)) as raw:
        tables = [
            name
            for (name,) in raw.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            )
        ]
        return {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


def revision(path: Path) -> str | None:
    """The version of the migrations that a store is of; None where there is none."""
    with closing(_connect(path)) as raw:
        if raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return None
        row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def note(store: Path, now: datetime, archive: str) -> None:
    """Write into the store that a backup was made: `mimamori doctor` asks for its age, P8 for every export.

    Not through `Store`: a newer program may make a backup of an older hub's store, and must not migrate it.
    """
    at = now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    with closing(_connect(store)) as raw, raw:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute(
            "INSERT INTO pulse (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            (pulse.LAST_BACKUP, at),
        )
        raw.execute(
            "INSERT INTO access_log (at, actor, action, subject_kind, subject)"
            " VALUES (?, 'backup', 'export', 'store', ?)",
            (at, archive[:80]),
        )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
