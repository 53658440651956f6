"""The link to the hub: keeps one line open, says who we are, takes events out and orders in."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from contract.commands import Ack, MalformedCommand, decode
from contract.state import Presence, State, encode
from contract.time import Clock
from contract.topics import Channel
from device.config import DeviceConfig
from device.line.connection import Line
from device.line.courier import Courier
from device.line.outbox import Outbox, Waiting
from device.steps import Connected, Disconnected, EventAcked, EventSent, OnStep

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 1.0
"""Before the first new attempt; it doubles, and half of it is left to chance, so that a town does not come at once."""
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 10.0
"""A line that held this long was a good one; the pauses start anew."""
LOOK_SECONDS = 1.0
"""How often it looks for events to repeat."""


@dataclass(frozen=True)
class FromHub:
    """A message for the speaker, as it came."""

    channel: Channel
    payload: bytes


@dataclass(frozen=True)
class LineUp:
    """The line is up; `refused` are subscriptions that the broker turned down."""

    refused: tuple[Channel, ...]


@dataclass(frozen=True)
class About:
    """What the birth says of us."""

    session: str
    version: str
    recognizer: str


class Link:
    """Runs on a thread of its own from `start` to `stop`."""

    def __init__(
        self,
        config: DeviceConfig,
        about: About,
        outbox: Outbox,
        clock: Clock,
        on_news: Callable[[FromHub | LineUp], None],
        on_step: OnStep,
        counter: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._about = about
        self._outbox = outbox
        self._clock = clock
        self._on_news = on_news
        self._on_step = on_step
        self._counter = counter
        self._chance = chance
        self._courier = Courier(outbox, chance)
        self._sending = threading.RLock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._line: Line | None = None
        self._muted = False
        self._said_down = False
        self._thread = threading.Thread(target=self._run, name=f"link-{config.device}", daemon=True)

    def start(self) -> None:
        """Begin to connect, and keep at it."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Say goodbye and end; at most about `seconds`."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def nudge(self) -> None:
        """Something waits in the outbox."""
        self._wake.set()

    def send_at_once(self, event_id: str) -> None:
        """Publish this waiting event now, on the caller's thread, if there is a line; else it goes out first."""
        with self._sending:
            waiting = self._outbox.find(event_id)
            if waiting:
                self._publish(waiting)
        self._wake.set()

    @property
    def up(self) -> bool:
        """Whether there is a line now."""
        return self._line is not None

    def tell_numbers(self, payload: bytes) -> None:
        """Publish telemetry, QoS 0; dropped when there is no line."""
        line = self._line
        if line:
            line.publish(Channel.telemetry, payload, qos=0)

    def say_muted(self, muted: bool) -> None:
        """Let the retained state say whether the microphone is switched off."""
        if muted != self._muted:
            self._muted = muted
            line = self._line
            if line:
                line.publish(Channel.state, self._state(Presence.online), retain=True)

    # ---- the thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = self._counter()
            why = self._hold_a_line()
            if self._stopping.is_set():
                return
            if not self._said_down:
                self._said_down = True
                log.info("line_down", why=why)
                self._on_step(Disconnected(why))
            failures = 1 if self._counter() - began > STEADY_SECONDS else failures + 1
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10))
            self._stopping.wait(pause * (0.5 + 0.5 * self._chance()))

    def _hold_a_line(self) -> str:
        """One connection, from its first byte to its last; return why it ended."""
        line = Line(
            self._config.device,
            self._config.broker,
            self._state(Presence.lost),
            self._message,
            self._wake.set,
        )
        settled = line.open()
        try:
            if settled.why_not is not None:
                return settled.why_not
            line.publish(Channel.state, self._state(Presence.online), retain=True)
            with self._sending:
                self._courier.reconnected()
                self._line = line
            self._said_down = False
            log.info(
                "line_up", waiting=len(self._outbox), refused=[str(channel) for channel in settled.refused]
            )
            self._on_news(LineUp(settled.refused))
            self._on_step(Connected())
            self._attend(line)
            return "the connection was lost"
        finally:
            with self._sending:
                self._line = None
            goodbye = self._state(Presence.offline) if self._stopping.is_set() else None
            line.close(goodbye, seconds=2.0)

    def _attend(self, line: Line) -> None:
        while line.up and not self._stopping.is_set():
            self._wake.clear()
            with self._sending:
                for waiting in self._courier.batch(self._counter()):
                    self._publish(waiting)
            self._wake.wait(LOOK_SECONDS)

    def _publish(self, waiting: Waiting) -> None:
        channel = Channel.sos if waiting.urgent else Channel.event
        if self._line and self._line.publish(channel, waiting.payload):
            tries = self._courier.sent(waiting.event_id, self._counter())
            self._on_step(EventSent(waiting.event_id, tries))

    def _message(self, channel: Channel, payload: bytes) -> None:
        if channel is not Channel.ack:
            self._on_news(FromHub(channel, payload))
            return
        try:
            ids = decode(payload, Ack).ids
        except MalformedCommand as error:
            log.warning("ack_malformed", why=str(error))
            return
        for gone in self._outbox.ack(ids):
            self._on_step(EventAcked(gone.event_id, gone.milliseconds))
        self._wake.set()

    def _state(self, presence: Presence) -> bytes:
        return encode(
            State(
                session=self._about.session,
                presence=presence,
                at=self._clock.now(),
                muted=self._muted,
                version=self._about.version,
                recognizer=self._about.recognizer,
            )
        )
