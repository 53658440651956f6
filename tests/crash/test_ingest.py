"""Ingest is killed at any line and any moment: every event is stored once, and what it means happens once."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.town import Town, at_second, device, resident
from bench.wire import HOMES_USER, Wire
from contract.envelope import Event, encode_event
from contract.events import Body, CheckIn, ClockQuality, Intent, Outcome, Sos, TestPress, type_of
from contract.ids import uuid7
from contract.time import SystemClock
from contract.topics import Channel, every_device, topic
from hub.line import SESSIONS
from hub.store.database import Store
from provisioning.broker import Broker, hub_user
from tests.crash.nursery import order
from tests.nursery import ROUNDS, Nursery
from tests.still import still

HOMES = 8
"""That answer in a round, each once."""
LINES = 12_000
"""Of the hub, for the events of one round; a part that is to die later than it works dies idle."""
HUB = "mimamori-hub"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[int]:
    """The port of a broker that keeps what is said for the hub."""
    with Broker(tmp_path / "broker", [hub_user(HUB), HOMES_USER]) as broker:
        for ending, channels in SESSIONS:
            with Wire(broker.port, HUB, HUB, keep=True, client_id=HUB + ending) as session:
                asked = [every_device(one) for one in channels if one is not Channel.telemetry]
                session.subscribe(*asked)
        yield broker.port


class Said:
    """What the homes say: each answers in one round, presses and calls besides, and one says something twice."""

    def __init__(self, town: Town, chance: random.Random, wire: Wire) -> None:
        self._town = town
        self._chance = chance
        self._wire = wire
        self.types: dict[str, str] = {}
        """Event id to its type."""
        self.answered: list[str] = []
        """Residents."""

    def half(self, number: int) -> None:
        """What is said in one half of a round."""
        homes = range(number * HOMES // 2, (number + 1) * HOMES // 2)
        fine = CheckIn(slot=self._town.slot, outcome=Outcome.answered, intent=Intent.fine)
        unheard = CheckIn(slot=self._town.slot, outcome=Outcome.no_sound)
        said: list[tuple[int, Body]] = [(home, fine) for home in homes]
        said += [(home, TestPress()) for home in homes if self._chance.random() < 0.4]
        said += [(home, Sos(trigger="button")) for home in homes if self._chance.random() < 0.2]
        said += [(home, unheard) for home in homes if self._chance.random() < 0.3]
        self._chance.shuffle(said)
        messages = [self._message(home, body) for home, body in said]
        self.answered += [resident(home) for home in homes]
        self._wire.publish([*messages, self._chance.choice(messages)])

    def _message(self, home: int, body: Body) -> tuple[str, bytes]:
        now = SystemClock().now()
        event = Event(
            id=uuid7(now),
            device=device(home),
            session="s1",
            seq=len(self.types),
            at=now,
            clock=ClockQuality.synced,
            late=False,
            type=type_of(body),
            body=body,
        )
        self.types[event.id] = event.type
        channel = Channel.sos if isinstance(body, Sos) else Channel.event
        return topic(event.device, channel), encode_event(event)


@pytest.mark.timeout(120 + 3 * ROUNDS)
def test_an_ingest_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, line: int
) -> None:
    chance = random.Random(20261127)
    path = tmp_path / "hub.db"
    town = Town(
        homes=ROUNDS * HOMES,
        opens_at=at_second(SystemClock().now()) - timedelta(minutes=1),
        rules=still(),
    )
    with Store.open(path) as store:
        town.fill(store, range(town.homes))
        town.ask(store, range(town.homes))
    looks = sqlite3.connect(path)

    def stored() -> int:
        return int(looks.execute("SELECT count(*) FROM event").fetchone()[0])

    died = Counter[str]()
    with (
        Wire(line, HOMES_USER.name, HOMES_USER.password) as wire,
        Nursery("tests.crash.nursery", "ingest", str(path), str(line)) as nursery,
    ):
        said = Said(town, chance, wire)
        for number in range(ROUNDS):
            said.half(2 * number)
            before = stored()
            # Two of three at a line of theirs; the third from outside, mostly between a commit and what follows it.
            at_a_line = number % 3 < 2
            nursery.start(order(line=chance.randrange(1, LINES) if at_a_line else 0))
            said.half(2 * number + 1)
            patience = 1.0 if at_a_line else chance.uniform(0.0, 0.2)
            itself = nursery.until(lambda: not at_a_line and stored() > before, patience)  # noqa: B023
            died["by itself" if itself else "from outside"] += 1
            nursery.kill()
        nursery.start(order())
        nursery.until(lambda: stored() == len(said.types))
        nursery.kill()
    print(f"{ROUNDS} rounds, {len(said.types)} events; {dict(died)}")

    assert dict(looks.execute("SELECT id, type FROM event").fetchall()) == said.types
    types = Counter(said.types.values())
    assert _count(looks, "transition WHERE new = 'test_press'") == types["test_press"]
    calls = looks.execute("SELECT source FROM reason WHERE code = 'call_for_help'").fetchall()
    assert Counter(one for (one,) in calls) == Counter(id for id, kind in said.types.items() if kind == "sos")
    settled = looks.execute("SELECT subject FROM transition WHERE new = 'answered'").fetchall()
    slots = [f"{who}/{town.slot}" for who in said.answered]
    assert sorted(one for (one,) in settled) == sorted(slots)
    assert _count(looks, "slot WHERE state = 'answered'") == town.homes
    tomorrow = f"{town.day + timedelta(days=1)}/morning"
    assert _count(looks, "slot WHERE state = 'waiting' AND name = 'morning'") == town.homes
    due = looks.execute("SELECT subject FROM due WHERE kind = 'slot_deadline' AND subject LIKE '%/morning'")
    assert sorted(one for (one,) in due) == sorted(
        f"{resident(home)}/{tomorrow}" for home in range(town.homes)
    )
    assert _count(looks, "quarantine") == 0
    looks.close()


def _count(looks: sqlite3.Connection, what: str) -> Any:
    return looks.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
