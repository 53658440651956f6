"""What every test may ask for. The cast: 佐藤 answers, 鈴木 is silent, 高橋's line is down, 田中 is away, 伊藤 asks for help."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.clock import TravellingClock

if TYPE_CHECKING:
    from bench.postgres import PostgresServer
    from hub.policy import Policy
    from hub.store.database import Store
    from provisioning.broker import Broker

# The gate tries the same examples every time, so that red means a change; HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("gate", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

# The parts are imported where they are used: a test of the speaker must not need the hub.


@pytest.fixture
def clock() -> TravellingClock:
    """Monday noon, 2026-11-23 in Ena, until it is told to travel."""
    return TravellingClock()


@pytest.fixture(scope="session")
def policy() -> "Policy":
    """The town's policy, as packaged, with every home asked in the minute that was agreed."""
    from tests.still import still

    return still()


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Databases]":
    """A PostgreSQL server for the whole session, with one empty database of this version to copy."""
    from bench.postgres import PostgresServer
    from hub.store.database import Store

    with PostgresServer(durable=False) as server:
        address = server.database()
        Store.open(address).close()
        yield Databases(server, address)


class Databases:
    """A server, and one database of this version that is emptied after each test: a new one each would take seconds."""

    def __init__(self, server: "PostgresServer", address: str) -> None:
        self.server = server
        self._address = address

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of an empty database of this version."""
        yield self._address
        import psycopg

        with psycopg.connect(self._address, autocommit=True) as conn:
            rows = conn.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
            )
            emptied = "".join(f"DELETE FROM {name};" for (name,) in rows)
            conn.execute(f"SET session_replication_role = replica; {emptied}".encode())
            conn.execute("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Path | str]":
    """Where a store is to be opened: a file, or, for a module that says `BOTH_STORES`, a server too."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield tmp_path / "hub.db"
        return
    with request.getfixturevalue("postgres").fresh() as address:
        yield address


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says `BOTH_STORES = True` is tried on SQLite and on PostgreSQL, but for its `ONLY_SQLITE` tests."""
    module = metafunc.module
    only = getattr(module, "ONLY_SQLITE", ())
    if (
        getattr(module, "BOTH_STORES", False)
        and "where" in metafunc.fixturenames
        and metafunc.function not in only
    ):
        metafunc.parametrize("where", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store(where: "Path | str") -> "Iterator[Store]":
    """An empty store on disk."""
    from hub.store.database import Store

    opened = Store.open(where)
    yield opened
    opened.close()


@pytest.fixture
def town(store: "Store", clock: TravellingClock, policy: "Policy") -> "Store":
    """A store in which the cast (tests/cast.py) is enrolled since Monday noon, with 13 districts."""
    from tests import cast

    cast.enrol(store, clock, policy)
    return store


@pytest.fixture
def broker(tmp_path: Path) -> "Iterator[Broker]":
    """A real broker of its own, with a user for each of the cast's speakers and for the hub.

    A user's password is its name; the hub's user is `mimamori-hub`.
    """
    from provisioning.broker import Broker, device_user, hub_user
    from tests import cast

    users = [*(device_user(name, name) for name in cast.SPEAKERS), hub_user("mimamori-hub")]
    with Broker(tmp_path / "broker", users) as running:
        yield running
