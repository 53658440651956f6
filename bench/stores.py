"""The stores a measurement may be made on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.postgres import PostgresServer
from contract.refusal import Refused
from hub.store.database import Store


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store of this kind, gone afterwards."""
    if kind == "sqlite":
        with Store.open(folder / "hub.db") as store:
            yield store
    elif kind == "postgres":
        with PostgresServer() as server, Store.open(server.database()) as store:
            yield store
    else:
        raise Refused(f"--store は sqlite か postgres です ({kind})。")


def size_bytes(store: Store) -> int:
    """How much the store takes on disk, its log aside."""
    with store.read() as conn:
        if conn.dialect.name == "postgresql":
            return int(conn.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages * conn.exec_driver_sql("PRAGMA page_size").scalar_one())
