"""One connection to the broker, from CONNECT to its end; the next one is a new object with nothing left of this."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.topics import BadTopic, Channel, parse, topic
from device.config import BrokerConfig

SUBSCRIPTIONS = ((Channel.ack, 0), (Channel.config, 0), (Channel.command, 1))
TCP_SECONDS = 10.0
SETTLE_SECONDS = 15.0
"""From TCP to all subscriptions answered; a town that reconnects at once makes a broker slow."""
IN_FLIGHT = 100
"""More than the courier's window, so that a call for help never queues inside the MQTT library."""


@dataclass(frozen=True)
class Settled:
    """How far a connection came."""

    why_not: str | None
    """None when we are in."""
    refused: tuple[Channel, ...] = ()
    """Subscriptions that the broker turned down (0x80)."""


class Line:
    """One MQTT connection. Callbacks come on its own thread."""

    def __init__(
        self,
        device: str,
        broker: BrokerConfig,
        will: bytes,
        on_message: Callable[[Channel, bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._device = device
        self._broker = broker
        self._on_message = on_message
        self._on_lost = on_lost
        self._settled = threading.Event()
        self._result = Settled("the broker did not answer in time")
        self._up = False
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=device,
            clean_session=True,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = TCP_SECONDS
        client.max_inflight_messages_set(IN_FLIGHT)
        client.will_set(topic(device, Channel.state), will, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        client.on_disconnect = self._disconnected
        self._client = client

    @property
    def up(self) -> bool:
        """Whether events can be published."""
        return self._up

    def open(self) -> Settled:
        """Connect and subscribe; return how that ended. Never raises for a line that cannot be had."""
        broker = self._broker
        try:
            self._log_in()
            self._client.connect(
                broker.host, broker.port, keepalive=max(1, round(broker.keepalive.total_seconds()))
            )
        except (OSError, ValueError) as error:
            return Settled(str(error) or type(error).__name__)
        self._client.loop_start()
        self._settled.wait(SETTLE_SECONDS)
        return self._result

    def publish(self, channel: Channel, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand one message over; True when it is on its way on this connection."""
        if not self._up:
            return False
        done = self._client.publish(topic(self._device, channel), payload, qos=qos, retain=retain)
        return done.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self, goodbye: bytes | None, seconds: float) -> None:
        """Say goodbye if there is one to say, and end the connection."""
        if goodbye is not None and self._up:
            info = self._client.publish(topic(self._device, Channel.state), goodbye, qos=1, retain=True)
            with suppress(RuntimeError, ValueError):
                info.wait_for_publish(seconds)
        self._up = False
        self._client.disconnect()
        self._client.loop_stop()
        # A client that is part of a circle keeps two inner sockets open until somebody collects it.
        client = self._client
        client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None

    def _log_in(self) -> None:
        broker = self._broker
        password = broker.password
        if broker.password_file is not None:
            password = broker.password_file.read_text(encoding="utf-8").partition("\n")[0].strip()
        self._client.username_pw_set(broker.user or self._device, password)
        if broker.ca_file is not None:
            self._client.tls_set(
                str(broker.ca_file),
                certfile=str(broker.certificate_file) if broker.certificate_file else None,
                keyfile=str(broker.key_file) if broker.key_file else None,
            )

    def _connected(
        self,
        client: mqtt.Client,
        _: object,
        __: mqtt.ConnectFlags,
        reason: ReasonCode,
        ___: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._settle(Settled(str(reason)))
            return
        client.subscribe([(topic(self._device, channel), qos) for channel, qos in SUBSCRIPTIONS])

    def _subscribed(
        self, _: mqtt.Client, __: object, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        refused = tuple(
            channel for (channel, _), reason in zip(SUBSCRIPTIONS, reasons, strict=False) if reason.is_failure
        )
        self._up = True
        self._settle(Settled(None, refused))

    def _message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            device, channel = parse(message.topic)
        except BadTopic:
            return
        if device == self._device:
            self._on_message(channel, bytes(message.payload))

    def _disconnected(
        self,
        _: mqtt.Client,
        __: object,
        ___: mqtt.DisconnectFlags,
        reason: ReasonCode,
        ____: Properties | None,
    ) -> None:
        self._up = False
        self._settle(Settled(str(reason)))
        self._on_lost()

    def _settle(self, result: Settled) -> None:
        if not self._settled.is_set():
            self._result = result
            self._settled.set()
