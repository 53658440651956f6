"""Visits and offers to hand over, as rows."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from hub.store import tables as t
from hub.views.names import actor_name
from hub.views.rows import OfferRow, VisitRow
from hub.vocabulary import DeliveryMode, VisitKind, VisitOutcome


def visits(
    conn: Connection,
    *,
    household: str | None = None,
    assignee: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    district: str | None = None,
    limit: int = 500,
) -> list[VisitRow]:
    """Visits that are planned or were made, by their planned time; those that nobody made are left out."""
    wanted = _visits().where(t.visit.c.cancelled_at.is_(None))
    if household is not None:
        wanted = wanted.where(t.visit.c.household_id == household)
    if assignee is not None:
        wanted = wanted.where(t.visit.c.assignee == assignee)
    if since is not None:
        wanted = wanted.where(t.visit.c.planned_for >= since)
    if until is not None:
        wanted = wanted.where(t.visit.c.planned_for < until)
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    rows = conn.execute(wanted.order_by(t.visit.c.planned_for, t.visit.c.id).limit(limit)).mappings()
    return [_row(row) for row in rows]


def open_visits(conn: Connection, cases: Collection[str]) -> dict[str, VisitRow]:
    """Case to the visit that somebody is to make or to write up."""
    rows = conn.execute(
        _visits().where(
            t.visit.c.case_id.in_(cases), t.visit.c.written_at.is_(None), t.visit.c.cancelled_at.is_(None)
        )
    ).mappings()
    return {row["case_id"]: _row(row) for row in rows}


def open_offers(conn: Connection, cases: Collection[str]) -> dict[str, OfferRow]:
    """Case to the offer that waits for an answer."""
    rows = conn.execute(
        select(
            t.handover,
            actor_name(t.handover.c.offered_by).label("by_name"),
            actor_name(t.handover.c.offered_to).label("to_name"),
        ).where(t.handover.c.case_id.in_(cases), t.handover.c.answered_at.is_(None))
    ).mappings()
    return {
        row["case_id"]: OfferRow(
            offered_by=row["offered_by"],
            offered_by_name=row["by_name"],
            offered_to=row["offered_to"],
            offered_to_name=row["to_name"],
            why=row["why"],
            offered_at=row["offered_at"],
        )
        for row in rows
    }


def _visits() -> Select[Any]:
    return (
        select(
            t.visit,
            actor_name(t.visit.c.assignee).label("assignee_name"),
            t.household.c.address,
            t.district.c.name.label("district_name"),
        )
        .join(t.household, t.household.c.id == t.visit.c.household_id)
        .join(t.district, t.district.c.code == t.household.c.district)
    )


def _row(row: Any) -> VisitRow:
    return VisitRow(
        id=row["id"],
        case_id=row["case_id"],
        household_id=row["household_id"],
        district=row["district_name"],
        address=row["address"],
        kind=VisitKind(row["kind"]),
        program=row["program"],
        purpose=row["purpose"],
        scope_do=row["scope_do"],
        scope_dont=row["scope_dont"],
        coordination=list(row["coordination"]),
        emergency=row["emergency"],
        assignee=row["assignee"],
        assignee_name=row["assignee_name"],
        planned_for=row["planned_for"],
        started_at=row["started_at"],
        visited_at=row["visited_at"],
        written_at=row["written_at"],
        outcome=VisitOutcome(row["outcome"]) if row["outcome"] else None,
        text=row["text"],
        follow_up_on=row["follow_up_on"],
        delivery_mode=DeliveryMode(row["delivery_mode"]) if row["delivery_mode"] else None,
    )
