"""A running speaker of 佐藤's home, a broker and a hub."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.app import Speaker
from device.config import DeviceConfig
from device.faults import Part
from device.fittings import Fittings
from device.speak.loudspeaker import Loudspeaker as Speaking
from device.speak.voice import Voice
from provisioning.broker import Broker
from tests.clock import TravellingClock, office
from tests.device.home import Beeper, Loudspeaker, PhraseBook, Resident, Watcher, config
from tests.device.hub_stand_in import HubStandIn

TUESDAY_SEVEN = office("2026-11-24 07:00")


@dataclass
class Box:
    """One home: the speaker's ports and what it did. `switch_on` may be called again after `switch_off`."""

    config: DeviceConfig
    resident: Resident
    loudspeaker: Loudspeaker
    voice: Voice
    clock: TravellingClock
    watcher: Watcher
    speaker: Speaker | None = None
    thread: threading.Thread | None = None
    fittings: Fittings | None = None
    shared: Speaking | None = None
    """A loudspeaker around the home's, which a panel can interrupt."""
    broken: dict[Part, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def switch_on(self) -> Speaker:
        """A new run on the same data folder."""
        assert self.speaker is None
        self.stopping.clear()
        self.watcher = Watcher()
        self.speaker = Speaker(
            self.config,
            ear=self.resident,
            voice=self.voice,
            loudspeaker=self.shared or self.loudspeaker,
            understanding=PhraseBook(),
            clock=self.clock,
            on_step=self.watcher,
            network_time=lambda: False,
            stopping=self.stopping,
            broken=self.broken,
            fittings=self.fittings,
        )
        self.thread = threading.Thread(target=self.speaker.run, name="test-speaker")
        self.thread.start()
        return self.speaker

    def switch_off(self) -> None:
        """A clean stop, if it runs."""
        if self.speaker and self.thread:
            self.speaker.stop(10.0)
            self.thread.join(10.0)
            assert not self.thread.is_alive()
        self.speaker = self.thread = None


@pytest.fixture
def hub(broker: Broker, tmp_path: Path) -> Iterator[HubStandIn]:
    stand_in = HubStandIn(tmp_path, broker.port)
    yield stand_in
    stand_in.close()


@pytest.fixture
def box(broker: Broker, tmp_path: Path) -> Iterator[Box]:
    home = Box(
        config(tmp_path, broker.port),
        Resident(),
        Loudspeaker(),
        Beeper(),
        TravellingClock(TUESDAY_SEVEN),
        Watcher(),
    )
    yield home
    home.switch_off()
