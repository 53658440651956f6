"""The hub's line to the broker: plain MQTT with a persistent session, acknowledged by hand.

What is published while the hub is away is kept by the broker under the session's name, and what the hub has not
acknowledged is delivered again: nothing is acknowledged before it is on disk.
"""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.refusal import Refused
from contract.time import Clock
from contract.topics import FROM_DEVICE, Channel, every_device
from hub.config import BrokerConfig
from hub.messages import Message

LONGEST_PAUSE_SECONDS = 15
"""Between two attempts to reach the broker."""

log = structlog.get_logger(__name__)


class Delivery(NamedTuple):
    """A message and what is needed to acknowledge it."""

    message: Message
    channel: Channel
    mid: int
    """0 for what needs no acknowledgement."""
    connection: int
    """On which connection it came: a number of an older one may mean another message on this one."""


class Line:
    """One MQTT client. Callbacks run in its own thread and must be quick, or wait only to slow the broker down."""

    def __init__(
        self,
        broker: BrokerConfig,
        clock: Clock,
        on_delivery: Callable[[Delivery], None],
        on_sight: Callable[[], None],
    ) -> None:
        """`on_sight` is called when `hears` has changed."""
        self._broker = broker
        self._clock = clock
        self._on_delivery = on_delivery
        self._on_sight = on_sight
        self._gate = threading.Lock()
        self._connection = 0
        self._pending: set[int] = set()
        self._new_session = False
        self.hears = False
        """Whether it is connected and subscribed."""
        self.fault: str | None = "ブローカーにまだつながっていません。"
        """Why it hears nothing, one sentence; None while it does."""
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            clean_session=False,
            manual_ack=True,
        )
        client.username_pw_set(self._broker.username, self._broker.password or None)
        client.reconnect_delay_set(1, LONGEST_PAUSE_SECONDS)
        tls = self._broker.tls
        if tls is not None:
            try:
                client.tls_set(tls.ca or None, tls.certificate or None, tls.key or None)
            except (OSError, ValueError) as error:
                raise Refused(
                    f"ブローカーとの暗号通信を用意できません ({error})。[broker.tls] のファイルを確かめてください。"
                ) from error
        client.on_connect = self._connected
        client.on_connect_fail = self._unreachable
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        return client

    def start(self) -> None:
        """Connect in the background, again and again until `stop`."""
        self._client.connect_async(
            self._broker.host, self._broker.port, keepalive=self._broker.keepalive_seconds
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye; the session stays with the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        self._lose("ブローカーとの接続を閉じました。")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 0, as `ack` and `config` are; False when there is no line, and nothing is kept for later."""
        if not self.hears:
            return False
        return self._client.publish(topic, payload, qos=0, retain=retain).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that this message is on disk; it is silently delivered again if that does not arrive."""
        with self._gate:
            # After a reconnect its number may be that of another message, which is not on disk.
            if delivery.mid in self._pending and delivery.connection == self._connection:
                self._pending.discard(delivery.mid)
                self._client.ack(delivery.mid, 1)

    # ---- callbacks of paho ------------------------------------------------------------------------------

    def _connected(
        self,
        client: mqtt.Client,
        _data: Any,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._lose(
                f"ブローカーに断られました ({reason})。[broker] の username と password を確かめてください。"
            )
            return
        self._new_session = not flags.session_present
        client.subscribe(
            [(every_device(channel), 0 if channel is Channel.telemetry else 1) for channel in FROM_DEVICE]
        )

    def _subscribed(
        self,
        client: mqtt.Client,
        _data: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _props: Properties | None,
    ) -> None:
        refused = [
            channel for channel, reason in zip(FROM_DEVICE, reasons, strict=False) if reason.is_failure
        ]
        if refused:
            self._lose(
                f"ブローカーが {'・'.join(refused)} を聞かせてくれません。hub の権限を確かめてください。"
            )
            return
        if self._new_session:
            # NATS, in a session's first subscription, can lose a retained message that is published at that moment:
            # after it looked for kept ones, and before it delivers new ones. Asking again brings the kept ones again.
            self._new_session = False
            client.subscribe(every_device(Channel.state), 1)
            return
        self.fault = None
        self.hears = True
        log.info("line.hears", broker=f"{self._broker.host}:{self._broker.port}")
        self._on_sight()

    def _unreachable(self, _client: mqtt.Client, _data: Any) -> None:
        self._lose(
            f"ブローカー {self._broker.host}:{self._broker.port} につながりません。動いているか確かめてください。"
        )

    def _disconnected(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Properties | None
    ) -> None:
        with self._gate:
            self._connection += 1
            self._pending.clear()
        if self.hears:
            self._lose(f"ブローカーとの接続が切れました ({reason})。")

    def _lose(self, fault: str) -> None:
        had = self.hears
        if had:
            log.warning("line.deaf", broker=f"{self._broker.host}:{self._broker.port}")
        self.hears = False
        self.fault = fault
        if had:
            self._on_sight()

    def _arrived(self, _client: mqtt.Client, _data: Any, raw: mqtt.MQTTMessage) -> None:
        mid = raw.mid if raw.qos else 0
        with self._gate:
            if mid and mid in self._pending:
                return  # the broker grew impatient while the store could not be written; it is still waiting here
            if mid:
                self._pending.add(mid)
            connection = self._connection
        channel = raw.topic.rpartition("/")[2]
        message = Message(raw.topic, bytes(raw.payload), self._clock.now(), bool(raw.retain))
        self._on_delivery(Delivery(message, Channel(channel), mid, connection))
