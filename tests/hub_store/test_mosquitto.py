"""The hub at another broker: mosquitto, as Debian brings it. Whatever speaks MQTT 3.1.1 and keeps sessions will do."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from bench.wire import Wire
from contract.refusal import Refused
from contract.time import SystemClock
from hub.config import BrokerConfig
from hub.ingest import Ingest
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from provisioning.ports import Port
from tests import cast
from tests.hub_store.homes import MOVED, Homes

BINARY = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
PATIENCE = 30.0

pytestmark = pytest.mark.skipif(BINARY is None, reason="mosquitto is not installed")


class Mosquitto:
    """One broker; its queue is on disk after every change, or a power cut would take it."""

    def __init__(self, folder: Path) -> None:
        self._port = Port()
        self.port = self._port.number
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
            "max_queued_messages 0\nmax_inflight_messages 200\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert BINARY is not None
        self._process = subprocess.Popen([BINARY, "-c", self._config], stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            with suppress(OSError, Refused):
                Wire(self.port, "probe", "probe").close()
                return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.kill()


def test_what_was_said_while_the_hub_was_away_and_the_broker_was_killed_is_stored_once(
    mosquitto: Mosquitto, town: Store, policy: Policy
) -> None:
    homes = Homes(SystemClock())
    said = [homes.message(cast.SPEAKERS[n % 5], MOVED, id=f"e{n}") for n in range(600)]

    def hub() -> Ingest:
        made = Ingest(town, BrokerConfig(port=mosquitto.port), SystemClock(), policy)
        made.start()
        return made

    def stored() -> set[str]:
        with town.read() as conn:
            return set(conn.scalars(select(t.event.c.id)))

    def eventually(count: int) -> bool:
        give_up = time.monotonic() + PATIENCE
        while len(stored()) < count and time.monotonic() < give_up:
            time.sleep(0.05)
        return len(stored()) == count

    first = hub()
    with Wire(mosquitto.port, "homes", "homes") as wire:
        give_up = time.monotonic() + PATIENCE
        while not first.line.hears and time.monotonic() < give_up:
            time.sleep(0.02)
        wire.publish([(one.topic, one.payload) for one in said[:200]], window=50)
        assert eventually(200)
        first.stop()
        wire.publish([(one.topic, one.payload) for one in said[200:400]], window=50)
    mosquitto.kill()
    mosquitto.start()
    second = hub()
    try:
        with Wire(mosquitto.port, "homes", "homes") as wire:
            # The last of its queue it had answered for and not saved: that is why speakers keep what the hub did not name.
            wire.publish([(one.topic, one.payload) for one in said[380:]], window=50)
        assert eventually(600)
    finally:
        second.stop()
