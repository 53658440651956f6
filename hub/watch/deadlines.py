"""The end of a slot: answered, missed or cannot_tell, decided once, for many homes in a few statements."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from contract.events import Outcome
from hub import words
from hub.outreach import cases
from hub.outreach.cases import Person
from hub.outreach.reasons import Finding, report
from hub.policy import Policy
from hub.store import tables as t
from hub.vocabulary import DeviceState, DueKind, Lane, ReasonCode, Severity, SlotState
from hub.watch import areas, away, silence, slots, states
from hub.watch.slots import SlotKey
from hub.work import Work

_DOWN = (DeviceState.late, DeviceState.offline)
_TOLD = {
    Outcome.muted: ReasonCode.muted,
    Outcome.mic_fault: ReasonCode.mic_fault,
    Outcome.not_played: ReasonCode.not_played,
}
_OF_PART = {"microphone": ReasonCode.mic_fault, "speaker": ReasonCode.not_played}


class Ending(NamedTuple):
    """How a slot ends, and, of one that tells nothing, why."""

    state: SlotState
    why: ReasonCode | None = None


def ending(slot: RowMapping, device: RowMapping | None, away: bool, askings: int) -> Ending:
    """How a slot that nobody answered ends (P2): a person is silent only when they were asked as often as agreed.

    `askings` is how often. A line that went down in between may hold the answer back: that is no silence.
    """
    if away:
        return Ending(SlotState.cannot_tell, ReasonCode.away)
    if device is None or device["presence"] == DeviceState.not_installed:
        return Ending(SlotState.cannot_tell, ReasonCode.not_installed)
    down = device["presence"] in _DOWN
    if slot["asked"] and (not down or slot["attempts"] >= askings):
        return Ending(SlotState.missed)
    if not slot["asked"] and slot["last_outcome"] is not None:
        return Ending(SlotState.cannot_tell, _TOLD[Outcome(slot["last_outcome"])])
    if down:
        return Ending(SlotState.cannot_tell, ReasonCode.device_unreachable)
    if device["muted"]:
        return Ending(SlotState.cannot_tell, ReasonCode.muted)
    return Ending(SlotState.cannot_tell, _OF_PART.get(device["fault"] or "", ReasonCode.not_played))


def at_deadline(work: Work, subjects: Sequence[str]) -> None:
    """These slots must end now. A speaker that came back a moment ago is first given time to tell what it stored."""
    waiting = [slot for slot in _load(work.conn, subjects) if slot["state"] == SlotState.waiting]
    residents = {slot["resident_id"] for slot in waiting}
    devices = _devices(work.conn, residents)
    absent = _away(work.conn, waiting)
    ended: list[tuple[RowMapping, Ending]] = []
    for slot in waiting:
        device = devices.get(slot["resident_id"])
        gone = slot["id"] in absent or slot["ended_at"] is not None
        if not gone and device is not None and (later := _still_telling(slot, device, work.now, work.policy)):
            work.schedule(DueKind.slot_deadline, str(_key(slot)), later)
        else:
            ended.append((slot, ending(slot, device, gone, work.policy.askings)))
    _close(work, ended)
    slots.plan_after(work, [slot for slot, _ in ended])
    _consequences(work, ended, devices)


def at_late_silence(work: Work, subjects: Sequence[str]) -> None:
    """A flush told of askings that nobody answered, and no answer followed: the slot was missed after all.

    Unless an absence that was entered in the meantime explains it.
    """
    told = [
        slot
        for slot in _load(work.conn, subjects)
        if slot["state"] == SlotState.cannot_tell and slot["asked"] and slot["why"] != ReasonCode.away
    ]
    absent = _away(work.conn, told)
    away_after_all = Ending(SlotState.cannot_tell, ReasonCode.away)
    _close(
        work, [(slot, away_after_all if slot["id"] in absent else Ending(SlotState.missed)) for slot in told]
    )
    silence.judge(work, {slot["resident_id"] for slot in told if slot["id"] not in absent})


def _load(conn: Connection, subjects: Sequence[str]) -> Sequence[RowMapping]:
    """The slots behind these due rows, oldest first, each with its resident's `ended_at`."""
    return (
        conn.execute(
            select(t.slot, t.resident.c.ended_at)
            .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
            .where(slots.named(conn, [SlotKey.parse(subject) for subject in subjects]))
            .order_by(t.slot.c.opens_at, t.slot.c.id)
        )
        .mappings()
        .all()
    )


