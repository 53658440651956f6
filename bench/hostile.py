"""What garbage costs: payloads that are none by the hundred thousand, beside a town that speaks.

Straight into the inbox, without a broker: ordinary messages alone, then as many of other homes beside as many hostile ones
of ten kinds, from speakers gone mad and from devices nobody knows. Every hostile one must be counted, none may keep an
ordinary one from the store, and a hostile one must not cost more than an ordinary one.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.morning import homes_of, morning
from bench.report import Report, machine, medians, rounds
from bench.stores import opened
from bench.town import Town, at_second, device
from contract.ids import uuid7
from contract.time import SystemClock
from contract.topics import Channel, topic
from hub import policy
from hub.inbox import take_in
from hub.ingest import BATCH
from hub.messages import Message
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store

MAD = 50
"""Known speakers that send garbage; every other hostile message comes from them."""


def measure(events: int, store: str = "sqlite", runs: int = 1) -> Report:
    """So many ordinary messages, and as many hostile ones."""
    made = [_run(events, store) for _ in rounds(runs, "hostile")]
    figures: dict[str, Any] = dict(medians(made))
    figures |= {name: sum(one[name] for one in made) for name in ("lost", "uncounted")}
    return Report(
        name="hostile",
        parameters={"events": events, "hostile": events, "store": store, "runs": runs},
        figures=figures,
        machine=machine(),
    )


def _run(events: int, kind: str) -> dict[str, Any]:
    rules = policy.load()
    now = at_second(SystemClock().now())
    homes = homes_of(events)
    town = Town(homes=2 * homes + MAD, opens_at=now - timedelta(minutes=1), rules=rules)
    first = [Message(name, payload, now) for name, payload in morning(town.slot, now, events)]
    others = [Message(name, payload, now) for name, payload in morning(town.slot, now, events, homes, seed=1)]
    garbage = list(islice(_garbage(2 * homes, now), events))
    with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as store:
        town.fill(store, range(town.homes))
        town.ask(store, range(town.homes))
        alone = _take(store, first, rules)
        mixed = [one for pair in zip(others, garbage, strict=True) for one in pair]
        beside = _take(store, mixed, rules)
        with store.read() as conn:
            stored = conn.scalar(select(func.count()).select_from(t.event)) or 0
            counted = conn.scalar(select(func.sum(t.device.c.malformed))) or 0
            kept = conn.scalar(select(func.count()).select_from(t.quarantine)) or 0
    return {
        "ordinary_us": round(alone / events * 1e6, 1),
        "hostile_us": round((beside - alone) / events * 1e6, 1),
        "messages_per_s": round(2 * events / beside, 1),
        "lost": 2 * events - stored,
        "uncounted": (events + 1) // 2 - counted,
        "kept": kept,
    }


def _take(store: Store, messages: Sequence[Message], rules: Policy) -> float:
    began = time.perf_counter()
    for start in range(0, len(messages), BATCH):
        batch = messages[start : start + BATCH]
        store.write(lambda conn, batch=batch: take_in(conn, batch, uuid7, rules))  # type: ignore[misc]
    return time.perf_counter() - began


def _garbage(first_mad: int, now: datetime) -> Iterator[Message]:
    """Ten kinds in turn; every other one of a known speaker, and no two alike."""
    number = 0
    while True:
        mad = device(first_mad + number // 2 % MAD)
        name = mad if number % 2 == 0 else f"stranger-{number % 997}"
        yield Message(topic(name, Channel.event), _payload(number // 2, name), now)
        number += 1


def _payload(number: int, name: str) -> bytes:
    told = b'"%d"' % number
    kinds = (
        b"",
        b"\xff\xfe" + told,
        b"[" * 3000 + told,
        b'{"id":' + told,
        b'{"id":' + told + b',"device":"' + name.encode() + b'","seq":1e999}',
        b'{"id":' + told + b',"device":"somebody-else","session":"s","seq":1,"at":"2026-11-24T00:00:00Z",'
        b'"type":"activity","body":{"source":"motion"}}',
        b"{" + b'"a":0,' * 8000 + b'"b":' + told + b"}",
        told * 500,
        b"null" + told,
        b'{"id":' + told + b',"device":"' + name.encode() + b'","session":"s","seq":1,'
        b'"at":"0001-01-01T00:00:00+14:00","type":"check_in","body":{}}',
    )
    return kinds[number % len(kinds)]
