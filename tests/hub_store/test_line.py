"""The hub's line to a real broker: nothing acknowledged twice or for another message, nothing missed at its beginning."""

import itertools
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from contract.refusal import Refused
from contract.topics import Channel
from hub import line
from hub.config import BrokerConfig, Tls
from hub.line import Delivery, Line
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.speaker import PATIENCE, Speaker

MakeSpeaker = Callable[[str], Speaker]


class Listener:
    """A line whose deliveries are waited for."""

    def __init__(self, config: BrokerConfig, clock: TravellingClock) -> None:
        self.heard: queue.Queue[Delivery] = queue.Queue()
        self._sight: queue.Queue[bool] = queue.Queue()
        self.line = Line(config, clock, self._heard, lambda: self._sight.put(self.line.hears))

    def _heard(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.heard.put(delivery)

    def hears(self) -> bool:
        return self._sight.get(timeout=PATIENCE)

    def next(self) -> bytes:
        delivery = self.heard.get(timeout=PATIENCE)
        return delivery.message.payload


@contextmanager
def listening(config: BrokerConfig, clock: TravellingClock) -> Iterator[Listener]:
    listener = Listener(config, clock)
    listener.line.start()
    try:
        yield listener
    finally:
        listener.line.stop()


@pytest.fixture
def settings(broker: Broker) -> BrokerConfig:
    return BrokerConfig(port=broker.port, password="mimamori-hub")


def test_what_was_not_acknowledged_is_delivered_again_to_the_next_hub(
    settings: BrokerConfig, clock: TravellingClock, speaker: MakeSpeaker
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    with listening(settings, clock) as first:
        assert first.hears()
        sato.raw(Channel.event, b"stored")
        sato.raw(Channel.event, b"not stored")
        stored, _ = first.heard.get(timeout=PATIENCE), first.heard.get(timeout=PATIENCE)
        first.line.acknowledge(stored)
    with listening(settings, clock) as second:
        assert second.next() == b"not stored"
        sato.raw(Channel.event, b"new")
        assert second.next() == b"new"


def test_an_acknowledgement_of_an_older_connection_is_not_given(
    settings: BrokerConfig, clock: TravellingClock, broker: Broker, speaker: MakeSpeaker
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    with listening(settings, clock) as hub:
        assert hub.hears()
        sato.raw(Channel.event, b"one")
        old = hub.heard.get(timeout=PATIENCE)
        broker.kill()
        assert hub.hears() is False
        broker.start()
        assert hub.hears()
        again = hub.heard.get(timeout=PATIENCE)
        assert again.message.payload == b"one"
        hub.line.acknowledge(old)
    with listening(settings, clock) as next_one:
        assert next_one.next() == b"one"


def test_a_call_for_help_is_heard_though_the_broker_waits_for_thousands_of_acknowledgements(
    settings: BrokerConfig, clock: TravellingClock, speaker: MakeSpeaker
) -> None:
    """In one session with the events it was dropped, again and again, until they were acknowledged."""
    sato, ito = speaker(cast.SATO_SPEAKER), speaker(cast.ITO_SPEAKER)
    with listening(settings, clock) as hub:
        assert hub.hears()
        for number in range(4200):
            sato.raw(Channel.event, b"%d" % number)
        for _ in range(4000):
            hub.next()
        ito.raw(Channel.sos, b"help")
        assert any(hub.next() == b"help" for _ in range(400))


def test_a_birth_at_the_moment_of_the_first_subscription_is_heard(
    settings: BrokerConfig, clock: TravellingClock, broker: Broker, speaker: MakeSpeaker
) -> None:
    """One in six was missed before the line asked twice."""
    sato = speaker(cast.SATO_SPEAKER)
    sato.birth(clock, session="before").wait_for_publish(PATIENCE)
    with listening(settings, clock) as hub:
        # So that the broker remembers the last birth rightly: reading it for the first time is the next test's.
        assert b'"before"' in hub.next()
    for number in range(25):
        fresh = msgspec.structs.replace(settings, client_id=f"hub-{number}")
        with listening(fresh, clock) as hub:
            sato.birth(clock, session=f"s{number}")
            assert any(b'"s%d"' % number in hub.next() for _ in itertools.repeat(None, 5))


def test_a_new_session_asks_once_more_when_the_broker_has_forgotten_what_it_read(
    settings: BrokerConfig, clock: TravellingClock, speaker: MakeSpeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NATS, read while a birth replaces an older one, answers with the older one for two minutes."""
    monkeypatch.setattr(line, "ASK_AGAIN_SECONDS", 0.5)
    sato = speaker(cast.SATO_SPEAKER)
    sato.birth(clock).wait_for_publish(PATIENCE)
    with listening(settings, clock) as hub:
        assert all(b'"s1"' in hub.next() for _ in range(3))
    with listening(settings, clock) as known:
        assert b'"s1"' in known.next()
        sato.raw(Channel.event, b"later")
        assert known.next() == b"later"


def test_a_wrong_password_is_said(settings: BrokerConfig, clock: TravellingClock) -> None:
    wrong = msgspec.structs.replace(settings, password="wrong")
    with listening(wrong, clock) as hub:
        told = queue.Queue[None]()
        for _ in range(int(PATIENCE / 0.02)):
            if "断られました" in (hub.line.fault or ""):
                break
            with pytest.raises(queue.Empty):
                told.get(timeout=0.02)
        assert "username と password" in (hub.line.fault or "")
        assert not hub.line.publish("mimamori/1/sato-1/ack", b"{}")
        assert not hub.line.publish_all([("mimamori/1/sato-1/ack", b"{}")])


def test_a_certificate_that_is_not_there_is_refused_at_once(clock: TravellingClock) -> None:
    config = BrokerConfig(tls=Tls(ca="/nowhere/ca.pem"))
    with pytest.raises(Refused, match=r"\[broker\.tls\]"):
        Line(config, clock, lambda _deliveries: None, lambda: None)
