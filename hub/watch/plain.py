"""The plain course of a morning, for many homes in a few statements: asked, answered, moved about, and nothing else to it.

Whatever is not plain (a line that was down, a late answer, a silence or a fault that ends, words that need somebody), and
whatever the same home says after it, goes one by one through `hub.watch.events`. Both ways end in the same rows; a test
compares them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, String, and_, cast, select

from contract.envelope import Event, Unknown
from contract.events import Activity, CheckIn, Intent, TestPress
from hub.policy import Policy
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among
from hub.store.gathered import gathered
from hub.vocabulary import DeviceState, DueKind, SlotState
from hub.watch import checkins, slots, states
from hub.watch.rules import Rule
from hub.work import Work

_ASKED = ("asked", "attempts", "last_outcome")
"""The columns of a slot that an asking without an answer changes."""
FEWEST = 4
"""Below so many, one by one is as fast."""
_HARMLESS = frozenset(
    {None, Intent.fine, Intent.as_usual, Intent.going_out, Intent.declined, Intent.repeat, Intent.unrelated}
)


class Arrival(NamedTuple):
    """An event and when it arrived."""

    event: Event
    at: datetime


class Box(NamedTuple):
    """A speaker of the roster, as far as what it says is judged by it."""

    id: str
    resident_id: str | None
    presence: str
    muted: bool


def boxes_of(conn: Connection, devices: Collection[str]) -> dict[str, Box]:
    """Those of these devices that are on the roster."""
    columns = [t.device.c[name] for name in Box._fields]
    return {box.id: box for box in gathered(conn, Box, select(*columns).where(among(t.device.c.id, devices)))}


class _Slot(Struct, array_like=True):
    """A slot that the batch names, and what the batch makes of it."""

    id: int
    resident_id: str
    day: date
    name: str
    opens_at: datetime
    state: str
    asked: bool
    attempts: int
    last_outcome: str | None
    ended_at: datetime | None
    """The resident's; nobody is asked any more after that."""
    at: str | None
    """This and what follows: of its schedule row, if that still stands."""
    weekdays: str | None
    """As JSON: homes have the same few."""
    on_holidays: bool | None

    def rule(self, policy: Policy) -> Rule | None:
        """The schedule row by which the next slot comes; None when there is to be none."""
        if self.ended_at is not None or self.at is None or self.weekdays is None:
            return None
        at = policy.at_home(self.at, self.resident_id)
        return Rule(self.resident_id, self.name, at, _weekdays(self.weekdays), bool(self.on_holidays))


@lru_cache(maxsize=256)
def _weekdays(text: str) -> frozenset[int]:
    return msgspec.json.decode(text, type=frozenset[int])


_SLOT = [
    *(t.slot.c[name] for name in _Slot.__struct_fields__[: _Slot.__struct_fields__.index("ended_at")]),
    t.resident.c.ended_at,
    t.schedule.c.at,
    cast(t.schedule.c.weekdays, String),
    t.schedule.c.on_holidays,
]
_ITS_SCHEDULE = and_(t.schedule.c.resident_id == t.slot.c.resident_id, t.schedule.c.name == t.slot.c.name)


def take(work: Work, arrivals: Sequence[Arrival], boxes: Mapping[str, Box] | None = None) -> list[Arrival]:
    """Let what is plain take effect, and return the rest in its order; `boxes` if they were just read."""
    if len(arrivals) < FEWEST:
        return list(arrivals)
    if boxes is None:
        boxes = boxes_of(work.conn, {arrival.event.device for arrival in arrivals})
    batch = _Batch(work, arrivals, boxes)
    rest = [arrival for arrival in arrivals if not batch.took(arrival)]
    batch.write()
    return rest


