"""The stores a measurement may be made on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.refusal import Refused
from hub.store.database import Store


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store of this kind, gone afterwards."""
    if kind != "sqlite":
        raise Refused(f"--store は sqlite だけです ({kind})。")
    with Store.open(folder / "hub.db") as store:
        yield store
