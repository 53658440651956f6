"""The hub's line to the broker: plain MQTT with a persistent session, acknowledged by hand.

What is published while the hub is away is kept by the broker under the session's name, and what the hub has not
acknowledged is delivered again: nothing is acknowledged before it is on disk.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import structlog

from contract.time import Clock
from contract.topics import CHANNELS, FROM_DEVICE, Channel, every_device
from hub import broker_address
from hub.config import BrokerConfig
from hub.messages import Message
from hub.mqtt.client import Client
from hub.mqtt.packets import Arrived

log = structlog.get_logger(__name__)


class Delivery(NamedTuple):
    """A message and what is needed to acknowledge it."""

    message: Message
    channel: Channel
    mid: int
    """0 for what needs no acknowledgement."""
    connection: int
    """On which connection it came: a number of an older one may mean another message on this one."""
    session: int = 0
    """In which of the line's sessions."""


SESSIONS: tuple[tuple[str, tuple[Channel, ...]], ...] = (
    ("", tuple(channel for channel in FROM_DEVICE if channel is not Channel.sos)),
    ("-sos", (Channel.sos,)),
)
"""What the client id of each session ends in, and what it hears. Calls for help have one of their own: NATS counts what is
unacknowledged per session, and while a backlog fills that, it drops a call for help and tries again only after its
`ack_wait` (measured: 10 s later, with 20,000 events ahead; now with them beside it)."""


ASK_AGAIN_SECONDS = 130.0
"""After the first subscription of a new session. NATS remembers for two minutes what it last read of a kept message, and
can remember the old one when a new one is published in the very moment of reading."""


