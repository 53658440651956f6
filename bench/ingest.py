"""How many events a second the hub takes from the broker: stored on disk, with their effects, and acknowledged.

One run: the hub's sessions are made known to the broker, a town says its morning while the hub is away, and the hub
comes back. Counted is from its first message until everything is stored, has taken effect (slots, deadlines, history)
and is acknowledged to the broker; somebody calls for help in the middle of it. The publisher has finished by then, so
that only broker and hub share the machine.

The ceiling is the same morning taken by a bare client that hands batches to a bare driver (`bench.ceiling`).
"""

import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench import ceiling
from bench.morning import Said, homes_of, morning
from bench.report import Report, machine, medians, rounds
from bench.stores import opened, size_bytes
from bench.town import Town, at_second, device
from bench.wire import HOMES_USER, Wire
from contract.envelope import Event, encode_event
from contract.events import ClockQuality, Sos
from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import SystemClock
from contract.topics import Channel, every_device, topic
from hub import policy
from hub.config import BrokerConfig
from hub.ingest import BATCH, Ingest
from hub.line import SESSIONS
from hub.mqtt.packets import Address
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import ReasonCode
from provisioning.broker import Broker, hub_user

_HUB = "mimamori-hub"
PATIENCE_SECONDS = 600.0


def measure(events: int, batch: int = BATCH, store: str = "sqlite", runs: int = 1) -> Report:
    """Medians of so many runs; counts of what must not happen are added up."""
    made = [_run(events, batch, store) for _ in rounds(runs, "ingest")]
    ours: dict[str, Any] = dict(medians([one for one, _ in made]))
    ours |= {name: sum(one[name] for one, _ in made) for name in ("lost", "duplicated")}
    bare: dict[str, Any] = dict(medians([one for _, one in made]))
    ours["of_ceiling"] = round(ours["events_per_s"] / bare["events_per_s"], 3)
    ours["of_our_client"] = round(ours["events_per_s"] / bare["our_client_events_per_s"], 3)
    parameters = {"store": store, "events": events, "homes": homes_of(events)}
    return Report(
        name="ingest",
        parameters={**parameters, "batch": batch, "runs": runs, "broker": "nats-server, MQTT"},
        figures=ours,
        ceiling=bare,
        machine=machine(),
    )


def _run(events: int, batch: int, store: str) -> tuple[dict[str, Any], dict[str, Any]]:
    now = at_second(SystemClock().now())
    town = Town(homes=homes_of(events), opens_at=now - timedelta(minutes=1))
    said = morning(town.slot, now, events)
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder), said, batch)
        return _hub(Path(folder), town, said, batch, store), bare


def _backlog(broker: Broker, said: Sequence[Said]) -> None:
    """The hub's session exists, the hub is away, and the town speaks."""
    for ending, channels in SESSIONS:
        with Wire(broker.port, _HUB, _HUB, keep=True, client_id=_HUB + ending) as hub:
            hub.subscribe(
                *(every_device(channel) for channel in channels if channel is not Channel.telemetry)
            )
    with Wire(broker.port, HOMES_USER.name, HOMES_USER.password) as homes:
        homes.publish(said)


def _hub(folder: Path, town: Town, said: Sequence[Said], batch: int, kind: str) -> dict[str, Any]:
    with (
        Broker(folder / "broker", [hub_user(_HUB), HOMES_USER]) as broker,
        opened(kind, folder) as store,
    ):
        town.fill(store, range(town.homes))
        town.ask(store, range(town.homes))
        before = size_bytes(store)
        _backlog(broker, said)
        config = BrokerConfig(port=broker.port, username=_HUB, password=_HUB, client_id=_HUB)
        ingest = Ingest(store, config, SystemClock(), policy.load(), batch=batch)
        processor = time.process_time()
        ingest.start()
        try:
            _await(lambda: ingest.waiting or ingest.taken)
            began = time.perf_counter()
            help_after = _cry(broker, store)
            _await(lambda: ingest.taken >= len(said) + 1)
            took, processor = time.perf_counter() - began, time.process_time() - processor
        finally:
            ingest.stop()
        with store.read() as conn:
            stored = conn.scalar(select(func.count()).select_from(t.event)) or 0
            answered = conn.scalar(select(func.count()).where(t.slot.c.state == "answered")) or 0
        return {
            "events_per_s": round(len(said) / took, 1),
            "seconds": round(took, 3),
            "processor_s": round(processor, 3),
            "answered": answered,
            "bytes_per_event": round((size_bytes(store) - before) / len(said)),
            "help_queued_s": round(help_after, 3),
            "lost": len(said) + 1 - stored,
            "duplicated": max(0, ingest.taken - len(said) - 1),
        }


def _cry(broker: Broker, store: Store) -> float:
    """Somebody calls for help while the backlog is read: seconds until it is in the queue (P7)."""
    now = SystemClock().now()
    event = Event(
        id=uuid7(now),
        device=device(0),
        session="s1",
        seq=1_000_000,
        at=now,
        clock=ClockQuality.synced,
        late=False,
        type="sos",
        body=Sos(trigger="button"),
    )
    queued = select(t.reason.c.id).where(t.reason.c.code == ReasonCode.call_for_help)
    with Wire(broker.port, HOMES_USER.name, HOMES_USER.password) as home:
        began = time.perf_counter()
        home.publish([(topic(event.device, Channel.sos), encode_event(event))])

    def there() -> bool:
        with store.read() as conn:
            return conn.scalar(queued) is not None

    _await(there)
    return time.perf_counter() - began


def _await(done: Any) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > give_up:
            raise Refused(f"{PATIENCE_SECONDS:.0f} 秒たっても終わりません。")
        time.sleep(0.005)


def _bare(folder: Path, said: Sequence[Said], batch: int) -> dict[str, Any]:
    """Both ceilings, each from a broker of its own."""
    found = []
    for number, take in enumerate((ceiling.with_paho, ceiling.with_our_client)):
        with Broker(folder / f"bare-broker-{number}", [hub_user(_HUB), HOMES_USER]) as broker:
            _backlog(broker, said)
            found.append(take(folder, _address(broker), len(said), batch))
    paho, ours = found
    return {**paho, "our_client_events_per_s": ours["events_per_s"]}


def _address(broker: Broker) -> Address:
    return Address(
        host="127.0.0.1",
        port=broker.port,
        client_id=_HUB,
        username=_HUB,
        password=_HUB,
        keepalive_seconds=600,
    )
