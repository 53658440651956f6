"""MQTT 3.1.1 as the hub needs it: read by the hundred, acknowledged by the hundred, on one connection of one thread.

A general client reads a message with five calls of the system and hands it over alone; on two cores that was half of
what an event cost the hub. Here a read takes whatever has arrived. Only what the hub does is spoken: CONNECT with a
kept session, SUBSCRIBE, PUBLISH with QoS 0 outwards and 0 or 1 inwards, PUBACK when the caller says so, PING.
"""

import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from msgspec import Struct

CHUNK_BYTES = 256 * 1024
"""Read at once."""
CONNECT_SECONDS = 10.0
"""For the network and for the broker's greeting, each; our broker itself gives up after 10 s."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
"""Between two attempts to reach the broker."""

_PUBLISH = 0x30
_REFUSALS = {
    1: "protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}


class ProtocolError(ValueError):
    """Bytes that no broker should send."""


class Arrived(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    mid: int
    """What `acknowledge` names; 0 for QoS 0, which needs none."""
    retained: bool


class Other(NamedTuple):
    """A packet that is no message: its first byte's upper half, and its body."""

    kind: int
    body: bytes


class Address(Struct, frozen=True, kw_only=True):
    """Where the broker is, and as whom to come."""

    host: str
    port: int
    client_id: str
    username: str
    password: str
    keepalive_seconds: int
    tls: ssl.SSLContext | None = None


class Handler(Protocol):
    """Who is told. All of it is called in the client's thread and must be quick, or wait only to slow the broker down."""

    def connected(self, *, new_session: bool) -> None:
        """The broker has let us in; subscribe now."""

    def refused(self, why: str) -> None:
        """The broker did not let us in. It is tried again."""

    def subscribed(self, granted: Sequence[bool]) -> None:
        """The answer to one `subscribe`, in its order."""

    def arrived(self, messages: list[Arrived]) -> None:
        """What one read brought, in order."""

    def lost(self, why: str) -> None:
        """The connection is gone, whether it had been let in or not. It is tried again, unless `stop` was called."""

    def unreachable(self, why: str) -> None:
        """There is nobody at the address. It is tried again."""


# ---- bytes ----------------------------------------------------------------------------------------------------


def packet(head: int, body: bytes) -> bytes:
    """One packet: first byte, length, body."""
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([head]) + bytes(length) + body


def text(value: str) -> bytes:
    """A string with its length in front."""
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


def connect(address: Address, *, keep: bool = True) -> bytes:
    """The first packet; `keep` asks for a session that outlives the connection."""
    flags = (0x80 if address.username else 0) | (0x40 if address.password else 0) | (0 if keep else 0x02)
    head = text("MQTT") + bytes([4, flags]) + struct.pack("!H", address.keepalive_seconds)
    words = [address.client_id, *(word for word in (address.username, address.password) if word)]
    return packet(0x10, head + b"".join(text(word) for word in words))


def subscribe(mid: int, topics: Sequence[tuple[str, int]]) -> bytes:
    """Ask for these topics, each with its QoS."""
    return packet(0x82, struct.pack("!H", mid) + b"".join(text(name) + bytes([qos]) for name, qos in topics))


def unpack(buffer: bytes) -> tuple[list[Arrived], list[Other], int]:
    """The whole packets at the beginning of `buffer`, and how many bytes they take; `ProtocolError` for nonsense."""
    messages: list[Arrived] = []
    others: list[Other] = []
    position, end = 0, len(buffer)
    while position + 2 <= end:
        head = buffer[position]
        at = position + 1
        length = shift = 0
        while at < end:
            digit = buffer[at]
            at += 1
            length |= (digit & 0x7F) << shift
            if digit < 0x80:
                break
            shift += 7
            if shift > 21:
                raise ProtocolError("a length of more than four bytes")
        else:
            break
        if at + length > end:
            break
        position = at + length
        if head & 0xF0 == _PUBLISH:
            messages.append(_message(buffer, head, at, position))
        else:
            others.append(Other(head & 0xF0, buffer[at:position]))
    return messages, others, position


def _message(buffer: bytes, head: int, at: int, end: int) -> Arrived:
    qos = head & 0x06
    body = at + 2 + ((buffer[at] << 8) | buffer[at + 1]) if at + 2 <= end else end + 1
    start = body + 2 if qos else body
    if start > end or qos > 2:
        raise ProtocolError("a message that is shorter than it says, or of QoS 2")
    mid = (buffer[body] << 8) | buffer[body + 1] if qos else 0
    name = buffer[at + 2 : body].decode("utf-8", errors="replace")
    return Arrived(name, buffer[start:end], mid, bool(head & 1))


# ---- the connection -------------------------------------------------------------------------------------------


