"""How one person answers lately, beside how they usually do."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from contract.time import office_date
from hub.store import tables as t
from hub.trends import daily
from hub.trends.judging import Measure, Record, readings
from hub.trends.numbers import median
from hub.trends.records import records
from hub.trends.settings import Settings


class TrendDay(Struct, frozen=True, kw_only=True):
    """One day of the last weeks."""

    day: date
    asked: int
    """Slots that ended in an answer or in none; what could not be known is not among them."""
    answered: int
    again: int
    """Answers that took more than one asking."""
    worse: int
    """Answers that say that something is not well."""
    delay_ms: float | None
    """Median over the day's answers, from the end of the question to the first word."""


class TrendMeasure(Struct, frozen=True, kw_only=True):
    """One measure: how it usually is and how it is lately. Milliseconds for `slower`, a share for the others."""

    measure: Measure
    usual: float
    recent: float
    days: int
    """How many days "lately" are."""
    changed: bool
    """Worth a word by itself, today."""


class TrendTold(Struct, frozen=True, kw_only=True):
    """A sign of change that was told."""

    told_at: datetime
    measures: list[Measure]
    ended_at: datetime | None
    ended_why: str | None
    """returned, accepted or person."""


class Trend(Struct, frozen=True, kw_only=True):
    """Everything the page shows of it."""

    resident_id: str
    days: list[TrendDay]
    """The longest "lately" of the settings, the oldest first, without today."""
    usual_days: int
    """Days of records before those; below `least_usual_days` nothing is compared."""
    least_usual_days: int
    usual_delay_ms: float | None
    measures: list[TrendMeasure]
    told: list[TrendTold]
    """The latest first."""


def trend(conn: Connection, resident_id: str, now: datetime, settings: Settings) -> Trend:
    """One person's trend as of yesterday."""
    today = office_date(now) - timedelta(days=1)
    first = today - timedelta(days=settings.longest - 1)
    last = daily.latest(conn, resident_id)
    usual_from = max(first - timedelta(days=settings.usual_days), daily.usual_from(last) or date.min)
    known = records(conn, resident_id, usual_from, today, settings)
    usual = [one for one in known if one.day < first]
    delays = [float(one.delay_ms) for one in usual if one.delay_ms is not None]
    found = readings(known, today, settings, usual_from=usual_from)
    return Trend(
        resident_id=resident_id,
        days=_days([one for one in known if one.day >= first], first, today),
        usual_days=len({one.day for one in usual}),
        least_usual_days=settings.least_usual_days,
        usual_delay_ms=median(delays) if delays else None,
        measures=[
            TrendMeasure(
                measure=one.measure,
                usual=one.usual,
                recent=one.recent,
                days=one.days,
                changed=one.changed,
            )
            for measure in Measure
            if (one := found.get(measure)) is not None
        ],
        told=_told(conn, resident_id),
    )


def _days(known: list[Record], first: date, last: date) -> list[TrendDay]:
    of_day: dict[date, list[Record]] = defaultdict(list)
    for one in known:
        of_day[one.day].append(one)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [_day(day, of_day[day]) for day in days]


def _day(day: date, mine: list[Record]) -> TrendDay:
    delays = [float(one.delay_ms) for one in mine if one.delay_ms is not None]
    return TrendDay(
        day=day,
        asked=len(mine),
        answered=sum(one.answered for one in mine),
        again=sum(one.again for one in mine),
        worse=sum(one.worse for one in mine),
        delay_ms=median(delays) if delays else None,
    )


def _told(conn: Connection, resident_id: str) -> list[TrendTold]:
    rows = conn.execute(
        select(t.trend_change)
        .where(t.trend_change.c.resident_id == resident_id)
        .order_by(t.trend_change.c.told_at.desc())
        .limit(20)
    )
    return [
        TrendTold(
            told_at=row.told_at,
            measures=[Measure(one) for one in row.measures],
            ended_at=row.ended_at,
            ended_why=row.ended_why,
        )
        for row in rows
    ]
