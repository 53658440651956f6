"""A speaker as far as the wire sees it: an outbox that says everything again until the hub's own `ack`."""

import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract.commands import Ack, Config, decode
from contract.state import Presence, State, encode
from contract.time import Clock
from contract.topics import Channel, topic
from hub.messages import Message

PATIENCE = 30.0


class Speaker:
    """One device with its own user at the test broker. Answers are waited for, never slept for."""

    def __init__(self, device: str, port: int) -> None:
        self.device = device
        self.configs: list[Config] = []
        self.acked: list[str] = []
        self._outbox: dict[str, Message] = {}
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
        self._client.username_pw_set(device, device)
        self._client.max_inflight_messages_set(500)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._arrived
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def ready(self) -> "Speaker":
        """Wait until it hears what it is told."""
        assert self._ready.wait(PATIENCE)
        return self

    def birth(self, clock: Clock, session: str = "s1") -> mqtt.MQTTMessageInfo:
        """Say that it is there; whether the broker has it can be waited for."""
        payload = encode(State(session=session, presence=Presence.online, at=clock.now()))
        return self._client.publish(topic(self.device, Channel.state), payload, qos=1, retain=True)

    def raw(self, channel: Channel, payload: bytes, qos: int = 1) -> None:
        """Publish whatever bytes."""
        self._client.publish(topic(self.device, channel), payload, qos=qos)

    def say(self, messages: dict[str, Message]) -> None:
        """Put events (by id) into the outbox and send them."""
        with self._changed:
            self._outbox |= messages
        for message in messages.values():
            self._client.publish(message.topic, message.payload, qos=1)

    def say_again(self) -> None:
        """Send everything that nobody has acknowledged."""
        with self._changed:
            waiting = list(self._outbox.values())
        for message in waiting:
            self._client.publish(message.topic, message.payload, qos=1)

    def waiting(self) -> int:
        """How many events are in the outbox."""
        with self._changed:
            return len(self._outbox)

    def rid(self, *, within: float = PATIENCE) -> bool:
        """Wait until the outbox is empty; whether it became so."""
        return self.until(lambda: not self._outbox, within)

    def until(self, true: Callable[[], bool], within: float = PATIENCE) -> bool:
        """Wait for something that a message changes."""
        with self._changed:
            return self._changed.wait_for(true, within)

    def leave(self) -> None:
        """Go without a word about it."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topic(self.device, Channel.ack), 0), (topic(self.device, Channel.config), 0)])

    def _arrived(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            if message.topic.endswith("/ack"):
                for stored in decode(bytes(message.payload), Ack).ids:
                    self.acked.append(stored)
                    self._outbox.pop(stored, None)
            else:
                self.configs.append(decode(bytes(message.payload), Config))
            self._changed.notify_all()
