"""The database server is killed in the middle of the work: the hub waits for it, goes on by itself, and says what was."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.postgres import PostgresServer
from contract.events import Body, Sos, TestPress
from hub import pulse
from hub.config import BrokerConfig, HubConfig, StoreConfig
from hub.messages import Message
from hub.notices.notice import NoticeKind
from hub.service import Hub
from hub.store import tables as t
from hub.vocabulary import SlotState
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock, office
from tests.hub_store.homes import FINE, HELP, MOVED, Homes
from tests.hub_store.speaker import PATIENCE, Speaker
from tests.hub_store.test_ingest import sees, until
from tests.nursery import ROUNDS
from tests.still import still_file

PAUSE = threading.Event()
KILLS = max(3, ROUNDS // 4)
AT_ONCE = 60
"""Events a speaker says around each kill."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Of its own, and as careful as a town's: what it has promised is on disk."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, broker: Broker, server: PostgresServer, clock: TravellingClock) -> Iterator[Hub]:
    """A whole hub with the cast on that server, hearing its speakers."""
    config = HubConfig(
        data=str(tmp_path / "data"),
        policy=still_file(tmp_path),
        broker=BrokerConfig(port=broker.port, password="mimamori-hub"),
        store=StoreConfig(url=server.database()),
    )
    hub = Hub(config, clock)
    cast.enrol(hub.store, clock, hub.policy)
    with hub:
        assert sees(hub)
        yield hub


@pytest.fixture
def speakers(broker: Broker) -> Iterator[list[Speaker]]:
    with ExitStack() as stack:
        made = [Speaker(device, broker.port) for device in cast.SPEAKERS]
        for one in made:
            stack.callback(one.leave)
        yield [one.ready() for one in made]


def stored(hub: Hub) -> set[str]:
    with hub.store.read() as conn:
        return set(conn.scalars(select(t.event.c.id)))


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_server_killed_again_and_again_loses_nothing_and_nothing_happens_twice(
    hub: Hub, server: PostgresServer, speakers: list[Speaker], clock: TravellingClock
) -> None:
    chance = random.Random(20261126)
    homes = Homes(clock)
    said: dict[str, Body] = {}
    everyday: list[Body] = [MOVED, MOVED, TestPress()]

    def say_something() -> None:
        for speaker in speakers:
            messages: dict[str, Message] = {}
            for _ in range(AT_ONCE // len(speakers)):
                body = chance.choice(everyday) if chance.random() < 0.97 else HELP
                event = homes.event(speaker.device, body)
                said[event.id] = body
                messages[event.id] = homes.arrives(event)
            speaker.say(messages)

    threads = Counter(one.name for one in threading.enumerate())
    for _ in range(KILLS):
        say_something()
        time.sleep(chance.uniform(0.0, 0.15))
        server.kill()
        say_something()
        time.sleep(chance.uniform(0.0, 0.5))
        server.start_again()
        acknowledged = {id for speaker in speakers for id in speaker.acked}
        assert acknowledged <= stored(hub)
    assert all(speaker.rid() for speaker in speakers)

    assert stored(hub) == set(said)
    with hub.store.read() as conn:
        presses = conn.scalar(select(func.count()).where(t.transition.c.new == "test_press"))
        calls = conn.scalars(select(t.reason.c.source).where(t.reason.c.code == "call_for_help")).all()
        assert conn.scalar(select(func.count()).select_from(t.quarantine)) == 0
    assert presses == sum(isinstance(body, TestPress) for body in said.values())
    assert Counter(calls) == Counter(id for id, body in said.items() if isinstance(body, Sos))
    assert Counter(one.name for one in threading.enumerate()) == threads, "a part of the hub has ended"


@pytest.fixture
def evening(clock: TravellingClock) -> None:
    """Before those are asked who are asked at six."""
    clock.travel(office("2026-11-23 17:50"))


@pytest.mark.usefixtures("evening")
def test_a_hub_without_its_server_says_so_and_afterwards_lets_late_answers_settle_themselves(
    hub: Hub, server: PostgresServer, speakers: list[Speaker], clock: TravellingClock
) -> None:
    homes = Homes(clock)
    for device, speaker in zip(cast.SPEAKERS, speakers, strict=True):
        speaker.birth(clock, session=f"session-of-{device}")
    born = {f"session-of-{device}" for device in cast.SPEAKERS}
    assert until(hub.store, lambda conn: set(conn.scalars(select(t.device.c.session))) == born)
    assert hub.health().ok

    server.kill()
    sato = speakers[cast.SPEAKERS.index(cast.SATO_SPEAKER)]
    sato.say({"late": homes.message(cast.SATO_SPEAKER, FINE, id="late")})
    clock.forward(minutes=42)  # nothing falls due meanwhile; at 18:35 it does
    hub.wake()
    assert any(hub.sweeper.fault is not None or PAUSE.wait(0.02) for _ in range(int(PATIENCE / 0.02)))
    clock.forward(minutes=1)
    health = hub.health()
    assert (health.ok, health.writable, health.failing) == (False, False, None)
    assert "データベース" in (health.blindness or "")

    server.start_again()
    assert sato.rid()
    settled_at = clock.now() + hub.policy.watch.settle_after_start
    assert until(hub.store, lambda conn: pulse.last(conn, pulse.SETTLED_AT) == settled_at)
    with hub.store.read() as conn:
        [(kind, words)] = conn.execute(select(t.notice.c.kind, t.notice.c.words)).all()
        assert (kind, "17:50" in words) == (NoticeKind.hub_blind, True)
        assert conn.scalars(select(t.reason.c.id)).all() == []
    clock.travel(settled_at)
    hub.wake()
    ended = select(t.slot.c.resident_id, t.slot.c.state).where(
        t.slot.c.name == "evening", t.slot.c.day == date(2026, 11, 23)
    )
    assert until(hub.store, lambda conn: dict(conn.execute(ended).all())[cast.SUZUKI] != SlotState.waiting)
    with hub.store.read() as conn:
        assert dict(conn.execute(ended).all())[cast.SATO] == SlotState.answered
    assert hub.health().ok
