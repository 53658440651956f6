"""What a bare client beside a bare driver reaches, from the same broker: what ingest is held against.

Id and payload into one table with that one key, a transaction a batch with the hub's own settings of SQLite, then the
acknowledgements. The events are not decoded but for their id, and nothing follows from them. Two clients: paho, which
anybody would take, and the hub's own, which is why the hub has one.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hub.mqtt.client import Client
from hub.mqtt.packets import Address, Arrived
from hub.store.database import tune_interpreter
from hub.store.sqlite import make_durable

PATIENCE_SECONDS = 600.0

Message = mqtt.MQTTMessage | Arrived


class _Id(msgspec.Struct):
    id: str


class _Basket:
    """What has arrived and is not stored yet."""

    def __init__(self) -> None:
        self._held: list[Message] = []
        self._changed = threading.Condition()

    def put(self, messages: Sequence[Message]) -> None:
        with self._changed:
            self._held.extend(messages)
            self._changed.notify()

    def take(self, most: int) -> list[Message]:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._held), PATIENCE_SECONDS)
            taken = self._held[:most]
            del self._held[:most]
            return taken


def with_paho(folder: Path, address: Address, events: int, batch: int) -> dict[str, Any]:
    """Events a second by paho; the broker has kept them for the session of `address`."""
    basket = _Basket()
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=address.client_id, clean_session=False, manual_ack=True
    )
    client.username_pw_set(address.username, address.password)
    client.on_message = lambda _client, _data, message: basket.put([message])

    client.connect(address.host, address.port)
    client.loop_start()

    def acknowledge(taken: Sequence[Message]) -> None:
        for one in taken:
            client.ack(one.mid, 1)

    try:
        return _store(folder / "paho.db", basket, acknowledge, events, batch)
    finally:
        client.disconnect()
        client.loop_stop()


class _Handler:
    """Of the hub's own client: nothing but the messages matters."""

    def __init__(self, basket: _Basket) -> None:
        self.arrived: Callable[[list[Arrived]], None] = basket.put

    def connected(self, *, new_session: bool) -> None:
        """The session is kept, and with it what it asked for."""

    def refused(self, why: str) -> None:
        """Then nothing arrives."""

    def subscribed(self, granted: Sequence[bool]) -> None:
        """Nothing is asked for."""

    def lost(self, why: str) -> None:
        """At the end."""

    def unreachable(self, why: str) -> None:
        """Then nothing arrives."""


def with_our_client(folder: Path, address: Address, events: int, batch: int) -> dict[str, Any]:
    """The same by the hub's own client."""
    basket = _Basket()
    client = Client(address, _Handler(basket))
    client.start()
    try:
        return _store(
            folder / "own.db",
            basket,
            lambda taken: client.acknowledge([one.mid for one in taken]),
            events,
            batch,
        )
    finally:
        client.stop()


def _store(
    file: Path, basket: _Basket, acknowledge: Callable[[Sequence[Message]], None], events: int, batch: int
) -> dict[str, Any]:
    tune_interpreter()
    read = msgspec.json.Decoder(_Id)
    raw = sqlite3.connect(file, isolation_level=None)
    make_durable(raw)
    raw.execute("CREATE TABLE event (id TEXT PRIMARY KEY, payload BLOB)")
    done, began, processor = 0, 0.0, time.process_time()
    while done < events:
        taken = basket.take(batch)
        began = began or time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(
            "INSERT OR IGNORE INTO event VALUES (?, ?)",
            [(read.decode(one.payload).id, one.payload) for one in taken],
        )
        raw.execute("COMMIT")
        acknowledge(taken)
        done += len(taken)
    took, processor = time.perf_counter() - began, time.process_time() - processor
    raw.close()
    return {
        "events_per_s": round(events / took, 1),
        "seconds": round(took, 3),
        "processor_s": round(processor, 3),
    }
