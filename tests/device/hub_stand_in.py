"""A tiny hub: stores each event in SQLite, COMMITs, and only then acknowledges. What it stored survives kill -9."""

import sqlite3
import threading
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.commands import Ack, Command, Config, encode
from contract.envelope import Event, decode_event
from contract.state import State, decode_state
from contract.topics import Channel, every_device, parse, topic


class HubStandIn:
    """Connected from the end of `__init__` to `close`."""

    def __init__(self, folder: Path, port: int, *, acknowledging: bool = True) -> None:
        self.acknowledging = acknowledging
        self.arrivals: list[tuple[Channel, Event]] = []
        """Every arrival, repeats included, in order."""
        self.states: list[State] = []
        self._changed = threading.Condition()
        self._db = sqlite3.connect(folder / "hub.db", check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS event(id TEXT PRIMARY KEY, payload BLOB)")
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="mimamori-hub", clean_session=False, manual_ack=True
        )
        client.username_pw_set("mimamori-hub", "mimamori-hub")
        self._subscribed = threading.Event()
        client.on_connect, client.on_message = self._connected, self._message
        client.on_subscribe = lambda *_: self._subscribed.set()
        self._client = client
        client.connect("127.0.0.1", port)
        client.loop_start()
        assert self._subscribed.wait(10), "the hub stand-in could not subscribe"

    def configure(self, device: str, config: Config | bytes) -> None:
        """Retain a configuration."""
        payload = config if isinstance(config, bytes) else encode(config)
        self._client.publish(topic(device, Channel.config), payload, qos=1, retain=True).wait_for_publish(5)

    def order(self, device: str, command: Command | bytes) -> None:
        """Send a command."""
        payload = command if isinstance(command, bytes) else encode(command)
        self._client.publish(topic(device, Channel.command), payload, qos=1).wait_for_publish(5)

    def acknowledge(self, device: str, ids: list[str]) -> None:
        """Say that these are stored."""
        self._client.publish(topic(device, Channel.ack), encode(Ack(ids=ids)), qos=0)

    def stored(self) -> list[Event]:
        """Every event, once, in the order of arrival."""
        rows = self._db.execute("SELECT payload FROM event ORDER BY rowid").fetchall()
        return [decode_event(row[0]) for row in rows]

    def wait_for(self, count: int, seconds: float = 20.0) -> list[Event]:
        """The stored events, once there are `count`; fails the test when they do not come in time."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.stored()) >= count, seconds), self.stored()
            return self.stored()

    def wait_for_state(self, count: int, seconds: float = 20.0) -> State:
        """The `count`th state message."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.states) >= count, seconds), self.states
            return self.states[count - 1]

    def wait_for_arrivals(self, count: int, seconds: float = 20.0) -> list[tuple[Channel, Event]]:
        """What came, repeats included."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.arrivals) >= count, seconds), self.arrivals
            return list(self.arrivals)

    def close(self) -> None:
        """Disconnect; the session stays at the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        self._db.close()

    def _connected(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, ___: ReasonCode, ____: Properties | None
    ) -> None:
        client.subscribe(
            [(every_device(channel), 1) for channel in (Channel.event, Channel.sos, Channel.state)]
        )

    def _message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        device, channel = parse(message.topic)
        payload = bytes(message.payload)
        with self._changed:
            if channel is Channel.state:
                self.states.append(decode_state(payload))
            else:
                event = decode_event(payload)
                self.arrivals.append((channel, event))
                self._db.execute("INSERT OR IGNORE INTO event VALUES(?, ?)", (event.id, payload))
                if self.acknowledging:
                    self.acknowledge(device, [event.id])
            client.ack(message.mid, message.qos)
            self._changed.notify_all()


def changed(config: Config, **fields: object) -> Config:
    """The same configuration with other values and the next revision."""
    return msgspec.structs.replace(config, revision=config.revision + 1, **fields)
