"""The first page as one value: tiles, both lanes of the queue, the districts, the age of what we know."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Subquery, func, select

from contract.time import office_date, office_instant
from hub import pulse
from hub.notices import state as notices
from hub.store import tables as t
from hub.views.outages import outages
from hub.views.queue import queue
from hub.views.rows import Board, DistrictCard, QueueRow, Tiles
from hub.views.today import enrolled, people_today
from hub.vocabulary import Lane, PersonState, Severity, SlotState


def board(
    conn: Connection, now: datetime, *, ranks: Mapping[str, int] | None = None, district: str | None = None
) -> Board:
    """Everything the first page shows, as of `now`; of one district if `district` names its code."""
    people = people_today(now)
    rows = queue(conn, now, ranks=ranks, district=district)
    counts = _counts(conn, people, district)
    homes = _homes(conn, now, district)
    return Board(
        at=now,
        day=office_date(now),
        tiles=_tiles(conn, counts, homes, rows, now, district),
        people=[row for row in rows if row.lane is Lane.person],
        devices=[row for row in rows if row.lane is Lane.device],
        districts=_districts(conn, counts, homes, rows, district),
        outages=outages(conn, ranks=ranks, district=district),
        notices=notices.queue(conn, now),
        proof=notices.latest_proof(conn, now),
        last_event_at=last_event_at(conn),
    )


def last_event_at(conn: Connection) -> datetime | None:
    """When an event last arrived from any home."""
    return pulse.last(conn, pulse.LAST_EVENT)


Counts = Mapping[str, Counter[PersonState]]
"""District code to how many residents stand how."""


def _counts(conn: Connection, people: Subquery, district: str | None) -> Counts:
    wanted = select(people.c.district, people.c.slot_state, func.count()).group_by(
        people.c.district, people.c.slot_state
    )
    if district is not None:
        wanted = wanted.where(people.c.district == district)
    found: dict[str, Counter[PersonState]] = defaultdict(Counter)
    for code, state, how_many in conn.execute(wanted):
        found[code][PersonState(state)] = how_many
    return found


def _tiles(
    conn: Connection,
    counts: Counts,
    homes: Mapping[str, int],
    rows: list[QueueRow],
    now: datetime,
    district: str | None,
) -> Tiles:
    total: Counter[PersonState] = Counter()
    for of_district in counts.values():
        total.update(of_district)
    day = office_date(now)
    # Counted from the day's slots, not per person: one walk of the index of the day.
    of_day = (
        select(func.count(func.distinct(t.slot.c.resident_id)))
        .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.slot.c.day == day, enrolled(now))
    )
    asked = of_day.where(t.slot.c.asked)
    heard = of_day.where(t.slot.c.state == SlotState.answered).with_only_columns(
        func.count(func.distinct(t.resident.c.household_id))
    )
    midnight = office_instant(day, timedelta(0))
    closed = (
        select(func.count())
        .select_from(t.case)
        .join(t.household, t.household.c.id == t.case.c.household_id)
        .where(t.case.c.closed_at >= midnight, t.case.c.lane == Lane.person)
    )
    if district is not None:
        asked, heard, closed = (
            one.where(t.household.c.district == district) for one in (asked, heard, closed)
        )
    return Tiles(
        residents=total.total(),
        households=sum(homes.values()),
        asked=conn.scalar(asked) or 0,
        answered=total[PersonState.answered],
        unanswered=total[PersonState.unanswered],
        cannot_tell=total[PersonState.cannot_tell],
        away=total[PersonState.away],
        waiting=total[PersonState.waiting],
        emergency=sum(row.severity is Severity.emergency for row in rows),
        households_answered=conn.scalar(heard) or 0,
        closed_today=conn.scalar(closed) or 0,
    )


def _homes(conn: Connection, now: datetime, district: str | None) -> Mapping[str, int]:
    """District code to how many households are watched over."""
    wanted = (
        select(t.household.c.district, func.count(func.distinct(t.household.c.id)))
        .join(t.resident, t.resident.c.household_id == t.household.c.id)
        .where(enrolled(now))
        .group_by(t.household.c.district)
    )
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    return dict(conn.execute(wanted).all())


def _districts(
    conn: Connection, counts: Counts, homes: Mapping[str, int], rows: list[QueueRow], district: str | None
) -> list[DistrictCard]:
    open_cases: dict[str, Counter[Severity]] = defaultdict(Counter)
    for row in rows:
        open_cases[row.district][row.severity] += 1
    wanted = select(t.district).order_by(t.district.c.position)
    if district is not None:
        wanted = wanted.where(t.district.c.code == district)
    cards = []
    for one in conn.execute(wanted).mappings():
        count, cases = counts.get(one["code"], Counter()), open_cases[one["name"]]
        cards.append(
            DistrictCard(
                code=one["code"],
                name=one["name"],
                kana=one["kana"],
                residents=count.total(),
                households=homes.get(one["code"], 0),
                answered=count[PersonState.answered],
                unanswered=count[PersonState.unanswered],
                cannot_tell=count[PersonState.cannot_tell],
                away=count[PersonState.away],
                waiting=count[PersonState.waiting],
                emergency=cases[Severity.emergency],
                needs_visit=cases[Severity.needs_visit],
                needs_check=cases[Severity.needs_check],
                device_unreachable=cases[Severity.device_unreachable],
                worst=max(cases, key=lambda severity: severity.rank, default=None),
            )
        )
    return cards
