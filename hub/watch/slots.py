"""Slots: the next one of every schedule row always exists, together with its deadline."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from contract.time import office_date, office_instant
from hub import pulse
from hub.policy import Policy
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among_groups
from hub.vocabulary import DueKind, SlotState
from hub.watch.rules import Rule, rules
from hub.work import Work


class SlotKey(NamedTuple):
    """Which slot of whom; `str()` is its subject in due rows and transitions."""

    resident_id: str
    day: date
    name: str

    def __str__(self) -> str:
        return subject(*self)

    @classmethod
    def parse(cls, subject: str) -> "SlotKey":
        """The reverse of `str()`."""
        resident_id, day, name = subject.rsplit("/", 2)
        return cls(resident_id, date.fromisoformat(day), name)


def subject(resident_id: str, day: date, name: str) -> str:
    """How due rows and transitions call a slot."""
    return f"{resident_id}/{day.isoformat()}/{name}"


def named(conn: Connection, keys: Collection[SlotKey]) -> ColumnElement[bool]:
    """Whether a slot is one of these."""
    alike: dict[tuple[date, str], list[str]] = defaultdict(list)
    for resident_id, day, name in keys:
        alike[day, name].append(resident_id)
    return of_residents(conn, alike)


def of_residents(
    conn: Connection, residents: Mapping[tuple[date, str], Collection[str]]
) -> ColumnElement[bool]:
    """Whether a slot is of one of these days and names, and of one of the residents there."""
    return among_groups(conn, (t.slot.c.resident_id, t.slot.c.day, t.slot.c.name), 0, residents)


def plan(work: Work, openings: Iterable[tuple[Rule, date]], conflict: str = "") -> bool:
    """Make these slots and their deadlines; False if `conflict`, an ON CONFLICT clause, kept one from being made.

    A deadline that is already past (the hub was away for days) waits for the settle window that may be open.
    """
    coming = list(openings)
    if not coming:
        return True
    opens_at = [rule.opening(day) for rule, day in coming]
    wait = work.policy.answer_wait
    deadlines = [at + wait for at in opens_at]
    columns: dict[str, list[Any]] = {
        "resident_id": [rule.resident_id for rule, _ in coming],
        "day": [day for _, day in coming],
        "name": [rule.name for rule, _ in coming],
        "opens_at": opens_at,
        "deadline_at": deadlines,
        "state": [SlotState.waiting] * len(coming),
        "asked": [False] * len(coming),
        "attempts": [0] * len(coming),
    }
    if bulk.insert_columns(work.conn, t.slot, columns, conflict) < len(coming):
        return False
    settled_at = None
    for (rule, day), deadline_at in zip(coming, deadlines, strict=True):
        at = deadline_at
        if at <= work.now:
            settled_at = settled_at or pulse.last(work.conn, pulse.SETTLED_AT) or at
            at = max(at, settled_at)
        work.schedule(DueKind.slot_deadline, subject(rule.resident_id, day, rule.name), at)
    return True


def plan_after(work: Work, closed: Sequence[RowMapping | Mapping[str, Any]]) -> None:
    """Make the slot after each of these (`resident_id`, `day`, `name`) where its schedule row still stands."""
    standing = {
        (rule.resident_id, rule.name): rule
        for of_one in rules(
            work, {slot["resident_id"] for slot in closed}, {slot["name"] for slot in closed}
        ).values()
        for rule in of_one
    }
    plan_next(
        work,
        [
            (rule, slot["day"])
            for slot in closed
            if (rule := standing.get((slot["resident_id"], slot["name"])))
        ],
    )


def plan_next(work: Work, closed: Iterable[tuple[Rule, date]]) -> None:
    """Make the slot after the one of each of these days, where there is none."""
    following = [(rule, rule.day_after(day)) for rule, day in closed]
    if not following:
        return
    with work.conn.begin_nested() as step:
        if plan(work, following, "ON CONFLICT DO NOTHING"):
            return
        step.rollback()
    # A late event has planned further ahead than the slot that ends now.
    missing = {SlotKey(rule.resident_id, day, rule.name): (rule, day) for rule, day in following}
    for row in work.conn.execute(
        select(t.slot.c.resident_id, t.slot.c.day, t.slot.c.name).where(named(work.conn, missing))
    ):
        del missing[SlotKey(*row)]
    plan(work, missing.values())


def enrol(work: Work, resident_id: str) -> None:
    """Bring the slots of a resident in line with the schedule; again after every change of it, or of its end.

    A slot that is already open runs to its end. One that is still to come follows the schedule: nothing was asked
    yet. A slot that has ended stands for its day: the next one is of a later day.
    """
    conn, now = work.conn, work.now
    mine = t.slot.c.resident_id == resident_id
    coming = {
        slot["name"]: slot
        for slot in conn.execute(
            select(t.slot).where(mine, t.slot.c.state == SlotState.waiting, t.slot.c.opens_at > now)
        ).mappings()
    }
    begun: dict[str, date] = dict(
        conn.execute(
            select(t.slot.c.name, func.max(t.slot.c.day))
            .where(mine, t.slot.c.id.not_in([slot["id"] for slot in coming.values()]))
            .group_by(t.slot.c.name)
        ).all()
    )
    openings = []
    for rule in rules(work, [resident_id]).get(resident_id, []):
        day = rule.next_day(now)
        while rule.name in begun and day <= begun[rule.name]:
            day = rule.day_after(day)
        planned = coming.get(rule.name)
        opens_at = rule.opening(day)
        if planned is not None and _times(planned) == (opens_at, work.policy.deadline(opens_at)):
            del coming[rule.name]
        else:
            openings.append((rule, day))
    for slot in coming.values():
        conn.execute(delete(t.slot).where(t.slot.c.id == slot["id"]))
        work.cancel(DueKind.slot_deadline, str(SlotKey(resident_id, slot["day"], slot["name"])))
    plan(work, openings)


def at_policy_change(work: Work, subjects: Sequence[str]) -> None:  # noqa: ARG001 - a handler is told its subjects
    """Another policy is in force: what has not opened yet gets its opening and its deadline from it."""
    moved = []
    for row in work.conn.execute(_coming(work.now)).mappings():
        opens_at = office_instant(row["day"], work.policy.at_home(row["at"], row["resident_id"]))
        deadline_at = work.policy.deadline(opens_at)
        if opens_at > work.now and (opens_at, deadline_at) != _times(row):
            moved.append({"slot_id": row["id"], "opens": opens_at, "deadline": deadline_at})
            key = SlotKey(row["resident_id"], row["day"], row["name"])
            work.schedule(DueKind.slot_deadline, str(key), deadline_at)
    if moved:
        work.conn.execute(
            update(t.slot)
            .where(t.slot.c.id == bindparam("slot_id"))
            .values(opens_at=bindparam("opens"), deadline_at=bindparam("deadline")),
            moved,
        )


def out_of_step(conn: Connection, policy: Policy, now: datetime) -> bool:
    """Whether slots that are still to come were planned by another policy: its file was changed while the hub was down.

    Times are the same for all homes but for the shift, so a few of them tell.
    """
    for row in conn.execute(_coming(now).limit(50)).mappings():
        opens_at = office_instant(row["day"], policy.at_home(row["at"], row["resident_id"]))
        if (opens_at, policy.deadline(opens_at)) != _times(row):
            return True
    return False


def _coming(now: datetime) -> Select[Any]:
    """Slots that have not opened yet, each with the agreed time of its schedule row."""
    same = and_(t.schedule.c.resident_id == t.slot.c.resident_id, t.schedule.c.name == t.slot.c.name)
    return (
        select(t.slot, t.schedule.c.at)
        .join(t.schedule, same)
        .where(t.slot.c.day >= office_date(now), t.slot.c.state == SlotState.waiting, t.slot.c.opens_at > now)
    )


def _times(slot: RowMapping) -> tuple[datetime, datetime]:
    return slot["opens_at"], slot["deadline_at"]


def plan_for_event(work: Work, resident_id: str, day: date, name: str, until: datetime) -> bool:
    """Make the slots up to the one an event names, if the schedule has it and it opens by `until`.

    The hub may have been away for days: the answers that were stored in the home arrive before their slots were
    planned. False when the schedule has no such slot.
    """
    rule = next((r for r in rules(work, [resident_id]).get(resident_id, []) if r.name == name), None)
    if rule is None or not rule.falls_on(day) or rule.opening(day) > until:
        return False
    latest: date | None = work.conn.scalar(
        select(func.max(t.slot.c.day)).where(t.slot.c.resident_id == resident_id, t.slot.c.name == name)
    )
    if latest is None or day <= latest:
        return False
    openings = []
    upcoming = rule.day_after(latest)
    while upcoming <= day:
        openings.append((rule, upcoming))
        upcoming = rule.day_after(upcoming)
    plan(work, openings)
    return True
