"""Slots, speakers, absences, events and history, as rows."""

from datetime import date, datetime

from sqlalchemy import Connection, Select, and_, or_, select

from hub.store import tables as t
from hub.views.names import actor_name
from hub.views.rows import AbsenceRow, DeviceRow, EventRow, SlotRow, TransitionRow
from hub.vocabulary import DeviceState, ReasonCode, SlotState


def slots(
    conn: Connection, day: date, *, district: str | None = None, limit: int = 5000, offset: int = 0
) -> list[SlotRow]:
    """Every slot of one office day, by time and カナ."""
    wanted = _slots().where(t.slot.c.day == day)
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    wanted = (
        wanted.order_by(t.slot.c.opens_at, t.resident.c.kana_key, t.slot.c.id).limit(limit).offset(offset)
    )
    return _slot_rows(conn, wanted)


def slots_of(conn: Connection, resident_id: str, first: date, last: date) -> list[SlotRow]:
    """One person's slots of some days, the newest first."""
    wanted = _slots().where(t.slot.c.resident_id == resident_id, t.slot.c.day.between(first, last))
    return _slot_rows(conn, wanted.order_by(t.slot.c.opens_at.desc()))


def _slots() -> Select[tuple[object, ...]]:
    return (
        select(t.slot, t.resident.c.name.label("resident_name"), t.district.c.name.label("district_name"))
        .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .join(t.district, t.district.c.code == t.household.c.district)
    )


def _slot_rows(conn: Connection, wanted: Select[tuple[object, ...]]) -> list[SlotRow]:
    return [
        SlotRow(
            resident_id=row["resident_id"],
            name=row["resident_name"],
            district=row["district_name"],
            day=row["day"],
            slot=row["name"],
            opens_at=row["opens_at"],
            deadline_at=row["deadline_at"],
            state=SlotState(row["state"]),
            why=ReasonCode(row["why"]) if row["why"] else None,
            intent=row["intent"],
            asked=row["asked"],
            attempts=row["attempts"],
            last_outcome=row["last_outcome"],
            closed_at=row["closed_at"],
        )
        for row in conn.execute(wanted).mappings()
    ]


def device_state(
    presence: str | None, muted: bool | None, fault: str | None, last_seen_at: datetime | None
) -> DeviceState:
    """What a speaker's row says in one word: the line first, then a fault, then the switch."""
    if presence is None or last_seen_at is None:
        return DeviceState.not_installed
    state = DeviceState(presence)
    if state is not DeviceState.online:
        return state
    if fault:
        return DeviceState.fault
    return DeviceState.muted if muted else DeviceState.online


def devices(
    conn: Connection,
    now: datetime,  # noqa: ARG001 - a view is always as of an instant
    *,
    device: str | None = None,
    resident: str | None = None,
    district: str | None = None,
    limit: int = 5000,
    offset: int = 0,
) -> list[DeviceRow]:
    """Every registered speaker, by id."""
    wanted = (
        select(t.device, t.resident.c.household_id, t.district.c.name.label("district_name"))
        .outerjoin(t.resident, t.resident.c.id == t.device.c.resident_id)
        .outerjoin(t.household, t.household.c.id == t.resident.c.household_id)
        .outerjoin(t.district, t.district.c.code == t.household.c.district)
        .order_by(t.device.c.id)
        .limit(limit)
        .offset(offset)
    )
    if device is not None:
        wanted = wanted.where(t.device.c.id == device)
    if resident is not None:
        wanted = wanted.where(t.device.c.resident_id == resident)
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    return [
        DeviceRow(
            id=row["id"],
            resident_id=row["resident_id"],
            household_id=row["household_id"],
            district=row["district_name"],
            state=device_state(row["presence"], row["muted"], row["fault"], row["last_seen_at"]),
            presence_at=row["presence_at"],
            muted=row["muted"],
            fault=row["fault"],
            last_seen_at=row["last_seen_at"],
            version=row["version"],
            recognizer=row["recognizer"],
            malformed=row["malformed"],
        )
        for row in conn.execute(wanted).mappings()
    ]


def absences(
    conn: Connection, now: datetime, *, resident: str | None = None, district: str | None = None
) -> list[AbsenceRow]:
    """Absences that hold now or are to come, by their beginning."""
    wanted = (
        select(t.absence)
        .join(t.resident, t.resident.c.id == t.absence.c.resident_id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.absence.c.ended_at.is_(None), t.absence.c.until > now)
        .order_by(t.absence.c.starts_at, t.absence.c.id)
    )
    if resident is not None:
        wanted = wanted.where(t.absence.c.resident_id == resident)
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    return [
        AbsenceRow(
            id=row["id"],
            resident_id=row["resident_id"],
            kind=row["kind"],
            starts_at=row["starts_at"],
            until=row["until"],
            ended_at=row["ended_at"],
            said_by=row["said_by"],
        )
        for row in conn.execute(wanted).mappings()
    ]


def events(conn: Connection, resident_id: str, *, limit: int = 200, offset: int = 0) -> list[EventRow]:
    """What one person's speaker said, the newest first; the words only while `share` is ticked (P8)."""
    may_read = conn.scalar(
        select(t.consent.c.id)
        .where(
            t.consent.c.resident_id == resident_id,
            t.consent.c.tick == "share",
            t.consent.c.revoked_at.is_(None),
        )
        .limit(1)
    )
    rows = conn.execute(
        select(t.event)
        .where(t.event.c.resident_id == resident_id)
        .order_by(t.event.c.at.desc(), t.event.c.id.desc())
        .limit(limit)
        .offset(offset)
    ).mappings()
    return [
        EventRow(
            id=row["id"],
            device_id=row["device_id"],
            at=row["at"],
            received_at=row["received_at"],
            clock=row["clock"],
            late=row["late"],
            type=row["type"],
            body={key: value for key, value in row["body"].items() if may_read or key != "text"},
        )
        for row in rows
    ]


def history(conn: Connection, household_id: str, *, limit: int) -> list[TransitionRow]:
    """What happened to a home's cases, people, slots, speakers and absences, the newest first."""
    people = select(t.resident.c.id).where(t.resident.c.household_id == household_id)
    known = list(conn.scalars(people))
    of = t.transition.c
    mine = [
        and_(
            of.subject_kind == "case",
            of.subject.in_(select(t.case.c.id).where(t.case.c.household_id == household_id)),
        ),
        and_(of.subject_kind == "resident", of.subject.in_(people)),
        and_(
            of.subject_kind == "device",
            of.subject.in_(select(t.device.c.id).where(t.device.c.resident_id.in_(people))),
        ),
        and_(
            of.subject_kind == "absence",
            of.subject.in_(select(t.absence.c.id).where(t.absence.c.resident_id.in_(people))),
        ),
    ]
    # A slot's subject is "resident/day/name"; "0" is the letter after "/", so this range walks the index.
    mine += [
        and_(of.subject_kind == "slot", of.subject >= f"{one}/", of.subject < f"{one}0") for one in known
    ]
    rows = conn.execute(
        select(t.transition, actor_name(of.actor).label("actor_name"))
        .where(or_(*mine))
        .order_by(of.at.desc(), of.id.desc())
        .limit(limit)
    ).mappings()
    return [
        TransitionRow(
            at=row["at"],
            kind=row["subject_kind"],
            subject=row["subject"],
            old=row["old"],
            new=row["new"],
            why=row["why"],
            actor=row["actor"],
            actor_name=row["actor_name"],
        )
        for row in rows
    ]
