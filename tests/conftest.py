"""What every test may ask for. The cast: 佐藤 answers, 鈴木 is silent, 高橋's line is down, 田中 is away, 伊藤 asks for help."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.broker import Broker, device_user, hub_user

SPEAKERS = ("sato-1", "suzuki-1", "takahashi-1", "tanaka-1", "ito-1")
"""The cast's speakers. At the test broker a user's password is its name; the hub's user is `mimamori-hub`."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real broker of its own, with a user for each of the cast's speakers and for the hub."""
    users = [*(device_user(name, name) for name in SPEAKERS), hub_user("mimamori-hub")]
    with Broker(tmp_path / "broker", users) as running:
        yield running
