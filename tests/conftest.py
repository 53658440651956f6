"""What every test may ask for. The cast: 佐藤 answers, 鈴木 is silent, 高橋's line is down, 田中 is away, 伊藤 asks for help."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.clock import TravellingClock

if TYPE_CHECKING:
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


@pytest.fixture
def store(tmp_path: Path) -> "Iterator[Store]":
    """An empty store on disk."""
    from hub.store.database import Store

    opened = Store.open(tmp_path / "hub.db")
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
