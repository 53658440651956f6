"""Outages as they stand: one row a district, and everybody in it in the order in which to look after them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from hub.store import tables as t
from hub.views.names import actor_name
from hub.views.rows import OutagePerson, OutageRow
from hub.vocabulary import AreaState, CheckedHow, SlotState

_NEVER = datetime.min.replace(tzinfo=UTC)


def outages(
    conn: Connection,
    *,
    ranks: Mapping[str, int] | None = None,
    district: str | None = None,
    outage: str | None = None,
) -> list[OutageRow]:
    """Every outage that goes on (or the one with the id `outage`, over or not), the oldest first.

    Its people: who is still to be looked after first; of those the gravest risk class (`ranks`), then whose last
    answer is the longest ago, so that whoever answered most recently comes last.
    """
    wanted = select(t.area_outage, t.district.c.name).join(
        t.district, t.district.c.code == t.area_outage.c.district
    )
    if outage is not None:
        wanted = wanted.where(t.area_outage.c.id == outage)
    else:
        wanted = wanted.where(t.area_outage.c.ended_at.is_(None))
    if district is not None:
        wanted = wanted.where(t.area_outage.c.district == district)
    found = conn.execute(wanted.order_by(t.area_outage.c.began_at, t.area_outage.c.id)).mappings().all()
    return [
        OutageRow(
            id=row["id"],
            district=row["name"],
            district_code=row["district"],
            state=AreaState(row["state"]),
            began_at=row["began_at"],
            confirmed_at=row["confirmed_at"],
            ended_at=row["ended_at"],
            people=_people(conn, row["id"], ranks or {}),
        )
        for row in found
    ]


def _people(conn: Connection, outage_id: str, ranks: Mapping[str, int]) -> list[OutagePerson]:
    answered = (
        select(func.max(t.slot.c.closed_at))
        .where(t.slot.c.resident_id == t.resident.c.id, t.slot.c.state == SlotState.answered)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(
            t.outage_member,
            t.resident.c.household_id,
            t.resident.c.name,
            t.resident.c.kana,
            t.resident.c.kana_key,
            t.resident.c.risk_class,
            t.household.c.address,
            func.coalesce(t.resident.c.phone, t.household.c.phone).label("phone"),
            answered.label("answered_at"),
            actor_name(t.outage_member.c.checked_by).label("checked_by_name"),
        )
        .join(t.resident, t.resident.c.id == t.outage_member.c.resident_id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.outage_member.c.outage_id == outage_id)
    ).mappings()
    listed = sorted(
        rows,
        key=lambda row: (
            row["back_at"] is not None,
            row["checked_how"] not in (None, CheckedHow.not_reached),
            -ranks.get(row["risk_class"], 0),
            row["answered_at"] or _NEVER,
            row["kana_key"],
            row["resident_id"],
        ),
    )
    return [
        OutagePerson(
            order=number,
            resident_id=row["resident_id"],
            household_id=row["household_id"],
            name=row["name"],
            kana=row["kana"],
            address=row["address"],
            phone=row["phone"],
            risk_class=row["risk_class"],
            lost_at=row["lost_at"],
            back_at=row["back_at"],
            last_answer_at=row["answered_at"],
            checked_at=row["checked_at"],
            checked_by=row["checked_by_name"],
            checked_how=CheckedHow(row["checked_how"]) if row["checked_how"] else None,
        )
        for number, row in enumerate(listed, start=1)
    ]
