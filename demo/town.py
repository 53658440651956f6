"""The two hundred homes that speak at the MQTT level: one thread, one selector, a connection each."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Mapping, Sequence
from random import Random
from time import monotonic

from msgspec import Struct

from contract.time import Clock
from demo.speaker_line import SpeakerLine
from demo.townsfolk import Behaviour, Home, TownPlan

_DIAL_EVERY = 0.01
"""Seconds between two first connections: the broker is spared two hundred at one instant."""
_REDIAL = 2.0
_KEEP_ALIVE_LOOK = 1.0
"""paho wants its keep-alives looked after this often."""
_GOODBYE = 2.0


class TownCounts(Struct, frozen=True, kw_only=True):
    """The town at a glance."""

    homes: int
    connected: int
    acknowledged: int
    """Events of which the hub said that they are stored."""
    waiting: int
    """Events it has not said so of yet."""


class Town:
    """Everybody at `address`; `start()` connects them, they say what their script says, and stay until `stop()`."""

    def __init__(
        self,
        address: tuple[str, int],
        homes: Sequence[Home],
        passwords: Mapping[str, str],
        plan: TownPlan,
        clock: Clock,
    ) -> None:
        self._address = address
        self._clock = clock
        self._acknowledged = 0
        self._stopping = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._lines = [
            SpeakerLine(home, passwords[home.device], plan, clock, Random(home.device), self._stored)
            for home in homes
            if home.behaviour is not Behaviour.never_seen
        ]
        self.homes = homes
        self._redial = {line.home.device: 0.0 for line in self._lines}
        self._thread = threading.Thread(target=self._run, name="demo-town", daemon=True)
        for line in self._lines:
            self._watch_socket(line)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Everybody says goodbye; returns when they have. Safe to call twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def counts(self) -> TownCounts:
        """How it stands now."""
        return TownCounts(
            homes=len(self.homes),
            connected=sum(line.connected for line in self._lines),
            acknowledged=self._acknowledged,
            waiting=sum(line.waiting for line in self._lines),
        )

    @property
    def ready(self) -> bool:
        """Whether every speaker that is plugged in is connected and knows its slots."""
        return all(line.connected and line.asked is not None for line in self._lines)

    def _stored(self, _device: str) -> None:
        self._acknowledged += 1

    def _watch_socket(self, line: SpeakerLine) -> None:
        """Let the selector know what paho wants of the line's socket."""
        read, write = selectors.EVENT_READ, selectors.EVENT_READ | selectors.EVENT_WRITE
        client = line.client
        client.on_socket_open = lambda _c, _u, sock: self._register(sock, line)
        client.on_socket_close = lambda _c, _u, sock: self._unregister(sock)
        client.on_socket_register_write = lambda _c, _u, sock: self._modify(sock, write, line)
        client.on_socket_unregister_write = lambda _c, _u, sock: self._modify(sock, read, line)

    def _register(self, sock: object, line: SpeakerLine) -> None:
        assert isinstance(sock, socket.socket)
        self._selector.register(sock, selectors.EVENT_READ, line)

    def _unregister(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        self._selector.unregister(sock)

    def _modify(self, sock: object, events: int, line: SpeakerLine) -> None:
        assert isinstance(sock, socket.socket)
        self._selector.modify(sock, events, line)

    def _run(self) -> None:
        """1 dial who is not connected; 2 say what is due; 3 look after keep-alives; 4 wait for bytes."""
        look_after = 0.0
        while not self._stopping.is_set():
            self._dial()
            now = self._clock.now()
            due = [at for line in self._lines if (at := line.turn(now)) is not None]
            if monotonic() >= look_after:
                look_after = monotonic() + _KEEP_ALIVE_LOOK
                for line in self._lines:
                    line.client.loop_misc()
            until_due = (min(due) - now).total_seconds() if due else _KEEP_ALIVE_LOOK
            self._pass_bytes(min(max(until_due, 0.0), self._until_dial()))
        self._leave()

    def _dial(self) -> None:
        """Connect the next line that wants to be connected; the answer comes with the bytes."""
        for line in self._lines:
            if line.client.socket() is None and self._redial[line.home.device] <= monotonic():
                self._redial[line.home.device] = monotonic() + _REDIAL
                with contextlib.suppress(OSError):  # no broker: the next try is planned
                    line.client.connect(*self._address, keepalive=30)
                return

    def _until_dial(self) -> float:
        """Seconds until somebody may want to connect, at most until the next look at the keep-alives."""
        wanting = any(line.client.socket() is None for line in self._lines)
        return _DIAL_EVERY if wanting else _KEEP_ALIVE_LOOK

    def _pass_bytes(self, seconds: float) -> None:
        for key, events in self._selector.select(seconds):
            client = key.data.client
            if events & selectors.EVENT_READ:
                client.loop_read()
            if events & selectors.EVENT_WRITE and client.socket() is not None:
                client.loop_write()

    def _leave(self) -> None:
        """Say goodbye everywhere and let the last bytes out."""
        for line in self._lines:
            line.goodbye()
        give_up = monotonic() + _GOODBYE
        while monotonic() < give_up and any(line.client.want_write() for line in self._lines):
            self._pass_bytes(0.05)
        for line in self._lines:
            line.client.on_socket_close = None
            line.client.on_socket_unregister_write = None
        self._selector.close()
