"""The line to the hub: down, refused, cut, deaf; and what the speaker does meanwhile."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from contract.commands import Command, CommandKind
from contract.events import Activity, CheckIn, Fault, Sos
from contract.state import Presence
from contract.topics import Channel, topic
from device.line.link import About, FromHub, LineUp, Link
from device.line.outbox import Outbox
from device.line.post import Post
from device.memory import Memory
from device.steps import AskingEnded, ConfigTaken, Connected, Disconnected, EventAcked, EventSent
from device.store import Store
from device.timekeeper import Timekeeper
from provisioning.broker import Broker, User, device_user, hub_user
from tests.clock import TravellingClock, office
from tests.device.conftest import Box
from tests.device.home import Watcher, config, eventually
from tests.device.hub_stand_in import HubStandIn
from tests.device.test_speaker import MORNING


@dataclass
class PostRoom:
    """Outbox, post and link without a speaker around them; the counter is the test's."""

    store: Store
    outbox: Outbox
    post: Post
    link: Link
    watcher: Watcher
    seconds: list[float]
    news: list[FromHub | LineUp]


@pytest.fixture
def room(broker: Broker, tmp_path: Path) -> Iterator[PostRoom]:
    settings = config(tmp_path, broker.port)
    store = Store.open(settings.data, "t1")
    outbox, memory, watcher = Outbox(store), Memory(store), Watcher()
    keeper = Timekeeper(TravellingClock(), settings.clock, None, lambda: False)
    seconds, news = [0.0], list[FromHub | LineUp]()
    about = About("s1", "1.0", "script")
    link = Link(
        settings,
        about,
        outbox,
        keeper,
        news.append,
        watcher,
        counter=lambda: seconds[0],
        chance=lambda: 0.0,
    )
    yield PostRoom(
        store,
        outbox,
        Post("sato-1", "s1", keeper, memory, outbox, link, watcher),
        link,
        watcher,
        seconds,
        news,
    )
    link.stop(5.0)
    store.close()


def test_without_a_broker_it_keeps_trying_says_so_once_and_sends_late_what_waited(
    broker: Broker, tmp_path: Path, box: Box
) -> None:
    broker.stop()
    box.switch_on()
    box.watcher.wait_for(Disconnected)
    box.clock.travel(office("2026-11-24 07:30"))
    broker.start()
    box.watcher.wait_for(Connected)
    assert len(box.watcher.all(Disconnected)) == 1


