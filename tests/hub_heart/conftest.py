"""The town of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_heart.town import ServerStore, Town


@pytest.fixture
def town(where: Path | str) -> Iterator[Town]:
    """Monday noon, nobody lives here yet; in memory, or, in a module that says `BOTH_STORES`, on a server too."""
    if isinstance(where, Path):
        yield Town()
        return
    store = ServerStore(where)
    yield Town(store=store)
    store.engine.dispose()
