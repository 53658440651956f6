"""Lines that are down, and whether they went down together."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, select

from hub.store import tables as t
from hub.vocabulary import DeviceState
from hub.work import Work

_DOWN = (DeviceState.late, DeviceState.offline)


class Loss(NamedTuple):
    """A speaker whose line is down."""

    device_id: str
    resident_id: str
    at: datetime


def open_outages(conn: Connection, districts: Collection[str]) -> Mapping[str, RowMapping]:
    """The outages that go on in these districts, suspected ones too, by district."""
    rows = conn.execute(
        select(t.area_outage).where(
            t.area_outage.c.district.in_(districts), t.area_outage.c.ended_at.is_(None)
        )
    ).mappings()
    return {row["district"]: row for row in rows}


def districts_of(conn: Connection, residents: Collection[str]) -> dict[str, str]:
    """Resident to district."""
    rows = conn.execute(
        select(t.resident.c.id, t.household.c.district)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.resident.c.id.in_(residents))
    )
    return {row.id: row.district for row in rows}


def together_in(work: Work, district: str, not_before: datetime | None = None) -> list[Loss]:
    """The lines of a district that went down together, if they are many enough for an outage; else none.

    `not_before`: only a group that somebody was still lost in at this time or later.
    """
    here = (
        select(t.device.c.id, t.device.c.resident_id, t.device.c.presence, t.device.c.presence_at)
        .join(t.resident, t.resident.c.id == t.device.c.resident_id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.household.c.district == district, t.resident.c.ended_at.is_(None))
        .where(t.device.c.presence != DeviceState.not_installed)
    )
    total = work.conn.scalar(select(func.count()).select_from(here.subquery())) or 0
    many = work.policy.outage.many(total)
    if many is None:
        return []
    down = [
        Loss(row.id, row.resident_id, row.presence_at)
        for row in work.conn.execute(
            here.where(t.device.c.presence.in_(_DOWN)).order_by(t.device.c.presence_at, t.device.c.id)
        )
    ]
    best: list[Loss] = []
    first = 0
    for last, loss in enumerate(down):
        while loss.at - down[first].at > work.policy.outage.within:
            first += 1
        recent = loss.at >= (not_before or work.now - work.policy.outage.within)
        if recent and last - first + 1 >= max(many, len(best) + 1):
            best = down[first : last + 1]
    return best
