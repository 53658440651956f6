"""A hub that was away while its town answered, and a district that lost its power, on a clock that travels.

The network is not in it: what the homes said arrives as a broker would bring it. Counted is what the hub tells people. After
its own absence that must be nothing about them; of a district one notice, and everybody in it on its list. The seconds are
the hub's work, not the waiting, which the clock skips.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.report import Report, machine, medians, rounds
from bench.stores import opened
from bench.town import Town, device, resident
from contract.envelope import Event, encode_event
from contract.events import CheckIn, ClockQuality, Intent, Outcome
from contract.ids import uuid7
from contract.state import Presence, State, encode
from contract.time import office_instant
from contract.topics import Channel, topic
from hub import due
from hub.due import Sweeper
from hub.inbox import take_in
from hub.ingest import BATCH
from hub.messages import Message
from hub.notices.notice import NoticeKind
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import ReasonCode, SlotState

MORNING = office_instant(date(2026, 11, 24), timedelta(hours=8))
AWAY = timedelta(minutes=10)
STEP = timedelta(seconds=30)
_ABOUT_PEOPLE = [
    kind
    for kind in NoticeKind
    if kind not in (NoticeKind.hub_blind, NoticeKind.hub_sees, NoticeKind.daily_proof)
]


class Travelling:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        """Stands at the question."""
        self.at = MORNING

    def now(self) -> datetime:
        """The instant, UTC."""
        return self.at


def measure(homes: int, lost: int, store: str = "sqlite", runs: int = 1) -> Report:
    """A town of so many homes; in one of its districts so many lines are lost in two minutes."""
    made = [_hub_away(homes, store) | _district(homes, lost, store) for _ in rounds(runs, "outage")]
    figures: dict[str, Any] = dict(medians(made))
    figures |= {name: max(one[name] for one in made) for name in ("false_notices", "outage_notices")}
    return Report(
        name="outage",
        parameters={
            "homes": homes,
            "hub_away_s": AWAY.total_seconds(),
            "lines_lost": lost,
            "store": store,
            "runs": runs,
        },
        figures=figures,
        machine=machine(),
    )


def _hub_away(homes: int, kind: str) -> dict[str, Any]:
    """The deadline passes while the hub is away; every home has answered by then, and is heard afterwards."""
    clock, town = Travelling(), Town(homes=homes, opens_at=MORNING)
    with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as store:
        town.fill(store, range(homes))
        town.ask(store, range(homes))
        before = Sweeper(store, clock, town.rules)
        clock.at = town.rules.deadline(MORNING) - AWAY / 2
        _sweep(before, clock)
        said = [_answer(number, town.slot, clock.at) for number in range(homes)]
        clock.at += AWAY
        began = time.perf_counter()
        after = Sweeper(store, clock, town.rules)
        store.write(lambda conn: due.lose_sight(conn, clock.at))
        _sweep(after, clock)
        store.write(lambda conn: due.regain_sight(conn, clock.at, town.rules))
        _take(store, town, [one._replace(at=clock.at) for one in said])
        for _ in range(120):  # an hour: the settle window, and every deadline that it held back
            clock.at += STEP
            _sweep(after, clock)
        took = time.perf_counter() - began
        with store.read() as conn:
            answered = conn.scalar(select(func.count()).where(t.slot.c.state == SlotState.answered)) or 0
            told = conn.scalar(select(func.count()).where(t.notice.c.kind.in_(_ABOUT_PEOPLE))) or 0
            cases = conn.scalar(select(func.count()).select_from(t.case)) or 0
    return {
        "false_notices": told + cases,
        "settled": answered,
        "unsettled": homes - answered,
        "settle_s": round(took, 3),
    }


def _district(homes: int, lost: int, kind: str) -> dict[str, Any]:
    """The lines of one district go in two minutes; one home of another one is silent, and was so last evening."""
    clock, town = Travelling(), Town(homes=homes, opens_at=MORNING)
    with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as store:
        town.fill(store, range(1))
        town.ask_in_vain(store, [0], lambda _number: town.rules.deadline(MORNING))
        sweeper = Sweeper(store, clock, town.rules)
        _sweep(sweeper, clock)
        with store.read() as conn:
            home = select(t.household.c.district).where(t.household.c.id == resident(1)).scalar_subquery()
            there = select(t.household.c.id).where(t.household.c.district == home).order_by(t.household.c.id)
            gone = [int(name[1:]) for name in conn.scalars(there)][:lost]
        began = time.perf_counter()
        for some in _parts(gone, 8):
            _take(store, town, [_will(number, clock.at) for number in some])
            clock.at += timedelta(seconds=15)
            _sweep(sweeper, clock)
        while clock.at < town.rules.deadline(MORNING) + timedelta(minutes=5):
            clock.at += STEP
            _sweep(sweeper, clock)
        took = time.perf_counter() - began
        with store.read() as conn:
            outages = conn.scalar(select(func.count()).where(t.notice.c.kind == NoticeKind.outage_began)) or 0
            listed = conn.scalar(select(func.count()).select_from(t.outage_member)) or 0
            alone = conn.scalars(
                select(t.reason.c.resident_id).where(t.reason.c.code == ReasonCode.missed)
            ).all()
    return {
        "outage_notices": outages,
        "lines_lost": len(gone),
        "listed": listed,
        "lone_silent_in_queue": int(alone == [resident(0)]),
        "outage_s": round(took, 3),
    }


def _sweep(sweeper: Sweeper, clock: Travelling) -> None:
    while sweeper.sweep(clock.at):
        pass


def _take(store: Store, town: Town, messages: Sequence[Message]) -> None:
    for some in _parts(messages, -(-len(messages) // BATCH)):
        store.write(lambda conn, some=some: take_in(conn, some, uuid7, town.rules))  # type: ignore[misc]


def _parts(items: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    size = max(1, -(-len(items) // max(1, count)))
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _answer(number: int, slot: str, at: datetime) -> Message:
    event = Event(
        id=uuid7(at),
        device=device(number),
        session="s1",
        seq=1,
        at=at,
        clock=ClockQuality.synced,
        late=False,
        type="check_in",
        body=CheckIn(slot=slot, outcome=Outcome.answered, intent=Intent.fine),
    )
    return Message(topic(event.device, Channel.event), encode_event(event), at)


def _will(number: int, at: datetime) -> Message:
    state = State(session="s1", presence=Presence.lost, at=at)
    return Message(topic(device(number), Channel.state), encode(state), at)
