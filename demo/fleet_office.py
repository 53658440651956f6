"""The least of a hub: says of every event that it is stored. For a fleet that stands alone; nothing is kept."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.commands import Ack, encode
from contract.envelope import MalformedEvent, decode_event
from contract.topics import Channel, every_device, parse, topic


class Acknowledger:
    """Connected from `start` to `stop`."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self.received = 0
        """Events, repeats included."""
        self._address = (host, port)
        self._subscribed = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=user)
        client.username_pw_set(user, password)
        client.on_connect = self._connected
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._message
        self._client = client

    def start(self) -> None:
        """Connect and subscribe; `TimeoutError` when the broker does not answer."""
        self._client.connect(*self._address)
        self._client.loop_start()
        if not self._subscribed.wait(20.0):
            raise TimeoutError("the broker did not answer the subscription")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, ___: ReasonCode, ____: Properties | None
    ) -> None:
        client.subscribe([(every_device(channel), 1) for channel in (Channel.event, Channel.sos)])

    def _message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        device, _channel = parse(message.topic)
        try:
            event = decode_event(bytes(message.payload))
        except MalformedEvent:
            return
        self.received += 1
        client.publish(topic(device, Channel.ack), encode(Ack(ids=[event.id])), qos=0)
