"""The plain course of a morning, for many homes in a few statements: asked, answered, moved about, and nothing else to it.

Whatever is not plain (a line that was down, a late answer, a silence or a fault that ends, words that need somebody), and
whatever the same home says after it, goes one by one through `hub.watch.events`. Both ways end in the same rows; a test
compares them.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from contract.events import Activity, CheckIn, Event, Intent, TestPress, Unknown
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among
from hub.store.gathered import gathered
from hub.vocabulary import DeviceState, DueKind, SlotState
from hub.watch import checkins, slots
from hub.watch.slots import SlotKey
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


class _Box(NamedTuple):
    """A speaker of the batch."""

    id: str
    resident_id: str | None
    presence: str
    muted: bool


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


def take(work: Work, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Let what is plain take effect, and return the rest in its order."""
    if len(arrivals) < FEWEST:
        return list(arrivals)
    batch = _Batch(work, arrivals)
    rest = [arrival for arrival in arrivals if not batch.took(arrival)]
    batch.write()
    return rest


class _Batch:
    """What is known about the homes of a batch, and what its events make of it so far."""

    def __init__(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        self._work = work
        self._boxes = self._known_boxes({arrival.event.device for arrival in arrivals})
        self._ending = checkins.something_to_end(
            work, list({box.resident_id for box in self._boxes.values() if box.resident_id is not None})
        )
        self._slots = self._known_slots(arrivals)
        self._not_plain: set[str] = set()
        """Residents (or speakers that stand nowhere) of whom something is left for later: their order matters."""
        self._seen: dict[str, datetime] = {}
        self._changed: dict[SlotKey, dict[str, Any]] = {}
        self._answered: list[dict[str, Any]] = []

    def _known_boxes(self, devices: Collection[str]) -> dict[str, _Box]:
        columns = (t.device.c.id, t.device.c.resident_id, t.device.c.presence, t.device.c.muted)
        rows = gathered(self._work.conn, _Box, select(*columns).where(among(t.device.c.id, devices)))
        return {box.id: box for box in rows}

    def _known_slots(self, arrivals: Sequence[Arrival]) -> dict[SlotKey, dict[str, Any]]:
        keys = {
            key
            for arrival in arrivals
            if isinstance(arrival.event.body, CheckIn)
            and (key := self._key_of(arrival.event.device, arrival.event.body)) is not None
        }
        columns = [t.slot.c[name] for name in _Slot._fields]
        rows = gathered(self._work.conn, _Slot, select(*columns).where(slots.named(keys)))
        return {SlotKey(slot.resident_id, slot.day, slot.name): slot._asdict() for slot in rows}

    def _key_of(self, device: str, check_in: CheckIn) -> SlotKey | None:
        box = self._boxes.get(device)
        if box is None or box.resident_id is None:
            return None
        return checkins.key_of(box.resident_id, check_in.slot)

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

    def _noted(self, box: _Box, arrival: Arrival) -> bool:
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
        key = self._key_of(arrival.event.device, check_in)
        slot = self._slots.get(key) if key is not None else None
        if key is None or slot is None or slot["state"] not in (SlotState.waiting, SlotState.answered):
            return False
        if slot["opens_at"] - self._work.policy.early_window(slot["name"]) > arrival.at:
            return False
        if not checkins.is_answer(check_in):
            slot |= checkins.after_asking(slot, check_in)
        elif slot["state"] == SlotState.waiting:
            slot |= checkins.after_answer(slot, arrival.event, check_in, arrival.at)
            self._history(key, arrival, check_in)
            self._answered.append(slot)
        else:
            return True
        self._changed[key] = slot
        return True

    def _history(self, key: SlotKey, arrival: Arrival, check_in: CheckIn) -> None:
        self._work.record(
            "slot",
            str(key),
            SlotState.waiting,
            SlotState.answered,
            checkins.said(check_in),
            arrival.event.device,
            at=arrival.at,
        )
        self._work.cancel(DueKind.slot_deadline, str(key))

    # ---- all of them --------------------------------------------------------------------------------------

    def write(self) -> None:
        """Bring what was noted into the store."""
        conn = self._work.conn
        bulk.update(
            conn,
            t.slot,
            "id",
            [
                {"id": slot["id"], **{name: slot[name] for name in _DECIDED}}
                for slot in self._changed.values()
            ],
        )
        bulk.update(
            conn, t.device, "id", [{"id": device, "last_seen_at": at} for device, at in self._seen.items()]
        )
        slots.plan_after(self._work, self._answered)
