"""The connection to a broker: one thread that reads, writes and calls a handler, and comes back when it is lost."""

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from hub.mqtt.packets import (
    Address,
    Arrived,
    Other,
    ProtocolError,
    connect,
    packet,
    subscribe,
    text,
    unpack,
)

CHUNK_BYTES = 256 * 1024
"""Read at once."""
CONNECT_SECONDS = 10.0
"""For the network and for the broker's greeting, each; our broker itself gives up after 10 s."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
"""Between two attempts to reach the broker."""

_REFUSALS = {
    1: "protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}


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
        self._planned: list[tuple[float, Callable[[], None]]] = []
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

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Call `do` in the client's thread after so long, unless the connection was lost by then. From that thread only."""
        self._planned.append((time.monotonic() + seconds, do))

    def publish(self, name: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 0; False when there is no connection, and nothing is kept for later."""
        return self._send(packet(0x31 if retain else 0x30, text(name) + payload))

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> bool:
        """`publish` for many topics with their payloads, on their way together."""
        return self._send(b"".join([packet(0x30, text(name) + payload) for name, payload in messages]))

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Let the broker forget these messages of the present connection."""
        self._send(b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids]))

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
                self._planned.clear()
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
                for planned in [one for one in self._planned if one[0] <= now]:
                    self._planned.remove(planned)
                    planned[1]()
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