class _Batch:
    """What is known about the homes of a batch, and what its events make of it so far."""

    def __init__(self, work: Work, arrivals: Sequence[Arrival], boxes: Mapping[str, Box]) -> None:
        self._work = work
        self._boxes = boxes
        self._ending = checkins.something_to_end(
            work,
            list({box.resident_id for box in boxes.values() if box.resident_id is not None}),
        )
        self._slots = self._known_slots(arrivals)
        self._not_plain: set[str] = set()
        """Residents (or speakers that stand nowhere) of whom something is left for later: their order matters."""
        self._seen: dict[str, datetime] = {}
        self._asked: dict[int, _Slot] = {}
        self._answered: list[tuple[_Slot, dict[str, Any]]] = []

    def _known_slots(self, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], _Slot]:
        """Those that the events name, by resident and by how an event names it."""
        spelled: dict[str, set[str]] = defaultdict(set)
        for event, _ in arrivals:
            if isinstance(event.body, CheckIn):
                box = self._boxes.get(event.device)
                if box is not None and box.resident_id is not None:
                    spelled[event.body.slot].add(box.resident_id)
        named = {key: slot for slot in spelled if (key := checkins.day_and_name(slot)) is not None}
        query = (
            select(*_SLOT)
            .select_from(t.slot)
            .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
            .outerjoin(t.schedule, _ITS_SCHEDULE)
            .where(slots.of_residents(self._work.conn, {key: spelled[slot] for key, slot in named.items()}))
        )
        return {
            (one.resident_id, named[one.day, one.name]): one
            for one in gathered(self._work.conn, _Slot, query)
        }

    # ---- one event ----------------------------------------------------------------------------------------

    def took(self, arrival: Arrival) -> bool:
        """Whether this event is plain, and so is everything of its home before it; its effects are noted then."""
        event = arrival.event
        box = self._boxes.get(event.device)
        home = (box.resident_id if box is not None else None) or event.device
        if home in self._not_plain:
            return False
        if (
            box is None
            or box.resident_id is None
            or box.presence != DeviceState.online
            or not self._noted(box, box.resident_id, arrival)
        ):
            self._not_plain.add(home)
            return False
        self._seen[event.device] = arrival.at
        return True

    def _noted(self, box: Box, resident_id: str, arrival: Arrival) -> bool:
        event = arrival.event
        match event.body:
            case CheckIn() as check_in:
                return (
                    not box.muted
                    and resident_id not in self._ending
                    and self._asking(arrival, check_in, resident_id)
                )
            case TestPress():
                self._work.record(
                    "resident",
                    resident_id,
                    None,
                    "test_press",
                    "ボタンを試しました",
                    event.device,
                    at=arrival.at,
                )
                return True
            case Activity() | Unknown():
                return True
            case _:
                return False

    def _asking(self, arrival: Arrival, check_in: CheckIn, resident_id: str) -> bool:
        """An asking of a slot that is open, or that was answered already; False if it needs more than its rows."""
        worrying = check_in.extras and any(extra.worrying for extra in check_in.extras)
        if worrying or check_in.intent not in _HARMLESS or not check_in.outcome.was_asked:
            return False
        slot = self._slots.get((resident_id, check_in.slot))
        if slot is None or slot.state not in (SlotState.waiting, SlotState.answered):
            return False
        if slot.opens_at > arrival.at and (
            slot.opens_at - self._work.policy.early_window(slot.name) > arrival.at
        ):
            return False
        if not checkins.is_answer(check_in):
            self._learn(slot, checkins.after_asking(slot.asked, slot.attempts, slot.last_outcome, check_in))
            self._asked[slot.id] = slot
        elif slot.state == SlotState.waiting:
            values = checkins.after_answer(slot.attempts, arrival.event, check_in, arrival.at)
            self._learn(slot, values)
            values["id"] = slot.id
            self._answered.append((slot, values))
            subject = slots.subject(slot.resident_id, slot.day, slot.name)
            self._work.cancel(DueKind.slot_deadline, subject)
            self._work.record(
                "slot",
                subject,
                SlotState.waiting,
                SlotState.answered,
                checkins.said(check_in),
                arrival.event.device,
                at=arrival.at,
            )
        return True

    @staticmethod
    def _learn(slot: _Slot, values: Mapping[str, Any]) -> None:
        slot.state = values.get("state", slot.state)
        slot.asked = values["asked"]
        slot.attempts = values["attempts"]
        slot.last_outcome = values["last_outcome"]

    # ---- all of them --------------------------------------------------------------------------------------

    def write(self) -> None:
        """Bring what was noted into the store."""
        conn = self._work.conn
        bulk.update(conn, t.slot, "id", [values for _, values in self._answered])
        # After the answers, for what was asked once more after one; those before it are in the answer's row as well.
        asked = [
            {"id": slot.id, **{name: getattr(slot, name) for name in _ASKED}} for slot in self._asked.values()
        ]
        bulk.update(conn, t.slot, "id", asked)
        states.seen(conn, self._seen)
        policy = self._work.policy
        slots.plan_next(
            self._work,
            [(rule, slot.day) for slot, _ in self._answered if (rule := slot.rule(policy)) is not None],
        )
