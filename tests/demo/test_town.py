"""The town on the wire: it speaks the contract, keeps what is not acknowledged, and stays connected."""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from contract.commands import Ack, Config, SlotPlan, encode
from contract.datafile import Duration
from contract.envelope import Event, decode_event
from contract.events import CheckIn, Outcome
from contract.refusal import Refused
from contract.state import Presence, decode_state
from contract.time import OFFICE_ZONE, SystemClock
from contract.topics import Channel, every_device, parse, topic
from demo.script import script
from demo.town import Town
from demo.townsfolk import Behaviour, Home, TownPlan, load_plan, people
from hub.districts import load as load_districts
from provisioning.broker import Broker, device_user, hub_user

PATIENCE = 15.0
QUICK = msgspec.structs.replace(
    load_plan(),
    spread=Duration(seconds=0),
    answer_after=(Duration(milliseconds=100), Duration(milliseconds=400)),
    silence_after=Duration(milliseconds=300),
)


class FakeHub:
    """Hears everything, and acknowledges when it is told to."""

    def __init__(self, broker: Broker) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.states: queue.Queue[tuple[str, Presence]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="mimamori-hub", clean_session=False)
        self._client.username_pw_set("mimamori-hub", "x")
        ready: queue.Queue[None] = queue.Queue()
        self._client.on_subscribe = lambda *_: ready.put(None)
        self._client.on_message = self._heard
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._client.subscribe([(every_device(each), 1) for each in (Channel.event, Channel.state)])
        ready.get(timeout=PATIENCE)

    def _heard(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        device, channel = parse(message.topic)
        payload = bytes(message.payload)
        if channel is Channel.event:
            self.events.put(decode_event(payload))
        else:
            self.states.put((device, decode_state(payload).presence))

    def configure(self, device: str, at: datetime, **fields: object) -> None:
        slot = SlotPlan(name="morning", at=at.astimezone(OFFICE_ZONE).strftime("%H:%M:%S"))
        plain = {"revision": 1, "retry_after_seconds": [1.0], **fields}
        config = msgspec.structs.replace(Config(revision=1, slots=[slot]), **plain)
        self._client.publish(topic(device, Channel.config), encode(config), 1, True)

    def acknowledge(self, event: Event) -> None:
        self._client.publish(topic(event.device, Channel.ack), encode(Ack(ids=[event.id])), 0)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def homes(*behaviours: Behaviour) -> list[Home]:
    found = []
    for behaviour in behaviours:
        left = [each for each in people(QUICK) if each.behaviour is behaviour and each not in found]
        found.append(left[0])
    return found


@pytest.fixture
def cast() -> list[Home]:
    return homes(Behaviour.well, Behaviour.unclear, Behaviour.silent, Behaviour.away, Behaviour.never_seen)


@pytest.fixture
def line(tmp_path: Path, cast: list[Home]) -> Iterator[Broker]:
    users = [hub_user("x"), *(device_user(home.device, home.device) for home in cast)]
    with Broker(tmp_path, users) as broker:
        yield broker


@pytest.fixture
def hub(line: Broker) -> Iterator[FakeHub]:
    hub = FakeHub(line)
    yield hub
    hub.leave()


@pytest.fixture
def town(line: Broker, cast: list[Home]) -> Iterator[Town]:
    passwords = {home.device: home.device for home in cast}
    town = Town((line.host, line.port), cast, passwords, QUICK, SystemClock())
    yield town
    town.stop()


def wait_until(true: Callable[[], bool]) -> None:
    """Look now and then; what is waited for comes from another thread."""
    give_up, pause = monotonic() + PATIENCE, threading.Event()
    while not true():
        assert monotonic() < give_up
        pause.wait(0.02)


def soon() -> datetime:
    """The next whole second but one: slots have no parts of a second."""
    return SystemClock().now().replace(microsecond=0) + timedelta(seconds=2)


def of(device: Home, events: list[Event]) -> list[tuple[Outcome, int]]:
    bodies = [each.body for each in events if each.device == device.device]
    return [(each.outcome, each.attempts) for each in bodies if isinstance(each, CheckIn)]


def test_each_home_says_what_its_script_says_and_the_absent_one_says_nothing(
    hub: FakeHub, town: Town, cast: list[Home]
) -> None:
    well, unclear, silent, away, never_seen = cast
    at = soon()
    for home in cast:
        hub.configure(home.device, at, paused_until=at + timedelta(days=1) if home is away else None)
    town.start()

    events = []
    for _ in range(5):
        events.append(hub.events.get(timeout=PATIENCE))
        hub.acknowledge(events[-1])
    wait_until(lambda: town.counts().waiting == 0)

    assert of(well, events) == [(Outcome.answered, 1)]
    assert of(unclear, events) == [(Outcome.not_understood, 1), (Outcome.answered, 2)]
    assert of(silent, events) == [(Outcome.no_sound, 1), (Outcome.no_sound, 2)]
    assert of(away, events) == of(never_seen, events) == []
    counts = town.counts()
    assert (counts.homes, counts.connected, counts.acknowledged, counts.waiting) == (5, 4, 5, 0)


def test_an_answer_that_nobody_stored_is_said_again_under_the_same_id(
    hub: FakeHub, town: Town, cast: list[Home]
) -> None:
    hub.configure(cast[0].device, soon())
    town.start()

    first, second = (hub.events.get(timeout=PATIENCE) for _ in range(2))

    assert first == second
    assert town.counts().waiting == 1


def test_an_answer_outlives_the_broker(line: Broker, hub: FakeHub, town: Town, cast: list[Home]) -> None:
    hub.configure(cast[0].device, soon())
    town.start()
    first = hub.events.get(timeout=PATIENCE)

    line.kill()
    line.start()

    assert hub.events.get(timeout=PATIENCE).id == first.id


def test_everybody_says_goodbye_at_the_end(hub: FakeHub, town: Town, cast: list[Home]) -> None:
    plugged_in = {each.device for each in cast if each.behaviour is not Behaviour.never_seen}
    town.start()
    born = {hub.states.get(timeout=PATIENCE) for _ in plugged_in}
    assert born == {(device, Presence.online) for device in plugged_in}

    town.stop()

    left = {hub.states.get(timeout=PATIENCE) for _ in plugged_in}
    assert left == {(device, Presence.offline) for device in plugged_in}


# ---- who lives there ----------------------------------------------------------------------------------------


def test_the_town_is_as_the_file_says_and_the_same_every_time() -> None:
    plan = load_plan()
    everybody = people(plan)

    assert Counter(home.behaviour for home in everybody) == Counter(plan.behaviours)
    assert everybody == people(plan)
    assert {home.district for home in everybody} == {each.name for each in load_districts().all}
    for key in ("household", "resident", "device", "phone", "name"):
        assert len({getattr(home, key) for home in everybody}) == len(everybody)


def test_trouble_does_not_gather_in_one_district() -> None:
    troubled = [home for home in people(load_plan()) if home.behaviour is not Behaviour.well]
    assert len({home.district for home in troubled}) >= 6


@pytest.mark.parametrize(
    ("line", "wrong", "what"),
    [
        ("silent = 3 ", "silent = -1 ", "behaviours"),
        ('spread = "30 s"', 'spread = "30"', "spread"),
        ('  "伊藤 イトウ"', '  "伊藤"', "names"),
        ("silent = 3 ", "slient = 3 ", "slient"),
    ],
)
def test_a_wrong_line_of_the_towns_file_is_named(tmp_path: Path, line: str, wrong: str, what: str) -> None:
    text = Path("demo/town.toml").read_text(encoding="utf-8")
    assert line in text
    path = tmp_path / "town.toml"
    path.write_text(text.replace(line, wrong), encoding="utf-8")

    with pytest.raises(Refused, match=what):
        load_plan(path)


@pytest.mark.parametrize("behaviour", list(Behaviour))
def test_every_script_keeps_the_contract_and_its_order(behaviour: Behaviour) -> None:
    plan: TownPlan = load_plan()
    retries = [timedelta(seconds=20), timedelta(seconds=40)]
    for seed in range(50):
        lines = script(behaviour, "2026-11-24/morning", retries, plan, Random(seed))
        assert [at for at, _ in lines] == sorted(at for at, _ in lines)
        assert [body.attempts for _, body in lines] == list(range(1, len(lines) + 1))
        assert sum(body.outcome is Outcome.answered for _, body in lines) == (
            behaviour not in (Behaviour.silent, Behaviour.away, Behaviour.never_seen)
        )