def _devices(conn: Connection, residents: Collection[str]) -> dict[str, RowMapping]:
    """The speaker of each of these residents: of several, the one that was heard of last."""
    rows = conn.execute(
        select(t.device)
        .where(t.device.c.resident_id.in_(residents))
        .order_by(t.device.c.last_seen_at.asc().nulls_first(), t.device.c.id)
    ).mappings()
    return {row["resident_id"]: row for row in rows}


def _away(conn: Connection, waiting: Sequence[RowMapping]) -> set[int]:
    """The ids of those slots that open, or end, inside an absence of their resident."""
    return set(
        conn.scalars(
            select(t.slot.c.id)
            .join(t.absence, t.absence.c.resident_id == t.slot.c.resident_id)
            .where(
                t.slot.c.id.in_([slot["id"] for slot in waiting]),
                or_(away.covers(t.slot.c.opens_at), away.covers(t.slot.c.deadline_at)),
            )
        )
    )


def _still_telling(slot: RowMapping, device: RowMapping, now: datetime, policy: Policy) -> datetime | None:
    """Until when a speaker that has just come back may deliver what it stored; once per slot."""
    if device["presence"] != DeviceState.online or device["presence_at"] is None:
        return None
    told: datetime = device["presence_at"] + policy.watch.device_settle
    return told if told > now and now < slot["deadline_at"] + policy.watch.device_settle else None


def _close(work: Work, ended: Sequence[tuple[RowMapping, Ending]]) -> None:
    if not ended:
        return
    work.conn.execute(
        update(t.slot)
        .where(t.slot.c.id == bindparam("slot_id"))
        .values(state=bindparam("new_state"), why=bindparam("new_why"), closed_at=work.now),
        [{"slot_id": slot["id"], "new_state": end.state, "new_why": end.why} for slot, end in ended],
    )
    for slot, end in ended:
        why = "応答なし" if end.why is None else words.WHY_NOT_ASKED[end.why]
        work.record("slot", str(_key(slot)), slot["state"], end.state, why)


def _consequences(
    work: Work, ended: Sequence[tuple[RowMapping, Ending]], devices: dict[str, RowMapping]
) -> None:
    """A miss is the person's, everything else the box's; an absence is nobody's."""
    silence.judge(work, {slot["resident_id"] for slot, end in ended if end.state is SlotState.missed})
    of_boxes = [(slot, end.why) for slot, end in ended if end.why not in (None, ReasonCode.away)]
    concerned = cases.people(work.conn, {slot["resident_id"] for slot, _ in of_boxes})
    in_outage = areas.members(
        work.conn, {slot["resident_id"] for slot, why in of_boxes if why is ReasonCode.device_unreachable}
    )
    findings = []
    for slot, why in of_boxes:
        if slot["resident_id"] in in_outage:
            continue  # on the list of the outage already
        person = concerned[slot["resident_id"]]
        if why is ReasonCode.device_unreachable:
            findings.append(states.unreachable(person, devices[person.id]))
        elif why is not None:
            findings.append(_not_asked(work, person, slot, why))
    if findings:
        report(work, findings)


def _not_asked(work: Work, person: Person, slot: RowMapping, why: ReasonCode) -> Finding:
    named = words.slot(slot["day"], slot["name"], slot["opens_at"], work.policy.slot_words)
    return Finding(
        person=person,
        lane=Lane.device,
        code=why,
        severity=Severity.device_unreachable,
        words=f"{words.WHY_NOT_ASKED[why]}({named})",
        source=str(_key(slot)),
    )


def _key(slot: RowMapping) -> SlotKey:
    return SlotKey(slot["resident_id"], slot["day"], slot["name"])
