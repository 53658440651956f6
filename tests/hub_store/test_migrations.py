"""The migrations make exactly the tables of `hub/store/tables/`."""

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select

from hub.store import tables as t
from hub.store.database import Store
from hub.store.migrate import server_to
from hub.store.tables import metadata


def shape(path: Path) -> dict[str, object]:
    """Every table by its columns, keys and indexes, as SQLite has them."""
    raw = sqlite3.connect(path)
    names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, object] = {
        name: (
            [row[1:] for row in raw.execute(f"PRAGMA table_info({name})")],
            sorted(row[2:] for row in raw.execute(f"PRAGMA foreign_key_list({name})")),
        )
        for name in names
        if name != "alembic_version"
    }
    indexes = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'")
    found |= {name: sql and " ".join(sql.split()) for name, sql in indexes if "alembic" not in name}
    raw.close()
    return found


def test_the_migrations_make_the_tables_of_the_metadata(tmp_path: Path) -> None:
    Store.open(tmp_path / "migrated.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'metadata.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "metadata.db")


def test_the_migration_tool_sees_no_difference_either(tmp_path: Path) -> None:
    with Store.open(tmp_path / "hub.db") as store, store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    Store.open(path).close()
    before = shape(path), path.read_bytes()
    Store.open(path).close()
    assert (shape(path), path.read_bytes()) == before


def test_what_lay_in_quarantine_before_it_had_places_gets_them_by_device(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    engine = create_engine(f"sqlite:///{path}")
    row = "INSERT INTO quarantine (topic, device_id, received_at, payload, why) VALUES ('t', ?, ?, X'00', '')"
    with engine.begin() as conn:
        server_to(conn, "0009")
        for device in ("sato-1", "ito-1", "sato-1", None, "sato-1"):
            conn.exec_driver_sql(row, (device, "2026-11-24T00:00:00.000000Z"))
    engine.dispose()
    with Store.open(path) as store, store.read() as conn:
        kept = t.quarantine.c
        assert conn.execute(select(kept.device_id, kept.place).order_by(kept.id)).all() == [
            ("sato-1", 1),
            ("ito-1", 1),
            ("sato-1", 2),
            (None, 1),
            ("sato-1", 3),
        ]
