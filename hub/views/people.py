"""Residents in lists, found by name, reading or phone, and what a 民生委員 may know of them."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select
from sqlalchemy import case as when

from contract.time import office_date
from hub.kana import fold
from hub.store import tables as t
from hub.views.queue import age_on
from hub.views.rows import FlagRow, ResidentRow
from hub.views.things import device_state
from hub.views.today import people_today
from hub.vocabulary import PersonState, Severity, SlotState


def residents(
    conn: Connection,
    now: datetime,
    *,
    district: str | None = None,
    search: str | None = None,
    ids: Sequence[str] | None = None,
    household: str | None = None,
    limit: int = 500,
    offset: int = 0,
) -> list[ResidentRow]:
    """People enrolled now, by カナ. `search` finds part of a name, a reading, or the end of a phone number."""
    people = people_today(now)
    graver = _graver()
    # Correlated on purpose, as in `people_today`: each is one look into an index, for the people on this page only.
    answered = (
        select(func.max(t.slot.c.closed_at))
        .where(t.slot.c.resident_id == t.resident.c.id, t.slot.c.state == SlotState.answered)
        .correlate(t.resident)
        .scalar_subquery()
    )
    away = (
        select(func.max(t.absence.c.until))
        .where(t.absence.c.resident_id == t.resident.c.id, t.absence.c.ended_at.is_(None))
        .where(t.absence.c.starts_at <= now, t.absence.c.until > now)
        .correlate(t.resident)
        .scalar_subquery()
    )
    box = t.device.alias("box")  # one speaker each; should there be two, the one heard of last
    latest_box = (
        select(box.c.id)
        .where(box.c.resident_id == t.resident.c.id)
        .order_by(box.c.last_seen_at.desc(), box.c.id)
        .limit(1)
        .correlate(t.resident)
        .scalar_subquery()
    )
    wanted = (
        select(
            t.resident,
            t.household.c.address,
            t.household.c.phone.label("household_phone"),
            t.district.c.name.label("district_name"),
            people.c.state,
            graver.label("case_rank"),
            answered.label("last_answer_at"),
            away.label("away_until"),
            t.device.c.id.label("device_id"),
            t.device.c.presence,
            t.device.c.muted,
            t.device.c.fault,
            t.device.c.last_seen_at,
        )
        .join(people, people.c.resident_id == t.resident.c.id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .join(t.district, t.district.c.code == t.household.c.district)
        .outerjoin(t.device, t.device.c.id == latest_box)
        .order_by(t.resident.c.kana_key, t.resident.c.id)
        .limit(limit)
        .offset(offset)
    )
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    if household is not None:
        wanted = wanted.where(t.household.c.id == household)
    if ids is not None:
        wanted = wanted.where(t.resident.c.id.in_(ids))
    if search:
        wanted = wanted.where(_found(search))
    return [_resident(row, now) for row in conn.execute(wanted).mappings()]


def flags(conn: Connection, now: datetime, district: str) -> list[FlagRow]:
    """The residents of one district in the six fields that a 民生委員 may see."""
    people = people_today(now)
    wanted = (
        select(
            t.resident, t.household.c.address, t.district.c.name.label("ward"), _graver().label("case_rank")
        )
        .join(people, people.c.resident_id == t.resident.c.id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .join(t.district, t.district.c.code == t.household.c.district)
        .where(t.household.c.district == district)
        .order_by(t.resident.c.kana_key, t.resident.c.id)
    )
    return [
        FlagRow(
            name=row["name"],
            address=row["address"],
            ward=row["ward"],
            birth_date=row["birth_date"],
            sex=row["sex"],
            flag=_severity(row["case_rank"]),
        )
        for row in conn.execute(wanted).mappings()
    ]


def resident_ids(conn: Connection, now: datetime, district: str) -> list[str]:
    """Who lives in a district, in the order of `flags`; for the access log."""
    people = people_today(now)
    wanted = (
        select(t.resident.c.id)
        .join(people, people.c.resident_id == t.resident.c.id)
        .where(people.c.district == district)
        .order_by(t.resident.c.kana_key, t.resident.c.id)
    )
    return list(conn.scalars(wanted))


def district_of(
    conn: Connection,
    *,
    resident: str | None = None,
    household: str | None = None,
    case: str | None = None,
    absence: str | None = None,
    outage: str | None = None,
    visit: str | None = None,
) -> str | None:
    """The district's code of one thing named by its id, for district-bound roles; None if it is unknown."""
    if outage is not None:
        of_outage: str | None = conn.scalar(
            select(t.area_outage.c.district).where(t.area_outage.c.id == outage)
        )
        return of_outage
    wanted = select(t.household.c.district)
    if resident is not None or absence is not None:
        wanted = wanted.join(t.resident, t.resident.c.household_id == t.household.c.id)
    if absence is not None:
        wanted = wanted.join(t.absence, t.absence.c.resident_id == t.resident.c.id)
        wanted = wanted.where(t.absence.c.id == absence)
    elif visit is not None:
        wanted = wanted.join(t.visit, t.visit.c.household_id == t.household.c.id)
        wanted = wanted.where(t.visit.c.id == visit)
    elif case is not None:
        wanted = wanted.join(t.case, t.case.c.household_id == t.household.c.id).where(t.case.c.id == case)
    elif resident is not None:
        wanted = wanted.where(t.resident.c.id == resident)
    else:
        wanted = wanted.where(t.household.c.id == household)
    code: str | None = conn.scalar(wanted)
    return code


def _graver() -> ColumnElement[int | None]:
    """The rank of the household's gravest open case."""
    rank = when({severity.value: severity.rank for severity in Severity}, value=t.case.c.severity)
    return (
        select(func.max(rank))
        .where(t.case.c.household_id == t.resident.c.household_id, t.case.c.closed_at.is_(None))
        .correlate(t.resident)
        .scalar_subquery()
    )


def _severity(rank: int | None) -> Severity | None:
    return None if rank is None else list(Severity)[rank]


def _found(search: str) -> ColumnElement[bool]:
    """Part of the name as written, or of the reading in any kana, or the last digits of a phone."""
    text = unicodedata.normalize("NFKC", search).strip()
    digits = "".join(letter for letter in text if letter.isdigit())
    ways = [
        t.resident.c.name.contains(text, autoescape=True),
        func.replace(t.resident.c.name, " ", "").contains(text.replace(" ", ""), autoescape=True),
    ]
    if key := fold(text).replace(" ", ""):
        ways.append(func.replace(t.resident.c.kana_key, " ", "").contains(key, autoescape=True))
    if len(digits) >= 4:
        phones = (t.resident.c.phone, t.household.c.phone)
        ways += [func.replace(column, "-", "").endswith(digits, autoescape=True) for column in phones]
    return or_(*ways)


def _resident(row: RowMapping, now: datetime) -> ResidentRow:
    return ResidentRow(
        id=row["id"],
        household_id=row["household_id"],
        name=row["name"],
        kana=row["kana"],
        age=age_on(row["birth_date"], office_date(now)),
        birth_date=row["birth_date"],
        sex=row["sex"],
        district=row["district_name"],
        address=row["address"],
        phone=row["phone"] or row["household_phone"],
        risk_class=row["risk_class"],
        state=PersonState(row["state"]),
        case_severity=_severity(row["case_rank"]),
        away_until=row["away_until"],
        last_answer_at=row["last_answer_at"],
        device_id=row["device_id"],
        device_state=device_state(row["presence"], row["muted"], row["fault"], row["last_seen_at"]),
    )
