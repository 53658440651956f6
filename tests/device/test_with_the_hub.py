"""The real speaker and the real hub, over a real broker: what the one says is what the other knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from contract.time import office_date
from device.steps import AskingEnded, ConfigTaken, EventAcked, Said
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from hub.store import tables as t
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock, office
from tests.device.conftest import Box


@pytest.fixture
def town_hub(broker: Broker, tmp_path: Path, clock: TravellingClock) -> Iterator[Hub]:
    """佐藤 and the rest of the cast are enrolled since Monday noon; the clock is the box's too."""
    settings = HubConfig(
        data=str(tmp_path / "hub"), broker=BrokerConfig(port=broker.port, password="mimamori-hub")
    )
    with Hub(settings, clock) as hub:
        cast.enrol(hub.store, clock, hub.policy)
        yield hub


def test_a_morning_ends_as_answered_at_the_hub(town_hub: Hub, box: Box, clock: TravellingClock) -> None:
    box.clock = clock
    box.resident.lines.append("元気です")
    box.switch_on()
    config = box.watcher.wait_for(ConfigTaken).config
    first = min(config.slots, key=lambda slot: slot.at)
    clock.travel(office(f"2026-11-24 {first.at}"))
    box.watcher.wait_for(AskingEnded)
    box.watcher.wait_for(EventAcked)
    with town_hub.store.read() as conn:
        found = conn.execute(
            select(t.slot.c.state, t.slot.c.intent).where(
                t.slot.c.resident_id == cast.SATO,
                t.slot.c.day == office_date(clock.now()),
                t.slot.c.name == first.name,
            )
        ).all()
        stored = conn.execute(select(t.event.c.id)).scalars().all()
    assert box.watcher.all(EventAcked)[0].event_id in stored
    assert [tuple(row) for row in found] == [("answered", "fine")]


def test_a_call_for_help_is_a_case_before_the_resident_hears_that_it_got_through(
    town_hub: Hub, box: Box, clock: TravellingClock
) -> None:
    box.clock = clock
    box.resident.lines.append("助けて、倒れた")
    box.switch_on()
    config = box.watcher.wait_for(ConfigTaken).config
    first = min(config.slots, key=lambda slot: slot.at)
    clock.travel(office(f"2026-11-24 {first.at}"))
    assert box.watcher.wait_for(Said).text.startswith("伝わりました。")
    with town_hub.store.read() as conn:
        severities = conn.execute(select(t.case.c.severity)).scalars().all()
    assert "emergency" in severities
