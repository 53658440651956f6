"""The plain course of a morning, for many homes in a few statements: asked, or answered, and nothing else to it.

Whatever is not plain (a line that was down, a late answer, a silence or a fault that ends, words that need somebody) goes
one by one through `hub.watch.events`. Both ways end in the same rows; a test compares them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, bindparam, select, update

from contract.events import CheckIn, Event, Intent
from hub.store import tables as t
from hub.vocabulary import DeviceState, DueKind, SlotState
from hub.watch import checkins, slots
from hub.watch.slots import SlotKey
from hub.work import Work

FEWEST = 4
"""Below so many, one by one is as fast."""
_HARMLESS = frozenset(
    {None, Intent.fine, Intent.as_usual, Intent.going_out, Intent.declined, Intent.repeat, Intent.unrelated}
)


class Arrival(NamedTuple):
    """An event and when it arrived."""

    event: Event
    at: datetime


class Plain(NamedTuple):
    """A check-in that needs nothing but its rows."""

    arrival: Arrival
    check_in: CheckIn
    slot: RowMapping


def take(work: Work, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Let what is plain take effect, and return the rest in its order.

    A home with several events in the batch is not plain: their order matters.
    """
    if len(arrivals) < FEWEST:
        return list(arrivals)
    spoken = Counter(arrival.event.device for arrival in arrivals)
    candidates = {
        arrival.event.device: (arrival, arrival.event.body)
        for arrival in arrivals
        if spoken[arrival.event.device] == 1
        and isinstance(arrival.event.body, CheckIn)
        and arrival.event.body.outcome.was_asked
        and arrival.event.body.intent in _HARMLESS
    }
    found = _find(work, candidates)
    _write(work, found)
    done = {one.arrival.event.device for one in found}
    return [arrival for arrival in arrivals if arrival.event.device not in done]


def _find(work: Work, candidates: dict[str, tuple[Arrival, CheckIn]]) -> list[Plain]:
    """Those whose line is up, whose slot waits, and for whom nothing is to be put an end to."""
    quiet = {
        row.id: row.resident_id
        for row in work.conn.execute(
            select(t.device.c.id, t.device.c.resident_id).where(
                t.device.c.id.in_(candidates),
                t.device.c.resident_id.is_not(None),
                t.device.c.presence == DeviceState.online,
                t.device.c.muted.is_(False),
            )
        )
    }
    ending = checkins.something_to_end(work, list(quiet.values()))
    keys = {
        key: device
        for device, resident_id in quiet.items()
        if resident_id not in ending
        and (key := checkins.key_of(resident_id, candidates[device][1].slot)) is not None
    }
    waiting = work.conn.execute(
        select(t.slot).where(slots.named(keys), t.slot.c.state == SlotState.waiting)
    ).mappings()
    found = []
    for slot in waiting:
        arrival, check_in = candidates[keys[SlotKey(slot["resident_id"], slot["day"], slot["name"])]]
        if slot["opens_at"] - work.policy.watch.early_window <= arrival.at:
            found.append(Plain(arrival, check_in, slot))
    return found


def _write(work: Work, found: Sequence[Plain]) -> None:
    answered = [one for one in found if checkins.is_answer(one.check_in)]
    asked = [one for one in found if not checkins.is_answer(one.check_in)]
    _update_slots(
        work,
        answered,
        [
            checkins.after_answer(one.slot, one.arrival.event, one.check_in, one.arrival.at)
            for one in answered
        ],
    )
    _update_slots(work, asked, [checkins.after_asking(one.slot, one.check_in) for one in asked])
    if found:
        work.conn.execute(
            update(t.device)
            .where(t.device.c.id == bindparam("device"))
            .values(last_seen_at=bindparam("seen_at")),
            [{"device": one.arrival.event.device, "seen_at": one.arrival.at} for one in found],
        )
    for one in answered:
        key = str(SlotKey(one.slot["resident_id"], one.slot["day"], one.slot["name"]))
        said = checkins.said(one.check_in)
        work.record(
            "slot",
            key,
            SlotState.waiting,
            SlotState.answered,
            said,
            one.arrival.event.device,
            at=one.arrival.at,
        )
        work.cancel(DueKind.slot_deadline, key)
    slots.plan_after(work, [one.slot for one in answered])


def _update_slots(work: Work, found: Sequence[Plain], values: Sequence[dict[str, Any]]) -> None:
    if found:
        work.conn.execute(
            update(t.slot).where(t.slot.c.id == bindparam("slot_id")),
            [{"slot_id": one.slot["id"], **row} for one, row in zip(found, values, strict=True)],
        )
