"""Brings a database to the version of this program, or says why not.

`python -m hub.store.migrate WORDS` writes the next revision from the difference between the last one and
`hub/store/tables/`; read it before it is committed.
"""

import sqlite3
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, event, inspect
from sqlalchemy.pool import NullPool

from contract.refusal import Refused

FOLDER = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def head() -> str:
    """The revision of this program."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def knows(revision: str) -> bool:
    """Whether this program has a revision: its own, or an older one that it can bring up to date."""
    return any(
        script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def to_head(path: Path) -> None:
    """Make the database at `path` or bring it up to `head`, in one transaction; `Refused` if it is not ours to touch."""
    version = _version(path)
    if version == head():
        return
    if version is not None:
        _must_be_known(path, version)
    # Foreign keys rest meanwhile: SQLite changes a table by making it anew, which would look like deleting its rows.
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _set_up(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            tables = "、".join(sorted({row[0] for row in orphans}))
            raise Refused(
                f"データベース {path} を新しい版に直せません: 相手のいない行があります ({tables})。"
                "元のまま残してあります。バックアップを取って、開発元に知らせてください。"
            )


def server_to_head(connection: Connection, called: str) -> None:
    """Bring the database of a server to `head` inside a transaction of the caller's; `Refused` as `to_head`."""
    tables = set(inspect(connection).get_table_names())
    if tables and "alembic_version" not in tables:
        raise Refused(
            f"{called} は見守りのデータベースではありません。空のデータベースを作って、その名前を書いてください。"
        )
    if tables:
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if version == head():
            return
        _must_be_known(called, str(version))
    command.upgrade(_config(connection), "head")


def server_to(connection: Connection, revision: str) -> None:
    """Make the tables of one revision in the empty database of a server, inside a transaction of the caller's."""
    command.upgrade(_config(connection), revision)


def _version(path: Path) -> str | None:
    """The revision a database is of, None for an empty one; `Refused` if it is somebody else's."""
    raw = sqlite3.connect(path)
    try:
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        row = (
            raw.execute("SELECT version_num FROM alembic_version").fetchone()
            if "alembic_version" in tables
            else None
        )
    finally:
        raw.close()
    if row is None:
        raise Refused(
            f"{path} は見守りのデータベースではありません。設定のデータフォルダーを確かめてください。"
        )
    return str(row[0])


def _must_be_known(called: Path | str, version: str) -> None:
    try:
        ScriptDirectory.from_config(_config()).get_revision(version)
    except CommandError as error:
        raise Refused(
            f"データベース {called} はこのプログラムより新しい版、または別の版 ({version}) で作られています。"
            "プログラムを更新するか、この版のバックアップから戻してください。"
        ) from error


def _write_revision(words: str) -> None:
    number = f"{len(list((FOLDER / 'versions').glob('[0-9]*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.db", poolclass=NullPool)
        with engine.connect() as connection:
            command.upgrade(_config(connection), "head")
            connection.commit()
            command.revision(_config(connection), words, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    _write_revision(" ".join(sys.argv[1:]))
