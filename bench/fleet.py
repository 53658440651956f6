"""A town whose speakers come back together: how fast the broker lets them in, and the hub knows that they are there.

Every speaker has a connection, a user and a birth of its own, as after a power cut; what it holds in memory at the broker is
counted while all of them are connected. Without TLS, whose greeting would be most of what is measured.
"""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.report import Report, machine, medians, rounds
from bench.stores import opened
from bench.town import Town, at_second, device
from bench.wire import Wire
from contract.refusal import Refused
from contract.state import Presence, State, encode
from contract.time import SystemClock
from contract.topics import Channel, topic
from hub.config import BrokerConfig
from hub.ingest import Ingest
from hub.store import tables as t
from hub.store.database import Store
from provisioning.broker import Broker, device_user, hub_user

AT_ONCE = 64
"""Connections that are being opened at the same time."""
PATIENCE_SECONDS = 300.0


def measure(homes: int, store: str = "sqlite", runs: int = 1) -> Report:
    """So many speakers."""
    made = [_run(homes, store) for _ in rounds(runs, "fleet")]
    return Report(
        name="fleet",
        parameters={"homes": homes, "store": store, "runs": runs, "broker": "nats-server, MQTT without TLS"},
        figures=medians(made),
        machine=machine(),
    )


def _run(homes: int, kind: str) -> dict[str, Any]:
    town = Town(homes=homes, opens_at=at_second(SystemClock().now() - timedelta(minutes=1)))
    numbers = range(homes)
    users = [hub_user("hub"), *(device_user(device(number), device(number)) for number in numbers)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Broker(folder / "broker", users))
        store = stack.enter_context(opened(kind, folder))
        town.fill(store, range(0))
        ingest = Ingest(store, BrokerConfig(port=broker.port, password="hub"), SystemClock(), town.rules)
        ingest.start()
        stack.callback(ingest.stop)
        _await(lambda: ingest.line.hears)
        empty = _resident_kb(broker)
        began = time.perf_counter()
        wires: list[Wire] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            wires.extend(pool.map(lambda number: _come(broker.port, number), numbers))
        connected = time.perf_counter() - began
        for wire in wires:
            stack.callback(wire.close)
        _await(lambda: _born(store) == homes)
        known = time.perf_counter() - began
        return {
            "connected_s": round(connected, 3),
            "connects_per_s": round(homes / connected, 1),
            "all_known_s": round(known, 3),
            "broker_kb_per_speaker": round((_resident_kb(broker) - empty) / homes, 1),
            "lost": homes - _born(store),
        }


def _come(port: int, number: int) -> Wire:
    """One speaker connects and says that it is there."""
    name = device(number)
    wire = Wire(port, name, name)
    state = State(session="after the power cut", presence=Presence.online, at=datetime.now(UTC))
    wire.publish([(topic(name, Channel.state), encode(state))])
    return wire


def _born(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).where(t.device.c.session == "after the power cut")) or 0


def _resident_kb(broker: Broker) -> int:
    status = Path(f"/proc/{broker.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _await(done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > give_up:
            raise Refused(f"{PATIENCE_SECONDS:.0f} 秒たっても揃いません。")
        time.sleep(0.01)
