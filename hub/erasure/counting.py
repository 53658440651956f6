"""What the year's figures need of a person who goes: how many, of which fiscal year, and of nobody."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from contract.time import office_date
from hub.erasure.belongings import Belongings
from hub.store import tables as t
from hub.vocabulary import SlotState


class What(StrEnum):
    """What is counted; 延 unless said otherwise."""

    visit = "visit"
    """Written-up visits, by kind, delivery mode, outcome and program."""
    visited_household = "visited_household"
    """実: households with at least one visit in the year."""
    case_opened = "case_opened"
    """By lane."""
    case_closed = "case_closed"
    """By lane and outcome."""
    check_in = "check_in"
    """Slots, by how they ended."""
    resident = "resident"
    """実: people watched over in the year."""


class Count(NamedTuple):
    """A number that is left."""

    fiscal_year: int
    what: What
    detail: str
    number: int


def counts(conn: Connection) -> list[Count]:
    """Everything that is left of people who were erased, oldest year first; add it to what the store still counts."""
    row = t.erased_count.c
    rows = conn.execute(select(t.erased_count).order_by(row.fiscal_year, row.what, row.detail))
    return [Count(one.fiscal_year, What(one.what), one.detail, one.number) for one in rows]


def keep(conn: Connection, mine: Belongings, now: datetime) -> None:
    """Add what goes with these belongings to what is left."""
    row = t.erased_count.c
    for (year, what, detail), number in Counter(_found(conn, mine, now)).items():
        same = (row.fiscal_year == year, row.what == what, row.detail == detail)
        if conn.scalar(select(row.number).where(*same)) is None:
            conn.execute(
                insert(t.erased_count).values(fiscal_year=year, what=what, detail=detail, number=number)
            )
        else:
            conn.execute(update(t.erased_count).where(*same).values(number=row.number + number))


def fiscal_year(day: date) -> int:
    """年度: April to March."""
    return day.year if day.month >= 4 else day.year - 1


_Found = tuple[int, What, str]


def _found(conn: Connection, mine: Belongings, now: datetime) -> Iterator[_Found]:
    yield from _visits(conn, mine)
    yield from _cases(conn, mine)
    ended = (SlotState.answered, SlotState.missed, SlotState.cannot_tell)
    for slot in conn.execute(
        select(t.slot.c.day, t.slot.c.state).where(
            t.slot.c.resident_id == mine.resident_id, t.slot.c.state.in_(ended)
        )
    ):
        yield fiscal_year(slot.day), What.check_in, slot.state
    who = conn.execute(select(t.resident).where(t.resident.c.id == mine.resident_id)).one()
    last = fiscal_year(office_date(who.ended_at or now))
    for year in range(fiscal_year(office_date(who.enrolled_at)), last + 1):
        yield year, What.resident, ""


def _visits(conn: Connection, mine: Belongings) -> Iterator[_Found]:
    years = set()
    for visit in conn.execute(
        select(t.visit).where(t.visit.c.case_id.in_(mine.cases), t.visit.c.visited_at.is_not(None))
    ):
        years.add(year := fiscal_year(office_date(visit.visited_at)))
        parts = (visit.kind, visit.delivery_mode, visit.outcome, visit.program)
        yield year, What.visit, "/".join(part or "-" for part in parts)
    if mine.alone:
        for year in years:
            yield year, What.visited_household, ""


def _cases(conn: Connection, mine: Belongings) -> Iterator[_Found]:
    for case in conn.execute(select(t.case).where(t.case.c.id.in_(mine.cases))):
        yield fiscal_year(office_date(case.opened_at)), What.case_opened, case.lane
        if case.closed_at is not None:
            detail = f"{case.lane}/{case.outcome or '-'}"
            yield fiscal_year(office_date(case.closed_at)), What.case_closed, detail
