"""The plain course of a morning, for many homes in a few statements: asked, answered, moved about, and nothing else to it.

Whatever is not plain (a line that was down, a late answer, a silence or a fault that ends, words that need somebody), and
whatever the same home says after it, goes one by one through `hub.watch.events`. Both ways end in the same rows; a test
compares them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, select

from contract.events import Activity, CheckIn, Event, Intent, TestPress, Unknown
from hub.policy import Policy
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among
from hub.store.gathered import gathered
from hub.vocabulary import DeviceState, DueKind, SlotState
from hub.watch import checkins, slots
from hub.watch.slots import Rule, SlotKey
from hub.work import Work

FEWEST = 4
"""Below so many, one by one is as fast."""
_HARMLESS = frozenset(
    {None, Intent.fine, Intent.as_usual, Intent.going_out, Intent.declined, Intent.repeat, Intent.unrelated}
)
_DECIDED = ("state", "why", "intent", "asked", "attempts", "last_outcome", "closed_at", "event_id")
"""The columns of a slot that an asking may change."""


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


class _Slot(NamedTuple):
    """A slot that the batch names."""

    id: int
    resident_id: str
    day: date
    name: str
    opens_at: datetime
    state: str
    why: str | None
    intent: str | None
    asked: bool
    attempts: int
    last_outcome: str | None
    closed_at: datetime | None
    event_id: str | None
    ended_at: datetime | None
    """The resident's; nobody is asked any more after that."""
    at: str | None
    """This and what follows: of its schedule row, if that still stands."""
    weekdays: frozenset[int] | None
    on_holidays: bool | None

    def rule(self, policy: Policy) -> Rule | None:
        """The schedule row by which the next slot comes; None when there is to be none."""
        if self.ended_at is not None or self.at is None or self.weekdays is None:
            return None
        at = policy.at_home(self.at, self.resident_id)
        return Rule(self.resident_id, self.name, at, self.weekdays, bool(self.on_holidays))


_SLOT = [
    *(t.slot.c[name] for name in _Slot._fields[: _Slot._fields.index("ended_at")]),
    t.resident.c.ended_at,
    t.schedule.c.at,
    t.schedule.c.weekdays,
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
        self._keys = self._named_slots(arrivals)
        self._slots = self._known_slots()
        self._not_plain: set[str] = set()
        """Residents (or speakers that stand nowhere) of whom something is left for later: their order matters."""
        self._seen: dict[str, datetime] = {}
        self._changed: dict[SlotKey, dict[str, Any]] = {}
        self._answered: list[_Slot] = []

    def _named_slots(self, arrivals: Sequence[Arrival]) -> dict[str, SlotKey]:
        """The slot that each event names, by the event's id."""
        keys = {}
        for event, _ in arrivals:
            if isinstance(event.body, CheckIn):
                box = self._boxes.get(event.device)
                if box is not None and box.resident_id is not None:
                    key = checkins.key_of(box.resident_id, event.body.slot)
                    if key is not None:
                        keys[event.id] = key
        return keys

    def _known_slots(self) -> dict[SlotKey, _Slot]:
        query = (
            select(*_SLOT)
            .select_from(t.slot)
            .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
            .outerjoin(t.schedule, _ITS_SCHEDULE)
            .where(slots.named(set(self._keys.values())))
        )
        return {
            SlotKey(slot.resident_id, slot.day, slot.name): slot
            for slot in gathered(self._work.conn, _Slot, query)
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
            or not self._noted(box, arrival)
        ):
            self._not_plain.add(home)
            return False
        self._seen[event.device] = arrival.at
        return True

    def _noted(self, box: Box, arrival: Arrival) -> bool:
        event = arrival.event
        match event.body:
            case CheckIn() as check_in:
                return (
                    not box.muted and box.resident_id not in self._ending and self._asked(arrival, check_in)
                )
            case TestPress():
                assert box.resident_id is not None
                self._work.record(
                    "resident",
                    box.resident_id,
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

    def _asked(self, arrival: Arrival, check_in: CheckIn) -> bool:
        """An asking of a slot that is open, or that was answered already; False if it needs more than its rows."""
        worrying = any(extra.worrying for extra in check_in.extras)
        if not check_in.outcome.was_asked or check_in.intent not in _HARMLESS or worrying:
            return False
        key = self._keys.get(arrival.event.id)
        stored = self._slots.get(key) if key is not None else None
        if key is None or stored is None:
            return False
        slot = self._changed.get(key) or stored._asdict()
        if slot["state"] not in (SlotState.waiting, SlotState.answered):
            return False
        if stored.opens_at - self._work.policy.early_window(stored.name) > arrival.at:
            return False
        if not checkins.is_answer(check_in):
            slot |= checkins.after_asking(slot, check_in)
        elif slot["state"] == SlotState.waiting:
            slot |= checkins.after_answer(slot, arrival.event, check_in, arrival.at)
            self._history(str(key), arrival, check_in)
            self._answered.append(stored)
        else:
            return True
        self._changed[key] = slot
        return True

    def _history(self, subject: str, arrival: Arrival, check_in: CheckIn) -> None:
        self._work.record(
            "slot",
            subject,
            SlotState.waiting,
            SlotState.answered,
            checkins.said(check_in),
            arrival.event.device,
            at=arrival.at,
        )
        self._work.cancel(DueKind.slot_deadline, subject)

    # ---- all of them --------------------------------------------------------------------------------------

    def write(self) -> None:
        """Bring what was noted into the store."""
        conn = self._work.conn
        bulk.update(conn, t.slot, "id", list(self._changed.values()), _DECIDED)
        seen = [{"id": device, "last_seen_at": at} for device, at in self._seen.items()]
        bulk.update(conn, t.device, "id", seen)
        policy = self._work.policy
        slots.plan_next(
            self._work,
            [(rule, slot.day) for slot in self._answered if (rule := slot.rule(policy)) is not None],
        )