class Line:
    """The hub's sessions at the broker. Callbacks run in their threads and must be quick, or wait to slow the broker down."""

    def __init__(
        self,
        broker: BrokerConfig,
        clock: Clock,
        on_deliveries: Callable[[list[Delivery]], None],
        on_sight: Callable[[], None],
    ) -> None:
        """`on_deliveries` gets what one read brought, in order; `on_sight` is called when `hears` has changed."""
        self._broker = broker
        self._on_sight = on_sight
        self._gate = threading.Lock()
        self._had = False
        self._sessions = [
            _Session(broker, number, clock, on_deliveries, self._look) for number in range(len(SESSIONS))
        ]

    @property
    def hears(self) -> bool:
        """Whether all of it is connected and subscribed."""
        return all(session.hears for session in self._sessions)

    @property
    def fault(self) -> str | None:
        """Why it hears nothing, one sentence; None while it does."""
        return next((session.fault for session in self._sessions if session.fault is not None), None)

    def start(self) -> None:
        """Connect in the background, again and again until `stop`."""
        for session in self._sessions:
            session.client.start()

    def stop(self) -> None:
        """Say goodbye; the sessions stay with the broker."""
        for session in self._sessions:
            session.stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 0, as `ack` and `config` are; False when there is no line, and nothing is kept for later."""
        return self.hears and self._sessions[0].client.publish(topic, payload, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> bool:
        """`publish` for many topics with their payloads."""
        return self.hears and self._sessions[0].client.publish_all(messages)

    def acknowledge(self, *deliveries: Delivery) -> None:
        """Tell the broker that these messages are on disk; they are silently delivered again if that does not arrive."""
        for number, session in enumerate(self._sessions):
            session.acknowledge([one for one in deliveries if one.session == number])

    def _look(self) -> None:
        with self._gate:
            hears = self.hears
            changed, self._had = hears != self._had, hears
        if not changed:
            return
        if hears:
            log.info("line.hears", broker=f"{self._broker.host}:{self._broker.port}")
        else:
            log.warning("line.deaf", broker=f"{self._broker.host}:{self._broker.port}")
        self._on_sight()


class _Session:
    """One MQTT client with a session of its own."""

    def __init__(
        self,
        broker: BrokerConfig,
        number: int,
        clock: Clock,
        on_deliveries: Callable[[list[Delivery]], None],
        on_change: Callable[[], None],
    ) -> None:
        """Number `number` of `SESSIONS`."""
        ending, self._channels = SESSIONS[number]
        self._broker = broker
        self._number = number
        self._clock = clock
        self._on_deliveries = on_deliveries
        self._on_change = on_change
        self._gate = threading.Lock()
        self._connection = 0
        self._pending: set[int] = set()
        self._new_session = False
        self._unsure = False
        """Whether what the broker has told of kept messages may be out of date."""
        self.hears = False
        self.fault: str | None = "ブローカーにまだつながっていません。"
        address = broker_address.address_of(broker)
        self.client = Client(msgspec.structs.replace(address, client_id=f"{address.client_id}{ending}"), self)

    def stop(self) -> None:
        """Say goodbye."""
        self.client.stop()
        self._lose("ブローカーとの接続を閉じました。")

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are on disk."""
        with self._gate:
            # After a reconnect a number may be that of another message, which is not on disk.
            done = [
                delivery.mid
                for delivery in deliveries
                if delivery.mid in self._pending and delivery.connection == self._connection
            ]
            self._pending.difference_update(done)
            if done:
                self.client.acknowledge(done)

    # ---- what the client tells ----------------------------------------------------------------------------

    def connected(self, *, new_session: bool) -> None:
        """Let in: ask for what the homes say."""
        self._new_session = new_session
        self._unsure |= new_session and Channel.state in self._channels
        self.client.subscribe(
            [(every_device(channel), 0 if channel is Channel.telemetry else 1) for channel in self._channels]
        )

    def refused(self, why: str) -> None:
        """Not let in."""
        self._lose(broker_address.refused(why))

    def subscribed(self, granted: Sequence[bool]) -> None:
        """Hears from now on, unless something was refused."""
        refused = [channel for channel, given in zip(self._channels, granted, strict=False) if not given]
        if refused:
            self._lose(
                f"ブローカーが {'・'.join(refused)} を聞かせてくれません。hub の権限を確かめてください。"
            )
            return
        if self._new_session and Channel.state in self._channels:
            # NATS, in a session's first subscription, can lose a retained message that is published at that moment:
            # after it looked for kept ones, and before it delivers new ones. Asking again brings the kept ones again.
            self._new_session = False
            self._ask_for_kept()
            return
        if self._unsure:
            # As seen with 50 births at the moment of the first subscription: in three of twenty rounds most were missed.
            self.client.later(ASK_AGAIN_SECONDS, self._ask_once_more)
        self.fault = None
        self.hears = True
        self._on_change()

    def _ask_for_kept(self) -> None:
        self.client.subscribe([(every_device(Channel.state), 1)])

    def _ask_once_more(self) -> None:
        self._unsure = False
        self._ask_for_kept()

    def unreachable(self, why: str) -> None:
        """Nobody there."""
        log.debug("line.unreachable", why=why)
        self._lose(broker_address.nobody(self._broker))

    def lost(self, why: str) -> None:
        """The connection broke; what was not acknowledged on it will come again."""
        with self._gate:
            self._connection += 1
            self._pending.clear()
        if self.hears:
            self._lose(f"ブローカーとの接続が切れました ({why})。")

    def _lose(self, fault: str) -> None:
        self.hears = False
        self.fault = fault
        self._on_change()

    def arrived(self, messages: list[Arrived]) -> None:
        """What one read brought. What the broker brings again while it still waits here is not taken twice."""
        now = self._clock.now()
        with self._gate:
            fresh = [one for one in messages if not one.mid or one.mid not in self._pending]
            self._pending.update(one.mid for one in fresh if one.mid)
            connection = self._connection
        self._on_deliveries(
            [
                Delivery(
                    Message(one.topic, one.payload, now, one.retained),
                    CHANNELS[one.topic.rpartition("/")[2]],
                    one.mid,
                    connection,
                    self._number,
                )
                for one in fresh
            ]
        )
