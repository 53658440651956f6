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
