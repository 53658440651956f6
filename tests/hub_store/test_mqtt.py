"""The bytes of MQTT: cut anywhere they say the same, and nonsense ends the connection instead of the hub."""

import socket
import struct
import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mqtt import client as connection
from hub.mqtt.client import Client
from hub.mqtt.packets import Address, Arrived, Other, ProtocolError, packet, text, unpack

PATIENCE = 20.0


def message(topic: str, payload: bytes, mid: int, retained: bool) -> bytes:
    head = 0x30 | (2 if mid else 0) | retained
    return packet(head, text(topic) + (struct.pack("!H", mid) if mid else b"") + payload)


messages = st.builds(
    Arrived,
    topic=st.text(st.characters(codec="utf-8"), max_size=40),
    payload=st.binary(max_size=300),
    mid=st.integers(0, 65_535),
    retained=st.booleans(),
)


@given(st.lists(messages, max_size=8), st.data())
def test_what_is_cut_anywhere_says_the_same(sent: list[Arrived], data: st.DataObject) -> None:
    whole = b"".join(message(*one) for one in sent) + b"\xd0\x00"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    heard: list[Arrived] = []
    others: list[Other] = []
    buffer = b""
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        buffer += whole[start:end]
        some, rest, used = unpack(buffer)
        heard += some
        others += rest
        buffer = buffer[used:]
    assert (heard, others, buffer) == (sent, [Other(0xD0, b"")], b"")


@given(st.binary(max_size=60))
def test_noise_is_understood_refused_or_waited_for(noise: bytes) -> None:
    try:
        _, _, used = unpack(noise)
    except ProtocolError:
        return
    assert 0 <= used <= len(noise)


def test_a_length_that_never_ends_is_refused() -> None:
    with pytest.raises(ProtocolError):
        unpack(b"\x30\xff\xff\xff\xff\xff")


def test_a_message_shorter_than_its_topic_is_refused() -> None:
    with pytest.raises(ProtocolError):
        unpack(packet(0x32, b"\x00\x20short"))


class Told:
    """A handler that remembers."""

    def __init__(self) -> None:
        self.what: list[str] = []
        self.messages: list[Arrived] = []
        self._changed = threading.Condition()

    def _tell(self, what: str) -> None:
        with self._changed:
            self.what.append(what)
            self._changed.notify_all()

    def connected(self, *, new_session: bool) -> None:
        self._tell(f"connected {new_session}")

    def refused(self, why: str) -> None:
        self._tell(f"refused {why}")

    def subscribed(self, granted: Sequence[bool]) -> None:
        self._tell(f"subscribed {list(granted)}")

    def arrived(self, messages: list[Arrived]) -> None:
        self.messages += messages
        self._tell("arrived")

    def lost(self, why: str) -> None:
        self._tell("lost")

    def unreachable(self, why: str) -> None:
        self._tell("unreachable")

    def hears(self, what: str) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: what in self.what, PATIENCE)


class FakeBroker:
    """One end of a connection, spoken by the test."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self._lines: list[socket.socket] = []

    def address(self, keepalive: int = 30) -> Address:
        port: int = self.listener.getsockname()[1]
        return Address(
            host="127.0.0.1",
            port=port,
            client_id="hub",
            username="hub",
            password="secret",
            keepalive_seconds=keepalive,
        )

    def accept(self) -> socket.socket:
        line, _ = self.listener.accept()
        line.settimeout(PATIENCE)
        self._lines.append(line)
        assert line.recv(4096)[0] == 0x10
        return line

    def close(self) -> None:
        for line in (*self._lines, self.listener):
            line.close()


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    made = FakeBroker()
    yield made
    made.close()


def test_a_broker_that_speaks_nonsense_is_left_and_tried_again(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.01)
    told = Told()
    client = Client(broker.address(), told)
    client.start()
    try:
        broker.accept().sendall(b"\x20\x02\x01\x00" + b"\x00\x00")
        assert told.hears("lost")
        again = broker.accept()
        again.sendall(b"\x20\x02\x00\x00" + message("mimamori/1/sato-1/event", b"x", 7, False))
        assert told.hears("connected True")
        assert told.hears("arrived")
        client.acknowledge([7])
        assert again.recv(10) == b"\x40\x02\x00\x07"
    finally:
        client.stop()


def test_what_was_acknowledged_last_is_sent_before_the_goodbye(broker: FakeBroker) -> None:
    told = Told()
    client = Client(broker.address(), told)
    client.start()
    line = broker.accept()
    line.sendall(b"\x20\x02\x00\x00")
    assert told.hears("connected True")
    client.acknowledge([1, 2])
    client.stop()
    got = b""
    while some := line.recv(100):
        got += some
    assert got == b"\x40\x02\x00\x01\x40\x02\x00\x02\xe0\x00"
    assert not client.publish("mimamori/1/sato-1/ack", b"{}")


def test_a_broker_that_no_longer_answers_is_left(broker: FakeBroker) -> None:
    told = Told()
    client = Client(broker.address(keepalive=1), told)
    client.start()
    try:
        line = broker.accept()
        line.sendall(b"\x20\x02\x00\x00")
        assert line.recv(10) == b"\xc0\x00", "it asks whether we are there"
        assert told.hears("lost")
    finally:
        client.stop()
