"""One person, and one home: everything the office needs in order to act."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from contract.time import office_date
from hub.store import tables as t
from hub.views.people import residents
from hub.views.queue import queue
from hub.views.rows import (
    ClosedCase,
    ConsentRow,
    ContactRow,
    HouseholdDetail,
    ResidentDetail,
    ResidentRow,
    ScheduleRow,
)
from hub.views.things import absences, devices, history, slots_of
from hub.views.visits import visits
from hub.vocabulary import Lane, Severity

SLOT_DAYS = 14
"""How many days of check-ins a person's page shows."""


def resident(conn: Connection, resident_id: str, now: datetime) -> ResidentDetail | None:
    """One person with contacts, consents, times, absences, speaker and the last check-ins; None if unknown."""
    found = residents(conn, now, ids=[resident_id])
    return _detail(conn, found[0], now) if found else None


def household(conn: Connection, household_id: str, now: datetime) -> HouseholdDetail | None:
    """One home with its people, open and closed cases and its history; None if unknown."""
    home = (
        conn.execute(
            select(t.household, t.district.c.name.label("district_name"))
            .join(t.district, t.district.c.code == t.household.c.district)
            .where(t.household.c.id == household_id)
        )
        .mappings()
        .first()
    )
    if home is None:
        return None
    people = residents(conn, now, household=household_id)
    closed = conn.execute(
        select(t.case)
        .where(t.case.c.household_id == household_id, t.case.c.closed_at.is_not(None))
        .order_by(t.case.c.closed_at.desc())
        .limit(20)
    ).mappings()
    return HouseholdDetail(
        id=home["id"],
        district=home["district_name"],
        district_code=home["district"],
        address=home["address"],
        phone=home["phone"],
        lives_alone=home["lives_alone"],
        residents=[_detail(conn, one, now) for one in people],
        open_cases=queue(conn, now, household=household_id),
        closed_cases=[
            ClosedCase(
                case_id=one["id"],
                severity=Severity(one["severity"]),
                lane=Lane(one["lane"]),
                opened_at=one["opened_at"],
                closed_at=one["closed_at"],
                outcome=one["outcome"],
                owner=one["owner"],
            )
            for one in closed
        ],
        visits=visits(conn, household=household_id)[::-1],
        history=history(conn, household_id, limit=100),
    )


def _detail(conn: Connection, one: ResidentRow, now: datetime) -> ResidentDetail:
    person = conn.execute(select(t.resident).where(t.resident.c.id == one.id)).mappings().one()
    alone = conn.scalar(select(t.household.c.lives_alone).where(t.household.c.id == one.household_id))
    contacts = conn.execute(
        select(t.contact).where(t.contact.c.resident_id == one.id).order_by(t.contact.c.position)
    ).mappings()
    consents = conn.execute(
        select(t.consent).where(t.consent.c.resident_id == one.id).order_by(t.consent.c.granted_at)
    ).mappings()
    times = conn.execute(
        select(t.schedule).where(t.schedule.c.resident_id == one.id).order_by(t.schedule.c.at)
    ).mappings()
    today = office_date(now)
    return ResidentDetail(
        resident=one,
        lives_alone=bool(alone),
        call_name=person["call_name"],
        enrolled_at=person["enrolled_at"],
        contacts=[
            ContactRow(role=row["role"], name=row["name"], relation=row["relation"], phone=row["phone"])
            for row in contacts
        ],
        consents=[
            ConsentRow(tick=row["tick"], granted_at=row["granted_at"], revoked_at=row["revoked_at"])
            for row in consents
        ],
        schedule=[ScheduleRow(name=row["name"], at=row["at"], weekdays=row["weekdays"]) for row in times],
        absences=absences(conn, now, resident=one.id),
        devices=devices(conn, now, resident=one.id),
        slots=slots_of(conn, one.id, today - timedelta(days=SLOT_DAYS - 1), today),
    )