def test_a_cut_line_loses_nothing_and_what_it_held_up_is_late_and_in_order(
    broker: Broker, hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    broker.stop()
    box.watcher.wait_for(Disconnected)
    for count, minute in enumerate((0, 10, 30), start=1):
        box.clock.travel(office(f"2026-11-24 08:{minute:02}"))
        box.watcher.wait_for(AskingEnded, count)
    broker.start()
    stored = hub.wait_for(3)
    assert [event.body.attempts for event in stored if isinstance(event.body, CheckIn)] == [1, 2, 3]
    assert [event.late for event in stored] == [True, True, True]
    assert [event.at for event in stored] == [
        office(f"2026-11-24 08:{minute}") for minute in ("00", "10", "30")
    ]
    box.watcher.wait_for(EventAcked, 3)


def test_a_wrong_password_is_said_once_and_tried_again(broker: Broker, box: Box) -> None:
    box.config = msgspec.structs.replace(
        box.config, broker=msgspec.structs.replace(box.config.broker, password="wrong")
    )
    box.switch_on()
    assert "authorized" in box.watcher.wait_for(Disconnected).why.lower()


def test_a_missing_password_file_is_a_line_that_is_down_and_no_end(tmp_path: Path, box: Box) -> None:
    box.config = msgspec.structs.replace(
        box.config,
        broker=msgspec.structs.replace(box.config.broker, password=None, password_file=tmp_path / "password"),
    )
    box.switch_on()
    assert "No such file" in box.watcher.wait_for(Disconnected).why
    (tmp_path / "password").write_text("sato-1\n")
    box.watcher.wait_for(Connected)


def test_a_lost_acknowledgement_does_not_stick(hub: HubStandIn, room: PostRoom) -> None:
    hub.acknowledging = False
    room.link.start()
    room.watcher.wait_for(Connected)
    event = room.post.send(Activity(source="voice"))
    hub.wait_for_arrivals(1)
    hub.acknowledging = True
    room.seconds[0] += 5.0
    assert room.watcher.wait_for(EventAcked).event_id == event.id
    assert [sent.tries for sent in room.watcher.all(EventSent)] == [1, 2]
    first, second = hub.arrivals
    assert first[1] == second[1]
    assert len(hub.stored()) == 1
    assert len(room.outbox) == 0


def test_a_call_for_help_overtakes_everything_that_waits(hub: HubStandIn, room: PostRoom) -> None:
    for _ in range(60):
        room.post.send(Activity(source="voice"))
    call = room.post.send(Sos(trigger="button"))
    room.link.start()
    arrivals = hub.wait_for_arrivals(61)
    # It leaves first. The broker hands each topic to the hub by itself, so it may be overtaken there.
    assert room.watcher.wait_for(EventSent).event_id == call.id
    assert [event.id for channel, event in arrivals if channel is Channel.sos] == [call.id]
    assert [event.seq for channel, event in arrivals if channel is Channel.event] == list(range(1, 61))


def test_a_call_for_help_on_an_open_line_does_not_wait_for_those_before_it(
    hub: HubStandIn, room: PostRoom
) -> None:
    hub.acknowledging = False
    room.link.start()
    room.watcher.wait_for(Connected)
    for _ in range(60):
        room.post.send(Activity(source="voice"))
    room.post.send(Sos(trigger="button"))
    arrived = eventually(lambda: any(channel is Channel.sos for channel, _ in list(hub.arrivals)), 5.0)
    assert arrived
    assert len(hub.arrivals) < 61


def test_a_call_for_help_leaves_on_the_thread_that_made_it(hub: HubStandIn, room: PostRoom) -> None:
    room.link.start()
    room.watcher.wait_for(Connected)
    threads: list[str] = []
    room.watcher.on_step = lambda step: (
        threads.append(threading.current_thread().name) if isinstance(step, EventSent) else None
    )
    room.post.send(Sos(trigger="button"))
    assert threads == [threading.current_thread().name]


def test_a_line_that_fails_again_and_again_is_said_to_be_down_once(tmp_path: Path, box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        box.config = config(tmp_path, nobody.getsockname()[1])
        box.switch_on()
        for _ in range(3):
            nobody.accept()[0].close()
    box.switch_off()
    assert len(box.watcher.all(Disconnected)) == 1


def test_subscriptions_that_the_broker_turns_down_are_a_fault_that_says_which(
    tmp_path: Path, box: Box
) -> None:
    whole = device_user("sato-1", "sato-1")
    half = User(
        name="sato-1", password="sato-1", publish=whole.publish, subscribe=(topic("sato-1", Channel.ack),)
    )
    with Broker(tmp_path / "strict", [half, hub_user("mimamori-hub")]) as strict:
        stand_in = HubStandIn(tmp_path, strict.port)
        box.config = config(tmp_path, strict.port)
        box.switch_on()
        (event,) = stand_in.wait_for(1)
        assert isinstance(event.body, Fault)
        assert (event.body.part, event.body.state) == ("network", "broken")
        assert "config" in str(event.body.detail)
        assert "command" in str(event.body.detail)
        box.switch_off()
        stand_in.close()


def test_rubbish_on_our_topics_does_no_harm(hub: HubStandIn, room: PostRoom) -> None:
    room.link.start()
    room.watcher.wait_for(Connected)
    for rubbish in (b"", b"\xff\xfe", b"[]", b'{"ids": 7}', b'{"ids": ["x"]}'):
        hub._client.publish(topic("sato-1", Channel.ack), rubbish)
    event = room.post.send(Activity(source="voice"))
    assert room.watcher.wait_for(EventAcked).event_id == event.id


def test_what_the_hub_says_is_handed_on_as_it_came(hub: HubStandIn, room: PostRoom) -> None:
    hub.configure("sato-1", b"{}")
    room.link.start()
    room.watcher.wait_for(Connected)
    hub.order("sato-1", Command(id="c1", kind=CommandKind.locate))
    assert eventually(lambda: len(room.news) >= 3)
    assert LineUp(()) in room.news
    assert FromHub(Channel.config, b"{}") in room.news
    (order,) = [each for each in room.news if isinstance(each, FromHub) and each.channel is Channel.command]
    assert json.loads(order.payload) == {"id": "c1", "kind": "locate"}


def test_the_will_says_lost_with_the_session_of_the_birth(hub: HubStandIn, room: PostRoom) -> None:
    room.link.start()
    birth = hub.wait_for_state(1)
    assert (birth.presence, birth.session, birth.version, birth.recognizer) == (
        Presence.online,
        "s1",
        "1.0",
        "script",
    )
    line = room.link._line
    assert line
    cable = line._client.socket()
    assert isinstance(cable, socket.socket)
    cable.shutdown(socket.SHUT_RDWR)  # as when somebody trips over the cable
    lost = hub.wait_for_state(2)
    assert (lost.presence, lost.session) == (Presence.lost, "s1")
    assert hub.wait_for_state(3).presence is Presence.online


def test_stopping_in_the_middle_of_connecting_ends_at_once(broker: Broker, room: PostRoom) -> None:
    broker.stop()
    room.link.start()
    room.watcher.wait_for(Disconnected)
    room.link.stop(5.0)
    assert not any(thread.name == "link-sato-1" for thread in threading.enumerate())


def test_a_line_that_hangs_does_not_keep_the_speaker_from_stopping(
    broker: Broker, hub: HubStandIn, room: PostRoom
) -> None:
    room.link.start()
    room.watcher.wait_for(Connected)
    assert broker.pid
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        for _ in range(30):
            room.post.send(Activity(source="voice"))
        began = time.monotonic()
        room.link.stop(8.0)
        assert time.monotonic() - began < 6.0
        assert not any(thread.name == "link-sato-1" for thread in threading.enumerate())
    finally:
        os.kill(broker.pid, signal.SIGCONT)
