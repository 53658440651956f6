"""A hub and speakers at a real broker."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.speaker import Speaker
from tests.still import still_file


@pytest.fixture
def config(tmp_path: Path, broker: Broker) -> HubConfig:
    """Of a hub beside the test broker."""
    return HubConfig(
        data=str(tmp_path / "data"),
        policy=still_file(tmp_path),
        broker=BrokerConfig(port=broker.port, password="mimamori-hub"),
    )


@pytest.fixture
def make_hub(config: HubConfig, clock: TravellingClock) -> Iterator[Callable[[], Hub]]:
    """Makes hubs on the same data, one after another, with the cast enrolled; the test starts and stops them."""
    made: list[Hub] = []

    def make() -> Hub:
        hub = Hub(config, clock)
        made.append(hub)
        cast.enrol(hub.store, clock, hub.policy)
        return hub

    yield make
    for hub in made:
        hub.stop()


@pytest.fixture
def speaker(broker: Broker) -> Iterator[Callable[[str], Speaker]]:
    """Makes speakers of the cast, connected."""
    with ExitStack() as stack:

        def make(device: str) -> Speaker:
            made = Speaker(device, broker.port)
            stack.callback(made.leave)
            return made.ready()

        yield make