class Client:
    """Connects again and again until `stop`; one thread reads, writes and calls the handler."""

    def __init__(self, address: Address, handler: Handler) -> None:
        """Nothing happens before `start`."""
        self._address = address
        self._handler = handler
        self._gate = threading.Lock()
        self._out = bytearray()
        self._open = False
        """Whether the broker has let us in and is believed to be there."""
        self._stopping = threading.Event()
        self._bell: socket.socket | None = None
        self._ringer: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye and wait for the thread; the session stays with the broker. Safe without `start`."""
        self._stopping.set()
        self._ring()
        if self._thread.is_alive():
            self._thread.join()
        for end in (self._bell, self._ringer):
            if end is not None:
                end.close()

    def subscribe(self, topics: Sequence[tuple[str, int]]) -> None:
        """Ask for these; the answer goes to the handler."""
        self._send(subscribe(1, topics))

    def publish(self, name: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 0; False when there is no connection, and nothing is kept for later."""
        return self._send(packet(0x31 if retain else 0x30, text(name) + payload))

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Let the broker forget these messages of the present connection."""
        self._send(b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids))

    def _send(self, data: bytes) -> bool:
        with self._gate:
            if not self._open:
                return False
            quiet = not self._out
            self._out += data
        if quiet:
            self._ring()
        return True

    def _ring(self) -> None:
        if self._ringer is not None:
            with suppress(OSError):  # it is ringing already, or nobody is there to hear it
                self._ringer.send(b"\x00")

    # ---- the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                line = self._reach()
            except OSError as error:
                self._handler.unreachable(str(error))
            else:
                why = "closed"
                try:
                    with line:
                        self._converse(line)
                except (OSError, ProtocolError) as error:
                    why = str(error) or type(error).__name__
                with self._gate:
                    was_in, self._open = self._open, False
                    self._out.clear()
                if was_in:
                    pause = FIRST_PAUSE_SECONDS
                self._handler.lost(why)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _reach(self) -> socket.socket:
        line = socket.create_connection((self._address.host, self._address.port), CONNECT_SECONDS)
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._address.tls is not None:
                line = self._address.tls.wrap_socket(line, server_hostname=self._address.host)
            line.sendall(connect(self._address))
            line.setblocking(False)
        except BaseException:
            line.close()
            raise
        return line

    def _converse(self, line: socket.socket) -> None:
        """Read and write until the connection breaks (raises OSError) or `stop` is called (returns)."""
        assert self._bell is not None
        patience = self._address.keepalive_seconds
        greeted = heard = time.monotonic()
        asked: float | None = None
        buffer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell, selectors.EVENT_READ)
            selector.register(line, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(min(patience / 2, 1.0))}
                if self._bell in ready:
                    _drain(self._bell)
                if line in ready and (got := _read(line)):
                    heard, asked = time.monotonic(), None
                    buffer += got
                    messages, others, used = unpack(buffer)
                    buffer = buffer[used:]
                    for other in others:
                        self._told(other)
                    if messages:
                        self._handler.arrived(messages)
                now = time.monotonic()
                if not self._open and now - greeted > CONNECT_SECONDS:
                    raise TimeoutError("the broker does not greet")
                if asked is not None and now - asked > patience:
                    raise TimeoutError("the broker does not answer")
                if asked is None and now - heard > patience / 2:
                    asked = now
                    self._send(b"\xc0\x00")
                if self._stopping.is_set():
                    self._goodbye(line)
                    return
                selector.modify(line, self._flush(line))

    def _told(self, other: Other) -> None:
        match other.kind:
            case 0x20 if len(other.body) == 2:
                if other.body[1]:
                    self._handler.refused(_REFUSALS.get(other.body[1], str(other.body[1])))
                    raise ConnectionRefusedError("refused")
                with self._gate:
                    self._open = True
                self._handler.connected(new_session=not other.body[0] & 1)
            case 0x90 if len(other.body) >= 3:
                self._handler.subscribed([code < 0x80 for code in other.body[2:]])
            case 0xD0 | 0x40:
                pass
            case _:
                raise ProtocolError(f"a packet of kind {other.kind:#x}")

    def _flush(self, line: socket.socket) -> int:
        """Write what waits, as far as the network takes it; what to wait for next."""
        with self._gate:
            while self._out:
                try:
                    sent = line.send(self._out)
                except (BlockingIOError, ssl.SSLWantWriteError):
                    return selectors.EVENT_READ | selectors.EVENT_WRITE
                except ssl.SSLWantReadError:
                    break
                del self._out[:sent]
        return selectors.EVENT_READ

    def _goodbye(self, line: socket.socket) -> None:
        """What was acknowledged should be known to be so; then DISCONNECT."""
        with self._gate:
            last = bytes(self._out) + b"\xe0\x00"
            self._out.clear()
        line.settimeout(CONNECT_SECONDS)
        line.sendall(last)


def _read(line: socket.socket) -> bytes:
    """All that is there now; OSError when the other side has closed."""
    got = bytearray()
    while True:
        try:
            some = line.recv(CHUNK_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return bytes(got)
        if not some:
            raise ConnectionResetError("the broker has closed the connection")
        got += some
        # What lies inside the encryption layer wakes no selector.
        if not (isinstance(line, ssl.SSLSocket) and line.pending()):
            return bytes(got)


def _drain(bell: socket.socket) -> None:
    with suppress(BlockingIOError):
        while bell.recv(4096):
            pass
