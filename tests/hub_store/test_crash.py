"""P1: kill -9 of the hub and of the broker in mid-flow. Every event is stored once, acknowledged, and took effect once."""

import itertools
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from contract.events import Body, TestPress
from contract.time import SystemClock
from hub import policy as policies
from hub.store import tables as t
from hub.store.database import Store
from provisioning.broker import Broker
from tests import cast
from tests.hub_store.homes import HELP, MOVED, UNWELL, Homes
from tests.hub_store.speaker import Speaker

ROUNDS = 6
EVENTS_A_ROUND = 500
"""Of all speakers together."""
BODIES: tuple[Body, ...] = (MOVED, TestPress(), UNWELL, MOVED, HELP, MOVED, MOVED, TestPress())
"""A press leaves one row in the history each time it takes effect, and a call for help one reason: both are counted."""
PATIENCE_SECONDS = 90.0


class HubProcess:
    """`mimamori hub` as a process of its own."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mimamori", "hub", "--config", str(self._config), "--no-web"],
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def hub(tmp_path: Path, broker: Broker) -> Iterator[HubProcess]:
    config = tmp_path / "hub.toml"
    config.write_text(
        f'data = "data"\nlog_level = "error"\n\n[broker]\nport = {broker.port}\npassword = "mimamori-hub"\n'
    )
    with Store.open(tmp_path / "data" / "hub.db") as store:
        cast.enrol(store, SystemClock(), policies.load())
    process = HubProcess(config)
    yield process
    process.kill()


class Town:
    """The cast's speakers, and everything they ever said."""

    def __init__(self, make: Callable[[str], Speaker]) -> None:
        self._speakers = [make(device) for device in cast.SPEAKERS]
        self._homes = Homes(SystemClock())
        self.said: dict[str, str] = {}
        """Event id to its type."""

    def say(self, how_many: int) -> None:
        bodies = itertools.cycle(BODIES)
        for speaker in self._speakers:
            messages = {}
            for _ in range(how_many // len(self._speakers)):
                event = self._homes.event(speaker.device, next(bodies))
                messages[event.id] = self._homes.arrives(event)
                self.said[event.id] = event.type
            speaker.say(messages)

    def hears_the_hub(self) -> bool:
        """Wait until a speaker was told its times: from then on the broker keeps what is said for the hub."""
        first = self._speakers[0]
        return first.until(lambda: bool(first.configs), within=PATIENCE_SECONDS)

    def some_were_acknowledged(self, how_many: int) -> None:
        """Wait until the first speaker has heard of so many more."""
        first = self._speakers[0]
        before = len(first.acked)
        first.until(lambda: len(first.acked) >= before + how_many, within=PATIENCE_SECONDS)

    def waiting(self) -> int:
        return sum(speaker.waiting() for speaker in self._speakers)

    def say_again_until_rid(self) -> None:
        for _ in range(int(PATIENCE_SECONDS / 3)):
            for speaker in self._speakers:
                speaker.say_again()
            if all(speaker.rid(within=3.0) for speaker in self._speakers):
                return


@pytest.mark.timeout(280)
def test_nothing_is_lost_and_nothing_happens_twice(
    tmp_path: Path, hub: HubProcess, broker: Broker, speaker: Callable[[str], Speaker]
) -> None:
    chance = random.Random(20261124)
    town = Town(speaker)
    hub.start()
    assert town.hears_the_hub()
    for number in range(ROUNDS):
        town.say(EVENTS_A_ROUND)
        town.some_were_acknowledged(chance.randrange(1, EVENTS_A_ROUND // len(cast.SPEAKERS)))
        if number % 3 == 2:
            broker.kill()
            broker.start()
        if number % 3 != 2 or chance.random() < 0.5:
            hub.kill()
            hub.start()
    town.say_again_until_rid()
    assert town.waiting() == 0
    hub.kill()

    with Store.open(tmp_path / "data" / "hub.db") as store, store.read() as conn:
        stored = {row.id: row.type for row in conn.execute(select(t.event.c.id, t.event.c.type))}
        presses = conn.scalars(select(t.transition.c.id).where(t.transition.c.new == "test_press")).all()
        causes = Counter(conn.scalars(select(t.reason.c.source).where(t.reason.c.code == "call_for_help")))
        quarantined = conn.execute(select(t.quarantine.c.why)).all()
    types = Counter(town.said.values())
    assert stored == town.said
    assert len(presses) == types["test_press"]
    assert causes == Counter({event: 1 for event, kind in town.said.items() if kind == "sos"})
    assert quarantined == []
